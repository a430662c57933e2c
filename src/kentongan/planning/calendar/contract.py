"""What a room declares to have its dates in the calendar, and to let people move them there."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar, Protocol, TypeVar

from django.db.models import Exists, Model, QuerySet
from django.utils.functional import Promise

from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access as rights
from kentongan.registry.models import Unit

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` until before `end`, both aware."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to show: a period, narrowed by a unit's subtree, a channel, a brief, a purpose, a state and a campaign.

    `state` is `source.value`, such as `delivery.ready`; "" means everything. `brief_id` is how content that belongs
    together is kept together.
    """

    period: Period
    unit: Unit | None = None
    channel: str = ""
    brief_id: int | None = None
    purpose: str = ""
    state: str = ""
    campaign_id: int | None = None

    def state_of(self, name: str) -> str | None:
        """Return which state of that source is wanted: "" for all, None when nothing of it is."""
        if not self.state:
            return ""
        wanted, _dot, value = self.state.partition(".")
        return value if wanted == name else None

    def within(self, rows: QuerySet[M], actor: Actor, capability: Capability) -> QuerySet[M]:
        """Narrow rows that have a unit to where the actor holds the capability, and to the unit's subtree."""
        if self.unit is None:
            return rights.scope(rows, actor, capability)
        return rights.scope_below(rows, actor, capability, self.unit)


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the calendar; `move_url` is where the form that moves it stands, for whom `movable` holds."""

    source: str
    pk: int
    at: datetime
    title: str
    url: str
    unit: str
    state: str
    label: str
    kinds: tuple[str, ...] = ()
    account: str = ""
    movable: bool = False
    move_url: str = ""

    @property
    def about(self) -> str:
        """Everything in one line, for who points at it."""
        return " · ".join(part for part in (self.title, self.unit, self.account) if part)


class Source(Protocol):
    """A room with dates. `scope` is what a token needs to read them; `states` are (value, label) to narrow it to."""

    name: ClassVar[str]
    scope: ClassVar[str]

    def states(self) -> Sequence[tuple[str, str | Promise]]:
        """Return the states to choose from."""
        ...

    def rows(self, actor: Actor, wanted: Wanted) -> QuerySet[Any]:
        """Return what the actor may see of the wanted, unordered, each row with `at`."""
        ...

    def entries(self, actor: Actor, pks: Collection[int]) -> list[Entry]:
        """Return those rows as entries, in any order, in a constant number of queries."""
        ...

    def covers(self, actor: Actor, wanted: Wanted) -> Exists | None:
        """Return the condition under which the actor has a content item in the calendar through this source already."""
        ...

    def move(self, actor: Actor, pk: int, moment: datetime, seen: datetime | None) -> None:
        """Give it another time, through the room's own action; Conflict when it does not stand at `seen` any more."""
        ...


_sources: dict[str, Source] = {}


def register(found: Source) -> None:
    """Add a room's dates; a second source of the same name takes its place."""
    _sources[found.name] = found


def sources() -> list[Source]:
    """Return every source, in the order in which the rooms were registered."""
    return list(_sources.values())


def source(name: str) -> Source:
    """Return the source of that name; NotFound."""
    try:
        return _sources[name]
    except KeyError:
        raise NotFound() from None


def sources_for(actor: Actor) -> list[Source]:
    """Return the sources that the actor's token may read; whoever has signed in reads all of them."""
    return [one for one in sources() if actor.has_scope(one.scope)]


def covered(actor: Actor, wanted: Wanted) -> list[Exists]:
    """Return the conditions under which a content item needs no line of its own in what the actor is shown."""
    found = (one.covers(actor, wanted) for one in sources_for(actor))
    return [condition for condition in found if condition is not None]
