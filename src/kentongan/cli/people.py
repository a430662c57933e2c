"""`kentongan people`: bring lists in, show one, find who is there twice, merge, invite to their own page."""

import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from kentongan.cli import twice
from kentongan.cli.context import (
    AsJson,
    AsUser,
    Yes,
    actor,
    confirmed,
    fail,
    group,
    print_row,
    print_rows,
    with_database,
)
from kentongan.cli.importing import Columns, Rejects, TableFile, Wanted, bring
from kentongan.core import jobs
from kentongan.core.permissions import Capability
from kentongan.registry import actions, queries
from kentongan.registry.importing.people import PeopleImport
from kentongan.registry.models import Person
from kentongan.registry.queries.invitations import WHO
from kentongan.registry.queries.invitations import Wanted as Invitees

app = group("People: import a list, show one, find who is there twice, merge, invite to their own page.")

Code = Annotated[str, typer.Argument(metavar="CODE", help="The unit's code; everybody under it is meant.")]


@app.command("invite")
@with_database
def invite(
    code: Code,
    who: Annotated[str, typer.Option(help="invited (not confirmed yet), unanswered, or all.")] = "invited",
    title: Annotated[str, typer.Option(help="Only positions with this word.")] = "",
    channel: Annotated[str, typer.Option(help="email or link; by default whichever reaches them.")] = "",
    preview: Annotated[bool, typer.Option("--preview", help="Only say how many that would be.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Give people a link of their own to see, confirm and correct what is kept about them."""
    if who not in WHO:
        fail(f"--who wants one of {', '.join(WHO)}.")
    operator = actor(as_user)
    unit = queries.unit_by_code(operator, code, Capability.ADMINISTER)
    wanted = Invitees(who, title)
    reach = queries.reach(operator, unit, wanted)
    if preview:
        print_row(asdict(reach), as_json=as_json)
        return
    if not confirmed(f"Invite {reach.by(channel):,} of {reach.people:,} people?", yes=yes):
        return
    job = jobs.run_now(actions.start_inviting(operator, unit.pk, wanted, channel=channel, inline=True), _tell)
    if job.state != jobs.Job.State.DONE:
        fail(str(job.error), str(job.remedy) or "Run the same command again: who was invited is left out.")
    print_row(job.result, as_json=as_json)


def _tell(progress: jobs.Progress) -> None:
    if sys.stderr.isatty():
        print(f"\r{progress.done:,} / {progress.expected or 0:,}", end="", file=sys.stderr)


@app.command("invitations")
@with_database
def invitations(
    code: Code,
    state: Annotated[str, typer.Option(help="made, sent, opened, answered, expired or revoked.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List invitations under a unit, newest first."""
    operator = actor(as_user)
    unit = queries.unit_by_code(operator, code, Capability.ADMINISTER)
    found = queries.invitations(operator, unit, state)[:200]
    rows = [
        {
            "id": one.pk,
            "person": one.person.full_name,
            "channel": one.channel,
            "state": one.state,
            "answered_at": one.answered_at,
        }
        for one in found
    ]
    print_rows(rows, as_json=as_json, empty="No invitation matches.")


@app.command("import")
@with_database
def import_file(
    code: Annotated[str, typer.Argument(metavar="CODE", help="The unit for which; units below it are found by name.")],
    file: TableFile,
    basis: Annotated[str, typer.Option(help="The list or letter that these records rest on, with its date.")],
    letter: Annotated[str, typer.Option(metavar="NUMBER", help="The number of the decision letter.")] = "",
    dated: Annotated[str, typer.Option(metavar="DATE", help="The date of the decision letter, 2026-11-27.")] = "",
    column: Columns = None,
    rejects: Rejects = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Bring a list of people in, as offices keep it; the same file twice changes nothing."""
    who = actor(as_user)
    unit = queries.unit_by_code(who, code, Capability.ADMINISTER)
    options = {"basis": basis, "letter_number": letter, "letter_dated": dated}
    wanted = Wanted(PeopleImport(), unit.pk, file, column or [], options, rejects)
    bring(who, wanted, f"Bring the people of {file.name} in below {unit.name}?", yes=yes, as_json=as_json)


def _row(person: Person) -> dict[str, Any]:
    positions = [f"{post.title} · {post.unit.code}" for post in person.memberships.all()]
    return {
        "id": person.pk,
        "name": person.full_name,
        "phone": person.phone,
        "email": person.email,
        "state": person.state,
        "basis": person.basis,
        "days_left": person.days_left,
        "positions": "; ".join(positions),
    }


@app.command("show")
@with_database
def show(
    person: Annotated[int, typer.Argument(help="The number of the person.")],
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Show what is kept about somebody, and what they agreed to."""
    found = queries.person(actor(as_user), person)
    print_row(_row(found) | {"agreed": ", ".join(queries.live_consents(found))}, as_json=as_json)


@app.command("duplicates")
@with_database
def duplicates(code: Code, as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List pairs who may be one person, by phone, or by name at one unit."""
    pairs = queries.likenesses(queries.unit_by_code(actor(as_user), code, Capability.ADMINISTER))
    print_rows(twice.rows(pairs), as_json=as_json, empty="Nobody seems to be on the list twice.")


@app.command("merge")
@with_database
def merge(
    keep: twice.Keep,
    gone: twice.Gone,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Make one of two people; it cannot be undone."""
    who = actor(as_user)
    twice.merge(
        who, queries.person(who, keep), queries.person(who, gone), actions.merge_people, yes=yes, as_json=as_json
    )
