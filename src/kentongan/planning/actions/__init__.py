"""All writes of planning, one file a noun."""

from kentongan.planning.actions.assets import (
    add_asset,
    add_assets,
    convert_media,
    fit_media,
    remove_asset,
    remove_assets,
)
from kentongan.planning.actions.briefs import change_brief, create_brief, move_deadline
from kentongan.planning.actions.campaigns import change_campaign, close_campaign, open_campaign, reopen_campaign
from kentongan.planning.actions.cards import ask_cards, keep_card
from kentongan.planning.actions.feeds import end_feed, make_feed, note_use
from kentongan.planning.actions.items import (
    change_item,
    change_items,
    create_item,
    create_items,
    plan_item,
    reopen,
    withdraw,
)
from kentongan.planning.actions.reviews import (
    LeftOut,
    Looked,
    approve,
    approve_many,
    comment,
    request_changes,
    submit,
    submit_many,
)

__all__ = [
    "LeftOut",
    "Looked",
    "add_asset",
    "add_assets",
    "approve",
    "approve_many",
    "ask_cards",
    "change_brief",
    "change_campaign",
    "change_item",
    "change_items",
    "close_campaign",
    "comment",
    "convert_media",
    "create_brief",
    "create_item",
    "create_items",
    "end_feed",
    "fit_media",
    "keep_card",
    "make_feed",
    "move_deadline",
    "note_use",
    "open_campaign",
    "plan_item",
    "remove_asset",
    "remove_assets",
    "reopen",
    "reopen_campaign",
    "request_changes",
    "submit",
    "submit_many",
    "withdraw",
]
