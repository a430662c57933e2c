"""What will happen, shown before it does: each column with examples, and how the first rows would fare."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from kentongan.core import files
from kentongan.core.imports import guessing
from kentongan.core.imports.checking import Checker, unmapped
from kentongan.core.imports.contract import Field, Foresees, ImportKind, Question, Row, Text, Verdict
from kentongan.core.imports.layout import Layout, Reader
from kentongan.core.imports.records import Record
from kentongan.core.imports.values import text
from kentongan.core.models.files import StoredFile
from kentongan.core.models.imports import ImportRun

SAMPLE_ROWS = 500
EXAMPLES = 3
SHOWN_ROWS = 8
SHOWN_PROBLEMS = 5
QUESTION_ROWS = 10_000
REJECTED = "rejected"
OUTCOMES = ("new", "changed", "same", "doubtful", REJECTED)


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
    """A row of the file as it would be taken: what was read (name of the field, value), or the reason against it."""

    line: int
    read: tuple[tuple[Text, str], ...]
    reason: str
    outcome: str = "good"
    sheet: str = ""
    meant: str = ""
    within: str = ""
    score: float | None = None


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
    outcomes: tuple[tuple[str, int], ...] = ()
    questions: tuple[Question, ...] = ()
    rows_questioned: int = 0

    @property
    def sample_size(self) -> int:
        """How many rows were looked at."""
        return self.good + self.bad

    @property
    def needed(self) -> list[FieldView]:
        """The fields that have a column, or must have one."""
        return [view for view in self.fields if view.column or view.field.required]

    @property
    def others(self) -> list[FieldView]:
        """The fields for which no column was found, and none is needed."""
        return [view for view in self.fields if not view.column and not view.field.required]


def sample(file: StoredFile, layout: Layout, rows: int = SAMPLE_ROWS) -> list[Record]:
    """Return the first data rows of the file."""
    return list(itertools.islice(Reader(files.path(file), layout), rows))


def suggest(kind: ImportKind, layout: Layout, rows: Sequence[Record]) -> dict[str, guessing.Guess]:
    """Return a column for each field: as confirmed the last time for these headings, else guessed."""
    before = guessing.remembered(kind.name, layout.columns)
    if before is not None:
        return {field: guessing.Guess(column, 1.0) for field, column in before.items()}
    good = [row.cells for row in rows if not row.fault]
    return guessing.guess(kind.fields, layout.columns, good)


def preview(
    run: ImportRun,
    kind: ImportKind,
    mapping: Mapping[str, str],
    scores: Mapping[str, float],
    answers: Mapping[str, str] | None = None,
) -> Preview:
    """Read the beginning of the run's file under `mapping` (field to column); `scores` are those of guesses.

    `answers` are decisions on the questions that are not kept yet.
    """
    layout = Layout.of(run.layout)
    missing = tuple(unmapped(kind.fields, mapping))
    foresees = isinstance(kind, Foresees) and not missing
    records = sample(run.file, layout, QUESTION_ROWS if foresees else SAMPLE_ROWS)
    checker = Checker(kind, layout.columns, mapping)
    results = list(checker.sorted(records))
    looked = [_Looked(*result) for result in results[:SAMPLE_ROWS]]
    good = [row for _record, row, _reason in results if row is not None]
    asked = _foresee(kind, run, looked, good) if isinstance(kind, Foresees) and foresees else ()
    reasons = Counter(one.reason for one in looked if one.outcome == REJECTED)
    views = tuple(_field_view(field, mapping, scores, records[:SAMPLE_ROWS], layout) for field in kind.fields)
    shown = [view.field for view in views if view.column]
    counted = Counter(one.outcome for one in looked)
    return Preview(
        columns=layout.columns,
        fields=views,
        unused=tuple(name for name in layout.columns if name not in mapping.values()),
        rows=tuple(_sample_row(checker, shown, one) for one in _interesting(looked)),
        good=len(looked) - reasons.total(),
        bad=reasons.total(),
        problems=tuple(reasons.most_common(SHOWN_PROBLEMS)),
        missing=missing,
        outcomes=tuple((name, counted[name]) for name in OUTCOMES) if foresees else (),
        questions=tuple(replace(one, answer=(answers or {}).get(one.key, one.answer)) for one in asked),
        rows_questioned=len(results),
    )


@dataclass(slots=True)
class _Looked:
    """A row of the sample, and what would become of it."""

    record: Record
    row: Row | None
    reason: str
    outcome: str = "good"
    verdict: Verdict | None = None

    def __post_init__(self) -> None:
        if self.row is None:
            self.outcome = REJECTED


def _foresee(kind: Foresees, run: ImportRun, looked: Sequence[_Looked], read: Sequence[Row]) -> Sequence[Question]:
    """Note the verdict on each row that can be read; return the questions."""
    good = [one for one in looked if one.row is not None]
    foresight = kind.foresee(run, [one.row for one in good if one.row], read)
    for one, verdict in zip(good, foresight.verdicts, strict=True):
        one.outcome, one.reason, one.verdict = verdict.outcome, verdict.note, verdict
    return foresight.questions


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


def _interesting(looked: Sequence[_Looked]) -> list[_Looked]:
    """Return a few rows of each outcome, those that need a look before the others, in the order of the file."""
    by_outcome: dict[str, list[_Looked]] = {}
    for one in looked:
        by_outcome.setdefault(one.outcome, []).append(one)
    wanted: list[_Looked] = []
    turns = [
        by_outcome[name] for name in (REJECTED, "doubtful", "changed", "new", "same", "good") if name in by_outcome
    ]
    for place in range(SHOWN_ROWS):
        wanted += [rows[place] for rows in turns if place < len(rows)]
    return sorted(wanted[:SHOWN_ROWS], key=lambda one: (one.record.sheet, one.record.line))


def _sample_row(checker: Checker, shown: Sequence[Field], one: _Looked) -> SampleRow:
    values = checker.values(one.record.cells)
    read = tuple((field.label, text(values[field.name])[:160]) for field in shown)
    verdict = one.verdict or Verdict(one.outcome)
    meant = (verdict.meant, verdict.within, verdict.score)
    return SampleRow(one.record.line, read, one.reason, one.outcome, one.record.sheet, *meant)
