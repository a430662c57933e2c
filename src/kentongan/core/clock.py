"""Time: aware UTC inside, the unit's zone on the screen."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Zone(models.TextChoices):
    """The three zones of Indonesia, by their IANA names."""

    WIB = "Asia/Jakarta", _("WIB (Jakarta)")
    WITA = "Asia/Makassar", _("WITA (Makassar)")
    WIT = "Asia/Jayapura", _("WIT (Jayapura)")


ABBREVIATIONS = {Zone.WIB.value: "WIB", Zone.WITA.value: "WITA", Zone.WIT.value: "WIT"}


_played: ContextVar[datetime | None] = ContextVar("played_moment", default=None)


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return _played.get() or timezone.now()


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
