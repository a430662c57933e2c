"""Many rows at once: asked for by arrays, written through PostgreSQL's COPY, changed by one statement."""

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django.db import connection
from django.db.models import NOT_PROVIDED, Field, Model

from kentongan.core import clock


def selected(statement: str, *params: Any) -> list[tuple[Any, ...]]:
    """Return what a statement selects; lists among `params` become arrays, each of any length in one parameter."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def next_ids(model: type[Model], count: int) -> list[int]:
    """Return `count` fresh numbers for rows of `model`; nobody else will get them."""
    table, column = model._meta.db_table, model._meta.pk.column
    with connection.cursor() as cursor:
        # The name is looked up once: in the list of what is selected it would be for every row.
        cursor.execute(
            "SELECT nextval(name) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) AS sequence, "
            "generate_series(1, %s)",
            [table, column, count],
        )
        return [row[0] for row in cursor.fetchall()]


def gather_index_entries() -> None:
    """Let trigram indexes take what this transaction writes in large portions instead of row by row."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL gin_pending_list_limit = '64MB'")
        cursor.execute("SET LOCAL work_mem = '64MB'")


def copy(model: type[Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows whose values stand in the order of `names` (fields of `model`); other fields get their default.

    Checks and keys of the database hold as always; what a model's `save` would do does not happen.
    """
    fields: list[Field[Any, Any]] = [model._meta.get_field(name) for name in names]  # type: ignore[misc]
    rest = [field for field in model._meta.concrete_fields if field not in fields and _needs_value(field)]
    values = tuple(_default(field) for field in rest)
    columns = ", ".join(connection.ops.quote_name(str(field.column)) for field in (*fields, *rest))
    statement = f"COPY {connection.ops.quote_name(model._meta.db_table)} ({columns}) FROM STDIN"
    with connection.cursor() as cursor, cursor.copy(statement) as stream:
        for row in rows:
            stream.write_row((*row, *values))


_json = partial(json.dumps, default=str, ensure_ascii=False)


def rewrite(rows: Sequence[Model], names: Sequence[str]) -> None:
    """Write those fields of rows that are there, by one statement however many they are.

    Checks and keys of the database hold as always; what a model's `save` would do does not happen. `bulk_update` does
    the same with a case for each field of each row, which takes ten times as long for five hundred rows.
    """
    if not rows:
        return
    model, quoted = type(rows[0]), connection.ops.quote_name
    fields: list[Field[Any, Any]] = [model._meta.get_field(name) for name in names]  # type: ignore[misc]
    table, key = quoted(model._meta.db_table), quoted(str(model._meta.pk.column))
    changes = ", ".join(f"{quoted(str(one.column))} = fresh.{quoted(str(one.column))}" for one in fields)
    values = [{one.column: getattr(row, one.attname) for one in (model._meta.pk, *fields)} for row in rows]
    fresh = f"json_populate_recordset(NULL::{table}, %s::json) AS fresh"
    statement = f"UPDATE {table} AS old SET {changes} FROM {fresh} WHERE old.{key} = fresh.{key}"  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement, [_json(values)])


def _needs_value(field: Field[Any, Any]) -> bool:
    """Whether the database would have nothing to put there by itself."""
    return not (field.primary_key or field.null or field.generated or field.db_default is not NOT_PROVIDED)


def _default(field: Field[Any, Any]) -> Any:
    if getattr(field, "auto_now_add", False) or getattr(field, "auto_now", False):
        return clock.now()
    return field.get_db_prep_save(field.get_default(), connection)
