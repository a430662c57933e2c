"""`kentongan units`: the organisation's tree: load a template, list, add, and change it as the law does."""

import sys
from datetime import datetime
from typing import Annotated, Any

import typer

from kentongan.cli.context import (
    AsJson,
    AsUser,
    Yes,
    actor,
    confirmed,
    fail,
    group,
    print_json,
    print_row,
    print_rows,
    print_table,
    say,
    with_database,
)
from kentongan.core import jobs
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import actions, queries, trees
from kentongan.registry.models import Unit, UnitChange

app = group("The organisation's tree: load a template, list, rename, move, merge, split, close, undo.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The unit's code, present or former.")]
Basis = Annotated[str, typer.Option(help="The law or letter it rests on, with its date.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"])]


def _unit(who: Actor, code: str, capability: Capability = Capability.ADMINISTER) -> Unit:
    return queries.unit_by_code(who, code, capability)


def _row(unit: Unit) -> dict[str, Any]:
    return {
        "id": unit.pk,
        "code": unit.code,
        "level": unit.level,
        "kind": unit.kind,
        "name": unit.name,
        "closed_at": unit.closed_at,
    }


def _change(change: UnitChange) -> dict[str, Any]:
    return {
        "id": change.pk,
        "kind": change.kind,
        "unit": change.unit.code,
        "other": change.other.code if change.other else None,
        "before": change.before,
        "after": change.after,
        "basis": change.basis,
        "made_at": change.made_at,
        "undone_at": change.undone_at,
    }


def _labels(given: list[str]) -> dict[str, str]:
    pairs = [text.partition("=") for text in given]
    if any(not level or not label for level, _sign, label in pairs):
        fail("--label wants LEVEL=LABEL.", "For example: --label province=DPW")
    return {level: label for level, _sign, label in pairs}


