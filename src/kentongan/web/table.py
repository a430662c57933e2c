"""The one list: what `{% table %}` and `{% listing %}` parse and draw. See docs/reference/components.md."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from django.core.paginator import Page
from django.http import HttpRequest
from django.template.base import FilterExpression, Node, NodeList, Parser, Token, token_kwargs
from django.template.context import Context
from django.template.exceptions import TemplateSyntaxError
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from kentongan.web import links

SHAPE = "{% table ROW in ROWS page=… noun=… title=… export=… %}, {% listing ROWS noun=… title=… export=… %}"
OPTIONS = ("page", "noun", "title", "export")
COLUMN_OPTIONS = ("number", "acts", "sort", "show", "each")
FORMATS = (("csv", "CSV"), ("xlsx", "Excel"))

Options = dict[str, FilterExpression]
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Column:
    """A column as the template declares it: its heading, its options, and what each row shows in it."""

    label: FilterExpression
    options: Options
    body: NodeList

    def option(self, name: str, context: Context, default: Any = None) -> Any:
        """Return the value of an option here, `default` when the template leaves it out."""
        expression = self.options.get(name)
        return default if expression is None else expression.resolve(context)


def _order(column: Column, context: Context) -> dict[str, Any]:
    """Return how a heading sorts: the link that sorts by it (turned round when it does already), and which way now.

    A list that is too long to be counted is not sorted either: `core.tables.sorted_page`.
    """
    name = column.option("sort", context)
    if not name or getattr(getattr(context.get("page"), "paginator", None), "beyond", False):
        return {}
    request: HttpRequest = context["request"]
    now = request.GET.get("sort", "")
    first, second = (f"-{name}", name) if column.option("number", context) else (name, f"-{name}")
    ways = {name: "ascending", f"-{name}": "descending"}
    return {"url": links.with_choices(request, sort=second if now == first else first), "order": ways.get(now, "none")}


class ListNode(Node):
    """What every list of rows has around it: a head, downloads, what it says when there are no rows, its pages."""

    def __init__(self, rows: FilterExpression, options: Options) -> None:
        self.rows = rows
        self.options = options
        self.body = NodeList()
        self.empty = NodeList()

    def render(self, context: Context) -> SafeString:
        """Draw the list with the component's template."""
        values = dict.fromkeys(OPTIONS) | {name: option.resolve(context) for name, option in self.options.items()}
        rows = self.rows.resolve(context, ignore_failures=True) or ()
        if values["page"] is None and isinstance(rows, Page):
            values["page"] = rows
        values |= {
            "downloads": self._downloads(values["export"], context) if rows else [],
            "empty": "" if rows else self.empty.render(context),
            "filtered": links.is_filtered(context["request"]),
            **self.contents(rows, context),
        }
        template = context.template.engine.get_template("kentongan/components/table.html")  # type: ignore[union-attr]
        with context.push(**values):
            return template.render(context)

    def contents(self, rows: Iterable[Any], context: Context) -> dict[str, Any]:
        """Return what the component's template shows of the rows."""
        shown = self.body.render(context) if rows else ""
        return {"head": "", "lines": [], "headings": [], "sorts": [], "sorted": None, "body": shown}

    def _downloads(self, export: Any, context: Context) -> list[tuple[str, str]]:
        """Return the downloads as (label, address): of this page when `export` is true, else of the address it is."""
        if not export:
            return []
        path = "" if export is True else str(export)
        return [(label, links.with_choices(context["request"], path, format=fmt)) for fmt, label in FORMATS]


