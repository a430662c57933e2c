"""What later rooms do as soon as an item is approved, inside the same transaction."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Protocol

from kentongan.core.actor import Actor
from kentongan.planning.models import ContentItem


class OnApproval(Protocol):
    """A room that waits for approvals."""

    def effects(self, item: ContentItem) -> Sequence[str]:
        """Return what `approved` would do when the item is wanted: a name for each, always in one order."""
        ...

    def approved(self, actor: Actor, item: ContentItem) -> None:
        """Take note of an item that this actor has just approved; never refuses."""
        ...


@dataclass(frozen=True, slots=True)
class Effects:
    """What an approval would do by itself: to how many, and a digest of what, when, and with which link cards."""

    count: int
    digest: str


_waiting: dict[str, OnApproval] = {}


def register(name: str, room: OnApproval) -> None:
    """Add a room that waits; a second one of the same name takes its place."""
    _waiting[name] = room


def effects(item: ContentItem) -> Effects:
    """Return what approving the item would do by itself; whoever approves confirms just that.

    Its link cards belong to what was looked at, since they come from pages of others, and later than the text.
    """
    found = [(name, effect) for name, room in _waiting.items() for effect in room.effects(item)]
    cards = [(one.url, one.title, one.description, one.picture_id) for one in item.cards.all() if one.is_known]
    if not found and not cards:
        return Effects(0, "")
    when = item.planned_for.astimezone(UTC).isoformat() if found and item.planned_for else ""
    told = json.dumps([when, found, *([cards] if cards else [])])
    return Effects(len(found), hashlib.sha256(told.encode()).hexdigest()[:16])


def tell(actor: Actor, item: ContentItem) -> None:
    """Tell every room that waits."""
    for room in _waiting.values():
        room.approved(actor, item)
