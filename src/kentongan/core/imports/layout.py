"""How a file is laid out: found by looking at it, kept with the import, followed when it is read."""

import io
import itertools
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from kentongan.core import sniff
from kentongan.core.errors import Invalid
from kentongan.core.imports import records
from kentongan.core.imports.contract import Cell, Field
from kentongan.core.imports.headings import find_header, headings_of, is_numbering, normal
from kentongan.core.imports.records import Record
from kentongan.core.imports.workbooks import damaged, refuse_bombs

DELIMITERS = ",;\t|"
SAMPLE_CHARS = 256 * 1024
SAMPLE_ROWS = 50
SAMPLE_VALUES = 1000
ALIKE = 0.6
TABLE_TYPES = sniff.TABLES | {sniff.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Part:
    """One of several sheets that are read as one table: where its own columns stand, and where its data begins."""

    sheet: str
    columns: tuple[str, ...]
    first: int


@dataclass(frozen=True, slots=True)
class Layout:
    """What a reader has to know. `header` counts rows from 0 (-1: the first row is data already).

    `skip` rows below the header number the columns; `parts` are the sheets that are read together.
    """

    form: str
    columns: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    header: int = -1
    skip: int = 0
    parts: tuple[Part, ...] = ()

    @classmethod
    def of(cls, values: dict[str, Any]) -> "Layout":
        """Return the layout that `values` was made of."""
        parts = tuple(Part(part["sheet"], tuple(part["columns"]), part["first"]) for part in values.get("parts", ()))
        tuples = {"columns": tuple(values["columns"]), "sheets": tuple(values["sheets"]), "parts": parts}
        return cls(**values | tuples)

    @property
    def first(self) -> int:
        """How many rows stand above the data."""
        return self.header + 1 + self.skip

    def values(self) -> dict[str, Any]:
        """Return it as plain JSON."""
        return asdict(self)


class Reader:
    """The data rows of one file, streamed; `fraction()` says how far it is."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
        self._rows, self._height = 0, 0
        self._meter: records.Meter | None = None

    def fraction(self) -> float:
        """Return the share that has been read, 0 to 1."""
        if self._height:
            return min(self._rows / self._height, 1.0)
        return self._meter.fraction() if self._meter else 0.0

    def __iter__(self) -> Iterator[Record]:
        """Yield the data rows, without what stands above them."""
        if self.layout.form == "sheet":
            yield from self._sheet_rows()
            return
        with self.path.open("rb") as file:
            self._meter = records.Meter(file, self.path.stat().st_size)
            text = records.open_text(file, self.layout.encoding)
            if self.layout.form == "csv":
                width = len(self.layout.columns) or None
                yield from itertools.islice(
                    records.delimited(text, self.layout.delimiter, width), self.layout.first, None
                )
            else:
                yield from self._objects(JSON_READERS[self.layout.form](text))

    def _sheet_rows(self) -> Iterator[Record]:
        with _workbook(self.path) as book:
            if self.layout.parts:
                yield from self._together(book)
                return
            sheet = book.get_sheet_by_name(self.layout.sheet)
            self._height = sheet.total_height or 1
            for record in itertools.islice(_sheet_records(sheet), self.layout.first, None):
                self._rows = record.line
                yield record

    def _together(self, book: CalamineWorkbook) -> Iterator[Record]:
        """Yield the rows of each part, its cells in the order of all columns; the last one tells the sheet."""
        sheets = [book.get_sheet_by_name(part.sheet) for part in self.layout.parts]
        self._height = sum(sheet.total_height for sheet in sheets) or 1
        above = 0
        for part, sheet in zip(self.layout.parts, sheets, strict=True):
            places = [part.columns.index(name) if name in part.columns else None for name in self.layout.columns[:-1]]
            for record in itertools.islice(_sheet_records(sheet), part.first, None):
                self._rows = above + record.line
                cells = [_at(record.cells, place) for place in places]
                yield Record(record.line, (*cells, part.sheet), sheet=part.sheet[:60])
            above += sheet.total_height

    def _objects(self, values: Iterator[tuple[int, Any, str]]) -> Iterator[Record]:
        for number, value, fault in values:
            if not fault and not isinstance(value, dict):
                fault = _("This is not an object with fields.")
            if fault:
                yield Record(number, (str(value)[:2000],), fault)
                continue
            flat = records.flatten(value)
            yield Record(number, tuple(flat.get(name) for name in self.layout.columns))


JSON_READERS = {"jsonl": records.json_lines, "json": records.json_values, "document": records.json_document}


@contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    try:
        with CalamineWorkbook.from_path(str(path)) as book:
            yield book
    except CalamineError as error:
        raise damaged() from error


def _clean(cell: Any) -> Cell:
    if isinstance(cell, str):
        return cell.replace("\x00", "") or None
    return None if cell == "" else cell


def _at(cells: Sequence[Cell], place: int | None) -> Cell:
    return cells[place] if place is not None and place < len(cells) else None


def _sheet_records(sheet: CalamineSheet) -> Iterator[Record]:
    first = (sheet.start or (0, 0))[0]
    for offset, row in enumerate(sheet.to_python(skip_empty_area=True)):
        cells = tuple(_clean(cell) for cell in row)
        if any(cell is not None for cell in cells):
            yield Record(first + offset + 1, cells)


def detect(path: Path, media_type: str, fields: Sequence[Field], sheet: str = "", *, together: bool = False) -> Layout:
    """Look at a file and say how it is laid out; raises Invalid when it holds no table.

    `together` reads the sheets that look like the best one as one table, unless a `sheet` is named.
    """
    if media_type in (sniff.XLSX, sniff.XLS):
        layout = _detect_sheet(path, fields, sheet, together=together)
    elif media_type in (sniff.JSON, sniff.JSONL):
        layout = _detect_json(path)
    else:
        layout = _detect_csv(path, fields)
    if not layout.columns:
        raise Invalid(
            _("There is no table in this file."), remedy=_("Check that it has a row of headings and rows below it.")
        )
    return layout


def _detect_sheet(path: Path, fields: Sequence[Field], wanted: str, *, together: bool) -> Layout:
    refuse_bombs(path)
    with _workbook(path) as book:
        names = tuple(book.sheet_names)
        if wanted and wanted not in names:
            raise Invalid(_("There is no sheet of that name."), fields={"sheet": [_("Choose one of the list.")]})
        found = [_one_sheet(book, name, names, fields) for name in ([wanted] if wanted else names)]
    ranked = sorted((one for one in found if one.layout.columns), key=lambda one: one.worth, reverse=True)
    if not ranked:
        return Layout("sheet", sheets=names)
    best = ranked[0]
    alike = [one.layout for one in found if one.has_rows and _alike(one.layout, best.layout)]
    return _joined(alike) if together and not wanted and len(alike) > 1 else best.layout


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A sheet as it was found. One with rows goes before one with headings only: a template beside the data."""

    layout: Layout
    has_rows: bool
    score: float

    @property
    def worth(self) -> tuple[bool, float]:
        return self.has_rows, self.score


def _one_sheet(book: CalamineWorkbook, name: str, names: tuple[str, ...], fields: Sequence[Field]) -> _Sheet:
    rows = [row.cells for row in itertools.islice(_sheet_records(book.get_sheet_by_name(name)), SAMPLE_ROWS)]
    header, score = find_header(rows, fields)
    layout = Layout("sheet", headings_of(rows, header), sheet=name, sheets=names, header=header)
    layout = replace(layout, skip=_numbering(rows, header))
    return _Sheet(layout, len(rows) > layout.first, score)


def _numbering(rows: Sequence[Sequence[Cell]], header: int) -> int:
    return int(header >= 0 and len(rows) > header + 1 and is_numbering(rows[header + 1]))


def _alike(layout: Layout, other: Layout) -> bool:
    """Whether two sheets have mostly the same headings, in whatever order."""
    own, others = ({normal(name) for name in one.columns} for one in (layout, other))
    return len(own & others) >= ALIKE * len(own | others)


def _joined(layouts: Sequence[Layout]) -> Layout:
    """Return one layout for several sheets: all their columns, and one more that tells the sheet."""
    known: dict[str, str] = {}
    parts = []
    for layout in layouts:
        own = tuple(known.setdefault(normal(name) or name, name) for name in layout.columns)
        parts.append(Part(layout.sheet, own, layout.first))
    columns = tuple(known.values())
    told = _("Sheet")
    while told in columns:
        told += "*"
    return Layout("sheet", (*columns, told), sheets=layouts[0].sheets, parts=tuple(parts))


def _delimiter_of(sample: str) -> str:
    """Return the delimiter under which most lines have the same number of cells, and more than one."""
    first = sample.split("\n", 1)[0].strip().lower()
    if first.startswith("sep=") and len(first) == 5:
        return first[4]

    def score(delimiter: str) -> tuple[float, int]:
        rows = itertools.islice(records.delimited(io.StringIO(sample, newline=""), delimiter), SAMPLE_ROWS)
        widths = Counter(len(row.cells) for row in rows if not row.fault)
        if not widths:
            return 0.0, 0
        width, count = max(widths.items(), key=lambda item: item[0] * item[1] if item[0] > 1 else 0)
        return (count / widths.total() if width > 1 else 0.0), width

    return max(DELIMITERS, key=score)


def _detect_csv(path: Path, fields: Sequence[Field]) -> Layout:
    encoding = records.encoding_of(path)
    with path.open("rb") as file:
        sample = records.open_text(file, encoding).read(SAMPLE_CHARS)
    if not records.is_text(sample):
        raise Invalid(
            _("This file cannot be read: it is neither a workbook nor a text with rows."),
            remedy=_("Export it anew as .xlsx, .csv or .jsonl, and open the new file once before you send it."),
        )
    delimiter = _delimiter_of(sample)
    found = records.delimited(io.StringIO(sample, newline=""), delimiter)
    rows = [row.cells for row in itertools.islice(found, SAMPLE_ROWS)]
    header, _score = find_header(rows, fields)
    skip = _numbering(rows, header)
    return Layout("csv", headings_of(rows, header), encoding, delimiter, header=header, skip=skip)


def _json_form(path: Path, encoding: str) -> str:
    with path.open("rb") as file:
        text = records.open_text(file, encoding)
        first, more = text.readline(records.LINE_MAX_CHARS).lstrip("\ufeff"), bool(text.read(1))
        if first.lstrip().startswith("["):
            return "json"
        try:
            json.loads(first)
        except ValueError:
            return "document" if _is_one_document(path, encoding) else "json"
        return "jsonl" if more else "document"


def _is_one_document(path: Path, encoding: str) -> bool:
    with path.open("rb") as file:
        content = records.open_text(file, encoding).read(records.JSON_MAX_DOCUMENT)
    try:
        json.loads(content)
    except (ValueError, RecursionError):
        return False
    return True


def _detect_json(path: Path) -> Layout:
    encoding = records.encoding_of(path)
    layout = Layout(_json_form(path, encoding), encoding=encoding)
    with path.open("rb") as file:
        values = JSON_READERS[layout.form](records.open_text(file, encoding))
        names: dict[str, None] = {}
        for _number, value, fault in itertools.islice(values, SAMPLE_VALUES):
            if not fault and isinstance(value, dict):
                names |= dict.fromkeys(records.flatten(value))
    return replace(layout, columns=tuple(names))
