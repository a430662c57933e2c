"""What is done about a delivery of unknown fate, and about one that is to be deleted on its platform."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels import uploads
from kentongan.channels.contract import Absent, ChannelError, Found, RetryLater, Unsure
from kentongan.channels.server_clock import FURTHEST
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.models.files import StoredFile
from kentongan.publishing.actions.answers import evidence, settle
from kentongan.publishing.actions.firing import OUTCOMES, lease
from kentongan.publishing.actions.moves import SEEN, stop
from kentongan.publishing.actions.recalling import ask, close, taken_back
from kentongan.publishing.models import Attempt, Delivery, RecallTask
from kentongan.publishing.states import THERE, Outcome, State

PAUSES = (timedelta(seconds=15), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30))
LOOKED: dict[type[Found | Absent | Unsure], Outcome] = {
    Found: Outcome.FOUND,
    Absent: Outcome.ABSENT,
    Unsure: Outcome.UNSURE,
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A delivery to look for: since when, and which remote posts of its account belong to others of ours.

    `receipts` are what the platform called attempts at it, the latest first; `last_receipt` what it called the last
    one, empty where that left none.
    """

    delivery: Delivery
    since: datetime
    taken: frozenset[str]
    receipts: tuple[str, ...] = ()
    last_receipt: str = ""


