"""`kentongan ledger`: what was planned to go out, and what became of it."""

from datetime import datetime
from typing import Annotated

import typer

from kentongan.cli.context import AsJson, AsUser, actor, group, print_json, print_table, with_database
from kentongan.core.errors import Invalid
from kentongan.publishing import queries
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import queries as registry

app = group("The ledger: planned = published + rejected + missed + held + unknown + recalled + to come.")

Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], metavar="YYYY-MM-DD")]
STATES = (*State.values, "to_come")


@app.command()
@with_database
def ledger(
    as_json: AsJson = False,
    state: Annotated[str, typer.Option(help="List only deliveries of this state, or `to_come`.")] = "",
    since: Day = None,
    until: Day = None,
    campaign: Annotated[int | None, typer.Option(help="Only this campaign (`kentongan plan campaigns`).")] = None,
    per: Annotated[str, typer.Option(help="One line for each day, unit or campaign.")] = "day",
    limit: Annotated[int, typer.Option(min=0, help="How many deliveries to list, newest first.")] = 50,
    as_user: AsUser = "",
) -> None:
    """Print the ledger by day, unit or campaign and in all, and the deliveries themselves."""
    if per not in queries.LINES:
        raise Invalid(f"There are no lines per {per!r}.", remedy=f"Choose one of {', '.join(queries.LINES)}.")
    if state and state not in STATES:
        raise Invalid(f"There is no state {state!r}.", remedy=f"Choose one of {', '.join(STATES)}.")
    who, organisation = actor(as_user), registry.organisation()
    wanted = queries.Filter(
        state=state,
        since=since.date() if since else None,
        until=until.date() if until else None,
        timezone=organisation.timezone if organisation else "Asia/Jakarta",
        campaign_id=campaign,
    )
    lines = queries.LINES[per](who, wanted)
    total = queries.summed(lines)
    deliveries = [_row(delivery) for delivery in queries.deliveries(who, wanted)[:limit]]
    if as_json:
        shown_lines = [{per: line.day or line.name, "id": line.key, **line.as_dict()} for line in lines]
        print_json({"ledger": total.as_dict(), f"{per}s": shown_lines, "deliveries": deliveries})
        return
    names = list(total.as_dict())
    rows = [[line.day or line.name, *line.as_dict().values()] for line in lines]
    print_table([per.upper(), *(name.upper() for name in names)], [*rows, ["all", *total.as_dict().values()]])
    if deliveries:
        print()
        shown = ("id", "due_at", "platform", "handle", "state", "title", "url")
        print_table([name.upper() for name in shown], [[row[name] for name in shown] for row in deliveries])


def _row(delivery: Delivery) -> dict[str, object]:
    return {
        "id": delivery.pk,
        "due_at": delivery.due_at.isoformat(timespec="minutes"),
        "item": delivery.item_id,
        "title": delivery.content["item_title"],
        "platform": delivery.account.platform,
        "handle": delivery.account.handle,
        "unit": delivery.unit.code,
        "state": delivery.state,
        "reason": delivery.reason,
        "published_at": delivery.published_at,
        "url": delivery.url,
    }
