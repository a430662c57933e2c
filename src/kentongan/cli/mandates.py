"""`kentongan mandates`: who must have which accounts by when, who has them, who is missing."""

from datetime import date, datetime
from typing import Annotated, Any

import typer

from kentongan.cli.context import (
    AsJson,
    AsUser,
    AtUnit,
    Yes,
    actor,
    confirmed,
    fail,
    group,
    print_json,
    print_row,
    print_rows,
    say,
    unit_at,
    with_database,
)
from kentongan.core import jobs
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import actions, counting, queries
from kentongan.registry.actions.mandates import NewMandate
from kentongan.registry.models import Mandate, Unit
from kentongan.registry.queries import mandates as reads

app = group("Mandates: who must have which accounts by when, who has them, who is missing.")

Number = Annotated[int, typer.Argument(metavar="MANDATE", help="The number that `list` shows.")]
At = Annotated[str, typer.Option("--unit", metavar="CODE", help="Look at this unit; else the highest you see.")]


def _row(given: Mandate) -> dict[str, Any]:
    return {
        "id": given.pk,
        "name": given.name,
        "unit": given.unit.code,
        "subject": given.subject,
        "platforms": ",".join(given.platforms),
        "counts": given.counts,
        "due_on": given.due_on,
        "ended_at": given.ended_at,
    }


def _line(line: reads.Line) -> dict[str, Any]:
    return {
        "code": line.unit.code,
        "unit": line.unit.name,
        "must": line.complete.total,
        "complete": line.complete.done,
        "missing": line.complete.missing,
        "change": line.complete.change,
        **{kind: share.done for kind, share in line.platforms.items()},
    }


def _at(who: Actor, given: Mandate, code: str, capability: Capability = Capability.MEASURE) -> Unit:
    unit_id = queries.unit_by_code(who, code, capability).pk if code else None
    return reads.place(who, given, unit_id, capability)


@app.command("list")
@with_database
def listed(
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended.")] = False,
    limit: Annotated[int, typer.Option(min=1, max=100_000)] = 100,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List the mandates that bind, or were given in, what you see."""
    found = reads.mandates(actor(as_user)).filter(ended_at__isnull=not ended)[:limit]
    print_rows([_row(one) for one in found], as_json=as_json, empty="No mandate yet.")


@app.command("give")
@with_database
def give(
    unit: Annotated[str, typer.Argument(metavar="CODE", help="The unit whose subtree it binds.")],
    name: Annotated[str, typer.Option(help="What the mandate is called.")],
    subject: Annotated[str, typer.Option(help="units or people.")],
    platform: Annotated[list[str], typer.Option(help="A platform, for example facebook; repeat it.")],
    due: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="The last day.")],
    counts: Annotated[str, typer.Option(help="exists, proven, connected or active.")] = "proven",
    level: Annotated[list[str] | None, typer.Option(help="Only this level, for example village; repeat it.")] = None,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind of unit; repeat it.")] = None,
    title: Annotated[list[str] | None, typer.Option(help="Only this position; repeat it.")] = None,
    letter: Annotated[str, typer.Option(help="The number of the letter it rests on.")] = "",
    letter_date: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The letter's date.")] = None,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Tell a unit's subtree which accounts to have by when."""
    who = actor(as_user)
    new = NewMandate(
        name=name,
        subject=subject,
        platforms=tuple(platform),
        due_on=due.date(),
        counts=counts,
        levels=tuple(level or ()),
        kinds=tuple(kind or ()),
        titles=tuple(title or ()),
    )
    noted = {"number": letter, "dated": _day(letter_date), "capability": Capability.INSTRUCT}
    place = queries.unit_by_code(who, unit, Capability.INSTRUCT)
    print_row(_row(actions.give_mandate(who, place.pk, new, letter=noted)), as_json=as_json)


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


@app.command("show")
@with_database
def show(number: Number, unit: At = "", as_json: AsJson = False, as_user: AsUser = "") -> None:
    """Show who keeps a mandate, at a unit and at each unit right below it."""
    who = actor(as_user)
    given = reads.mandate(who, number)
    found = reads.matrix(who, given, _at(who, given, unit))
    print_rows([_line(line) for line in (found.whole, *found.below)], as_json=as_json, empty="Nobody is bound by it.")
    if found.waiting and not as_json:
        say("Changes are still being counted.")


@app.command("missing")
@with_database
def missing(
    number: Number,
    unit: At = "",
    platform: Annotated[str, typer.Option(help="Only who lacks this one.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1_000_000)] = 100,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List by name who lacks something at a unit and below."""
    who = actor(as_user)
    given = reads.mandate(who, number)
    place = _at(who, given, unit, Capability.AUDIT)
    found = reads.missing(who, given, place, platform)[:limit]
    rows = [_bearer(given, row) for row in reads.with_held(given, found)]
    if given.of_people:
        actions.record_export(who, place.pk, len(rows), Capability.AUDIT)
    print_rows(rows, as_json=as_json, empty="Nobody lacks anything.")


def _bearer(given: Mandate, row: Any) -> dict[str, Any]:
    who = {"name": row.person.full_name, "title": row.title, "unit": row.unit.name} if given.of_people else {}
    who = who or {"code": row.code, "unit": row.name}
    return who | {kind: "yes" if getattr(row, reads.HAS + kind) else "no" for kind in given.platforms}


@app.command("remind")
@with_database
def remind(
    number: Number,
    unit: At = "",
    platform: Annotated[str, typer.Option(help="Only who lacks this one.")] = "",
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Write to everyone who lacks something at a unit and below."""
    who = actor(as_user)
    given = reads.mandate(who, number)
    place = _at(who, given, unit, Capability.INSTRUCT)
    lacking = reads.matrix(who, given, place).whole.complete.missing
    if not confirmed(f"Remind {lacking:,} at {place.name} and below?", yes=yes):
        return
    job = jobs.run_now(actions.remind(who, given.pk, place.pk, platform=platform, inline=True))
    if job.state != jobs.Job.State.DONE:
        fail(str(job.error), str(job.remedy) or "Run the same command again: nobody is reminded twice.")
    if as_json:
        print_json(job.result)
    else:
        say(f"{job.result['told']:,} messages for {job.result['missing']:,} who lack something.")


@app.command("end")
@with_database
def end(number: Number, yes: Yes = False, as_json: AsJson = False, as_user: AsUser = "") -> None:
    """End a mandate; its numbers stay as they are."""
    who = actor(as_user)
    given = reads.mandate(who, number)
    if confirmed(f"End “{given.name}”? It cannot be begun again.", yes=yes):
        print_row(_row(actions.end_mandate(who, number)), as_json=as_json)


@app.command("recount")
@with_database
def recount(unit: AtUnit = "", as_user: AsUser = "") -> None:
    """Count a part of the tree anew from its rows; only a check, for the numbers are kept by themselves."""
    who = actor(as_user)
    place = unit_at(who, unit, Capability.ADMINISTER)
    counting.mark_subtree(str(place.path))
    say(f"{counting.fold_all():,} units counted.")
