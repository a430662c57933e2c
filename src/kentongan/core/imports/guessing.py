"""Which column is which field: by its heading, by what its values look like, by what was confirmed last time."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz

from kentongan.core.imports.contract import Cell, Field
from kentongan.core.imports.headings import normal
from kentongan.core.imports.values import text
from kentongan.core.models.imports import ImportMapping

FUZZY_FROM = 84.0
NAME_WEIGHT = 0.65
VALUE_ONLY = 0.55
LOOKED_AT = 1000
TAKE_FROM = 0.5
SURE_FROM = 0.85


@dataclass(frozen=True, slots=True)
class Guess:
    """A column for a field, and how well it fits, 0 to 1."""

    column: str
    score: float

    @property
    def is_sure(self) -> bool:
        """Whether nobody needs to look at it twice."""
        return self.score >= SURE_FROM


def signature(columns: Sequence[str]) -> str:
    """Return what identifies a set of headings, whatever their order and spelling."""
    return hashlib.sha256("\x1f".join(sorted(map(normal, columns))).encode()).hexdigest()


def name_score(field: Field, heading: str) -> float:
    """Return how well a heading names a field: 1 exact, less for a part or a misspelling, 0 not at all."""
    given = normal(heading)
    if not given:
        return 0.0
    best = 0.0
    for rank, name in enumerate((field.name, str(field.label), *field.synonyms)):
        known = normal(name)
        if not known:
            continue
        # Of two exact matches the synonym that is named first wins.
        if given == known:
            best = max(best, 1.0 - 0.001 * rank)
        elif set(known.split()) <= set(given.split()):
            best = max(best, 0.8 * len(known) / len(given) + 0.15)
        elif (ratio := fuzz.ratio(given, known)) >= FUZZY_FROM:
            best = max(best, 0.9 * ratio / 100)
    return best


def score(field: Field, heading: str, values: Sequence[Cell]) -> float:
    """Return how well a column fits a field, by heading and values."""
    named = name_score(field, heading)
    if field.guess is None or not any(text(value) for value in values):
        return named * (0.95 if field.guess else 1.0)
    fitting = field.guess(values)
    if not named:
        return VALUE_ONLY * fitting if field.required and fitting > 0.95 else 0.0
    return NAME_WEIGHT * named + (1 - NAME_WEIGHT) * fitting


def guess(fields: Sequence[Field], columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> dict[str, Guess]:
    """Return the best column for each field; no column is used twice, what fits badly is left out.

    `rows` is a sample of data rows, each with its cells in the order of `columns`.
    """
    values = {name: [_beginning(row, index) for row in rows] for index, name in enumerate(columns)}
    ranked = sorted(
        (
            (score(field, name, values[name]), -position, field.name, name)
            for position, field in enumerate(fields)
            for name in columns
        ),
        reverse=True,
    )
    chosen: dict[str, Guess] = {}
    used: set[str] = set()
    for value, _position, field_name, column in ranked:
        if value >= TAKE_FROM and field_name not in chosen and column not in used:
            chosen[field_name] = Guess(column, value)
            used.add(column)
    return chosen


def _beginning(row: Sequence[Cell], index: int) -> Cell:
    """Return a cell, of a very long text its beginning: enough to tell what it is."""
    cell = row[index] if index < len(row) else None
    return cell[:LOOKED_AT] if isinstance(cell, str) else cell


OURS = ({"line", "baris"}, {"reason", "alasan"})


def told_by_us(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns that we put before the own ones when we gave rejected rows back: line and reason."""
    first = columns[: len(OURS)]
    known = len(first) == len(OURS) and all(normal(name) in ours for name, ours in zip(first, OURS, strict=True))
    return tuple(first) if known else ()


def own_columns(columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns without those that we added when we gave rejected rows back."""
    return tuple(columns[len(told_by_us(columns)) :])


def remembered(kind: str, columns: Sequence[str]) -> Mapping[str, str] | None:
    """Return the mapping that was confirmed last for these headings, if there is one."""
    row = ImportMapping.objects.filter(kind=kind, signature=signature(own_columns(columns))).first()
    if row is None or not set(row.mapping.values()) <= set(columns):
        return None
    return dict(row.mapping)


def remember(kind: str, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Keep a confirmed mapping for the next file with these headings."""
    ImportMapping.objects.update_or_create(
        kind=kind, signature=signature(own_columns(columns)), defaults={"mapping": dict(mapping)}
    )
