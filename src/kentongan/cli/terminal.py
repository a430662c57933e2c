"""The terminal: output for people and for programs, questions, errors in two sentences. Needs no models."""

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, NoReturn

import typer
from django.utils import translation

AsUser = Annotated[str, typer.Option("--as", metavar="EMAIL", help="Act with the rights of this user.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


def group(text: str) -> typer.Typer:
    """Return an empty command group with our manners; a group of one command is that command."""
    return typer.Typer(
        help=text,
        no_args_is_help=False,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )


def speak_the_users_language() -> None:
    """Let messages of the product be in the language of the terminal: Indonesian, or else English."""
    wanted = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    translation.activate("id" if wanted.lower().startswith("id") else "en")


def fail(message: str, remedy: str = "", *, code: int = 1) -> NoReturn:
    """Print what happened and what to do, and exit."""
    print(f"kentongan: {message}", file=sys.stderr)
    if remedy:
        print(f"  {remedy}", file=sys.stderr)
    sys.exit(code)


def say(text: str) -> None:
    """Print one line for the person who watches, beside the command's result."""
    print(text, file=sys.stderr, flush=True)


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value)


def print_json(value: Any) -> None:
    """Print `value` as JSON; dates in ISO 8601."""
    print(json.dumps(value, ensure_ascii=False, indent=2, default=_plain))


def _is_number(cell: str) -> bool:
    return cell == "–" or cell.lstrip("-").replace(".", "").replace(",", "").isdigit()


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table in plain text; numbers to the right, None as a dash."""
    body = [["–" if cell is None else str(cell) for cell in row] for row in rows]
    columns = range(len(headings))
    numeric = [all(_is_number(row[column]) for row in body) for column in columns]
    table = [list(headings), *body]
    widths = [max(len(row[column]) for row in table) for column in columns]
    for row in table:
        cells = (cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(row, widths, numeric, strict=True))
        print("  ".join(cells).rstrip())


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, empty: str) -> None:
    """Print objects of one shape: a JSON list, else a table, else `empty` beside the (empty) result."""
    if as_json:
        print_json(rows)
    elif rows:
        print_table([name.upper() for name in rows[0]], [list(row.values()) for row in rows])
    else:
        say(empty)


def print_row(row: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one object: a JSON object, else a table of one line."""
    if as_json:
        print_json(row)
    else:
        print_rows([row], as_json=False, empty="")


def confirmed(question: str, *, yes: bool) -> bool:
    """Ask before something is done, unless `--yes` was given; without a terminal the answer is no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        fail("This needs a yes, and there is nobody to ask.", "Give --yes.", code=2)
    return typer.confirm(question)
