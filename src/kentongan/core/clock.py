"""Time: aware UTC inside, the unit's zone on the screen."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Zone(models.TextChoices):
    """The three zones of Indonesia, by their IANA names."""

    WIB = "Asia/Jakarta", _("WIB (Jakarta)")
    WITA = "Asia/Makassar", _("WITA (Makassar)")
    WIT = "Asia/Jayapura", _("WIT (Jayapura)")


ABBREVIATIONS = {Zone.WIB.value: "WIB", Zone.WITA.value: "WITA", Zone.WIT.value: "WIT"}


_played: ContextVar[datetime | None] = ContextVar("played_moment", default=None)
# What the time was by the clock that is followed, and the second of `_seconds` at which it was read.
_followed: tuple[datetime, float] | None = None


def now() -> datetime:
    """Return the present moment, aware, in UTC: by this machine's clock, or by the one that this process follows."""
    return _played.get() or _by_followed() or timezone.now()


def in_database() -> models.Expression:
    """Return `now` for a query, by the database's own clock."""
    played = _played.get()
    return Now() if played is None else models.Value(played, models.DateTimeField())


def follow(moment: datetime) -> None:
    """Go by another clock than this machine's, in all of this process: `moment` is what it shows now."""
    global _followed
    _followed = (moment, _seconds())


def followed_seconds() -> float:
    """Return how long ago the clock that is followed was read, in seconds; infinite where none is."""
    return float("inf") if _followed is None else _seconds() - _followed[1]


def _by_followed() -> datetime | None:
    read = _followed
    return None if read is None else read[0] + timedelta(seconds=_seconds() - read[1])


def _seconds() -> float:
    """Return seconds that nobody can move, and that go on while the machine sleeps where the system counts those."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


@contextmanager
def playing(moment: datetime) -> Iterator[None]:
    """Let `now` be another moment within the block: how the demo's past is played through the real actions."""
    mark = _played.set(moment)
    try:
        yield
    finally:
        _played.reset(mark)


def zone(name: str) -> tzinfo:
    """Return the zone of that IANA name."""
    return ZoneInfo(name)


def abbreviation(name: str) -> str:
    """Return how people call the zone: WIB, WITA, WIT, else the IANA name."""
    return ABBREVIATIONS.get(name, name)
