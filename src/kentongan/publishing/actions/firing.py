"""What a worker does with a delivery that is due: claim, check again, note the attempt, record the outcome.

Each step is a transaction of its own and none is open during a call. Every step after the claim is a compare-and-set on
the claim's token: who lost the claim changes nothing.
"""

import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels import uploads
from kentongan.channels.contract import (
    Ambiguous,
    CalledOff,
    ChannelError,
    CredentialsExpired,
    Post,
    Published,
    Rejected,
    RetryLater,
)
from kentongan.core import clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.planning.states import ItemState
from kentongan.publishing import budgets, hiding
from kentongan.publishing.actions import answers, circuits, reposting
from kentongan.publishing.actions.moves import move, stop
from kentongan.publishing.models import Attempt, Delivery, Pause
from kentongan.publishing.states import CLAIMS, Outcome, State
from kentongan.registry import access as rights
from kentongan.registry import queries as registry
from kentongan.registry.models import Account
from kentongan.safeguards import queries as safeguards

LEASE = uploads.ATTEMPT
BATCH = 8
MOST_AT_ONCE = 128
MOST_TRIES = 8
FIRST_WAIT = timedelta(seconds=15)
LONGEST_WAIT = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this worker holds, for as long as the token is its."""

    delivery_id: int
    token: uuid.UUID


def paused(of: str = "") -> Q:
    """Return the condition that a delivery is paused: by its account, a unit at or above its own, or its campaign."""
    live = Pause.objects.filter(ended_at=None)
    here = Q(unit__path__covers=OuterRef(f"{of}unit__path"))
    above = live.filter(here, account=None, campaign=None)
    above = above.filter(Q(platform="") | Q(platform=OuterRef(f"{of}account__platform")))
    same = live.filter(account=OuterRef(f"{of}account"))
    whole = Q(unit=F("campaign__unit"))
    together = live.filter(whole | here, campaign=OuterRef(f"{of}campaign"))
    return Q(Exists(above)) | Q(Exists(same)) | Q(Exists(together))


def with_video() -> Q:
    """Return the condition that a video goes along, which is sent for up to an hour and more."""
    return Q(content__videos__0__isnull=False)


def slow() -> Q:
    """Return the condition that sending takes minutes: pictures, for a platform that takes them one by one."""
    kinds = [channel.kind for channel in channels.every() if channel.manifest.attempt > LEASE]
    return Q(account__platform__in=kinds, content__images__0__isnull=False) & ~with_video()


def quick() -> Q:
    """Return the condition that sending takes no longer than usual."""
    return ~with_video() & ~slow()


def claim_due(limit: int = BATCH, among: Q = Q()) -> list[Claim]:  # noqa: B008  never changed
    """Claim what is due now; two workers never get the same row, and neither waits for the other."""
    token = uuid.uuid4()
    with transaction.atomic():
        due = Delivery.objects.filter(among, reposting.its_turn(), state=State.READY, try_at__lte=clock.in_database())
        if Pause.objects.filter(ended_at=None).exists():  # without any, it takes longer to plan than to answer
            due = due.filter(~paused())
        locked = due.order_by("try_at", "id").select_for_update(skip_locked=True, of=("self",))
        ids = list(locked.values_list("pk", flat=True)[:limit])
        Delivery.objects.filter(pk__in=ids).update(state=State.CLAIMED, claim_token=token, claimed_until=lease())
    return [Claim(pk, token) for pk in ids]


def lease(lasts: timedelta = LEASE) -> Combinable:
    """Return until when what is claimed now is held: by the database's clock, the one that all workers share."""
    return clock.in_database() + lasts


