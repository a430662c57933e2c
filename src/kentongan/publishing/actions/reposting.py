"""One account posts and others repost it: who reposts whom, and when a repost may go out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.planning.models import ContentItem
from kentongan.publishing import access
from kentongan.publishing.budgets import Full
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account

PAUSE = timedelta(seconds=30)
LEAST_LATE = 30
"""How many minutes late a repost may be at least: it goes out after the post."""
OUT_OF_REACH = (State.REJECTED, State.RECALLED)
Origins = Mapping[str, Delivery | int]
"""By platform what the others repost: a delivery that there is, or the account of one that is made now."""


def chosen(actor: Actor, item: ContentItem, accounts: Sequence[Account], origin_ids: Sequence[int]) -> Origins:
    """Return by platform whose post the other accounts repost; raises Invalid for a choice that cannot be."""
    found: dict[str, Delivery | int] = {}
    by_pk = {account.pk: account for account in accounts}
    there = access.deliveries(actor).filter(item=item, account__in=origin_ids, repost_of=None)
    old = {one.account_id: one for one in there.exclude(state__in=OUT_OF_REACH).select_related("account")}
    for pk in dict.fromkeys(origin_ids):
        account = old[pk].account if pk in old else by_pk.get(pk)
        if account is None:
            raise _wrong(_("Who posts it has to be among the chosen accounts, or have it already."))
        if channels.get(account.platform).reposter is None:
            raise _wrong(
                _("%(platform)s lets no program repost: write a version for each place, or ask people to share it.")
                % {"platform": channels.label(account.platform)}
            )
        if account.platform in found:
            raise _wrong(_("On each platform one account posts it, and the others repost that."))
        found[account.platform] = old.get(pk, pk)
    return found


def _wrong(text: str) -> Invalid:
    return Invalid(fields={"origins": [text]}, remedy=_("Choose for each platform which account posts it."))


def reposts(account: Account, origins: Origins) -> bool:
    """Whether this account reposts what another one posts."""
    origin = origins.get(account.platform)
    return origin is not None and account.pk != (origin if isinstance(origin, int) else origin.account_id)


def link(made: Sequence[Delivery], origins: Origins) -> None:
    """Let the (unsaved) reposts among `made` name what they repost; that is stored by then."""
    own = {one.account_id: one for one in made if not one._state.adding}
    for one in made:
        origin = origins.get(one.account.platform)
        if one._state.adding and origin is not None:
            one.repost_of = own[origin] if isinstance(origin, int) else origin


def content_of(content: Mapping[str, object]) -> dict[str, object]:
    """Return what a repost sends: nothing of its own; the title is what people call it here."""
    return {**content, "text": "", "link": "", "images": [], "videos": [], "card": None}


def not_yet(delivery: Delivery, now: datetime) -> Full | None:
    """Return until when a repost waits for the post that it reposts; None where that is out, or it is no repost."""
    origin = delivery.repost_of
    if origin is None or origin.state == State.PUBLISHED or origin.state in OUT_OF_REACH:
        return None
    return Full(now + PAUSE, _("It waits until the other account's post is out."))


def gone(delivery: Delivery) -> str:
    """Return why there is nothing to repost; empty where there is, or may be yet."""
    origin = delivery.repost_of
    if origin is None or (origin.state not in OUT_OF_REACH and origin.recall_at is None):
        return ""
    return _("The post that it reposts was refused or taken back.")
