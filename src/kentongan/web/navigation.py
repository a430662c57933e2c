"""The rooms, in the order of the loop, and who sees which."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core.permissions import Capability


@dataclass(frozen=True, slots=True)
class Room:
    """One entry of the navigation; seen by those who hold any of `needs` somewhere, or by all when it is empty."""

    name: str
    label: str | Promise
    icon: str
    view: str
    needs: frozenset[Capability] = frozenset()


@dataclass(frozen=True, slots=True)
class Entry:
    """A room as one person sees it on one page."""

    name: str
    label: str | Promise
    icon: str
    url: str
    active: bool


@dataclass(frozen=True, slots=True)
class Group:
    """Entries under a heading."""

    label: str | Promise
    entries: list[Entry]


STAFF = frozenset({Capability.LISTEN})
ALL = frozenset({Capability.VIEW})

WALL = Room("wall", _("Wall"), icon="device-tv", view="web:wall", needs=STAFF)
LOOP = (
    Room("listening", pgettext_lazy("room", "Listen"), icon="ear", view="listening:index", needs=STAFF),
    Room("planning", pgettext_lazy("room", "Plan"), icon="pencil", view="planning:index", needs=STAFF),
    Room("publishing", pgettext_lazy("room", "Publish"), icon="send", view="publishing:index", needs=STAFF),
    Room("missions", pgettext_lazy("room", "Move"), icon="users-group", view="missions:index", needs=ALL),
    Room("insights", pgettext_lazy("room", "Measure"), icon="chart-line", view="insights:index", needs=STAFF),
    Room("gatherings", pgettext_lazy("room", "Gather"), icon="message-circle", view="gatherings:index", needs=ALL),
)
GROUND = (
    Room("registry", pgettext_lazy("room", "Registry"), icon="sitemap", view="registry:index", needs=ALL),
    Room("safeguards", pgettext_lazy("room", "Safeguards"), icon="shield-half", view="safeguards:index", needs=ALL),
    Room("messages", pgettext_lazy("room", "Messages"), icon="mail", view="core:messages", needs=STAFF),
    Room("jobs", pgettext_lazy("room", "Jobs"), icon="progress", view="core:jobs", needs=STAFF),
)
SETTINGS = Room("settings", _("Settings"), icon="settings", view="web:settings")
FIRST_ON_PHONES = 4


def _entries(rooms: Iterable[Room], held: frozenset[Capability], path: str) -> list[Entry]:
    seen = [room for room in rooms if not room.needs or room.needs & held]
    return [
        Entry(room.name, room.label, room.icon, url, path.startswith(url))
        for room, url in ((room, reverse(room.view)) for room in seen)
    ]


def navigation(held: frozenset[Capability], path: str, organisation: str) -> list[Group]:
    """Return the groups of rooms that someone with these capabilities sees, the open one marked."""
    groups = [
        Group("", _entries([WALL], held, path)),
        Group(_("The loop"), _entries(LOOP, held, path)),
        Group(_("Ground"), _entries(GROUND, held, path)),
        Group(organisation or _("You"), _entries([SETTINGS], held, path)),
    ]
    return [group for group in groups if group.entries]


def first_entries(groups: Iterable[Group]) -> list[Entry]:
    """Return the entries for the bar at the bottom of a phone: the first rooms of the loop."""
    loop = {room.name for room in LOOP}
    return [entry for group in groups for entry in group.entries if entry.name in loop][:FIRST_ON_PHONES]
