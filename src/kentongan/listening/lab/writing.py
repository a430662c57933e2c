"""Files of rows on their way out: whole or not at all, whatever ends the command."""

import csv
import json
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq
from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid
from kentongan.core.tables import safe_text
from kentongan.listening.lab.reading import Row, Sheet, unknown_kind

Added = dict[str, pa.DataType]


class Writer(Protocol):
    """Takes rows in batches."""

    def write(self, rows: Sequence[Row]) -> None:
        """Append rows; each has all columns."""

    def close(self) -> None:
        """Write what is still held."""


@contextmanager
def writing(path: Path, sheet: Sheet | None, added: Added) -> Iterator[Writer]:
    """Open `path` for the columns of `sheet` and those added (name: Arrow type); it appears once all is written."""
    make = WRITERS.get(path.suffix.lower())
    if make is None:
        raise unknown_kind(path)
    if sheet is not None and path.resolve() == sheet.path.resolve():
        raise Invalid(_("The result would overwrite the file it is made of."), remedy=_("Give it another name."))
    with whole(path) as part:
        writer = make(part, sheet, added)
        try:
            yield writer
        finally:
            writer.close()


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a place to write to; it becomes `path` at the end, and is gone when something went wrong."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        reason = {"file": path, "reason": error.strerror}
        raise Invalid(
            _("%(file)s cannot be written: %(reason)s.") % reason, remedy=_("Choose another folder.")
        ) from None
    finally:
        part.unlink(missing_ok=True)


def _names(sheet: Sheet | None, added: Added) -> list[str]:
    return list(dict.fromkeys([*(sheet.columns if sheet else ()), *added]))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


class _Csv:
    def __init__(self, path: Path, sheet: Sheet | None, added: Added) -> None:
        self._names = _names(sheet, added)
        self._file = path.open("w", newline="", encoding="utf-8")
        self._out = csv.writer(self._file, delimiter="\t" if ".tsv" in path.suffixes else ",")
        self._out.writerow([safe_text(name) for name in self._names])

    def _cell(self, value: Any) -> Any:
        return value if isinstance(value, int | float) else safe_text(_text(value))

    def write(self, rows: Sequence[Row]) -> None:
        self._out.writerows([[self._cell(row.get(name)) for name in self._names] for row in rows])

    def close(self) -> None:
        self._file.close()


class _Json:
    def __init__(self, path: Path, sheet: Sheet | None, added: Added) -> None:
        self._file = path.open("w", encoding="utf-8")

    def write(self, rows: Sequence[Row]) -> None:
        self._file.writelines(json.dumps(row, ensure_ascii=False, default=_plain) + "\n" for row in rows)

    def close(self) -> None:
        self._file.close()


def _plain(value: object) -> str:
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


class _Parquet:
    """Columns of a Parquet file keep their types; those of other files are text."""

    def __init__(self, path: Path, sheet: Sheet | None, added: Added) -> None:
        known = sheet.schema if sheet else None
        kinds = {name: known.field(name).type if known else pa.string() for name in sheet.columns} if sheet else {}
        self._schema = pa.schema(kinds | added)
        self._text = [name for name in kinds if known is None]
        self._out = pq.ParquetWriter(path, self._schema, compression="zstd")

    def write(self, rows: Sequence[Row]) -> None:
        columns = {name: [row.get(name) for row in rows] for name in self._schema.names}
        for name in self._text:
            if name in columns and self._schema.field(name).type == pa.string():
                columns[name] = [None if value is None else _text(value) for value in columns[name]]
        self._out.write_table(pa.table(columns, schema=self._schema))

    def close(self) -> None:
        self._out.close()


WRITERS: dict[str, Callable[[Path, Sheet | None, Added], Writer]] = {
    ".csv": _Csv,
    ".tsv": _Csv,
    ".jsonl": _Json,
    ".ndjson": _Json,
    ".json": _Json,
    ".parquet": _Parquet,
}
