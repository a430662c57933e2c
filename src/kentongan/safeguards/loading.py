"""Loads the shipped rules into the tables: what is missing is added, what somebody edited is left alone."""

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.db.models import Model

FILE = Path(__file__).parent / "data" / "rules.toml"
TABLES = {
    "election": "Election",
    "stage": "Stage",
    "quiet_period": "QuietPeriod",
    "account_cap": "AccountCap",
    "content_rule": "ContentRule",
}


def read(path: Path = FILE) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of the file by table, as written there."""
    with path.open("rb") as file:
        return tomllib.load(file)


def load(model_named: Callable[[str], Any], path: Path = FILE) -> int:
    """Add missing rows and refresh rows that nobody edited; return how many rows were added or changed.

    `model_named` gives the model class of a name, so that migrations can pass their historical ones.
    """
    rows = read(path)
    written = _write(model_named("Election"), rows["election"])
    elections = dict(model_named("Election")._default_manager.values_list("code", "pk"))
    for table, name in TABLES.items():
        if table == "election":
            continue
        written += _write(model_named(name), [_linked(row, elections) for row in rows[table]])
    return written


def _linked(row: dict[str, Any], elections: dict[str, int]) -> dict[str, Any]:
    if "election" not in row:
        return row
    return {name: value for name, value in row.items() if name != "election"} | {
        "election_id": elections[row["election"]]
    }


def _write(model: Any, rows: list[dict[str, Any]]) -> int:
    present = {obj.code: obj for obj in model._default_manager.filter(code__in=[row["code"] for row in rows])}
    fresh = [model(**row) for row in rows if row["code"] not in present]
    changed = [obj for row in rows if (obj := present.get(row["code"])) and obj.edited_at is None and _apply(obj, row)]
    model._default_manager.bulk_create(fresh)
    if changed:
        columns = {name for row in rows for name in row} - {"code"}
        model._default_manager.bulk_update(changed, sorted(columns))
    return len(fresh) + len(changed)


def _apply(obj: Model, row: dict[str, Any]) -> bool:
    before = {name: getattr(obj, name) for name in row}
    for name, value in row.items():
        setattr(obj, name, value)
    return before != row
