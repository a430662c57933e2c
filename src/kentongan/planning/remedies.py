"""What is offered against texts that are alike: one account posts and the others repost it, or versions of their own.

Who reposts what is a later room's, which registers itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.planning.likeness import Twin
from kentongan.planning.models import ContentItem


@dataclass(frozen=True, slots=True)
class Offers:
    """Where one schedules reposts: of what a twin's account posted, by its version, and of the item, by platform."""

    theirs: Mapping[int, str] = field(default_factory=dict)
    ours: Mapping[str, str] = field(default_factory=dict)


class Reposting(Protocol):
    """The room in which one account posts and the others repost that."""

    def offers(self, actor: Actor, item: ContentItem, twins: Sequence[Twin]) -> Offers:
        """Return what this actor could have reposted instead: a constant number of queries."""
        ...


@dataclass(frozen=True, slots=True)
class Remedy:
    """What can be done about the twins on one platform.

    `reposts` says whether accounts there can repost at all; `url` is where one is chosen to post the item, once it can
    be scheduled.
    """

    kind: str
    twins: tuple[Twin, ...]
    reposts: bool
    url: str


_rooms: list[Reposting] = []


def register(room: Reposting) -> None:
    """Set the room that knows of reposts; a second one takes its place."""
    _rooms[:] = [room]


def of(actor: Actor, item: ContentItem, twins: Sequence[Twin]) -> list[Remedy]:
    """Return what can be done, by platform, in the order of their most alike twins."""
    room = _rooms[0] if _rooms and twins else None
    offers = room.offers(actor, item, twins) if room else Offers()
    by_kind: dict[str, list[Twin]] = {}
    for twin in twins:
        shown = replace(twin, repost_url=offers.theirs.get(twin.rendition.pk, ""))
        by_kind.setdefault(twin.rendition.kind, []).append(shown)
    return [
        Remedy(kind, tuple(found), channels.get(kind).reposter is not None, offers.ours.get(kind, ""))
        for kind, found in by_kind.items()
    ]
