"""All reads of recalls: the tasks, for whom they wait, and what a recall of very many would do."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.db.models import Case, CharField, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.urls import reverse

from kentongan.channels import registry as channels
from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.core.models import Job, User
from kentongan.core.permissions import Capability
from kentongan.publishing import access
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.states import State, allowed
from kentongan.registry import queries as registry
from kentongan.registry.models import Account, Person

SEEN = (
    "delivery__account",
    "delivery__unit",
    "stray",
    "unit",
    "asked_by",
    "seen_by",
    "answered_by",
    "answered_person",
    "proof",
)
MOST = 5_000
"""How many are taken back at once; what are more takes a job."""
WHOLE = "publishing.recall_whole"
"""The kind of that job."""
PART, TAKEN = "publishing.recall.part", "taken"
"""What each of its parts leaves in the log of the job, in the transaction of that part."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """For whom a task waits: the serving custodians, and the users who can answer it here.

    `administrators` says that no custodian who signs in here serves, so that administrators answer.
    """

    people: Sequence[Person]
    users: Sequence[User]
    administrators: bool

    @property
    def count(self) -> int:
        """How many it waits for."""
        return len(self.names)

    @property
    def names(self) -> list[str]:
        """What they are called."""
        users = [user.name for user in self.users] if self.administrators else []
        return list(dict.fromkeys([*(person.full_name for person in self.people), *users]))


def waiting_for(tasks: Iterable[RecallTask]) -> dict[int, Waiting]:
    """Return by task for whom it waits at this moment: who lost the seat is not among them. Two queries for all."""
    found = list(tasks)
    kept = registry.with_custody(Account.objects.filter(pk__in={task.delivery.account_id for task in found}))
    accounts = {one.pk: one for one in kept.select_related("unit", "custodian__user", "deputy_custodian__user")}
    nearest = registry.nearest_administrators([one.unit for one in accounts.values()])
    return {task.pk: _waiting(accounts[task.delivery.account_id], nearest) for task in found}


def _waiting(account: Account, nearest: Mapping[int, list[User]]) -> Waiting:
    seats = ((account.custodian, "custodian_serves"), (account.deputy_custodian, "deputy_custodian_serves"))
    people = [person for person, serves in seats if person is not None and getattr(account, serves)]
    users = [person.user for person in people if person.user is not None and person.user.is_active]
    return Waiting(people, users or nearest[account.unit_id], administrators=not users)


def tasks(actor: Actor, *, state: str = "", mine: bool = False) -> QuerySet[RecallTask]:
    """Return the recall tasks that the actor sees, open ones first, the most urgent first."""
    rows = access.own_recall_tasks(actor) if mine else access.recall_tasks(actor)
    rows = rows.filter(state__in=RecallTask.OPEN) if state == "open" else rows
    rows = rows.filter(state=state) if state in RecallTask.State.values else rows
    first = Case(When(state__in=RecallTask.OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return rows.select_related(*SEEN).order_by(first, "due_at", "id")


def waiting_count(actor: Actor) -> int:
    """Return how many posts the actor is asked to delete."""
    return access.own_recall_tasks(actor).filter(state__in=RecallTask.OPEN).count()


def open_task(delivery: Delivery) -> RecallTask | None:
    """Return the task by which people are asked to delete this post now."""
    return delivery.recall_tasks.filter(stray=None, state__in=RecallTask.OPEN).select_related(*SEEN).first()


def strays_of(delivery: Delivery) -> list[RecallTask]:
    """Return the tasks about posts that this delivery left there more than the one that it stands for."""
    return list(delivery.recall_tasks.filter(stray__isnull=False).select_related(*SEEN).order_by("id"))


class Fate(StrEnum):
    """What a recall does with a delivery: stop it, delete it there, ask people; or why it does nothing.

    What is of unknown fate is looked for, and deleted if it is there; people are asked where nothing can be found out.
    """

    STOP = "stop"
    DELETE = "delete"
    ASK = "ask"
    ASKED = "asked"
    SENDING = "sending"
    UNKNOWN = "unknown"
    GONE = "gone"


DONE = (Fate.STOP, Fate.DELETE, Fate.ASK, Fate.UNKNOWN)
FOLLOWING = (Fate.STOP, Fate.DELETE, Fate.UNKNOWN)
"""What becomes of reposts that go with their post; where only people could undo them, they stay."""


def _fate(now: datetime) -> Case:
    """Return, in the database, what a recall would do with a delivery that has `asked`."""
    there = Q(state=State.PUBLISHED) | Q(Q(state=State.HELD), ~Q(remote_id=""))
    wished = Q(asked=True) | Q(recall_at__isnull=False)
    stoppable = [state for state in State if allowed(state, State.RECALLED)]
    return Case(
        When(there & wished, then=Value(Fate.ASKED)),
        When(there & _deletable(now), then=Value(Fate.DELETE)),
        When(there, then=Value(Fate.ASK)),
        When(wished & Q(state=State.UNKNOWN), then=Value(Fate.ASKED)),
        When(state=State.UNKNOWN, then=Value(Fate.UNKNOWN)),
        When(state=State.RECALLED, then=Value(Fate.GONE)),
        When(state__in=stoppable, then=Value(Fate.STOP)),
        default=Value(Fate.SENDING),
        output_field=CharField(),
    )


def _deletable(now: datetime) -> Q:
    """Return the condition for what the platform lets us delete, and still does."""
    found = Q(pk__in=[])
    for kind in channels.kinds():
        manifest = channels.get(kind).manifest
        if manifest.recalls:
            within = manifest.recall_within
            in_time = Q(published_at=None) | Q(published_at__gt=now - within) if within else Q()
            found |= Q(account__platform=kind) & in_time
    return found


def _with_fate(rows: QuerySet[Delivery]) -> QuerySet[Any]:
    asked = RecallTask.objects.filter(delivery=OuterRef("pk"), stray=None, state__in=RecallTask.OPEN)
    return rows.annotate(asked=Exists(asked)).annotate(fate=_fate(clock.now()))


def fate_of(delivery: Delivery) -> Fate:
    """Return what a recall would do with a delivery, as the database has it."""
    return Fate(_with_fate(Delivery.objects.filter(pk=delivery.pk)).values_list("fate", flat=True).get())


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a recall of very many would do, to how many; `digest` stands for just that.

    `along` are reposts that are taken back with the posts they repost, of units where the actor may not publish.
    `people` are posts that people are asked to delete already; `job` takes back what are too many to do so at once.
    """

    counts: Mapping[Fate, int] = field(default_factory=dict)
    along: int = 0
    elsewhere: int = 0
    people: int = 0
    digest: str = ""
    job: Job | None = None

    @property
    def total(self) -> int:
        """How many it would do something with."""
        return sum(self.counts.get(fate, 0) for fate in DONE) + self.along

    @property
    def takes_a_job(self) -> bool:
        """Whether they are too many to be taken back at once."""
        return self.total > MOST

    def as_dict(self) -> dict[str, int]:
        """Return the numbers by what happens."""
        counts = {fate.value: self.counts.get(fate, 0) for fate in Fate}
        return {**counts, "along": self.along, "elsewhere": self.elsewhere, "people": self.people}


