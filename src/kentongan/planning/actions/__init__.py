"""All writes of planning, one file a noun."""

from kentongan.planning.actions.assets import add_asset, fit_media, remove_asset
from kentongan.planning.actions.briefs import change_brief, create_brief, move_deadline
from kentongan.planning.actions.campaigns import change_campaign, close_campaign, open_campaign, reopen_campaign
from kentongan.planning.actions.feeds import end_feed, make_feed, note_use
from kentongan.planning.actions.items import change_item, create_item, plan_item, reopen, withdraw
from kentongan.planning.actions.reviews import LeftOut, Looked, approve, approve_many, comment, request_changes, submit

__all__ = [
    "LeftOut",
    "Looked",
    "add_asset",
    "approve",
    "approve_many",
    "change_brief",
    "change_campaign",
    "change_item",
    "close_campaign",
    "comment",
    "create_brief",
    "create_item",
    "end_feed",
    "fit_media",
    "make_feed",
    "move_deadline",
    "note_use",
    "open_campaign",
    "plan_item",
    "remove_asset",
    "reopen",
    "reopen_campaign",
    "request_changes",
    "submit",
    "withdraw",
]
