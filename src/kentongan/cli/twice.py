"""What commands about records that may be there twice share: the pairs as rows, and a merge that asks first."""

from collections.abc import Callable, Iterable
from typing import Annotated, Any, Protocol

import typer

from kentongan.cli.context import confirmed, print_row
from kentongan.core.actor import Actor
from kentongan.registry.actions.keeping import Merged

Keep = Annotated[int, typer.Argument(help="The number of the record that stays.")]
Gone = Annotated[int, typer.Argument(help="The number of the record that is removed.")]


class Pair(Protocol):
    """Two records who may be one, and why."""

    @property
    def one(self) -> Any:
        """The record that was there first."""

    @property
    def other(self) -> Any:
        """The later one."""

    @property
    def why(self) -> str:
        """By what they are alike, behind a figure that sorts."""


def rows(pairs: Iterable[Pair]) -> list[dict[str, Any]]:
    """Return pairs as they are printed."""
    return [
        {"why": one.why[1:], "one": one.one.pk, "name": str(one.one), "other": one.other.pk, "its_name": str(one.other)}
        for one in pairs
    ]


def merge(
    who: Actor,
    keep: Any,
    gone: Any,
    action: Callable[[Actor, int, int], Merged],
    *,
    yes: bool,
    as_json: bool,
) -> None:
    """Make one of two records once that is confirmed, and say how much moved."""
    if not confirmed(f"Give all of {gone} ({gone.pk}) to {keep} ({keep.pk}) and remove {gone}?", yes=yes):
        return
    merged = action(who, keep.pk, gone.pk)
    counts = {"moved": sum(merged.moved.values()), "dropped": sum(merged.dropped.values())}
    print_row({"kept": keep.pk, **counts}, as_json=as_json)