def of(item_id: int | None, campaign_id: int | None) -> Q:
    """Return the condition for the deliveries of an item or of a campaign."""
    return Q(item_id=item_id) if item_id is not None else Q(campaign_id=campaign_id)


def recallable(actor: Actor, wanted: Q) -> QuerySet[Any]:
    """Return those of the deliveries that the actor may recall, each with `asked` and `fate`."""
    return _with_fate(access.deliveries(actor, Capability.PUBLISH).filter(wanted))


def to_do(actor: Actor, wanted: Q, *, after: int = 0) -> QuerySet[Any]:
    """Return, locked, those of `recallable` with which a recall does something, in the order of their numbers."""
    rows = recallable(actor, wanted).filter(fate__in=DONE, pk__gt=after).select_related("account", "unit")
    return rows.select_for_update(of=("self",)).order_by("pk")


def fates(rows: Iterable[Any]) -> dict[Delivery, Fate]:
    """Return what a recall would do with each of `recallable`."""
    return {row: Fate(row.fate) for row in rows}


def along(found: Mapping[Delivery, Fate], *, lock: bool = False) -> dict[Delivery, Fate]:
    """Return what is taken back with those of `found` that are: what reposts them, also where the actor may not.

    It has lost its matter. What is with a worker stays for now: once it is out it is taken back too.
    """
    origins = [row.pk for row, fate in found.items() if fate in DONE]
    rows = _with_fate(Delivery.objects.filter(repost_of__in=origins)).exclude(pk__in=[row.pk for row in found])
    rows = rows.filter(fate__in=FOLLOWING).select_related("account", "unit").order_by("pk")
    return fates(rows.select_for_update(of=("self",)) if lock else rows)