def claims(among: Q = Q(), limit: int = MOST_AT_ONCE) -> Iterator[Claim]:  # noqa: B008  never changed
    """Claim what is due now as it is asked for, a few at a time: what waits for this worker is open to any other."""
    for _batch in range(limit // BATCH):
        batch = claim_due(among=among)
        yield from batch
        if len(batch) < BATCH:
            return


def _mine(claim: Claim, state: State, **asked: Exists) -> Any:
    """Lock and return the delivery while the claim is still ours, with what is `asked` about it."""
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("account").annotate(**asked)
    return _only(rows.filter(pk=claim.delivery_id, claim_token=claim.token, state=state))


def _only(rows: QuerySet[Delivery]) -> Any:
    """Return the one delivery there is, if any; `first` would order it too, which takes longer than to read it."""
    return next(iter(rows), None)


def _obstacle(delivery: Any, now: datetime) -> tuple[State, str] | None:
    """Return what stands against sending this now, all of it asked again at the very moment."""
    account, item = delivery.account, delivery.item
    if now > delivery.late_until:
        return State.MISSED, _("It could not go out in time.")
    if not _is_signed_in(account):
        return State.HELD, _("The account is not connected.")
    if hiding.hides(account.platform):
        return State.HELD, hiding.problem(account.platform)
    if item.state != ItemState.APPROVED or item.version != delivery.item_version:
        return State.HELD, _("The item was changed or withdrawn after it was scheduled.")
    if nothing := reposting.gone(delivery):
        return State.HELD, nothing
    if not _still_allowed(delivery.scheduled_by, delivery):
        return State.HELD, _("Whoever scheduled it may no longer publish here.")
    verdict = safeguards.check_purpose(item.purpose, neutral=delivery.ours_is_neutral)
    if verdict.allowed and delivery.release is None:
        unit = delivery.unit
        verdict = safeguards.check_firing(item.purpose, now, unit.area_code, delivery.ours_is_neutral, unit.timezone)
    return (State.HELD, str(verdict.reason)) if verdict.held else None


def _is_signed_in(account: Account) -> bool:
    # A silent account rests, and is connected all the same: a post is what wakes it.
    return account.state in (account.State.CONNECTED, account.State.DORMANT) and hasattr(account, "connection")


def _still_allowed(user: User | None, delivery: Delivery) -> bool:
    # Scheduled by the system itself (the command line, the demo): the operator's right does not lapse.
    if user is None:
        return True
    return rights.allows(Actor.of_user(user), Capability.PUBLISH, delivery.unit)


def check(actor: Actor, claim: Claim) -> Delivery | None:
    """Ask pauses, permissions, safeguards, lateness and the server's rest again; None when it must not go out now.

    Where nothing stands against it this only reads; what does is asked once more under the delivery's lock.
    """
    delivery: Any = _checked(Delivery.objects.all(), claim)
    if delivery is None:
        return None
    now = clock.now()
    rests = delivery.any_server_rests and circuits.is_open(delivery.account)
    if rests or _is_paused(delivery) or _obstacle(delivery, now) or _waits(delivery, now):
        return _settle(actor, claim)
    return cast(Delivery, delivery)


def _waits(delivery: Delivery, now: datetime) -> bool:
    """Whether a repost's post is not out, or what was put back has no room yet; of others `begin` asks, with locks."""
    no_room = delivery.reason and _no_room(delivery, now)
    return bool(no_room or reposting.not_yet(delivery, now))


def confirm(claim: Claim) -> None:
    """Raise CalledOff where an attempt that has taken long must not publish any more; this only reads.

    `finish` then puts the delivery back, and it is held, missed or waits as what was never tried.
    """
    rows = Delivery.objects.filter(claimed_until__gt=clock.in_database())
    delivery: Delivery | None = _checked(rows, claim, State.SENDING)
    if delivery is None:
        raise CalledOff(_("The upload took too long and was given up before anything was published."))
    if _is_paused(delivery):
        raise CalledOff(_("It was stopped during the upload: nothing was published."))
    if obstacle := _obstacle(delivery, clock.now()):
        raise CalledOff(obstacle[1])


def _checked(rows: QuerySet[Delivery], claim: Claim, state: State = State.CLAIMED) -> Any:
    """Return the claimed delivery with what is asked of every one; None if the claim is lost.

    Who scheduled it, a release and the post of a repost are read where they are asked for: PostgreSQL would take longer
    to plan one query over all of them than to answer all the others.
    """
    rows = rows.select_related("unit", "account__connection", "item")
    rows = rows.annotate(
        anything_is_paused=Exists(Pause.objects.filter(ended_at=None)),
        any_server_rests=Exists(circuits.resting()),
        ours_is_neutral=Exists(registry.neutral_organisations()),
    )
    return _only(rows.filter(pk=claim.delivery_id, claim_token=claim.token, state=state))


def _is_paused(delivery: Any) -> bool:
    return delivery.anything_is_paused and Delivery.objects.filter(paused(), pk=delivery.pk).exists()


@action("publishing.delivery.check", may_do_nothing=True)
def _settle(actor: Actor, claim: Claim) -> Delivery | None:
    """Hold, miss or put back what must not go out now; returns the delivery where it may after all."""
    delivery: Delivery | None = _checked(Delivery.objects.select_for_update(of=("self",)), claim)
    if delivery is None:
        return None
    if _is_paused(delivery):
        move(delivery, State.READY)  # stopped since it was claimed
        return None
    if obstacle := _obstacle(delivery, clock.now()):
        account = delivery.account
        stop(actor, delivery, *obstacle, awaits_sign_in=not _is_signed_in(account) or hiding.hides(account.platform))
        return None
    now = clock.now()
    if no_room := reposting.not_yet(delivery, now) or _no_room(delivery, now):
        _wait_for_room(actor, delivery, no_room)
        return None
    if rests_until := circuits.rests_until(delivery.account):
        move(delivery, State.READY, circuits.waits(), try_at=rests_until)
        return None
    return delivery


def _cost(delivery: Delivery) -> Decimal | None:
    return budgets.cost_of(delivery.account.platform, delivery.content["text"], delivery.content["link"])


def _no_room(delivery: Delivery, now: datetime) -> budgets.Full | None:
    return budgets.full(delivery.account, _cost(delivery), now, repost=delivery.repost_of_id is not None)


def _wait_for_room(actor: Actor, delivery: Delivery, no_room: budgets.Full) -> None:
    """Let it wait for its budget; what would be too late by then is for a person, at once and not when it is late."""
    if no_room.until > delivery.late_until:
        stop(actor, delivery, State.HELD, no_room.reason)
    else:
        move(delivery, State.READY, no_room.reason, try_at=no_room.until)


@action("publishing.delivery.hold", may_do_nothing=True)
def give_back(actor: Actor, claim: Claim, error: ChannelError) -> None:
    """Note that a claimed delivery could not even be tried: try again later, or hold it for a person."""
    delivery = _mine(claim, State.CLAIMED)
    if delivery is None:
        return
    if isinstance(error, RetryLater):  # of the others nobody knows whether a server was asked at all
        circuits.learn(delivery.account, error, clock.now())
    if isinstance(error, RetryLater) and delivery.tries + 1 < MOST_TRIES:
        _wait(actor, delivery, error.message, delivery.tries + 1, error.after)
        return
    stop(actor, delivery, State.HELD, error.message, awaits_sign_in=isinstance(error, CredentialsExpired))


@action("publishing.delivery.begin", may_do_nothing=True)
def begin(actor: Actor, claim: Claim, post: Post) -> Attempt | None:
    """Commit the attempt before the call. From here on a lapsed claim means `unknown`.

    Takes of the budgets, under their locks. None if the claim is lost, or another worker took the last place, or it is
    out already.
    """
    delivery = _mine(claim, State.CLAIMED, is_tried=Exists(Attempt.objects.filter(delivery=OuterRef("pk"))))
    if delivery is None:
        return None
    if delivery.is_tried and (known := answers.evidence(delivery)):
        answers.is_out(actor, delivery, known)
        return None
    account, now = delivery.account, clock.now()
    budgets.lock(account)
    if no_room := _no_room(delivery, now):
        _wait_for_room(actor, delivery, no_room)
        return None
    lasts = uploads.longest(channels.get(account.platform).manifest, post.video_size)
    Delivery.objects.filter(pk=delivery.pk).update(
        state=State.SENDING, claimed_until=lease(lasts), changed_at=clock.in_database()
    )
    return Attempt.objects.create(
        delivery=delivery,
        kind=Attempt.Kind.PUBLISH,
        token=claim.token,
        digest=post.digest(),
        started_at=now,
        platform=account.platform,
        cost_usd=_cost(delivery),
    )


OUTCOMES: dict[type[ChannelError], Outcome] = {
    Rejected: Outcome.REJECTED,
    RetryLater: Outcome.RETRY,
    CalledOff: Outcome.RETRY,
    CredentialsExpired: Outcome.EXPIRED,
    Ambiguous: Outcome.AMBIGUOUS,
}


def note(attempt: Attempt, result: Published | ChannelError) -> None:
    """Complete the attempt, whoever holds the claim by now: an answer is never thrown away."""
    attempt.ended_at, attempt.response = clock.now(), dict(result.response)
    if isinstance(result, Published):
        attempt.outcome = Outcome.HIDDEN if result.hidden else Outcome.PUBLISHED
        attempt.remote_id, attempt.url, attempt.message = result.remote_id, result.url, result.hidden[:500]
        attempt.response |= {"unaudited": True} if result.unaudited else {}
    else:
        attempt.outcome, attempt.message = OUTCOMES.get(type(result), Outcome.AMBIGUOUS), result.message[:500]
        if attempt.outcome != Outcome.AMBIGUOUS:
            attempt.cost_usd = None  # nothing was taken, so nothing is paid
    attempt.save(update_fields=["ended_at", "response", "outcome", "remote_id", "url", "message", "cost_usd"])


@action("publishing.delivery.finish", may_do_nothing=True)
def finish(actor: Actor, claim: Claim, attempt: Attempt, result: Published | ChannelError) -> State | None:
    """Record the outcome: the attempt always, the delivery only while the claim is ours. Returns the new state."""
    note(attempt, result)
    earlier = Attempt.objects.filter(delivery=OuterRef("pk"), kind=Attempt.Kind.PUBLISH).exclude(pk=attempt.pk)
    asked = {
        "is_of_another": answers.is_of_another(getattr(result, "remote_id", "")),
        "was_tried": Exists(earlier),
        "any_server_failed": Exists(circuits.failed()),
    }
    delivery = _mine(claim, State.SENDING, **asked)
    if delivery is None or delivery.any_server_failed or not isinstance(result, Published):
        circuits.learn(attempt.delivery.account, result, attempt.started_at)
    if delivery is None:
        _answered_late(actor, attempt, result)
        return None
    is_plain = isinstance(result, Published) and not result.hidden and not delivery.is_of_another
    if delivery.was_tried and not is_plain and (known := answers.evidence(delivery)):
        answers.settle(actor, delivery, known)
        return State(delivery.state)
    match result:
        case Published() if delivery.is_of_another:
            stop(
                actor, delivery, State.REJECTED, _("The platform took it for another post of ours with the same text.")
            )
        case Published():
            answers.is_there(actor, delivery, result)
            if delivery.was_tried:
                answers.ask_for_strays(actor, delivery)
        case Rejected():
            stop(actor, delivery, State.REJECTED, result.message or _("The platform refused it."))
        case CalledOff():  # no try: what stands against it is asked again before the next one, and decides
            move(delivery, State.READY, result.message, try_at=clock.now())
        case RetryLater() | CredentialsExpired():
            _retry(actor, delivery, result)
        case _:
            doubt(actor, delivery, result.message or _("The answer did not arrive."))
    return State(delivery.state)


def _answered_late(actor: Actor, attempt: Attempt, result: Published | ChannelError) -> None:
    if isinstance(result, Published):
        answers.out_after_all(actor, attempt)
    elif attempt.outcome != Outcome.AMBIGUOUS:
        answers.refused_after_all(actor, attempt)


def _retry(actor: Actor, delivery: Delivery, error: RetryLater | CredentialsExpired) -> None:
    tries = delivery.tries + 1
    # An expired sign-in is renewed once; a second refusal, or one that no renewal mends, is for the custodian.
    most = (2 if error.renewable else 1) if isinstance(error, CredentialsExpired) else MOST_TRIES
    if tries >= most:
        expired = isinstance(error, CredentialsExpired)
        stop(actor, delivery, State.HELD, error.message, tries=tries, awaits_sign_in=expired)
        return
    after = error.after if isinstance(error, RetryLater) else timedelta(0)
    _wait(actor, delivery, error.message, tries, after)


def _wait(actor: Actor, delivery: Delivery, reason: str, tries: int, after: timedelta | None) -> None:
    """Let it wait as long as the platform says; what would be too late by then is for a person, at once."""
    if after is not None and clock.now() + after > delivery.late_until:
        stop(actor, delivery, State.HELD, reason, tries=tries)
    else:
        move(delivery, State.READY, reason, tries=tries, try_at=_again_at(tries, after))


def _again_at(tries: int, after: timedelta | None) -> datetime:
    """Return when to try again: not before the platform said, doubling when it said nothing, spread by chance."""
    wait = after if after is not None else min(FIRST_WAIT * 2 ** (tries - 1), LONGEST_WAIT)
    return clock.now() + wait * (1 + random.random() / 4)  # noqa: S311  spread, not a secret


def doubt(actor: Actor, delivery: Delivery, reason: str) -> None:
    """Move a delivery to `unknown`: looked for at once, absent only after the platform's settling time."""
    settling = channels.get(delivery.account.platform).manifest.settles(video=bool(delivery.content.get("videos")))
    settled_at = clock.in_database() + settling
    stop(actor, delivery, State.UNKNOWN, reason, look_at=clock.in_database(), looks=0, settled_at=settled_at)


@action("publishing.delivery.lapse", may_do_nothing=True)
def sweep(actor: Actor, limit: int = 200) -> int:
    """Free what a dead worker held: `ready` again without an attempt, `unknown` with one. Returns how many."""
    rows = Delivery.objects.filter(state__in=CLAIMS, claimed_until__lt=clock.in_database()).select_related("account")
    lapsed = list(rows.select_for_update(skip_locked=True, of=("self",))[:limit])
    for delivery in lapsed:
        if delivery.state == State.CLAIMED:
            move(delivery, State.READY, try_at=clock.now())  # it was due, whatever the clock showed then
        else:
            doubt(actor, delivery, _("The worker ended while it was being sent."))
    return len(lapsed)


@action("publishing.delivery.miss", may_do_nothing=True)
def miss(actor: Actor, limit: int = 200) -> int:
    """Move what became too late (while paused, or with no worker running) to `missed`. Returns how many."""
    now = clock.in_database()
    late = Delivery.objects.filter(state=State.READY, try_at__lte=now, late_until__lt=now)
    rows = list(late.select_for_update(skip_locked=True, of=("self",))[:limit])
    for delivery in rows:
        stop(actor, delivery, State.MISSED, _("It could not go out in time."))
    return len(rows)
