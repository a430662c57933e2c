"""Reading cells: texts, numbers and times as people and programs write them."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, tzinfo
from email.utils import parsedate_to_datetime
from zoneinfo import ZoneInfo

from django.utils.dateparse import parse_datetime

from kentongan.core.imports.contract import Cell

EPOCH_FROM = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
EPOCH_TO = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
URL = re.compile(r"https?://\S+", re.IGNORECASE)
HANDLE = re.compile(r"@?[\w.\-]{2,60}")
MULTIPLIERS = {"rb": 1e3, "ribu": 1e3, "k": 1e3, "jt": 1e6, "juta": 1e6, "m": 1e6, "": 1.0}
NUMBER = re.compile(r"([+-]?[\d.,\s]*\d)\s*(rb|ribu|k|jt|juta|m)?", re.IGNORECASE)
GROUPED = re.compile(r"[+-]?\d{1,3}([.,\s]\d{3})+")
FORMATS = (
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H.%M",
    "%d/%m/%Y",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y/%m/%d",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%a %b %d %H:%M:%S %z %Y",
    "%Y-%m-%d %H:%M:%S%z",
    "%Y%m%d%H%M%S",
    "%d %B %Y %H:%M:%S",
    "%d %B %Y %H:%M",
    "%d %B %Y",
    "%d %b %Y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d %b %Y",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y",
)
MONTHS = {
    "januari": "January",
    "februari": "February",
    "maret": "March",
    "mei": "May",
    "juni": "June",
    "juli": "July",
    "agustus": "August",
    "agt": "Aug",
    "ags": "Aug",
    "agu": "Aug",
    "oktober": "October",
    "okt": "Oct",
    "desember": "December",
    "des": "Dec",
    "pebruari": "February",
    "nopember": "November",
    "nop": "Nov",
}
MONTH_NAME = re.compile(r"\b(" + "|".join(MONTHS) + r")\b", re.IGNORECASE)
DAY_NAME = re.compile(r"^(senin|selasa|rabu|kamis|jumat|jum'at|sabtu|minggu|ahad)\s*,?\s+", re.IGNORECASE)
ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}
ZONE_NAME = re.compile(r"\s+(WIB|WITA|WIT)$", re.IGNORECASE)


UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def readable(value: str) -> str:
    """Return a text as the database can hold it: without NUL, and with U+FFFD for half a character (a surrogate)."""
    return UNSTORABLE.sub(_instead, value)


def _instead(found: re.Match[str]) -> str:
    return "" if found[0] == "\x00" else "\ufffd"


def text(cell: Cell) -> str:
    """Return the cell as a text without outer blanks; a whole number that a sheet made a float of has no `.0`."""
    match cell:
        case None:
            return ""
        case str():
            return cell.strip()
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() | date():
            return cell.isoformat()
        case _:
            return str(cell).strip()


def number(cell: Cell) -> float | None:
    """Return a number written as 1234, 1.234, 1,234.5, 12,5, 1,2 rb or 3 jt; None when it is none.

    A single group of three digits (1.234) is taken for thousands, as Indonesian offices write.
    """
    if isinstance(cell, bool) or cell is None:
        return None
    if isinstance(cell, int | float):
        return float(cell)
    found = NUMBER.fullmatch(text(cell))
    if not found:
        return None
    digits, unit = re.sub(r"\s", "", found[1]), (found[2] or "").lower()
    if GROUPED.fullmatch(digits):
        digits = re.sub(r"[.,]", "", digits)
    elif "," in digits and "." in digits:
        point = max(digits.rfind(","), digits.rfind("."))
        digits = re.sub(r"[.,]", "", digits[:point]) + "." + digits[point + 1 :]
    else:
        digits = digits.replace(",", ".")
    try:
        return float(digits) * MULTIPLIERS[unit]
    except ValueError:
        return None


def _of_epoch(value: float) -> datetime | None:
    for divisor in (1, 1e3, 1e6):
        if EPOCH_FROM <= value / divisor < EPOCH_TO:
            return datetime.fromtimestamp(value / divisor, UTC)
    return None


def _of_text(value: str) -> datetime | None:
    try:
        iso = parse_datetime(value)
    except ValueError:
        return None
    if iso is not None:
        return iso
    try:
        return datetime.fromisoformat(value)
    except ValueError:
        pass
    english = MONTH_NAME.sub(lambda found: MONTHS[found[1].lower()], DAY_NAME.sub("", value))
    for form in FORMATS:
        try:
            return datetime.strptime(english, form)  # noqa: DTZ007  the caller adds the zone
        except ValueError:
            continue
    try:
        return parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None


def moment(cell: Cell, zone: tzinfo) -> datetime | None:
    """Return the time that a cell tells, aware, in UTC; without a zone of its own it is in `zone`. None: not a time.

    Takes ISO 8601, day/month/year (before month/day/year), Indonesian and English month names, RFC 2822, the format
    of Twitter's archive, Excel's own dates, and seconds, milliseconds or microseconds since 1970.
    """
    found: datetime | None = None
    match cell:
        case datetime():
            found = cell
        case date():
            found = datetime(cell.year, cell.month, cell.day)  # noqa: DTZ001
        case bool() | None:
            return None
        case int() | float():
            found = _of_epoch(float(cell))
        case str():
            named = ZONE_NAME.search(cell.strip())
            if named:
                zone = ZoneInfo(ZONES[named[1].upper()])
            value = cell.strip()[: named.start()] if named else cell.strip()
            found = _of_epoch(float(value)) if re.fullmatch(r"\d{10,16}(\.\d+)?", value) else _of_text(value)
    if found is None:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def share(test: Callable[[Cell], bool]) -> Callable[[Sequence[Cell]], float]:
    """Return a guess for `Field.guess`: the share of the filled values that pass `test`."""

    def guess(values: Sequence[Cell]) -> float:
        filled = [value for value in values if text(value)]
        return sum(map(test, filled)) / len(filled) if filled else 0.0

    return guess


def _is_prose(cell: Cell) -> bool:
    words = text(cell).split()
    return isinstance(cell, str) and len(words) >= 4


def moment_in_utc(cell: Cell) -> datetime | None:
    """Return the time that a cell tells, taken for UTC unless it says otherwise."""
    return moment(cell, UTC)


def _is_moment(cell: Cell) -> bool:
    return moment_in_utc(cell) is not None


looks_like_moment = share(_is_moment)
looks_like_number = share(lambda cell: number(cell) is not None)
looks_like_url = share(lambda cell: bool(URL.fullmatch(text(cell))))
looks_like_handle = share(lambda cell: bool(HANDLE.fullmatch(text(cell))) and number(cell) is None)
looks_like_prose = share(_is_prose)
