"""Where platforms take reports of impostors, as dated data with its source."""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

DATA = Path(__file__).with_name("reporting.toml")


@dataclass(frozen=True, slots=True)
class Desk:
    """Where to report; `confirmed` says whether the page itself was opened when it was written down."""

    platform: str
    url: str
    source: str
    checked: date
    confirmed: bool


@cache
def _desks() -> dict[str, Desk]:
    rows = tomllib.loads(DATA.read_text(encoding="utf-8"))["desk"]
    return {row["platform"]: Desk(**row) for row in rows}


def desk(platform: str) -> Desk | None:
    """Return where a platform takes reports; None where nothing is known with a source."""
    return _desks().get(platform)


def desks() -> list[Desk]:
    """Return all that is known."""
    return list(_desks().values())
