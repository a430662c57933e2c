"""All reads of recalls: the tasks, for whom they wait, and what a recall of very many would do."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from django.db.models import Case, Exists, IntegerField, OuterRef, Q, QuerySet, Value, When

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.publishing import access
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.states import State, allowed
from kentongan.registry import queries as registry
from kentongan.registry.models import Account, Person

SEEN = ("delivery__account", "delivery__unit", "unit", "asked_by", "seen_by", "answered_by", "answered_person", "proof")
MOST = 5_000


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
    return delivery.recall_tasks.filter(state__in=RecallTask.OPEN).select_related(*SEEN).first()


def tasks_of(delivery: Delivery) -> QuerySet[RecallTask]:
    """Return every task about a delivery, the latest first."""
    return delivery.recall_tasks.select_related(*SEEN).order_by("-id")


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


def fate_of(delivery: Delivery, now: datetime, *, asked: bool) -> Fate:
    """Return what a recall would do with a delivery; `asked` says that people are asked to delete it already."""
    if delivery.state == State.PUBLISHED or delivery.is_hidden:
        if asked or delivery.recall_at is not None:
            return Fate.ASKED
        manifest = channels.get(delivery.account.platform).manifest
        until = manifest.recall_until(delivery.published_at)
        return Fate.DELETE if manifest.recalls and (until is None or until > now) else Fate.ASK
    if delivery.state == State.UNKNOWN:
        return Fate.ASKED if asked or delivery.recall_at is not None else Fate.UNKNOWN
    if delivery.state == State.RECALLED:
        return Fate.GONE
    return Fate.STOP if allowed(delivery.state, State.RECALLED) else Fate.SENDING


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What a recall of very many would do, to how many; `digest` stands for just that.

    `along` are reposts that are taken back with the posts they repost, of units where the actor may not publish.
    """

    counts: Mapping[Fate, int] = field(default_factory=dict)
    along: int = 0
    elsewhere: int = 0
    digest: str = ""

    @property
    def total(self) -> int:
        """How many it would do something with."""
        return sum(self.counts.get(fate, 0) for fate in DONE) + self.along

    def as_dict(self) -> dict[str, int]:
        """Return the numbers by what happens."""
        counts = {fate.value: self.counts.get(fate, 0) for fate in Fate}
        return {**counts, "along": self.along, "elsewhere": self.elsewhere}


def of(item_id: int | None, campaign_id: int | None) -> Q:
    """Return the condition for the deliveries of an item or of a campaign."""
    return Q(item_id=item_id) if item_id is not None else Q(campaign_id=campaign_id)


def recallable(actor: Actor, wanted: Q) -> QuerySet[Delivery]:
    """Return those of the deliveries that the actor may recall, each with `asked`."""
    return _with_asked(access.deliveries(actor, Capability.PUBLISH).filter(wanted))


def _with_asked(rows: QuerySet[Delivery]) -> QuerySet[Delivery]:
    asked = RecallTask.objects.filter(delivery=OuterRef("pk"), state__in=RecallTask.OPEN)
    return rows.annotate(asked=Exists(asked)).select_related("account", "unit").order_by("pk")


def fates(rows: Iterable[Delivery]) -> dict[Delivery, Fate]:
    """Return what a recall would do with each of `recallable`."""
    now = clock.now()
    return {row: fate_of(row, now, asked=row.asked) for row in rows}  # type: ignore[attr-defined]


def along(found: Mapping[Delivery, Fate], *, lock: bool = False) -> dict[Delivery, Fate]:
    """Return what is taken back with those of `found` that are: what reposts them, also where the actor may not.

    It has lost its matter. What is with a worker stays for now: once it is out it is taken back too.
    """
    origins = [row.pk for row, fate in found.items() if fate in DONE]
    rows = _with_asked(Delivery.objects.filter(repost_of__in=origins)).exclude(pk__in=[row.pk for row in found])
    seen = fates(rows.select_for_update(of=("self",)) if lock else rows)
    return {row: fate for row, fate in seen.items() if fate in (Fate.STOP, Fate.DELETE, Fate.UNKNOWN)}


def digest_of(found: Mapping[Delivery, Fate]) -> str:
    """Return what stands for what a recall does: the same for the same posts and acts only."""
    doing = "\n".join(f"{row.pk} {fate}" for row, fate in found.items() if fate in DONE)
    return hashlib.sha256(doing.encode()).hexdigest()[:32]


def foresee(actor: Actor, wanted: Q) -> Foreseen:
    """Return what a recall would do; `elsewhere` are posts of units where the actor does not publish, which stay."""
    found = fates(recallable(actor, wanted)[:MOST])
    others = along(found)
    every = Delivery.objects.filter(wanted).exclude(state=State.RECALLED)
    known = sum(fate != Fate.GONE for fate in found.values()) + len(others)
    return Foreseen(Counter(found.values()), len(others), max(every.count() - known, 0), digest_of({**found, **others}))
