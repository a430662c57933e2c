"""What later rooms do as soon as an item is approved, inside the same transaction."""

from typing import Protocol

from kentongan.core.actor import Actor
from kentongan.planning.models import ContentItem


class OnApproval(Protocol):
    """A room that waits for approvals."""

    def approved(self, actor: Actor, item: ContentItem) -> None:
        """Take note of an item that this actor has just approved; never refuses."""
        ...


_waiting: dict[str, OnApproval] = {}


def register(name: str, room: OnApproval) -> None:
    """Add a room that waits; a second one of the same name takes its place."""
    _waiting[name] = room


def tell(actor: Actor, item: ContentItem) -> None:
    """Tell every room that waits."""
    for room in _waiting.values():
        room.approved(actor, item)