def digest_of(found: Iterable[tuple[int, str]]) -> str:
    """Return what stands for what a recall does (by number): the same for the same posts and acts only."""
    doing = "\n".join(f"{number} {fate}" for number, fate in sorted(found))
    return hashlib.sha256(doing.encode()).hexdigest()[:32]


def foresee(actor: Actor, wanted: Q) -> Foreseen:
    """Return what a recall would do; `elsewhere` are posts of units where the actor does not publish, which stay.

    The digest of what takes a job stands for how many they are, not for which act each meets: while very many go out
    those change with every second, and what goes out meanwhile is taken back all the same.
    """
    mine = recallable(actor, wanted)
    counts = Counter({Fate(fate): n for fate, n in mine.order_by().values_list("fate").annotate(n=Count("pk"))})
    doing = mine.filter(fate__in=DONE)
    others = _with_fate(Delivery.objects.filter(repost_of__in=doing.values("pk"))).exclude(pk__in=mine.values("pk"))
    others = others.filter(fate__in=FOLLOWING)
    following = others.count()
    every = Delivery.objects.filter(wanted).exclude(state=State.RECALLED).count()
    known = counts.total() - counts[Fate.GONE] + following
    open_tasks = access.recall_tasks(actor).filter(state__in=RecallTask.OPEN)
    people = open_tasks.filter(delivery__in=Delivery.objects.filter(wanted)).count()
    found = Foreseen(counts, following, max(every - known, 0), people)
    if found.takes_a_job:
        open_ones = sum(counts[fate] for fate in (*DONE, Fate.SENDING))
        return replace(found, digest=digest_of([(open_ones, "all")]))
    return replace(found, digest=digest_of([*doing.values_list("pk", "fate"), *others.values_list("pk", "fate")]))


def _jobs_of(item_id: int | None, campaign_id: int | None) -> QuerySet[Job]:
    whole = {"args__item_id": item_id} if item_id is not None else {"args__campaign_id": campaign_id}
    return Job.objects.filter(kind=WHOLE, **whole).select_related("created_by").order_by("-pk")


def running(item_id: int | None, campaign_id: int | None) -> Job | None:
    """Return the job that takes back all of an item or campaign at this moment, whoever began it."""
    return _jobs_of(item_id, campaign_id).filter(state__in=(Job.State.QUEUED, Job.State.RUNNING)).first()


def taken_by(job: Job) -> int:
    """Return how many a job has taken back so far, also before it was cut off."""
    parts = audit.trail(job).filter(verb=PART).values_list(f"after__{TAKEN}", flat=True)
    return sum(parts)


def latest(item_id: int | None, campaign_id: int | None) -> Job | None:
    """Return the job that took back all of an item or campaign last, or does so now."""
    return _jobs_of(item_id, campaign_id).first()


def page_of(item_id: int | None, campaign_id: int | None) -> str:
    """Return the address where all of an item or campaign is taken back."""
    kind, number = ("item", item_id) if item_id is not None else ("campaign", campaign_id)
    return reverse(f"publishing:recall_{kind}", args=(number,))