@app.command("load")
@with_database
def load(
    template: Annotated[str, typer.Option(help="party, commission, ministry or regency; by default yours.")] = "",
    scope: Annotated[str, typer.Option(metavar="AREA", help="Only this area, for example 32.16; else all.")] = "",
    down_to: Annotated[str, typer.Option(metavar="LEVEL", help="The lowest level, for example district.")] = "",
    label: Annotated[list[str] | None, typer.Option(metavar="LEVEL=LABEL", help="What you call a level.")] = None,
    starts: Day = None,
    ends: Day = None,
    preview: Annotated[bool, typer.Option("--preview", help="Only say what would be made.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Make the units of a template from the areas of the country; those that are there stay as they are."""
    who = actor(as_user)
    wanted = trees.Wanted(
        template=template or _own_template(),
        scope=scope,
        down_to=down_to,
        labels=_labels(label or []) or None,
        starts_on=starts.date() if starts else None,
        ends_on=ends.date() if ends else None,
    )
    tiers = queries.tree_preview(who, wanted)
    if not as_json or not yes:
        _show(tiers, wanted, as_json=as_json and preview)
    new = sum(tier.new for tier in tiers)
    if preview or (new and not confirmed(f"Make {new:,} units?", yes=yes)):
        return
    job = jobs.run_now(actions.load_tree(who, wanted, inline=True), _tell)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    if job.state != jobs.Job.State.DONE:
        fail(str(job.error), str(job.remedy) or "Run the same command again: what was made stays.")
    if as_json:
        print_json(job.result)
    else:
        say(f"{job.result['made']:,} units made, {job.result['there']:,} were there.")


def _own_template() -> str:
    organisation = queries.organisation()
    if organisation is None:
        raise NotFound(
            "This installation has no organisation yet.", remedy="Make yours with `kentongan organisation found`."
        )
    return organisation.kind


def _show(tiers: list[queries.TierPreview], wanted: trees.Wanted, *, as_json: bool) -> None:
    if as_json:
        print_json([{"level": t.level, "label": t.label, "new": t.new, "there": t.there} for t in tiers])
        return
    rows = [(t.level, t.label, f"{t.new:,}", f"{t.there:,}", "; ".join(t.examples)) for t in tiers]
    print_table(["LEVEL", "LABEL", "NEW", "THERE", "FOR EXAMPLE"], rows)
    if left := wanted.without_term():
        say(f"Without --starts and --ends, {' and '.join(left)} are left out: they are temporary.")


def _tell(progress: jobs.Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r  {progress.done:,} of {progress.expected or 0:,} units   ", end="", file=sys.stderr, flush=True)


@app.command("list")
@with_database
def listed(
    search: Annotated[str, typer.Argument(help="A part of a name or code, present or former.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List the units you see."""
    rows = [_row(unit) for unit in queries.units(actor(as_user), search)[:limit]]
    print_rows(rows, as_json=as_json, empty="No unit matches.")


@app.command("history")
@with_database
def history(code: Code, as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List the changes of a unit, newest first."""
    who = actor(as_user)
    rows = [_change(change) for change in queries.changes(who, _unit(who, code, Capability.VIEW))]
    print_rows(rows, as_json=as_json, empty="This unit was never changed.")


@app.command("rename")
@with_database
def rename(
    code: Code,
    name: Annotated[str, typer.Option(help="The new name.")] = "",
    new_code: Annotated[str, typer.Option(help="The new code.")] = "",
    label: Annotated[str, typer.Option(help="What its level is called.")] = "",
    basis: Basis = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Give a unit another name, code or label; the old ones still find it."""
    who = actor(as_user)
    change = actions.rename_unit(who, _unit(who, code).pk, name=name, code=new_code, label=label, basis=basis)
    print_row(_change(change), as_json=as_json)


@app.command("move")
@with_database
def move(
    code: Code,
    under: Annotated[str, typer.Option(metavar="CODE", help="The unit below which it goes.")],
    basis: Basis = "",
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Put a unit, with all below it, below another one."""
    who = actor(as_user)
    unit, parent = _unit(who, code), _unit(who, under)
    if confirmed(f"Move {unit.name}{_with(unit)} below {parent.name}?", yes=yes):
        print_row(_change(actions.move_unit(who, unit.pk, parent.pk, basis=basis)), as_json=as_json)


@app.command("merge")
@with_database
def merge(
    code: Code,
    into: Annotated[str, typer.Option(metavar="CODE", help="The unit that takes over.")],
    basis: Basis = "",
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Give all that a unit holds to another one and close it."""
    who = actor(as_user)
    unit, other = _unit(who, code), _unit(who, into)
    if confirmed(f"Merge {unit.name}{_with(unit)} into {other.name}?", yes=yes):
        print_row(_change(actions.merge_unit(who, unit.pk, other.pk, basis=basis)), as_json=as_json)


@app.command("split")
@with_database
def split(
    code: Code,
    new_code: Annotated[str, typer.Option(help="The code of the new unit.")],
    name: Annotated[str, typer.Option(help="The name of the new unit.")],
    child: Annotated[list[str], typer.Option(metavar="CODE", help="A unit below that goes along; repeat it.")],
    basis: Basis = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Make a new unit beside this one and give it some of the units below this one."""
    who = actor(as_user)
    children = [_unit(who, one).pk for one in child]
    change = actions.split_unit(who, _unit(who, code).pk, code=new_code, name=name, children=children, basis=basis)
    print_row(_change(change), as_json=as_json)


@app.command("close")
@with_database
def close(code: Code, basis: Basis = "", as_json: AsJson = False, as_user: AsUser = "") -> None:
    """Close a unit that works no longer."""
    who = actor(as_user)
    print_row(_change(actions.close_unit(who, _unit(who, code).pk, basis=basis)), as_json=as_json)


@app.command("undo")
@with_database
def undo(
    change: Annotated[int, typer.Argument(metavar="CHANGE", help="The number that `history` shows.")],
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Take a change back."""
    print_row(_change(actions.undo_change(actor(as_user), change)), as_json=as_json)


def _with(unit: Unit) -> str:
    held = queries.holdings(unit)
    carried = f"{held.below:,} units, {held.positions:,} positions, {held.official:,} official accounts"
    return f" (with {carried}, {held.roles:,} roles)"
