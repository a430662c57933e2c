"""Time: aware UTC inside, the unit's zone on the screen."""

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


def now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return timezone.now()


def zone(name: str) -> tzinfo:
    """Return the zone of that IANA name."""
    return ZoneInfo(name)


def abbreviation(name: str) -> str:
    """Return how people call the zone: WIB, WITA, WIT, else the IANA name."""
    return ABBREVIATIONS.get(name, name)
