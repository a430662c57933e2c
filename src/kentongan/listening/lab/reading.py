"""Files of rows on their way in: CSV, JSON lines and Parquet, in batches, however long they are."""

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid

Row = dict[str, Any]

# Rows that are worked on at once: enough for the matrices to be worth it, little enough to stay in the cache.
BATCH = 4096
LONGEST_CELL = 10_000_000
DELIMITERS = ",;\t|"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file that has been opened: its columns in their order, its rows, and how many they are where that is known."""

    path: Path
    columns: tuple[str, ...]
    rows: Iterator[Row]
    expected: int | None = None
    schema: pa.Schema | None = None

    def require(self, *names: str) -> None:
        """Raise Invalid when a column is missing."""
        for name in names:
            if name not in self.columns:
                raise Invalid(
                    _("%(file)s has no column “%(name)s”.") % {"file": self.path.name, "name": name},
                    remedy=_("Its columns are: %(names)s.") % {"names": ", ".join(self.columns[:40])},
                )

    def renamed(self, names: Mapping[str, str]) -> "Sheet":
        """Return the sheet with its columns under other names; its rows stay as they are."""
        schema = self.schema and pa.schema([field.with_name(names[field.name]) for field in self.schema])
        return replace(self, columns=tuple(names[name] for name in self.columns), schema=schema)

    def batches(self, size: int = BATCH) -> Iterator[list[Row]]:
        """Yield the rows in lists of at most `size`; raises Invalid where the file is empty or breaks off."""
        batch: list[Row] = []
        empty = True
        for row in self.rows:
            batch.append(row)
            if len(batch) == size:
                yield batch
                batch, empty = [], False
        if batch:
            yield batch
        elif empty:
            raise _empty(self.path)


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a file by its ending: .csv, .tsv, .jsonl, .ndjson, .json (lines), .parquet; raises Invalid."""
    open_it = OPENERS.get(path.suffix.lower())
    if open_it is None:
        raise unknown_kind(path)
    if not path.is_file():
        raise Invalid(_("There is no file %(file)s.") % {"file": path}, remedy=_("Check how its name is spelt."))
    with path.open("rb") as file:
        yield open_it(path, file)


def unknown_kind(path: Path) -> Invalid:
    """Return what to raise for a file whose ending says nothing."""
    return Invalid(
        _("What kind of file %(file)s is cannot be told from its name.") % {"file": path.name},
        remedy=_("Its name must end in .csv, .tsv, .jsonl or .parquet."),
    )


def _empty(path: Path) -> Invalid:
    return Invalid(_("%(file)s holds no rows.") % {"file": path.name}, remedy=_("Choose a file with texts in it."))


def _broken(path: Path, reason: str) -> Invalid:
    return Invalid(
        _("%(file)s cannot be read: %(reason)s") % {"file": path.name, "reason": reason},
        remedy=_("Write the file again from where it came, and check that it is whole."),
    )


def _not_utf8(path: Path, line: int) -> Invalid:
    return Invalid(
        _("%(file)s is not written in UTF-8 (about line %(line)s).") % {"file": path.name, "line": line},
        remedy=_("Save it as UTF-8; in Excel: “CSV UTF-8 (comma delimited)”."),
    )


def _headings(path: Path, names: list[str]) -> tuple[str, ...]:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _broken(path, _("the column “%(name)s” stands there twice.") % {"name": twice[0]})
    return tuple(names)


def _delimiter(heading: str) -> str:
    return max(DELIMITERS, key=heading.count)


def _csv(path: Path, file: Any) -> Sheet:
    csv.field_size_limit(LONGEST_CELL)
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    try:
        first = text.readline()
    except UnicodeDecodeError:
        raise _not_utf8(path, 1) from None
    if not first.strip():
        raise _empty(path)
    text.seek(0)
    reader = csv.reader(text, delimiter=_delimiter(first))
    columns = _headings(path, [name.strip() for name in next(reader)])
    return Sheet(path, columns, _csv_rows(path, reader, columns))


def _csv_rows(path: Path, reader: Any, columns: tuple[str, ...]) -> Iterator[Row]:
    try:
        for cells in reader:
            if len(cells) == len(columns):
                yield dict(zip(columns, cells, strict=True))
            elif cells:
                counts = {"line": reader.line_num, "cells": len(cells), "columns": len(columns)}
                raise _broken(path, _("line %(line)s has %(cells)s cells, the heading %(columns)s.") % counts)
    except UnicodeDecodeError:
        raise _not_utf8(path, reader.line_num + 1) from None
    except csv.Error as error:
        raise _broken(path, _("line %(line)s: %(reason)s.") % {"line": reader.line_num, "reason": error}) from None


def _json(path: Path, file: Any) -> Sheet:
    rows = _json_rows(path, file)
    first = next(rows, None)
    if first is None:
        raise _empty(path)
    return Sheet(path, tuple(first), _again(first, rows))


def _again(first: Row, rest: Iterator[Row]) -> Iterator[Row]:
    yield first
    yield from rest


def _json_rows(path: Path, file: Any) -> Iterator[Row]:
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"))
        except UnicodeDecodeError:
            raise _not_utf8(path, number) from None
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            raise _broken(path, _("line %(line)s is not one JSON object.") % {"line": number})
        yield row


def _parquet(path: Path, file: Any) -> Sheet:
    try:
        opened_file = pq.ParquetFile(file)
        columns = _headings(path, opened_file.schema_arrow.names)
    except (pa.ArrowException, OSError) as error:
        raise _broken(path, str(error).splitlines()[0]) from None
    return Sheet(
        path, columns, _parquet_rows(path, opened_file), opened_file.metadata.num_rows, opened_file.schema_arrow
    )


def _parquet_rows(path: Path, opened_file: Any) -> Iterator[Row]:
    try:
        for batch in opened_file.iter_batches(batch_size=BATCH):
            yield from batch.to_pylist()
    except (pa.ArrowException, OSError, ValueError) as error:
        raise _broken(path, str(error).splitlines()[0]) from None


OPENERS: dict[str, Callable[[Path, Any], Sheet]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json,
    ".ndjson": _json,
    ".json": _json,
    ".parquet": _parquet,
}
