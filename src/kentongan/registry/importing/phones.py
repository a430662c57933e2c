"""Phone numbers in the cells of lists: as floats, shortened by a spreadsheet, without zero, several in one cell."""

import re
from decimal import Decimal, InvalidOperation

import phonenumbers
from django.utils.translation import gettext_lazy as _

from kentongan.core.imports import Cell, RowError
from kentongan.core.imports.values import share, text
from kentongan.registry.dialling import E164

MOBILE = re.compile(r"(?:\+?62|0)?(8[1-9]\d{7,10})")
SCIENTIFIC = re.compile(r"(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})")
BETWEEN = re.compile(r"\s*(?:[/;|\n]|\bdan\b|,(?=\s*[+0]))\s*")
NOTHING = frozenset({"", "-", "--", "0", "tidak ada", "belum ada", "n/a", "na", "nihil", "x", "."})
LETTERS = re.compile(r"[^\W\d_]")


def is_nothing(value: str) -> bool:
    """Whether a cell says in words or marks that it holds nothing."""
    return not value or value.strip(" \u00a0").casefold() in NOTHING


def _digits(value: str) -> str:
    """Return a number that a spreadsheet wrote as 8.123E+10 in full; raise RowError where digits were lost."""
    found = SCIENTIFIC.fullmatch(value.replace(" ", ""))
    if not found:
        return value
    mantissa = found[1] + (found[2] or "")
    if int(found[3]) + 1 > len(mantissa):
        raise RowError(
            _("“%(text)s” is a shortened phone number; format the column as text and type it anew.") % {"text": value}
        )
    try:
        return str(int(Decimal(value.replace(",", ".").replace(" ", ""))))
    except (InvalidOperation, ValueError):
        return value


def read(cell: Cell) -> str:
    """Return the first phone number of a cell as E.164, "" for none; raise RowError for what is none."""
    value = text(cell).lstrip("'").replace("\u00a0", " ")
    if is_nothing(value):
        return ""
    first = _digits(next((part for part in BETWEEN.split(value) if part.strip()), ""))
    bare = re.sub(r"[\s.\-()]", "", first).removesuffix(".0")
    mobile = MOBILE.fullmatch(bare.replace("+620", "+62", 1) if bare.startswith("+620") else bare)
    return f"+62{mobile[1]}" if mobile else _general(first)


def _general(value: str) -> str:
    if LETTERS.search(value):
        raise _wrong(value)
    try:
        number = phonenumbers.parse(value, "ID")
    except phonenumbers.NumberParseException as error:
        raise _wrong(value) from error
    written = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not phonenumbers.is_possible_number(number) or not E164.fullmatch(written):
        raise _wrong(value)
    return written


def _wrong(value: str) -> RowError:
    return RowError(_("“%(text)s” is not a phone number.") % {"text": value[:40]})


def _is_phone(cell: Cell) -> bool:
    try:
        return bool(read(cell))
    except RowError:
        return False


looks_like_phone = share(_is_phone)
