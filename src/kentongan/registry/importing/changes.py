"""Values that a list changes in records that are there: written, and set back, by one statement a table."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from kentongan.core.copying import selected

# By table: its columns that a list may change, with their types.
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "person": {"full_name": "text", "phone": "text", "email": "text"},
    "membership": {"starts_on": "date", "ends_on": "date"},
}
OWNER: Mapping[str, str] = {"person": "id", "membership": "person_id"}
Kept = Sequence[Any]
"""A change as it is kept: table, id, column, before, after; days as text."""


def plain(value: Any) -> Any:
    """Return a value as JSON holds it."""
    return value.isoformat() if isinstance(value, date) else value


def exchange(table: str, changes: Sequence[Kept], *, back: bool = False) -> set[int]:
    """Set what was `before` to `after` (`back`: the other way); return the people whose records were written.

    A row that is not as expected in one of its columns stays as it is in all of them: somebody else wrote it.
    """
    rows: dict[int, dict[str, tuple[Any, Any]]] = {}
    for kind, pk, column, before, after in changes:
        if kind == table:
            first, _last = rows.setdefault(pk, {}).get(column, (before, after))
            rows[pk][column] = (first, after)
    if not rows:
        return set()
    arrays = _arrays(COLUMNS[table], [*rows.values()], back=back)
    return {person_id for (person_id,) in selected(_statement(table), [*rows], *arrays)}


def _arrays(
    columns: Mapping[str, str], rows: Sequence[Mapping[str, tuple[Any, Any]]], *, back: bool
) -> list[list[Any]]:
    """Return three lists a column: whether a row has it, what it must be now, what it becomes."""
    arrays: list[list[Any]] = []
    for column in columns:
        pairs = [row.get(column, (None, None))[:: -1 if back else 1] for row in rows]
        arrays += [[column in row for row in rows], [now for now, _then in pairs], [then for _now, then in pairs]]
    return arrays


def _statement(table: str) -> str:
    columns = COLUMNS[table]
    sets = ", ".join(f"{name} = CASE WHEN new.has_{name} THEN new.{name}_then ELSE t.{name} END" for name in columns)
    same = " AND ".join(f"(NOT new.has_{name} OR t.{name} IS NOT DISTINCT FROM new.{name}_now)" for name in columns)
    arrays = ", ".join(f"%s::bool[], %s::{kind}[], %s::{kind}[]" for kind in columns.values())
    names = ", ".join(f"has_{name}, {name}_now, {name}_then" for name in columns)
    return (
        f"UPDATE registry_{table} t SET {sets} FROM unnest(%s::bigint[], {arrays}) AS new (id, {names}) "  # noqa: S608
        f"WHERE t.id = new.id AND {same} RETURNING t.{OWNER[table]}"
    )
