"""Numbers, shares, changes and times as people in Indonesia read them (and in English when that is chosen)."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Literal
from zoneinfo import ZoneInfo

from django.utils import formats, timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

Number = int | float | Decimal
Good = Literal["up", "down", "none"]

NBSP = "\u00a0"
ZONE_NAMES = {
    "Asia/Jakarta": "WIB",
    "Asia/Pontianak": "WIB",
    "Asia/Makassar": "WITA",
    "Asia/Ujung_Pandang": "WITA",
    "Asia/Jayapura": "WIT",
}
SAME = 0.05  # a change under five percent reads as "as usual"
WEEK = 6  # days back that are still called by the weekday's name


def number(value: Number, decimals: int | None = None) -> str:
    """Return a number with the language's separators: 12.345,6 in Indonesian, 12,345.6 in English."""
    if decimals is None:
        decimals = 0 if value == int(value) else 1
    if isinstance(value, float):
        value = round(value, decimals)  # Django's own cuts off
    return formats.number_format(value, decimals, use_l10n=True, force_grouping=True)


def percent(share: Number, decimals: int = 0) -> str:
    """Return a share (0 to 1) as a percentage; what is not quite all is never called 100 %."""
    shown = round(float(share) * 100, decimals)
    if shown >= 100 > float(share) * 100:
        shown = 100 - 10.0**-decimals
    sign = f"{NBSP}%" if translation.get_language() == "id" else "%"
    return f"{number(shown, decimals)}{sign}"


def compact(value: Number) -> str:
    """Return a large number short enough to read from afar: “4,3 juta”, “12,4 ribu”; below 10,000 as it is."""
    steps: tuple[tuple[float, float, str], ...] = (
        (1e9, 1e9, pgettext("compact number", "billion")),
        (1e6, 1e6, pgettext("compact number", "million")),
        (1e4, 1e3, pgettext("compact number", "thousand")),
    )
    for limit, divisor, word in steps:
        if abs(float(value)) >= limit:
            scaled = float(value) / divisor
            return f"{number(round(scaled, 1) if abs(scaled) < 100 else round(scaled))}{NBSP}{word}"
    return number(value)


@dataclass(frozen=True, slots=True)
class Delta:
    """A change in words: an arrow and text for the eye, a sentence for the screen reader, a tone."""

    text: str
    spoken: str
    direction: Literal["up", "down", "same", "unknown"]
    tone: Literal["leaf", "signal", "plain"]


def _tone(direction: str, good: Good) -> Literal["leaf", "signal", "plain"]:
    if good == "none":
        return "plain"
    return "leaf" if direction == good else "signal"


def delta(value: Number | None, before: Number | None, *, good: Good = "up") -> Delta:
    """Compare a number with the one before; a missing number is never taken for zero."""
    if value is None or before is None:
        return Delta(_("nothing to compare with"), _("nothing to compare with"), "unknown", "plain")
    if before == 0:
        text = _("as usual") if value == 0 else pgettext("change", "new")
        return Delta(text, text, "same" if value == 0 else "up", "plain" if value == 0 else _tone("up", good))
    ratio = float(value) / float(before)
    if abs(ratio - 1) < SAME:
        return Delta(_("as usual"), _("as usual"), "same", "plain")
    if ratio >= 2:
        times = number(round(ratio, 1) if ratio < 10 else round(ratio))
        return Delta(f"▲{NBSP}{times}×", _("up, %(times)s times") % {"times": times}, "up", _tone("up", good))
    share = percent(abs(ratio - 1))
    if ratio > 1:
        return Delta(f"▲{NBSP}{share}", _("up by %(share)s") % {"share": share}, "up", _tone("up", good))
    return Delta(f"▼{NBSP}{share}", _("down by %(share)s") % {"share": share}, "down", _tone("down", good))


def zone_of(source: object) -> tzinfo:
    """Return the time zone of a unit (or of an object with one, or its name), else the organisation's own."""
    unit = getattr(source, "unit", source)
    name = unit if isinstance(unit, str) else getattr(unit, "timezone", "")
    return ZoneInfo(name) if name else timezone.get_current_timezone()


def zone_name(zone: tzinfo, moment: datetime) -> str:
    """Return how people call the zone: WIB, WITA, WIT."""
    return ZONE_NAMES.get(str(zone)) or moment.astimezone(zone).tzname() or ""


def clock(moment: datetime, *, seconds: bool = False) -> str:
    """Return hours and minutes of a local time: 14.32 in Indonesian, 14:32 in English."""
    between = "." if translation.get_language() == "id" else ":"
    return moment.strftime(between.join(("%H", "%M", "%S") if seconds else ("%H", "%M")))


def full_when(moment: datetime, zone: tzinfo) -> str:
    """Return the whole date and time with the zone named."""
    local = moment.astimezone(zone)
    day = formats.date_format(local, "l, j F Y")
    return f"{day}, {clock(local)} {zone_name(zone, moment)}"


def _day(local: datetime, today: datetime) -> str:
    days = (local.date() - today.date()).days
    if days in (-1, 0, 1):
        return {-1: _("yesterday"), 0: _("today"), 1: _("tomorrow")}[days]
    if -WEEK <= days <= WEEK:
        return formats.date_format(local, "l")
    return formats.date_format(local, "j M" if local.year == today.year else "j M Y")


def short_when(moment: datetime, zone: tzinfo, now: datetime | None = None) -> str:
    """Return a date and time short enough for a table: “hari ini 14.32 WIB”, “Senin 06.10 WIB”, “3 Nov 09.00 WIB”."""
    local = moment.astimezone(zone)
    today = (now or timezone.now()).astimezone(zone)
    return f"{_day(local, today)} {clock(local)} {zone_name(zone, moment)}"


def duration(span: timedelta) -> str:
    """Return a span in its largest sensible unit: “27 menit”, “2 jam”, “9 hari”."""
    seconds = int(abs(span.total_seconds()))
    for size, word in ((86400, _("days")), (3600, _("hours")), (60, _("minutes"))):
        if seconds >= size * (2 if size == 86400 else 1):
            return f"{seconds // size}{NBSP}{word}"
    return _("a moment")


# The first that fits: every browser also claims to be those below it.
BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("Chrome", "Chrome"),
    ("CriOS", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def device(user_agent: str) -> str:
    """Return browser and system of a User-Agent in words: "Chrome, Android"; unknown parts are left out."""
    found = [next((name for mark, name in known if mark in user_agent), "") for known in (BROWSERS, SYSTEMS)]
    return ", ".join(filter(None, found)) or _("Unknown device")
