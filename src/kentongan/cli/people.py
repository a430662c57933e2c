"""`kentongan people`: invite people to their own page, and see what became of it."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

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
from kentongan.core import jobs
from kentongan.core.permissions import Capability
from kentongan.registry import actions, queries
from kentongan.registry.queries.invitations import WHO, Wanted

app = group("People: invite them to their own page, and see what became of it.")

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
    wanted = Wanted(who, title)
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
