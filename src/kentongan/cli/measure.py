"""`kentongan measure`: what reached people, beside the period before."""

from typing import Annotated, Any

import typer

from kentongan.cli.context import AsJson, AsUser, actor, group, print_json, print_table, with_database
from kentongan.insights import queries
from kentongan.insights.models import METRICS

app = group("What the published content reached. A number that was not reported is shown as –, never as 0.")


def _row(label: str, sums: queries.Sums) -> dict[str, Any]:
    counted = {name: getattr(sums, name) for name in METRICS}
    return {"name": label, "posts": sums.posts, "reported": sums.reported, "silent": sums.silent} | counted


@app.command()
@with_database
def measure(
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days back from now.")] = 7,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Print what was gained in the last days, in all and by platform."""
    found = queries.reach(actor(as_user), queries.last_days(days))
    rows = [_row("all", found.sums), *(_row(row.label, row.sums) for row in found.platforms)]
    if as_json:
        print_json(
            {"start": found.period.start, "end": found.period.end, "before": _row("all", found.before), "rows": rows}
        )
        return
    print_table(
        [name.upper() for name in rows[0]],
        [["–" if value is None else value for value in row.values()] for row in rows],
    )