class TableNode(ListNode):
    """A list whose rows are cells under headings; what stands before the first column is the head."""

    def __init__(self, names: list[str], rows: FilterExpression, options: Options) -> None:
        super().__init__(rows, options)
        self.names = names
        self.columns: list[Column] = []

    def contents(self, rows: Iterable[Any], context: Context) -> dict[str, Any]:
        """Return the head, the headings and each row's cells."""
        shown = [pair for column in self.columns for pair in self._columns(column, context)]
        headings = [self._with(each, context, partial(self._heading, column)) for column, each in shown]
        lines = list(self._lines(rows, shown, headings, context))
        head = mark_safe(self.body.render(context).strip())  # noqa: S308 - rendered, thus escaped already
        sorts = [heading for heading in headings if heading.get("url")]
        now = next((heading for heading in sorts if heading["order"] != "none"), None)
        return {"head": head, "lines": lines, "headings": headings, "sorts": sorts, "sorted": now, "body": ""}

    @staticmethod
    def _columns(column: Column, context: Context) -> Iterator[tuple[Column, dict[str, Any]]]:
        """Yield a column as often as it stands, each time with what it knows: `each` of the list that it names."""
        if not column.option("show", context, default=True):
            return
        if "each" not in column.options:
            yield column, {}
            return
        for item in column.option("each", context, default=()) or ():
            yield column, {"each": item}

    @staticmethod
    def _with(values: dict[str, Any], context: Context, draw: Callable[[Context], R]) -> R:
        if not values:  # what a cell sets, the cells after it know
            return draw(context)
        with context.push(**values):
            return draw(context)

    def _heading(self, column: Column, context: Context) -> dict[str, Any]:
        acts, number = column.option("acts", context), column.option("number", context)
        label = conditional_escape(column.label.resolve(context))
        return {"label": label, "acts": acts, "right": number or acts, **_order(column, context)}

    def _lines(
        self,
        rows: Iterable[Any],
        columns: list[tuple[Column, dict[str, Any]]],
        headings: list[dict[str, Any]],
        context: Context,
    ) -> Iterator[list[tuple[dict[str, Any], str]]]:
        """Yield the cells of each row, each with its heading; what a cell sets, the cells after it know."""
        for row in rows:
            named = {self.names[0]: row} if len(self.names) == 1 else dict(zip(self.names, row, strict=True))
            with context.push(**named):
                drawn = [self._with(each, context, column.body.render) for column, each in columns]
                cells = [mark_safe(cell.strip()) for cell in drawn]  # noqa: S308 - escaped
            yield list(zip(headings, cells, strict=True))


def _options(parser: Parser, bits: list[str], known: Iterable[str]) -> Options:
    options: Options = token_kwargs(bits, parser)
    if bits or options.keys() - set(known):
        raise TemplateSyntaxError(f"Choose from {', '.join(known)}, each with its value: {SHAPE}")
    return options


def _column(parser: Parser, token: Token, body: NodeList) -> Column:
    _tag, label, *bits = token.split_contents()
    return Column(parser.compile_filter(label), _options(parser, bits, COLUMN_OPTIONS), body)


def parse_listing(parser: Parser, token: Token) -> ListNode:
    """Read a list of any shape: its body is drawn as it is when there are rows, else what follows `{% empty %}`."""
    _tag, rows, *bits = token.split_contents()
    found = ListNode(parser.compile_filter(rows), _options(parser, bits, OPTIONS))
    found.body = parser.parse(("empty", "endlisting"))
    if parser.next_token().contents == "empty":
        found.empty = parser.parse(("endlisting",))
        parser.delete_first_token()
    return found


def parse_table(parser: Parser, token: Token) -> TableNode:
    """Read a table: its head, its columns, and after `{% empty %}` what it says when there are no rows.

    Raises:
        TemplateSyntaxError: it is not of the shape, or has no column.
    """
    bits = token.split_contents()[1:]
    if "in" not in bits[1:-1]:
        raise TemplateSyntaxError(SHAPE)
    at = bits.index("in")
    names = [name.strip() for name in " ".join(bits[:at]).split(",")]
    table = TableNode(names, parser.compile_filter(bits[at + 1]), _options(parser, bits[at + 2 :], OPTIONS))
    ends = ("column", "empty", "endtable")
    table.body = parser.parse(ends)
    part = parser.next_token()
    while part.contents != "endtable":
        body = parser.parse(ends)
        if part.contents == "empty":
            table.empty = body
        else:
            table.columns.append(_column(parser, part, body))
        part = parser.next_token()
    if not table.columns:
        raise TemplateSyntaxError(f"A table needs a column: {SHAPE}")
    return table
