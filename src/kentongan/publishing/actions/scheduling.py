"""What people do with deliveries: schedule, change the time, put back, recall, resolve."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Held, Invalid
from kentongan.core.permissions import Capability
from kentongan.planning import access as planning
from kentongan.planning import fitting, media
from kentongan.planning.actions.items import check_seen
from kentongan.planning.counting import measure
from kentongan.planning.models import ContentItem, ItemAsset, Rendition
from kentongan.planning.states import ItemState
from kentongan.publishing import access, content, public_media
from kentongan.publishing.actions import reposting
from kentongan.publishing.actions.alikeness import check_alone, check_still_alone
from kentongan.publishing.actions.moves import SEEN, set_time, set_try, to_ready
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.spreading import Spread
from kentongan.publishing.states import MOVABLE, WAITING, State
from kentongan.registry import queries as registry
from kentongan.registry.models import Account
from kentongan.safeguards import queries as safeguards

LATE_MINUTES = 120
LATEST_MINUTES = 7 * 24 * 60
PAST_TOLERANCE = timedelta(minutes=5)
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Plan:
    """What all deliveries of one scheduling share."""

    item: ContentItem
    times: Mapping[int, datetime]
    late_minutes: int
    neutral: bool
    user_id: int | None


@action("publishing.schedule")
def schedule(
    actor: Actor,
    item_id: int,
    account_ids: Sequence[int],
    due_at: datetime,
    late_minutes: int = LATE_MINUTES,
    origin_ids: Sequence[int] = (),
) -> list[Delivery]:
    """Schedule an approved item to accounts: one delivery each, of the version written for its platform.

    Of `origin_ids`, one a platform, the other accounts of the platform repost the post instead of posting it anew.

    What a quiet period would hold is scheduled as held, with the reason. Raises Conflict for an item that is not
    approved, an account that has it already, or one that is not connected; Held for content that may never go out.
    """
    return _schedule(actor, item_id, dict.fromkeys(account_ids, due_at), due_at, late_minutes, origin_ids)


@action("publishing.stagger")
def stagger(
    actor: Actor, item_id: int, account_ids: Sequence[int], spread: Spread, late_minutes: int = LATE_MINUTES
) -> list[Delivery]:
    """Schedule an approved item to accounts one after the other, in the order given, as `spread` says."""
    wanted = list(dict.fromkeys(account_ids))
    times = spread.times(len(wanted))
    return _schedule(actor, item_id, dict(zip(wanted, times, strict=True)), times[0], late_minutes)


@action("publishing.respread")
def respread(actor: Actor, delivery_ids: Sequence[int], spread: Spread) -> list[Delivery]:
    """Give deliveries that wait other times, in the order given, as `spread` says: all of them or none.

    Raises Conflict for what is held or missed, is with a worker, out, taken back, or was tried.
    """
    wanted = list(dict.fromkeys(delivery_ids))
    times = dict(zip(wanted, spread.times(len(wanted)), strict=True))
    if spread.start < clock.now() - PAST_TOLERANCE:
        raise Invalid(fields={"start": [_("This time has passed.")]})
    found = access.several(actor, wanted, Capability.PUBLISH)
    _check_waiting(found)
    before = [audit.snapshot(delivery, *SEEN) for delivery in found]
    due_before = {delivery.pk: delivery.due_at for delivery in found}
    due = reposting.spread(found, times)
    for delivery in found:
        delivery.due_at = due[delivery.pk]
        delivery.reason, delivery.changed_at = "", clock.now()
        set_try(delivery, delivery.due_at)
    Delivery.objects.bulk_update(found, ("due_at", "try_at", "late_until", "reason", "changed_at"), batch_size=AT_ONCE)
    after = [audit.snapshot(delivery, *SEEN) for delivery in found]
    audit.record_each(actor, zip(found, before, after, strict=True))
    reposting.follow(actor, due_before, found)
    by_pk = {delivery.pk: delivery for delivery in found}
    return [by_pk[pk] for pk in wanted]


def _schedule(
    actor: Actor,
    item_id: int,
    times: Mapping[int, datetime],
    first: datetime,
    late_minutes: int,
    origin_ids: Sequence[int] = (),
) -> list[Delivery]:
    """Schedule an approved item to accounts, each at its time, none before `first`. Part of an action."""
    item = planning.item(actor, item_id, lock=True)
    if item.state != ItemState.APPROVED:
        raise Conflict(_("Only an approved item can be scheduled."), remedy=_("Have it approved first."))
    accounts = list(registry.connected_accounts(actor, Capability.PUBLISH).filter(pk__in=times).order_by("pk"))
    _check_input(accounts, times, first, late_minutes)
    organisation = registry.organisation()
    neutral = organisation is not None and organisation.neutral
    never = safeguards.check_purpose(item.purpose, neutral=neutral)
    if never.held:
        raise Held(never.reason)
    origins = reposting.chosen(actor, item, accounts, origin_ids)
    moments = reposting.moments(accounts, origins, times)
    plan = _Plan(item, moments, late_minutes, neutral, actor.user_id)
    quiet = safeguards.quiet_calendar(min(moments.values()))
    renditions = {rendition.kind: rendition for rendition in item.renditions.all()}
    posting = [account for account in accounts if not reposting.reposts(account, origins)]
    platforms = {account.platform for account in posting}
    for platform in sorted(platforms & renditions.keys()):
        mine = [account.pk for account in posting if account.platform == platform]
        check_alone(actor, renditions[platform], renditions[platform].text, mine)
    assets = list(item.assets.select_related("file"))
    _check_media([renditions[one] for one in platforms if one in renditions], assets)
    public_media.check(platforms, [asset.file for asset in assets])
    sent = {kind: content.fixed(item, rendition, assets) for kind, rendition in renditions.items()}
    for account in posting:
        _check_taken(account, _written_for(account, renditions))
    made = [_new(plan, account, _written_for(account, renditions), sent, quiet) for account in accounts]
    _store(made, origins)
    after = [audit.snapshot(delivery, *SEEN, "account_id", "late_minutes", "repost_of_id") for delivery in made]
    audit.record_each(actor, ((delivery, None, values) for delivery, values in zip(made, after, strict=True)))
    # Copies take seconds: they are made now, not when it is due. What came by API or spreadsheet has none yet.
    fitting.start(actor, item, assets)
    return made


def _store(made: Sequence[Delivery], origins: reposting.Origins) -> None:
    """Store new deliveries, those that post first; Conflict where an account has the item already."""
    own = [one for one in made if not reposting.reposts(one.account, origins)]
    others = [one for one in made if reposting.reposts(one.account, origins)]
    try:
        with transaction.atomic():
            Delivery.objects.bulk_create(own)
            _repost(others, own, origins)
    except IntegrityError as error:
        raise Conflict(
            _("This item is scheduled to one of these accounts already."),
            remedy=_("Look at its deliveries; each account gets an item once."),
        ) from error


def _repost(others: Sequence[Delivery], own: Sequence[Delivery], origins: reposting.Origins) -> None:
    reposting.link([*own, *others], origins)
    for one in others:
        one.content = reposting.content_of(one.content)
        one.late_minutes = max(one.late_minutes, reposting.LEAST_LATE)
        one.late_until = one.due_at + timedelta(minutes=one.late_minutes)
    Delivery.objects.bulk_create(others)


def _check_input(
    accounts: Sequence[Account], wanted: Mapping[int, datetime], first: datetime, late_minutes: int
) -> None:
    problems: dict[str, list[str]] = {}
    if not wanted:
        problems["accounts"] = [_("Choose at least one account.")]
    elif len(accounts) != len(wanted):
        problems["accounts"] = [_("You may publish only to connected accounts of your units.")]
    if first < clock.now() - PAST_TOLERANCE:
        problems["due_at"] = [_("This time has passed.")]
    if not 0 <= late_minutes <= LATEST_MINUTES:
        problems["late_minutes"] = [_("Between 0 minutes and one week.")]
    if problems:
        raise Invalid(fields=problems)


def _check_media(chosen: Sequence[Rendition], assets: Sequence[ItemAsset]) -> None:
    """Refuse what a platform would not take, though it was approved: its limits may have changed since."""
    not_taken = [text for texts in media.problems(chosen, assets).values() for text in texts]
    if not_taken:
        raise Invalid(
            _("A platform does not take the pictures or videos as they are."),
            fields={"accounts": not_taken},
            remedy=_("Change the item and have it approved again, or choose other accounts."),
        )


def _written_for(account: Account, renditions: dict[str, Rendition]) -> Rendition:
    manifest = channels.get(account.platform).manifest
    rendition = renditions.get(account.platform)
    if rendition is None:
        raise Invalid(
            fields={"accounts": [_("The item has no version for %(platform)s.") % {"platform": manifest.label}]}
        )
    return rendition


def _check_taken(account: Account, rendition: Rendition) -> None:
    """Refuse a text that is longer than the account's own server takes."""
    manifest = channels.get(account.platform).manifest
    measured = measure(rendition.kind, rendition.text, rendition.link, account.connection.limits)
    if measured.over:
        raise Invalid(
            fields={
                "accounts": [
                    _("%(account)s on %(platform)s takes %(limit)s %(unit)s, and this version has %(used)s.")
                    % {
                        "account": account.known_as,
                        "platform": manifest.label,
                        "limit": measured.count.limit,
                        "unit": measured.unit,
                        "used": measured.count.used,
                    }
                ]
            }
        )


