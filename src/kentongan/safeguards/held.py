"""What is held right now, told by the rooms that hold it: publishing registers its queue here, missions theirs."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from kentongan.core.actor import Actor


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One thing that would have gone out; `url` is where a person can look at it and decide."""

    title: str
    where: str
    due_at: datetime
    reason: str | Promise
    until: datetime | None
    url: str


class HeldSource(Protocol):
    """A room that holds things."""

    def count(self, actor: Actor) -> int:
        """Return how many things are held that the actor may see."""
        ...

    def held(self, actor: Actor, limit: int) -> Iterable[HeldItem]:
        """Return the first of them, the earliest due first."""
        ...


_sources: dict[str, HeldSource] = {}


def register(name: str, source: HeldSource) -> None:
    """Add a source; a second one of the same name takes its place."""
    _sources[name] = source


def count(actor: Actor) -> int:
    """Return how many things are held everywhere, of those the actor may see."""
    return sum(source.count(actor) for source in _sources.values())


def held(actor: Actor, limit: int = 20) -> list[HeldItem]:
    """Return the earliest due of everything that is held, of what the actor may see."""
    items = [item for source in _sources.values() for item in source.held(actor, limit)]
    return sorted(items, key=lambda item: item.due_at)[:limit]
