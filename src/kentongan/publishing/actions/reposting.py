"""One account posts and others repost it: who reposts whom, and when a repost may go out."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.planning.models import ContentItem
from kentongan.publishing import access
from kentongan.publishing.actions.moves import SEEN, set_try
from kentongan.publishing.budgets import Full
from kentongan.publishing.models import Attempt, Delivery, RecallTask
from kentongan.publishing.states import WAITING, State
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
        if pk in old and old[pk].item_version != item.version:
            raise _wrong(_("%(account)s has an older version of this item.") % {"account": account.known_as})
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


def moments(accounts: Sequence[Account], origins: Origins, wanted: Mapping[int, datetime]) -> dict[int, datetime]:
    """Return by account when each is due: as wanted and not in the past, and no repost before the post there is."""
    found = {pk: max(moment, clock.now()) for pk, moment in wanted.items()}
    for account in accounts:
        origin = origins.get(account.platform)
        if isinstance(origin, Delivery) and account.pk in found:
            found[account.pk] = max(found[account.pk], origin.due_at)
    return found


def earliest(delivery: Delivery, moment: datetime) -> datetime:
    """Return when a delivery that is wanted then can go out: not in the past, and no repost before its post is due."""
    first = max(moment, clock.now())
    return max(first, delivery.repost_of.due_at) if delivery.repost_of else first


def spread(found: Sequence[Delivery], times: Mapping[int, datetime]) -> dict[int, datetime]:
    """Return when each of those that are spread anew is due, as `earliest` does for one: one query at most."""
    due = {one.pk: max(times[one.pk], clock.now()) for one in found}
    origins = {one.repost_of_id for one in found if one.repost_of_id is not None}
    there = dict(Delivery.objects.filter(pk__in=origins).values_list("pk", "due_at")) if origins else {}
    first = there | due
    return {one.pk: max(due[one.pk], first.get(one.repost_of_id or one.pk, due[one.pk])) for one in found}


def follow(actor: Actor, before: Mapping[int, datetime], moved: Sequence[Delivery]) -> None:
    """Move what reposts the posts `moved` by as much as these were, from `before`: what waits and was never tried.

    Also of units where the actor may not: they go out after their post or not at all. Part of an action.
    """
    by = {one.pk: (one.due_at, one.due_at - before[one.pk]) for one in moved if one.due_at != before[one.pk]}
    tried = Attempt.objects.filter(delivery=OuterRef("pk"))
    rows = Delivery.objects.filter(~Exists(tried), repost_of__in=list(by), state__in=WAITING)
    found = list(rows.exclude(pk__in=before).order_by("pk").select_for_update(of=("self",)))
    was = [audit.snapshot(one, *SEEN) for one in found]
    for one in found:
        due_at, shift = by[one.repost_of_id or 0]
        one.due_at, one.reason, one.changed_at = max(due_at, one.due_at + shift), "", clock.now()
        set_try(one, one.due_at)
    Delivery.objects.bulk_update(found, ("due_at", "try_at", "late_until", "reason", "changed_at"), batch_size=500)
    audit.record_each(actor, ((one, old, audit.snapshot(one, *SEEN)) for one, old in zip(found, was, strict=True)))


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


def its_turn() -> Q:
    """Return the condition that a delivery reposts nothing, or that it is decided what became of what it reposts."""
    return Q(repost_of=None) | Q(repost_of__state__in=(State.PUBLISHED, *OUT_OF_REACH))


def not_yet(delivery: Delivery, now: datetime) -> Full | None:
    """Return until when a repost waits for the post that it reposts; None where that is out, or it is no repost."""
    origin = delivery.repost_of
    if origin is None or origin.state == State.PUBLISHED or origin.state in OUT_OF_REACH:
        return None
    return Full(now + PAUSE, _("It waits until the other account's post is out."))


def gone(delivery: Delivery) -> str:
    """Return why there is nothing to repost; empty where there is, or may be yet.

    Race: the post is taken back at this moment. Asked under the repost's lock, by a query of its own, this either sees
    it, or the recall waits for the lock and sees the repost.
    """
    if delivery.repost_of_id is None:
        return ""
    asked = RecallTask.objects.filter(delivery=OuterRef("pk"), stray=None, state__in=RecallTask.OPEN)
    lost = Q(state__in=OUT_OF_REACH) | Q(recall_at__isnull=False) | Exists(asked)
    if not Delivery.objects.filter(lost, pk=delivery.repost_of_id).exists():
        return ""
    return _("The post that it reposts was refused or taken back.")
