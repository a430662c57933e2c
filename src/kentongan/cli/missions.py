"""`kentongan instruct`: give an instruction down the tree, see who answered, answer; and share missions."""

import uuid
from datetime import timedelta
from typing import Annotated, Any

import typer

from kentongan.cli.context import (
    AsJson,
    AsUser,
    Yes,
    actor,
    confirmed,
    group,
    print_row,
    print_rows,
    say,
    with_database,
)
from kentongan.core import clock
from kentongan.core.permissions import Capability
from kentongan.missions import access
from kentongan.missions.actions import instructions as actions
from kentongan.missions.actions import missions as mission_actions
from kentongan.missions.models import Audience, Evidence, Instruction
from kentongan.missions.queries import instructions as queries
from kentongan.missions.queries import missions as mission_queries
from kentongan.registry import access as registry

app = group("Instructions with receipts, and share missions.")
STATES = ("total", "pending", "delivered", "seen", "done", "declined")
Unit = Annotated[str, typer.Option(metavar="CODE", help="The unit that gives it.")]
Scope = Annotated[str, typer.Option(metavar="CODE", help="To all under this unit; by default the one that gives it.")]
Hours = Annotated[int, typer.Option(min=1, max=8760, help="Due in so many hours.")]


def _counts(shares: queries.Shares) -> dict[str, int]:
    return {state: getattr(shares, state) for state in STATES}


def _row(found: Instruction, shares: queries.Shares) -> dict[str, Any]:
    return {"id": found.pk, "title": found.title, "state": found.state, "due_at": found.due_at} | _counts(shares)


@app.command("give")
@with_database
def give(
    title: str,
    text: Annotated[str, typer.Option(help="What is to be done.")],
    unit: Unit,
    scope: Scope = "",
    hours: Hours = 72,
    people: Annotated[bool, typer.Option("--people", help="People answer, rather than units.")] = False,
    only_title: Annotated[str, typer.Option(help="Only people with this title, such as Ketua.")] = "",
    level: Annotated[str, typer.Option(help="Only units of this level, such as village.")] = "",
    evidence: Annotated[Evidence, typer.Option(help="What recipients show.")] = Evidence.NONE,
    issue: Annotated[int | None, typer.Option(help="The issue it is about.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Give an instruction: says how many would receive it, then sends it."""
    who = actor(as_user)
    giver = registry.get_unit(who, Capability.INSTRUCT, code=unit)
    below = registry.get_unit(who, Capability.INSTRUCT, code=scope) if scope else giver
    draft = actions.draft(
        who,
        actions.Order(
            unit_id=giver.pk,
            scope_id=below.pk,
            title=title,
            text=text,
            due_at=clock.now() + timedelta(hours=hours),
            form_key=uuid.uuid4(),
            audience=Audience.PEOPLE if people else Audience.UNITS,
            level=level,
            title_filter=only_title,
            evidence=evidence,
            issue_id=issue,
        ),
    )
    count = queries.preview(draft).recipients
    if not confirmed(f"Send to {count} recipients?", yes=yes):
        say(f"Kept as a draft: {draft.pk}")
        return
    sent = actions.send(who, draft.pk)
    print_row(_row(sent, queries.shares_of(who, [sent]).get(sent.pk, queries.Shares())), as_json=as_json)


@app.command("list")
@with_database
def listed(as_json: AsJson = False, as_user: AsUser = "", limit: Annotated[int, typer.Option(min=1)] = 50) -> None:
    """List the instructions with their receipts."""
    who = actor(as_user)
    found = list(queries.listed(who)[:limit])
    shares = queries.shares_of(who, found)
    rows = [_row(one, shares.get(one.pk, queries.Shares())) for one in found]
    print_rows(rows, as_json=as_json, empty="No instructions here.")


@app.command("board")
@with_database
def board(
    instruction: int,
    unit: Annotated[str, typer.Option(metavar="CODE", help="Seen from this unit.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Show the shares of each branch, the slowest first."""
    who = actor(as_user)
    found = access.instruction(who, instruction)
    unit_id = registry.get_unit(who, Capability.MEASURE, code=unit).pk if unit else None
    seen = queries.board(who, found, queries.node(who, found, unit_id))
    lines = [(seen.node, seen.total), *((branch.unit, branch.shares) for branch in seen.branches)]
    rows = [{"code": node.code, "unit": node.name} | _counts(shares) for node, shares in lines]
    print_rows(rows, as_json=as_json, empty="No receipts here.")


@app.command("mine")
@with_database
def mine(as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List what waits for an answer of that user."""
    rows = [
        {"receipt": row.pk, "title": row.instruction.title, "for": str(row.person or row.unit), "state": row.state}
        for row in queries.waiting_for(actor(as_user))[:200]
    ]
    print_rows(rows, as_json=as_json, empty="Nothing waits for an answer.")


@app.command("answer")
@with_database
def answer(
    receipt: int,
    note: str = "",
    link: str = "",
    decline: Annotated[str, typer.Option(metavar="REASON", help="It cannot be done, and why.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Answer an instruction: done, or declined with a reason."""
    given = actions.Answer(done=not decline, note=note, link=link, reason=decline)
    found = actions.answer(actor(as_user), receipt, given)
    print_row({"receipt": found.pk, "state": found.state, "answered_at": found.answered_at}, as_json=as_json)


@app.command("mission")
@with_database
def mission(
    title: str,
    text: Annotated[str, typer.Option(help="What it is about.")],
    unit: Unit,
    link: Annotated[str, typer.Option(help="The link to share.")] = "",
    starter: Annotated[list[str] | None, typer.Option(help="A way to begin; repeat it.")] = None,
    hours: Hours = 48,
    item: Annotated[int | None, typer.Option(help="The content item it carries further.")] = None,
    yes: Yes = False,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Make a share mission: says how many agreed to be invited, then invites them."""
    who = actor(as_user)
    giver = registry.get_unit(who, Capability.INSTRUCT, code=unit)
    wanted = mission_actions.Request(
        unit_id=giver.pk,
        scope_id=giver.pk,
        title=title,
        text=text,
        closes_at=clock.now() + timedelta(hours=hours),
        form_key=uuid.uuid4(),
        starters=tuple(starter or ()),
        link=link,
        item_id=item,
    )
    draft = mission_actions.draft(who, wanted)
    if not confirmed(f"Invite {mission_queries.preview(draft).invited} people who agreed to it?", yes=yes):
        say(f"Kept as a draft: {draft.pk}")
        return
    opened = mission_actions.open_mission(who, draft.pk)
    counts = mission_queries.counts_of([opened])[opened.pk]
    row = {"id": opened.pk, "title": opened.title, "state": opened.state, "invited": counts.invited}
    print_row(row, as_json=as_json)
