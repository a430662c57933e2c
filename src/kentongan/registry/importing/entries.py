"""One row of a list of people, read: name, contact, positions with their term, unit in words, own accounts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from kentongan.channels import addresses
from kentongan.channels.addresses import Identity
from kentongan.core.imports import Cell, RowError
from kentongan.core.imports.values import moment, text
from kentongan.registry import names
from kentongan.registry.importing import phones
from kentongan.registry.importing.places import Place

CELL_CHARS = 2000
NAME_CHARS, TITLE_CHARS, EMAIL_CHARS = 200, 120, 254
DEFAULT_TITLE = "Anggota"
ROLES = [
    "ketua",
    "wakil",
    "sekretaris",
    "bendahara",
    "anggota",
    "koordinator",
    "kepala",
    "staf",
    "staff",
    "admin",
    "operator",
    "humas",
    "pembina",
    "penasehat",
    "penasihat",
    "komisioner",
    "divisi",
    "kasubag",
    "kasi",
    "kabid",
    "lurah",
    "camat",
    "kades",
    "bidang",
    "seksi",
]
ROLE = rf"(?:{'|'.join(ROLES)})\b"
APART = re.compile(rf"\s*[;\n]\s*|\s+/\s+|\s+merangkap\s+|\s*\+\s*|\s*/\s*(?={ROLE})|\s*,\s*(?={ROLE})", re.IGNORECASE)
HANDLES_APART = re.compile(r"\s*[;\n|]\s*|\s*,\s*|\s+/\s+")
YEARS = re.compile(r"([0-9]{4})\s*(?:-|–|—|/|s\s*[./]?\s*d\.?|sampai|hingga|to)\s*([0-9]{4})", re.IGNORECASE)
TERM = re.compile(r"\s+(?:-|–|—|s\s*[./]?\s*d\.?|sampai(?: dengan)?|hingga)\s+", re.IGNORECASE)
NUMBER_OF_DAY = range(20_000, 80_000)
ENOUGH_LETTERS = re.compile(r"[^\W\d_]{2}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A row as it would come in. `remarks` tell what of it cannot be used though the row is taken."""

    full_name: str
    key: str
    phone: str
    email: str
    titles: tuple[str, ...]
    starts_on: date | None
    ends_on: date | None
    place: Place
    handles: tuple[Identity, ...] = ()
    remarks: tuple[str, ...] = ()


def read(values: Mapping[str, Cell]) -> Entry:
    """Return the entry of a row, by field; raise RowError where name, phone, e-mail or term cannot be read."""
    check_length(values)
    full_name = name(values["full_name"])
    starts_on, ends_on = term(values)
    handles, remarks = own_accounts(values)
    return Entry(
        full_name=full_name,
        key=names.key(full_name),
        phone=phones.read(values["phone"]),
        email=email(values["email"]),
        titles=titles(values),
        starts_on=starts_on,
        ends_on=ends_on,
        place=Place(*(_place_text(values[field]) for field in PLACE_FIELDS)),
        handles=handles,
        remarks=remarks,
    )


def check_length(values: Mapping[str, Cell]) -> None:
    """Raise RowError where a cell holds more than anybody writes there."""
    for cell in values.values():
        if isinstance(cell, str) and len(cell) > CELL_CHARS:
            raise RowError(_too_long(len(cell)))


def _too_long(chars: int) -> str:
    return _("A cell of this row holds %(chars)d characters; at most %(most)d are read.") % {
        "chars": chars,
        "most": CELL_CHARS,
    }


PLACE_FIELDS = ("unit", "unit_code", "province", "regency", "district", "village", "sheet")


def _place_text(cell: Cell) -> str:
    if cell is None:
        return ""
    value = " ".join(text(cell).split())[:200]
    return "" if phones.is_nothing(value) else value


def name(cell: Cell) -> str:
    """Return a person's name as it is to be shown; raise RowError for what can be none."""
    shown = names.shown(text(cell))
    if not ENOUGH_LETTERS.search(shown):
        raise RowError(_("“%(text)s” is not a person's name.") % {"text": shown[:40]})
    if "\ufffd" in shown:
        raise RowError(
            _("“%(text)s” has letters that cannot be read; save the file as UTF-8 or as a workbook.")
            % {"text": shown[:40]}
        )
    if len(shown) > NAME_CHARS:
        raise RowError(_("The name has more than %(most)s characters.") % {"most": NAME_CHARS})
    return shown