def _new(
    plan: _Plan,
    account: Account,
    rendition: Rendition,
    sent: Mapping[str, dict[str, Any]],
    quiet: safeguards.QuietCalendar,
) -> Delivery:
    unit, due_at = account.unit, plan.times[account.pk]
    verdict = quiet.check(plan.item.purpose, due_at, unit.area_code, plan.neutral, unit.timezone)
    return Delivery(
        unit=unit,
        account=account,
        rendition=rendition,
        item=plan.item,
        item_version=plan.item.version,
        content=sent[rendition.kind],
        key=channels.get(account.platform).manifest.new_key(),
        state=State.HELD if verdict.held else State.READY,
        reason=str(verdict.reason),
        due_at=due_at,
        try_at=due_at,
        late_minutes=plan.late_minutes,
        late_until=due_at + timedelta(minutes=plan.late_minutes),
        scheduled_by_id=plan.user_id,
    )


@action("publishing.delivery.reschedule")
def reschedule(actor: Actor, delivery_id: int, due_at: datetime, *, seen: datetime | None = None) -> Delivery:
    """Give a delivery that has not been tried another time; a held or missed one is scheduled again by it.

    `seen` is the time at which it stood when somebody decided so; Conflict when it does not any more.
    """
    delivery = access.delivery(actor, delivery_id, Capability.PUBLISH, lock=True)
    check_seen(delivery.due_at, seen)
    if due_at < clock.now() - PAST_TOLERANCE:
        raise Invalid(fields={"due_at": [_("This time has passed.")]})
    _check_movable(delivery)
    check_still_alone(actor, delivery)
    before, due_before = audit.snapshot(delivery, *SEEN), {delivery.pk: delivery.due_at}
    if delivery.state != State.DRAFT:
        delivery.state, delivery.reason = State.READY, ""
    set_time(delivery, reposting.earliest(delivery, due_at))
    delivery.save()
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN))
    reposting.follow(actor, due_before, [delivery])
    return delivery


