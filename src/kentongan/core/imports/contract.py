"""What a room declares to have its files imported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Protocol, runtime_checkable

from django.utils.functional import Promise

from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.jobs.progress import Progress
from kentongan.core.models.imports import ImportRun
from kentongan.core.permissions import Capability

Cell = str | int | float | bool | datetime | date | time | timedelta | None
Text = str | Promise


class RowError(Exception):
    """A row that cannot be taken; `reason` is a sentence that tells the person what to correct."""

    def __init__(self, reason: Text) -> None:
        self.reason = reason
        super().__init__(reason)


@dataclass(frozen=True, slots=True)
class Field:
    """A field to be filled from a column.

    `synonyms` are headings under which other tools and offices write it; `guess` says which share (0 to 1) of some
    values of a column look like this field.
    """

    name: str
    label: Text
    required: bool = False
    synonyms: tuple[str, ...] = ()
    guess: Callable[[Sequence[Cell]], float] | None = None
    help: Text = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A row that passed `check`: where it was, what check made of it, and all its cells as they were."""

    line: int
    clean: Any
    original: tuple[Cell, ...]
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """What is told about a row: why it was rejected, or (`taken`) what of it could not be used though it came in."""

    line: int
    reason: str
    original: tuple[Cell, ...]
    sheet: str = ""
    taken: bool = False


@dataclass(slots=True)
class Batch:
    """Rows that go in together; `start` and `end` are positions in the file, counted in rows."""

    start: int
    end: int = 0
    rows: list[Row] = field(default_factory=list)
    rejects: list[Told] = field(default_factory=list)
    remarks: list[Told] = field(default_factory=list)

    def reject(self, row: Row, reason: Text) -> None:
        """Take a row out that turns out to be wrong only when it meets the others."""
        self.reject_all([(row, reason)])

    def reject_all(self, found: Sequence[tuple[Row, Text]]) -> None:
        """Take several rows out, each with the reason against it."""
        out = {id(row) for row, _reason in found}
        self.rows = [row for row in self.rows if id(row) not in out]
        self.rejects += [Told(row.line, str(reason), row.original, row.sheet) for row, reason in found]

    def remark(self, row: Row, text: Text) -> None:
        """Tell something about a row that comes in all the same."""
        self.remarks.append(Told(row.line, str(text), row.original, row.sheet, taken=True))

    @property
    def read(self) -> int:
        """How many rows were read for it."""
        return self.end - self.start


class Feed(Protocol):
    """The rows of a file in batches, and the place where each batch is marked as done."""

    run: ImportRun

    def batches(self, size: int = 1000) -> Iterator[Batch]:
        """Yield what has not been committed yet; stops where somebody pressed Stop."""
        ...

    def commit(self, batch: Batch, *, new: int = 0, same: int = 0, changed: int = 0) -> None:
        """Mark the batch as done, inside the transaction that writes it; the counts add up to its rows."""
        ...


class ImportKind(Protocol):
    """What can be imported. `name` is `room.things`; `capability` is needed at the run's unit.

    `apply` loops over `feed.batches()`. For each batch it prepares what it likes, then writes and calls
    `feed.commit(batch, ...)` in one transaction; so a killed worker's run goes on exactly where it was.
    Rows that are there already (by the kind's own identity) are counted as `same`.
    """

    name: ClassVar[str]
    label: ClassVar[Text]
    capability: ClassVar[Capability]
    fields: ClassVar[Sequence[Field]]

    def check(self, values: Mapping[str, Cell]) -> Any:
        """Return the clean form of a row given by field name (None: no column, or empty); raise RowError."""
        ...

    def apply(self, run: ImportRun, feed: Feed, progress: Progress) -> None:
        """Bring the rows in."""
        ...

    def undo(self, run: ImportRun, progress: Progress) -> int:
        """Take back what this run brought in and nothing else; return how many rows; safe to repeat."""
        ...


@dataclass(frozen=True, slots=True)
class Option:
    """Something to be asked once for the whole file, such as the basis of its records.

    It reaches the kind in `run.options`; `kind` is the type of the field on the screen: text or date (ISO 8601).
    """

    name: str
    label: Text
    required: bool = False
    help: Text = ""
    kind: str = "text"


@runtime_checkable
class AsksOptions(Protocol):
    """A kind that has something asked at the upload."""

    options: ClassVar[Sequence[Option]]

    def check_options(self, given: Mapping[str, str]) -> dict[str, Any]:
        """Return the options as they are kept; raise Invalid."""
        ...


@runtime_checkable
class ReadsSheetsTogether(Protocol):
    """A kind whose workbooks have one sheet for each unit: those that look alike are read as one table."""

    sheets_together: ClassVar[bool]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What would become of a good row: new, changed, same, doubtful or rejected, and why or how.

    `meant` is what of ours the row belongs to and `within` where that lies; `score` (0 to 1) says how like the names
    are where that is not certain.
    """

    outcome: str
    note: str = ""
    meant: str = ""
    within: str = ""
    score: float | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """A text of the file that the kind is not sure of, to be decided once; `suggestions` are (answer, label, score).

    `answer` is what was decided before, with its `answer_label`.
    """

    key: str
    text: str
    rows: int
    suggestions: tuple[tuple[str, str, float], ...] = ()
    answer: str = ""
    answer_label: str = ""


@dataclass(frozen=True, slots=True)
class Foresight:
    """What would become of rows, in their order, and what has to be decided, the most frequent first."""

    verdicts: Sequence[Verdict]
    questions: Sequence[Question]


@runtime_checkable
class Foresees(Protocol):
    """A kind that can tell what would become of rows before they come in, and asks what it is not sure of.

    `meant_label` is the heading of what the rows belong to, "" where they belong to nothing but the importing unit.
    """

    meant_label: ClassVar[Text]
    questions_label: ClassVar[Text]
    questions_help: ClassVar[Text]
    suggest_url: ClassVar[str]

    def foresee(self, run: ImportRun, looked: Sequence[Row], read: Sequence[Row]) -> Foresight:
        """Return the verdict on each row that is `looked` at, and the questions of all that are `read`."""
        ...

    def answer(self, actor: Actor, run: ImportRun, answers: Mapping[str, str]) -> None:
        """Keep decisions (key to answer), for this file and for the next ones; raise Invalid."""
        ...


_kinds: dict[str, ImportKind] = {}


def register(kind: ImportKind) -> ImportKind:
    """Offer a kind; called in the `ready` of its app."""
    _kinds[kind.name] = kind
    return kind


def kinds() -> list[ImportKind]:
    """Return all kinds, by name."""
    return [_kinds[name] for name in sorted(_kinds)]


def kind_of(name: str) -> ImportKind:
    """Return the kind called `name`; raises NotFound."""
    try:
        return _kinds[name]
    except KeyError:
        raise NotFound() from None
