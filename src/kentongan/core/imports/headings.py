"""The row of headings: found under a title block, put together from two merged rows, made unique."""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from django.utils.translation import gettext as _

from kentongan.core.imports.contract import Cell, Field
from kentongan.core.imports.values import moment_in_utc, number, text

HEADER_ROWS = 30
HEADING_MAX_CHARS = 60
OFTEN = 0.2


def normal(heading: str) -> str:
    """Return a heading for comparison: lower case, no accents, camelCase, snake_case and marks as single blanks."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", heading)
    plain = unicodedata.normalize("NFKD", apart).encode("ascii", "ignore").decode()
    return " ".join(re.sub(r"[^a-z0-9]+", " ", plain.lower()).split())


def known_headings(fields: Sequence[Field]) -> frozenset[str]:
    """Return every heading under which the fields are known, normalised."""
    return frozenset(
        normal(str(name))
        for field in fields
        for name in (field.name, field.label, *field.synonyms)
        if normal(str(name))
    )


def _is_data(cell: Cell) -> bool:
    value = text(cell)
    return (
        isinstance(cell, int | float | datetime | date)
        or number(value) is not None
        or len(value) > HEADING_MAX_CHARS
        or "://" in value
        or (len(value) >= 8 and moment_in_utc(value) is not None)
    )


def _score(row: Sequence[Cell], width: int, known: frozenset[str]) -> float:
    """Return how much a row looks like headings: known words count most, then filled, distinct, short texts."""
    filled = [text(cell) for cell in row if text(cell)]
    if not filled:
        return 0.0
    named = sum(normal(value) in known for value in filled)
    data = sum(_is_data(cell) for cell in row if text(cell))
    coverage = len(filled) / max(width, 1)
    distinct = len(set(filled)) / len(filled)
    return 2.0 * named + coverage + distinct - 2.0 * data / len(filled)


def find_header(rows: Sequence[Sequence[Cell]], fields: Sequence[Field]) -> tuple[int, float]:
    """Return the index of the row of headings (-1: there is none, the first row is data) and how sure that is."""
    if not rows:
        return -1, 0.0
    width = max(sum(bool(text(cell)) for cell in row) for row in rows)
    known = known_headings(fields)
    scores = [_score(row, width, known) for row in rows[:HEADER_ROWS]]
    best = max(range(len(scores)), key=lambda index: (scores[index], -index))
    filled = [cell for cell in rows[best] if text(cell)]
    if scores[best] < 2.0 and any(_is_data(cell) for cell in filled):
        return -1, 0.0
    if len(filled) < 2 and width >= 2:
        return -1, 0.0
    if best + 1 < len(rows) and _is_below(rows[best], rows[best + 1]):
        return best + 1, scores[best]
    return best, scores[best]


def _is_below(upper: Sequence[Cell], lower: Sequence[Cell]) -> bool:
    """Whether a second row of headings follows: it fills gaps of the first, under a heading merged across columns."""
    filled = {index for index, cell in enumerate(lower) if text(cell)}
    above = {index for index, cell in enumerate(upper) if text(cell)}
    return bool(filled - above) and bool(above - filled) and not any(_is_data(lower[index]) for index in filled)


def headings_of(rows: Sequence[Sequence[Cell]], header: int) -> tuple[str, ...]:
    """Return a unique heading for each column; a cell that was merged downwards takes its text from the row above."""
    width = _width(rows, header)
    below = _texts(rows[header], width) if header >= 0 else [""] * width
    above = _texts(rows[header - 1], width) if header >= 1 and _is_group(rows[header - 1]) else [""] * width
    often = {own for own, count in Counter(below).items() if own and count > 1}
    names: list[str] = []
    group = ""
    for index, (own, upper) in enumerate(zip(below, above, strict=True)):
        group = upper or (group if own else "")
        # The same heading below two merged ones ("HP" of the chairman, "HP" of the secretary) says whose it is.
        name = f"{group} {own}" if own in often and group else own or upper
        names.append(name or _("Column %(number)d") % {"number": index + 1})
    return _unique(names)


def _texts(row: Sequence[Cell], width: int) -> list[str]:
    return [" ".join(text(row[index]).split()) if index < len(row) else "" for index in range(width)]


def is_numbering(row: Sequence[Cell]) -> bool:
    """Whether a row only numbers the columns, as in the forms of offices: 1, 2, 3 ... or (1), (2), (3) ..."""
    filled = [number(text(cell).strip("()")) for cell in row if text(cell)]
    return len(filled) >= 3 and filled == list(range(1, len(filled) + 1))


def _length(row: Sequence[Cell]) -> int:
    """Return the number of cells up to the last filled one."""
    return max((index + 1 for index, cell in enumerate(row) if text(cell)), default=0)


def _width(rows: Sequence[Sequence[Cell]], header: int) -> int:
    """Return the number of columns: as many as the headings, or more when many rows have cells beyond them.

    A single row that is too long does not make a column: it is a broken row.
    """
    lengths = Counter(map(_length, rows[header + 1 :]))
    enough = OFTEN * lengths.total()
    usual = [length for length, count in lengths.items() if (count > 1 and count >= enough) or lengths.total() == 1]
    named = _length(rows[header]) if header >= 0 else 0
    return max([named, *usual])


def _is_group(row: Sequence[Cell]) -> bool:
    """Whether the row above the headings belongs to them: several short texts, not the title of the sheet."""
    filled = [text(cell) for cell in row if text(cell)]
    return len(filled) >= 2 and all(len(value) <= HEADING_MAX_CHARS for value in filled)


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        unique.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(unique)
