"""`kentongan gather`: plan a meeting, list meetings, write down what came of one."""

from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from django.utils import timezone

from kentongan.cli.context import AsJson, AsUser, actor, group, print_row, print_rows, with_database
from kentongan.core.permissions import Capability
from kentongan.gatherings import actions, queries
from kentongan.gatherings.models import Gathering
from kentongan.registry import access as registry

app = group("Meetings: plan, list, record.")


def _row(found: Gathering) -> dict[str, Any]:
    return {
        "id": found.pk,
        "starts_at": found.starts_at,
        "state": found.state,
        "place": found.place,
        "title": found.title,
    }


@app.command("plan")
@with_database
def plan(
    title: str,
    place: Annotated[str, typer.Option(help="Where.")],
    starts: Annotated[datetime, typer.Option(formats=["%Y-%m-%dT%H:%M"], help="When, in the zone of the unit.")],
    unit: Annotated[str, typer.Option(metavar="CODE", help="The unit that invites.")],
    hours: Annotated[float, typer.Option(min=0.25, max=72, help="How long.")] = 2,
    issue: Annotated[int | None, typer.Option(help="The issue it grew from.")] = None,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Plan a meeting, on its own or from an issue."""
    who = actor(as_user)
    found = registry.get_unit(who, Capability.GATHER, code=unit)
    begins = timezone.make_aware(starts, queries.zone_of(found))
    wanted = actions.Plan(title, place, begins, begins + timedelta(hours=hours))
    print_row(_row(actions.plan_gathering(who, found.pk, wanted, issue_id=issue)), as_json=as_json)


@app.command("list")
@with_database
def listed(
    show: Annotated[str, typer.Option(help="past, cancelled, or nothing for those to come.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List meetings."""
    rows = [_row(found) for found in queries.listed(actor(as_user), show)[:200]]
    print_rows(rows, as_json=as_json, empty="No gatherings here.")


@app.command("record")
@with_database
def record(
    gathering: int,
    note: Annotated[str, typer.Option(help="What came of it.")],
    follow_up: Annotated[str, typer.Option(help="Who does what by when.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Write down what came of a meeting; it then counts as held."""
    found = actions.record_held(actor(as_user), gathering, note=note, follow_up=follow_up)
    print_row(_row(found), as_json=as_json)
