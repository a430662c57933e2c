"""From a record of a file to a row that is known to be good, or the reason why it is not."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from kentongan.core.imports.contract import Cell, Field, ImportKind, Row, RowError
from kentongan.core.imports.records import Record
from kentongan.core.imports.values import text


class Checker:
    """Checks the records of one file against one kind under one mapping (field name to column name)."""

    def __init__(self, kind: ImportKind, columns: Sequence[str], mapping: Mapping[str, str]) -> None:
        self.kind = kind
        self.width = len(columns)
        places = {name: index for index, name in enumerate(columns)}
        self.places = {field: places[column] for field, column in mapping.items() if column in places}
        self.blank: dict[str, Cell] = dict.fromkeys(field.name for field in kind.fields)
        self.required = [field for field in kind.fields if field.required]

    def values(self, cells: Sequence[Cell]) -> dict[str, Cell]:
        """Return the cells by field; what has no column or is blank is None."""
        return self.blank | {field: _filled(cells, place) for field, place in self.places.items()}

    def check(self, record: Record) -> Row:
        """Return the row, or raise RowError."""
        if record.fault:
            raise RowError(record.fault)
        if any(text(cell) for cell in record.cells[self.width :]):
            raise RowError(
                _("There are %(found)d cells, the headings are %(wanted)d.")
                % {"found": len(record.cells), "wanted": self.width}
            )
        values = self.values(record.cells)
        missing = [str(field.label) for field in self.required if values[field.name] is None]
        if missing:
            raise RowError(_("Empty: %(fields)s.") % {"fields": ", ".join(missing)})
        return Row(record.line, self.kind.check(values), record.cells, record.sheet)

    def sorted(self, rows: Iterable[Record]) -> Iterator[tuple[Record, Row | None, str]]:
        """Yield each record with its row, or with the reason against it."""
        for record in rows:
            try:
                yield record, self.check(record), ""
            except RowError as error:
                yield record, None, str(error.reason)


def _filled(cells: Sequence[Cell], place: int) -> Cell:
    if place >= len(cells):
        return None
    cell = cells[place]
    if isinstance(cell, str):
        return cell.strip() or None
    return cell


def unmapped(fields: Sequence[Field], mapping: Mapping[str, str]) -> list[Field]:
    """Return the required fields that have no column."""
    return [field for field in fields if field.required and not mapping.get(field.name)]
