"""Tables that leave the system (CSV, XLSX) and tables that are paged on the screen."""

import csv
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Generic, Literal, TypeVar

import xlsxwriter
from django.core.exceptions import FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db.models import F, Model, OrderBy, QuerySet
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.functional import Promise, cached_property
from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid

Format = Literal["csv", "xlsx"]
M = TypeVar("M", bound=Model)

CSV_TYPE = "text/csv; charset=utf-8"
XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
MOST_COUNTED = 10_000
MOST_SOUGHT = 1000
XLSX_MAX_ROWS = 1_048_576
XLSX_MAX_TEXT = 32_767
XLSX_MAX_EXACT = 10**15


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its heading, and where its value comes from (an attribute path, a mapping's key, or a function)."""

    label: str | Promise
    value: str | Callable[[Any], Any]
    width: int = 18

    def of(self, row: Any) -> Any:
        """Return this column's value in `row`; a missing step of a path gives None."""
        if callable(self.value):
            return self.value(row)
        for step in self.value.split("."):
            row = row.get(step) if isinstance(row, Mapping) else getattr(row, step, None)
        return row() if callable(row) else row


def safe_text(text: str) -> str:
    """Return `text` so that no spreadsheet program takes it for a formula when it opens the CSV."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def csv_cell(value: Any) -> str:
    """Return how a value is written to CSV: numbers bare, times ISO 8601 in the current zone, None empty."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case int() | float() | Decimal():
            return str(value)
        case datetime():
            return (timezone.localtime(value) if timezone.is_aware(value) else value).isoformat(timespec="seconds")
        case date():
            return value.isoformat()
        case _:
            return safe_text(force_str(value))


class _Echo:
    """A file whose write() returns what it is given, so that csv.writer makes lines one at a time."""

    def write(self, value: str) -> str:
        return value


def csv_lines(columns: Sequence[Column], rows: Iterable[Any]) -> Iterator[str]:
    """Yield a CSV file line by line, headed by a byte-order mark (Excel takes it for UTF-8 only then)."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + str(writer.writerow([safe_text(force_str(column.label)) for column in columns]))
    for row in rows:
        yield str(writer.writerow([csv_cell(column.of(row)) for column in columns]))


def _is_exact(value: float | Decimal) -> bool:
    """Whether a sheet can hold the number: 15 digits at most, neither infinite nor NaN."""
    return -XLSX_MAX_EXACT < value < XLSX_MAX_EXACT


class _Sheets:
    """A workbook written row by row in constant memory; a full sheet is followed by another one."""

    def __init__(self, workbook: Any, columns: Sequence[Column]) -> None:
        self.workbook = workbook
        self.columns = columns
        self.bold = workbook.add_format({"bold": True, "text_wrap": True, "valign": "top"})
        self.time = workbook.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.day = workbook.add_format({"num_format": "yyyy-mm-dd"})
        self.row = XLSX_MAX_ROWS

    def _open(self) -> None:
        self.sheet = self.workbook.add_worksheet()
        self.sheet.freeze_panes(1, 0)
        for index, column in enumerate(self.columns):
            self.sheet.set_column(index, index, column.width)
            self.sheet.write_string(0, index, force_str(column.label), self.bold)
        self.row = 1

    def add(self, values: Sequence[Any]) -> None:
        """Append one row."""
        if self.row >= XLSX_MAX_ROWS:
            self._open()
        for index, value in enumerate(values):
            self._cell(index, value)
        self.row += 1

    def _cell(self, index: int, value: Any) -> None:
        match value:
            case None:
                return
            case bool():
                self.sheet.write_boolean(self.row, index, value)
            case int() | float() | Decimal() if _is_exact(value):
                self.sheet.write_number(self.row, index, value)
            case datetime():
                local = timezone.make_naive(value) if timezone.is_aware(value) else value
                self.sheet.write_datetime(self.row, index, local, self.time)
            case date():
                self.sheet.write_datetime(self.row, index, value, self.day)
            case _:
                # write_string never makes a formula or a link of a text, so the text stays as it is.
                self.sheet.write_string(self.row, index, force_str(value)[:XLSX_MAX_TEXT])

    def close(self) -> None:
        """Finish the workbook; an export of nothing still has its headings."""
        if self.row >= XLSX_MAX_ROWS and not self.workbook.worksheets():
            self._open()
        self.workbook.close()


def write_xlsx(path: str, columns: Sequence[Column], rows: Iterable[Any]) -> None:
    """Write a workbook to `path` in constant memory."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    sheets = _Sheets(xlsxwriter.Workbook(path, options), columns)
    for row in rows:
        sheets.add([column.of(row) for column in columns])
    sheets.close()


def write_csv(path: str, columns: Sequence[Column], rows: Iterable[Any]) -> None:
    """Write a CSV file to `path`, line by line."""
    with open(path, "w", encoding="utf-8", newline="") as file:
        file.writelines(csv_lines(columns, rows))


def _streamed(rows: Iterable[Any]) -> Iterable[Any]:
    return rows.iterator(chunk_size=2000) if isinstance(rows, QuerySet) else rows


def export(filename: str, columns: Sequence[Column], rows: Iterable[Any], fmt: str = "csv") -> HttpResponseBase:
    """Return the rows as a download, in constant memory; `filename` comes without its extension."""
    rows = _streamed(rows)
    if fmt == "csv":
        response: HttpResponseBase = StreamingHttpResponse(csv_lines(columns, rows), content_type=CSV_TYPE)
        response["Content-Disposition"] = f'attachment; filename="{filename}.csv"'
        return response
    if fmt == "xlsx":
        file = tempfile.NamedTemporaryFile(suffix=".xlsx")  # noqa: SIM115  FileResponse closes it
        write_xlsx(file.name, columns, rows)
        return FileResponse(file, as_attachment=True, filename=f"{filename}.xlsx", content_type=XLSX_TYPE)
    raise Invalid(_("Choose CSV or XLSX."), fields={"format": [_("Unknown format.")]})


class Sought(Generic[M]):
    """What a search finds: whoever finds more than a thousand writes another letter.

    In the order that it is shown in, a database looks for a few of a million by walking past all of them, and cannot
    tell few from many beforehand. So they are found once, in any order, a thousand at most; those are put in order.
    `found` is what matches; `show` puts rows in order and at hand what is shown of them.
    """

    def __init__(self, found: QuerySet[M], show: Callable[[QuerySet[M]], QuerySet[M]]) -> None:
        self._found = found.order_by()
        self._show = show

    @cached_property
    def _keys(self) -> list[int]:
        return list(self._found.values_list("pk", flat=True)[: MOST_SOUGHT + 1])

    @property
    def count(self) -> int:
        """How many `rows` there are."""
        return min(len(self._keys), MOST_SOUGHT)

    @property
    def more(self) -> bool:
        """Whether more match than `rows` holds."""
        return len(self._keys) > MOST_SOUGHT

    @property
    def rows(self) -> QuerySet[M]:
        """What is shown to a person; where there are `more`, it is chance which of them are here."""
        return self._of(self._keys[:MOST_SOUGHT])

    @property
    def whole(self) -> QuerySet[M]:
        """All that match, in order, for a file."""
        return self._show(self._found)

    def part(self, first: int, last: int) -> tuple[QuerySet[M], int]:
        """Return rows `first` to `last` of all that match, in order, and how many match, for a program."""
        if not self.more:
            return self.rows[first:last], self.count
        order = self.whole.query.order_by
        return self._of(
            list(self._found.order_by(*order).values_list("pk", flat=True)[first:last])
        ), self._found.count()

    def _of(self, keys: Sequence[int]) -> QuerySet[M]:
        return self._show(self._found.model._default_manager.filter(pk__in=keys))


class CappedPaginator(Paginator[M]):
    """Counts the first `MOST_COUNTED` rows at most: a list of a million costs no more than one of ten thousand.

    `beyond` says that there are more; the pages end there, since nobody turns to page 201: one searches instead. Where
    somebody knows how many there are `at_least`, and that is more, nothing is counted. A search that found more than
    it brings is `partial`: which of them are there is chance.
    """

    def __init__(self, rows: QuerySet[M] | Sought[M], per_page: int, at_least: int = 0) -> None:
        self.sought = rows if isinstance(rows, Sought) else None
        super().__init__(rows.rows if isinstance(rows, Sought) else rows, per_page)
        self.at_least = at_least

    @cached_property
    def _counted(self) -> int:
        rows = self.object_list
        if self.sought:
            return self.sought.count + self.sought.more
        if self.at_least > MOST_COUNTED:
            return self.at_least
        if not isinstance(rows, QuerySet):
            return len(rows)
        # Of the numbers alone: what is annotated for the page need not be worked out ten thousand times.
        return rows.order_by().values("pk")[: MOST_COUNTED + 1].count()

    @property
    def count(self) -> int:
        """How many rows the pages hold."""
        return self.sought.count if self.sought else min(self._counted, MOST_COUNTED)

    def page(self, number: int | str) -> Page[M]:
        """Return one page; of an empty list without asking for its rows."""
        if not self._counted and isinstance(self.object_list, QuerySet):
            self.object_list = self.object_list.none()
        return super().page(number)

    @property
    def beyond(self) -> bool:
        """Whether there are more rows than the pages hold."""
        return self._counted > self.count

    @property
    def partial(self) -> bool:
        """Whether a search found more rows than are here."""
        return self.sought is not None and self.sought.more


def page_of(
    request: HttpRequest, rows: QuerySet[M] | Sought[M], per_page: int = 50, parameter: str = "page", at_least: int = 0
) -> Page[M]:
    """Return the page which the request asks for; a number out of range gives the nearest page."""
    return CappedPaginator(rows, per_page, at_least).get_page(request.GET.get(parameter))


def sorted_page(
    request: HttpRequest,
    rows: QuerySet[M] | Sought[M],
    fields: Mapping[str, str],
    per_page: int = 50,
    at_least: int = 0,
) -> Page[M]:
    """Return the page asked for, in the order that `?sort=` names where the list was counted to its end.

    A longer one stays in its own order, which an index gives: sorting a million rows to show fifty costs too much.
    """
    paginator = CappedPaginator(rows, per_page, at_least)
    if not paginator.beyond:
        paginator.object_list = sorted_by(request, rows.rows if isinstance(rows, Sought) else rows, fields)
    return paginator.get_page(request.GET.get("page"))


def sorted_by(request: HttpRequest, rows: QuerySet[M], fields: Mapping[str, str]) -> QuerySet[M]:
    """Return the rows in the order that `?sort=` names: a name of `fields`, with a minus for the other way round.

    None comes last either way; any other name leaves the order as it is.
    """
    name = request.GET.get("sort", "")
    field = fields.get(name.removeprefix("-"))
    if field is None:
        return rows
    down = name.startswith("-")
    # An index gives rows in the order asked for, NULLs included, or not at all: say nothing of NULLs needlessly.
    nulls_last = True if _may_be_null(rows.model, field) else None
    return rows.order_by(OrderBy(F(field), descending=down, nulls_last=nulls_last), "-pk" if down else "pk")


def _may_be_null(model: type[Model], path: str) -> bool:
    """Whether what a path of fields leads to may be NULL; so may anything that is not a field."""
    options: Any = model._meta
    for step in path.split("__"):
        try:
            field = options.get_field(step)
        except FieldDoesNotExist:
            return True
        if field.null:
            return True
        options = field.related_model and field.related_model._meta
    return False
