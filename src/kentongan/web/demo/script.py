"""What the demo says and when, as data (script.toml); the rooms hold none of it."""

import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.registry import queries

SCOPE = "32.16"
SYSTEM = Actor.system("demo")
BASIS = "Data simulasi, bukan orang sungguhan"
FILE = Path(__file__).with_name("script.toml")

Row = Mapping[str, Any]


@cache
def _script() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def beside() -> Sequence[Row]:
    """Return the divisions and partners."""
    return list(_script()["beside"])


def accounts() -> Sequence[Row]:
    """Return the official accounts."""
    return list(_script()["accounts"])


def section(name: str) -> Row:
    """Return one part of the script by name."""
    return dict(_script()[name])


def rows(name: str) -> Sequence[Row]:
    """Return the rows of one part of the script."""
    return list(_script()[name])


def anchor() -> datetime:
    """Return the moment at which the demo was begun: its past and its future are counted from there."""
    root = queries.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    return root.created_at.astimezone(UTC)


def at(days: float, hour: float | None = None) -> datetime:
    """Return a moment `days` from the anchor; with `hour`, that hour of the day in western Indonesian time."""
    moment = anchor() + timedelta(days=days)
    if hour is None:
        return moment
    local = moment.astimezone(clock.zone(clock.Zone.WIB))
    return (local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=hour)).astimezone(UTC)


def chance(name: str) -> Random:
    """Return a generator of its own for one part of the demo, the same at every load."""
    return Random(f"demo/{name}")  # noqa: S311