def email(cell: Cell) -> str:
    """Return an e-mail address in small letters, "" for none; raise RowError."""
    value = text(cell).strip("<>; ").removeprefix("mailto:").lower()
    if phones.is_nothing(value):
        return ""
    try:
        validate_email(value)
    except ValidationError:
        raise RowError(_("“%(text)s” is not an e-mail address.") % {"text": value[:60]}) from None
    if len(value) > EMAIL_CHARS:
        raise RowError(_("“%(text)s” is not an e-mail address.") % {"text": value[:60]})
    return value


def titles(values: Mapping[str, Cell]) -> tuple[str, ...]:
    """Return the positions of a row: several may stand in one cell, or in two columns."""
    found: dict[str, str] = {}
    for cell in (values["title"], values["other_title"]):
        if cell is None:
            continue
        for part in APART.split(text(cell)):
            title = " ".join(part.split())[:TITLE_CHARS]
            if not phones.is_nothing(title):
                found.setdefault(title.casefold(), title)
    return tuple(found.values()) or (DEFAULT_TITLE,)


def day(cell: Cell) -> date | None:
    """Return the day in a cell, also where a spreadsheet left its number; None for an empty one; raise RowError."""
    value = text(cell)
    if phones.is_nothing(value):
        return None
    if re.fullmatch("[0-9]{5}", value) and int(value) in NUMBER_OF_DAY:
        return date(1899, 12, 30) + timedelta(days=int(value))
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    found = moment(value, UTC)
    if found is None:
        raise RowError(_("“%(text)s” is not a date.") % {"text": value[:40]})
    return found.date()


def term(values: Mapping[str, Cell]) -> tuple[date | None, date | None]:
    """Return the first and last day of a term, from two columns or from one such as "2024-2029"."""
    starts_on, ends_on = _first(values["starts_on"]), _last(values["ends_on"])
    whole = text(values["term"])
    if not phones.is_nothing(whole):
        first, last = _period(whole)
        starts_on, ends_on = starts_on or first, ends_on or last
    if starts_on and ends_on and ends_on < starts_on:
        raise RowError(_("The term ends before it begins."))
    return starts_on, ends_on


def _year(cell: Cell, month: int, day_: int) -> date | None:
    value = text(cell)
    return date(int(value), month, day_) if re.fullmatch("(19|20)[0-9]{2}", value) else None


def _first(cell: Cell) -> date | None:
    return _year(cell, 1, 1) or day(cell)


def _last(cell: Cell) -> date | None:
    return _year(cell, 12, 31) or day(cell)


def _period(whole: str) -> tuple[date | None, date | None]:
    years = YEARS.fullmatch(whole)
    if years and min(years[1], years[2]) >= "1900":
        return date(int(years[1]), 1, 1), date(int(years[2]), 12, 31)
    parts = TERM.split(whole)
    if years or len(parts) != 2:
        raise RowError(_("“%(text)s” is not a term, such as 2024-2029.") % {"text": whole[:60]})
    return _first(parts[0]), _last(parts[1])


def own_accounts(values: Mapping[str, Cell]) -> tuple[tuple[Identity, ...], tuple[str, ...]]:
    """Return the accounts that a row states, once each, and a remark on each that cannot be read."""
    found: dict[tuple[str, str], Identity] = {}
    remarks = []
    for field, platform in ACCOUNT_FIELDS.items():
        if values[field] is None:
            continue
        for part in HANDLES_APART.split(text(values[field])):
            if phones.is_nothing(part) or part.strip().casefold() in NO_ACCOUNT:
                continue
            try:
                identity = addresses.parse(part, platform)
            except addresses.Unreadable as error:
                remarks.append(_("“%(text)s”: %(why)s") % {"text": part[:60], "why": error.message})
            else:
                found.setdefault((identity.platform, identity.key), identity)
    return tuple(found.values()), tuple(remarks)


NO_ACCOUNT = frozenset({"belum punya", "tidak punya", "belum", "tidak", "tdk ada", "tdk punya", "kosong", "none"})
ACCOUNT_FIELDS: Mapping[str, str] = {f"account_{platform}": platform for platform in addresses.platforms()} | {
    "accounts": ""
}