def _check_movable(delivery: Delivery) -> None:
    """Raise Conflict once it is with a worker, out, taken back, or was tried: then its time is fixed."""
    if delivery.state not in MOVABLE:
        raise Conflict(
            _("It is “%(state)s”, so its time is fixed.") % {"state": State(delivery.state).label},
            remedy=_("Look at the delivery: only what waits can be moved."),
            code="fixed",
        )
    _check_untried([delivery])


def _check_untried(found: Sequence[Delivery]) -> None:
    if Attempt.objects.filter(delivery__in=found).exists():
        raise Conflict(_("It was tried already, so its time is fixed."), remedy=_("Send it again instead."))


def _check_waiting(found: Sequence[Delivery]) -> None:
    """Raise Conflict unless all of them wait and none was tried: one query."""
    for delivery in found:
        if delivery.state not in WAITING:
            raise Conflict(
                _("One of them is “%(state)s”: only what waits is spread.") % {"state": State(delivery.state).label},
                remedy=_("Leave it out, and give it another time by itself."),
                code="fixed",
            )
    _check_untried(found)


@action("publishing.delivery.send_again")
def send_again(actor: Actor, delivery_id: int, *, reason: str = "") -> Delivery:
    """Put a held, missed or rejected delivery back into the queue, now; everything is checked again before it fires.

    One of unknown fate goes through `resolve`, where the person says that it is not there.
    """
    delivery = access.delivery(actor, delivery_id, Capability.PUBLISH, lock=True)
    if delivery.state == State.UNKNOWN:
        raise Conflict(_("Nobody knows yet whether it is out."), remedy=_("Resolve it first."))
    check_still_alone(actor, delivery)
    before = audit.snapshot(delivery, *SEEN)
    to_ready(delivery)
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN), note=reason)
    return delivery
