"""What will happen, shown before it does: each column with examples, and how the first rows would fare."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from kentongan.core import files
from kentongan.core.imports import guessing
from kentongan.core.imports.checking import Checker, unmapped
from kentongan.core.imports.contract import Field, ImportKind, Row
from kentongan.core.imports.layout import Layout, Reader
from kentongan.core.imports.records import Record
from kentongan.core.imports.values import text
from kentongan.core.models.files import StoredFile
from kentongan.core.models.imports import ImportRun

SAMPLE_ROWS = 500
EXAMPLES = 3
SHOWN_ROWS = 8
SHOWN_PROBLEMS = 5


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field with the column chosen for it, and examples from that column."""

    field: Field
    column: str
    score: float | None
    examples: tuple[str, ...]

    @property
    def is_sure(self) -> bool:
        """Whether the guess needs no second look; None as score means that a person chose."""
        return self.score is None or self.score >= guessing.SURE_FROM


@dataclass(frozen=True, slots=True)
class SampleRow:
    """A row of the file as it would be taken: its values by field, or the reason against it."""

    line: int
    values: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file under a mapping."""

    columns: tuple[str, ...]
    fields: tuple[FieldView, ...]
    unused: tuple[str, ...]
    rows: tuple[SampleRow, ...]
    good: int
    bad: int
    problems: tuple[tuple[str, int], ...]
    missing: tuple[Field, ...]

    @property
    def sample_size(self) -> int:
        """How many rows were looked at."""
        return self.good + self.bad

    @property
    def chosen(self) -> list[Field]:
        """The fields that have a column: those whose values `rows` shows."""
        return [view.field for view in self.fields if view.column]


def sample(file: StoredFile, layout: Layout) -> list[Record]:
    """Return the first data rows of the file."""
    return list(itertools.islice(Reader(files.path(file), layout), SAMPLE_ROWS))


def suggest(kind: ImportKind, layout: Layout, rows: Sequence[Record]) -> dict[str, guessing.Guess]:
    """Return a column for each field: as confirmed the last time for these headings, else guessed."""
    before = guessing.remembered(kind.name, layout.columns)
    if before is not None:
        return {field: guessing.Guess(column, 1.0) for field, column in before.items()}
    good = [row.cells for row in rows if not row.fault]
    return guessing.guess(kind.fields, layout.columns, good)


def preview(run: ImportRun, kind: ImportKind, mapping: Mapping[str, str], scores: Mapping[str, float]) -> Preview:
    """Read the beginning of the run's file under `mapping` (field to column); `scores` are those of guesses."""
    layout = Layout.of(run.layout)
    records = sample(run.file, layout)
    checker = Checker(kind, layout.columns, mapping)
    results = list(checker.sorted(records))
    reasons = Counter(reason for _record, row, reason in results if row is None)
    views = tuple(_field_view(field, mapping, scores, records, layout) for field in kind.fields)
    shown = [view.field.name for view in views if view.column]
    return Preview(
        columns=layout.columns,
        fields=views,
        unused=tuple(name for name in layout.columns if name not in mapping.values()),
        rows=tuple(_sample_row(checker, shown, *result) for result in _interesting(results)),
        good=len(results) - reasons.total(),
        bad=reasons.total(),
        problems=tuple(reasons.most_common(SHOWN_PROBLEMS)),
        missing=tuple(unmapped(kind.fields, mapping)),
    )


def _field_view(
    field: Field, mapping: Mapping[str, str], scores: Mapping[str, float], rows: Sequence[Record], layout: Layout
) -> FieldView:
    column = mapping.get(field.name, "")
    if column not in layout.columns:
        return FieldView(field, "", None, ())
    place = layout.columns.index(column)
    found = (text(row.cells[place])[:120] for row in rows if not row.fault and place < len(row.cells))
    examples = itertools.islice(dict.fromkeys(value for value in found if value), EXAMPLES)
    return FieldView(field, column, scores.get(field.name), tuple(examples))


def _interesting(results: Sequence[tuple[Record, Row | None, str]]) -> list[tuple[Record, Row | None, str]]:
    """Return a few good rows and a few bad ones, in the order of the file."""
    good = [result for result in results if result[1] is not None]
    bad = [result for result in results if result[1] is None]
    wanted = bad[: SHOWN_ROWS // 2]
    wanted += good[: SHOWN_ROWS - len(wanted)]
    return sorted(wanted, key=lambda result: result[0].line)


def _sample_row(checker: Checker, shown: Sequence[str], record: Record, row: Row | None, reason: str) -> SampleRow:
    values = checker.values(record.cells)
    return SampleRow(record.line, tuple(text(values[name])[:160] for name in shown), reason)
