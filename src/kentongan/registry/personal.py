"""What each room keeps about a person: to be told to them, and to be erased when they withdraw.

A room writes a Keeper and calls `register` in its AppConfig.ready; nothing about a person may stay untold.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from kentongan.core.actor import Actor


class Keeper(Protocol):
    """A room that keeps something about people."""

    def kept(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        """Return everything about the person as plain values, for them to take along."""
        ...

    def join(self, gone_id: int, keep_id: int) -> None:
        """Let what both have twice be once, before all of the one becomes the other's: the better of two stays."""
        ...

    def forget(self, actor: Actor, person_id: int) -> None:
        """Erase it, inside the transaction of the withdrawal; what the law wants kept stays without a name."""
        ...


_keepers: dict[str, Keeper] = {}


def register(name: str, keeper: Keeper) -> None:
    """Add a room's keeper; a second one of the same name takes its place."""
    _keepers[name] = keeper


def keepers() -> list[tuple[str, Keeper]]:
    """Return every keeper by name."""
    return sorted(_keepers.items())
