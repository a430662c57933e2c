"""`kentongan listen`: files of posts in, ranked issues out."""

from typing import Annotated

import typer

from kentongan.cli.context import (
    AsJson,
    AsUser,
    Yes,
    actor,
    fail,
    group,
    print_json,
    print_table,
    say,
    unit_at,
    with_database,
)
from kentongan.cli.importing import Columns, Rejects, TableFile, Wanted, bring
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening import queries
from kentongan.listening.importing import DEFAULT_SOURCE, PostImport
from kentongan.registry import actions
from kentongan.registry import queries as registry
from kentongan.registry.models import Organisation, Unit

app = group("Bring posts in, and see what people talk about.")

Period = Annotated[str, typer.Option(help="24h, 7d, 30d or all.")]


def _unit(who: Actor, code: str) -> Unit:
    """Return the unit that the posts belong to; a script on a new installation gets a plain organisation."""
    if registry.root() is None and who.is_system:
        actions.found_organisation(
            who,
            name="Organisasi",
            short_name="Organisasi",
            kind=Organisation.Kind.MINISTRY,
            area_code="",
            level=Unit.Level.NATION,
        )
        say("This installation had no organisation: a plain one was made (`kentongan organisation` changes it).")
    return unit_at(who, code, Capability.ANALYSE)


@app.command("import")
@with_database
def import_file(
    file: TableFile,
    yes: Yes = False,
    column: Columns = None,
    timezone: Annotated[str, typer.Option(help="Zone of times that name none; by default the unit's.")] = "",
    source: Annotated[str, typer.Option(help="Under which name the posts are listed.")] = DEFAULT_SOURCE,
    unit: Annotated[str, typer.Option(metavar="CODE", help="The unit; by default the whole organisation.")] = "",
    rejects: Rejects = None,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Bring the posts of a file in; posts that are there already are not doubled."""
    who = actor(as_user)
    place = _unit(who, unit)
    zone = timezone or place.timezone
    try:
        clock.zone(zone)
    except (KeyError, ValueError):
        fail(f"There is no time zone {zone}.", "Try Asia/Jakarta, Asia/Makassar, Asia/Jayapura or UTC.")
    options = {"timezone": zone, "source": source}
    wanted = Wanted(PostImport(), place.pk, file, column or [], options, rejects)
    bring(who, wanted, f"Bring {file.name} in like this, times without a zone in {zone}?", yes=yes, as_json=as_json)


@app.command("issues")
@with_database
def issues(
    period: Period = "",
    topic: Annotated[str, typer.Option(help="Only this topic (its key).")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 50,
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """List the issues by rank; those that look coordinated come last, without a rank."""
    who = actor(as_user)
    if period not in {"", *dict(queries.PERIODS)}:
        fail(f"There is no period {period}.", "Choose 24h, 7d, 30d or all.", code=2)
    own, apart = queries.ranked(who, queries.Filters(period, topic), queries.period_of(who, period))
    rows = [*own[:limit], *apart]
    if as_json:
        print_json([_row(row) for row in rows])
        return
    print_table(
        ["rank", "posts", "complaints", "topic", "title"],
        [
            (row.rank, row.volume, None if row.complaint_share is None else f"{row.complaint_share:.0%}",
             row.issue.topic or None, row.issue.title)
            for row in rows
        ],
    )  # fmt: skip


def _row(row: queries.IssueRow) -> dict[str, object]:
    return {
        "rank": row.rank,
        "id": row.issue.pk,
        "title": row.issue.title,
        "posts": row.volume,
        "topic": row.issue.topic or None,
        "complaint_share": None if row.complaint_share is None else round(row.complaint_share, 3),
        "growth": None if row.growth is None else round(row.growth, 2),
        "authors": row.issue.authors,
        "coordinated": round(row.issue.coordinated, 3),
        "first_at": row.issue.first_at,
        "last_at": row.issue.last_at,
        "state": row.issue.state,
    }


@app.command("sources")
@with_database
def sources(as_json: AsJson = False, as_user: AsUser = "") -> None:
    """List where posts come from, and whether that works."""
    found = [
        {
            "name": one.name, "kind": one.kind, "posts": one.posts, "healthy": one.healthy,
            "last_read_at": one.last_read_at, "last_post_at": one.last_post_at,
        }
        for one in queries.sources(actor(as_user))
    ]  # fmt: skip
    if as_json:
        print_json(found)
    else:
        print_table(
            ["source", "kind", "posts", "well"],
            [(r["name"], r["kind"], r["posts"], r["healthy"]) for r in found],
        )