@transaction.atomic
def claim_doubts(limit: int = 4) -> list[Doubt]:
    """Return deliveries whose next look is due; the look is put off first, so that two workers do not look at once."""
    rows = list(
        Delivery.objects.filter(state=State.UNKNOWN, look_at__lte=clock.in_database())
        .select_related("account__connection", "unit")
        .order_by("look_at")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    for row in rows:
        row.look_at = lease()
    Delivery.objects.bulk_update(rows, ["look_at"])
    return [_doubt(row) for row in rows]


def _doubt(delivery: Delivery) -> Doubt:
    tried = delivery.attempts.filter(kind=Attempt.Kind.PUBLISH).aggregate(first=Min("started_at"))["first"]
    since = (tried or delivery.due_at) - delivery.clock_went_back
    lately = Q(published_at__gte=since - 2 * FURTHEST) | Q(published_at=None)
    others = Delivery.objects.filter(lately, account_id=delivery.account_id)
    taken = set(others.exclude(pk=delivery.pk).exclude(remote_id="").values_list("remote_id", flat=True))
    taken.update(_strays_of_others(delivery, since))
    told = _receipts(delivery)
    return Doubt(delivery, since, frozenset(taken), tuple(filter(None, told)), next(iter(told), ""))


def _strays_of_others(delivery: Delivery, since: datetime) -> QuerySet[Attempt, str]:
    """Return what attempts at other deliveries of the account left there besides: it is not this one's."""
    others = Attempt.objects.filter(delivery__account=delivery.account_id, kind=Attempt.Kind.PUBLISH)
    lately = others.filter(started_at__gte=since - 2 * FURTHEST).exclude(delivery=delivery.pk).exclude(remote_id="")
    return lately.values_list("remote_id", flat=True)


def _receipts(delivery: Delivery) -> list[str]:
    """Return what the platform called each attempt, the latest first; empty for one that left no name."""
    told = delivery.attempts.filter(kind=Attempt.Kind.PUBLISH).order_by("-id").values_list("response", flat=True)
    return [one["receipt"] if isinstance(one.get("receipt"), str) else "" for one in told]


def under_way_until(delivery: Delivery) -> datetime | None:
    """Return until when an attempt whose worker we gave up may still be under way; None where every one has ended.

    Twice as long as such an attempt is given: it may have begun its last call when the time was over.
    """
    under_way = delivery.attempts.filter(kind=Attempt.Kind.PUBLISH, outcome=Outcome.OPEN).last()
    if under_way is None:
        return None
    files = [video["file"] for video in delivery.content.get("videos", ())]
    size = StoredFile.objects.filter(pk__in=files).aggregate(size=Sum("size"))["size"] if files else 0
    given = uploads.longest(channels.get(delivery.account.platform).manifest, size or 0)
    return under_way.started_at + 2 * given


def _absent_from(delivery: Delivery) -> datetime:
    """Return from when absence counts: settled, and no attempt may still be under way."""
    settled = delivery.settled_at or clock.now()
    return max(settled, under_way_until(delivery) or settled)


@action("publishing.delivery.reconcile", may_do_nothing=True)
def reconcile(actor: Actor, delivery_id: int, seen: Found | Absent | Unsure, looked_at: datetime) -> State | None:
    """Move a delivery on by what the finder saw at `looked_at`; absence counts only once the platform has settled."""
    delivery = Delivery.objects.select_for_update(of=("self",)).filter(pk=delivery_id, state=State.UNKNOWN).first()
    if delivery is None:
        return None
    note_look(delivery, seen, looked_at)
    if not isinstance(seen, Found):  # race: its late answer came during the look
        seen = evidence(delivery) or seen
    counts_from = _absent_from(delivery)
    match seen:
        case Found():
            settle(actor, delivery, seen)
        case Absent() if looked_at >= counts_from and delivery.recall_at is not None:
            taken_back(actor, delivery)
        case Absent() if looked_at >= counts_from and _was_called_off(delivery):
            reason = _("It is not there. Its recall was called off: send it again, or take it back.")
            stop(actor, delivery, State.HELD, reason, look_at=None, settled_at=None)
        case Absent() if looked_at >= counts_from:
            tries, now = delivery.tries + 1, clock.now()
            reason = _("Not found there: it is sent again.")
            stop(actor, delivery, State.READY, reason, tries=tries, try_at=now, look_at=None, settled_at=None)
        case _:
            _look_again(delivery, seen, counts_from)
            if delivery.recall_at is not None and delivery.looks >= len(PAUSES):
                _ask_people(actor, delivery)
    return State(delivery.state)


def _was_called_off(delivery: Delivery) -> bool:
    """Whether it was promised that it is not sent again by itself: a recall in doubt that somebody called off."""
    return delivery.recall_tasks.filter(stray=None, state=RecallTask.State.CALLED_OFF).exists()


def _ask_people(actor: Actor, delivery: Delivery) -> None:
    """Ask people, once a recall, to look for and delete what was recalled while nobody knew whether it was out."""
    if not delivery.recall_tasks.filter(stray=None, asked_at__gte=delivery.recall_at).exists():
        ask(actor, delivery, delivery.reason)


def note_look(delivery: Delivery, seen: Found | Absent | Unsure, looked_at: datetime) -> None:
    """Note what a look saw, in the transaction that moves the delivery on by it."""
    Attempt.objects.create(
        delivery=delivery,
        kind=Attempt.Kind.FIND,
        started_at=looked_at,
        ended_at=clock.now(),
        remote_id=delivery.remote_id,
        outcome=Outcome.HIDDEN if isinstance(seen, Found) and seen.hidden else LOOKED[type(seen)],
        message=_said(seen)[:500],
        response=dict(seen.response),
    )


def _said(seen: Found | Absent | Unsure) -> str:
    if isinstance(seen, Unsure):
        return seen.reason
    return seen.hidden if isinstance(seen, Found) else ""


def _look_again(delivery: Delivery, seen: Absent | Unsure | Found, counts_from: datetime) -> None:
    looks = delivery.looks + 1
    wait = PAUSES[min(looks, len(PAUSES)) - 1]
    if isinstance(seen, Absent):
        # Not there yet: the next look is the one that counts.
        wait = max(counts_from - clock.now(), timedelta(seconds=1))
    delivery.looks, delivery.look_at = looks, clock.now() + wait
    delivery.save(update_fields=["looks", "look_at", "changed_at"])


@transaction.atomic
def claim_recalls(limit: int = 4) -> list[Delivery]:
    """Return deliveries that are there and are to be deleted; deleting twice is harmless, so a time is claim enough."""
    rows = list(
        Delivery.objects.filter(state__in=THERE, recall_at__lte=clock.in_database())
        .select_related("account__connection", "unit")
        .order_by("recall_at")
        .select_for_update(skip_locked=True, of=("self",))[:limit]
    )
    for row in rows:
        row.recall_at = lease()
    Delivery.objects.bulk_update(rows, ["recall_at"])
    return rows


@action("publishing.delivery.recalled", may_do_nothing=True)
def recalled(
    actor: Actor, delivery_id: int, began: datetime, error: ChannelError | None, *, remote_id: str = ""
) -> None:
    """Record how the deletion (of `remote_id`) went: gone, to be tried again, or for a person to do there."""
    delivery = Delivery.objects.select_for_update(of=("self",)).get(pk=delivery_id)
    Attempt.objects.create(
        delivery=delivery,
        kind=Attempt.Kind.RECALL,
        started_at=began,
        ended_at=clock.now(),
        outcome=Outcome.DELETED if error is None else OUTCOMES.get(type(error), Outcome.AMBIGUOUS),
        message="" if error is None else error.message[:500],
        response={} if error is None else error.response,
    )
    if delivery.state == State.RECALLED:  # race: somebody deleted it meanwhile, and said so
        return
    if remote_id and remote_id != delivery.remote_id:  # race: a late answer gave it another post, which is deleted next
        if error is None:
            note = _("It is not there any more: nobody had to answer.")
            close(actor, delivery, note, stray__remote_id=remote_id)
        return
    if error is None:
        taken_back(actor, delivery)
    else:
        _try_again(actor, delivery, error)


def _try_again(actor: Actor, delivery: Delivery, error: ChannelError) -> None:
    """Race: what was called off during the call is not tried again."""
    before = audit.snapshot(delivery, *SEEN, "recall_problem")
    delivery.recall_problem = error.message[:500]
    if delivery.recall_at is not None:
        wait = (error.after if isinstance(error, RetryLater) else None) or PAUSES[1]
        tried = delivery.attempts.filter(kind=Attempt.Kind.RECALL).count()
        delivery.recall_at = clock.now() + wait if tried < len(PAUSES) else None
        if delivery.recall_at is None:
            ask(actor, delivery, delivery.reason or delivery.recall_problem)
    delivery.save(update_fields=["recall_at", "recall_problem", "changed_at"])
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN, "recall_problem"))
