"""What a room declares to have its files imported."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar, Protocol

from django.utils.functional import Promise

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


@dataclass(slots=True)
class Batch:
    """Rows that go in together; `start` and `end` are positions in the file, counted in rows."""

    start: int
    end: int = 0
    rows: list[Row] = field(default_factory=list)
    rejects: list[tuple[int, str, tuple[Cell, ...]]] = field(default_factory=list)

    def reject(self, row: Row, reason: Text) -> None:
        """Take a row out that turns out to be wrong only when it meets the others."""
        self.rows.remove(row)
        self.rejects.append((row.line, str(reason), row.original))

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
