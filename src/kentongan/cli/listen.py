"""`kentongan listen`: files of posts in, ranked issues out."""

from dataclasses import asdict
from typing import Annotated

import typer

from kentongan.channels import registry as channels
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
from kentongan.listening import actions as listening
from kentongan.listening import opening, queries, reading
from kentongan.listening.importing import DEFAULT_SOURCE, PostImport
from kentongan.listening.models import Source
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
    found = [_source(one) for one in queries.sources(actor(as_user))]
    if as_json:
        print_json(found)
        return
    print_table(
        ["id", "source", "kind", "posts", "well", "next", "trouble"],
        [
            (r["id"], r["name"], r["kind"], r["posts"], r["healthy"], r["due_at"], r["last_error"] or None)
            for r in found
        ],
    )


def _source(one: Source) -> dict[str, object]:
    names = ("name", "kind", "state", "posts", "healthy", "last_error", "last_read_at", "last_post_at", "due_at")
    return {"id": one.pk} | {name: getattr(one, name) for name in names}


@app.command("ways")
def ways(as_json: AsJson = False) -> None:
    """List the kinds of sources that are read by themselves, for `listen add`."""
    found = [
        {
            "kind": kind,
            "label": f"{channel.manifest.label}: {one.way.label}",
            "asks": str(one.way.asks),
            "needs": one.way.needs,
        }
        for kind, (channel, one) in channels.listeners().items()
    ]
    if as_json:
        print_json(found)
    else:
        print_table(["kind", "what", "query", "needs"], [tuple(row.values()) for row in found])


@app.command("add")
@with_database
def add(
    kind: Annotated[str, typer.Argument(help="As `kentongan listen ways` names it: website.feed; or folder, or form.")],
    query: Annotated[str, typer.Argument(help="What it looks for: an address, a hashtag, words.")] = "",
    name: Annotated[str, typer.Option(help="Under which name it is listed; by default what it looks for.")] = "",
    server: Annotated[str, typer.Option(help="The server's address, where the kind needs one.")] = "",
    account: Annotated[int | None, typer.Option(help="The id of a connected account, where it needs one.")] = None,
    every: Annotated[int, typer.Option(min=1, help="Minutes between two readings.")] = 15,
    keep: Annotated[int | None, typer.Option(min=1, help="Days that posts are kept; by default without end.")] = None,
    unit: Annotated[str, typer.Option(metavar="CODE", help="The unit; by default the whole organisation.")] = "",
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Add a source that is read by itself from now on."""
    who = actor(as_user)
    place = _unit(who, unit)
    pace = listening.Pace(every, keep)
    new = listening.NewSource(kind, name or query[:120] or kind, query, server, account, pace)
    source = opening.open_any(who, place.pk, new)
    brought = {"entrance": opening.entrance(who, source.pk)} if kind in opening.BROUGHT else {}
    if as_json:
        print_json(_source(source) | brought)
    elif brought:
        say(f"Added source {source.pk}: {source.name}. Posts are brought to {brought['entrance']}")
    else:
        say(f"Added source {source.pk}: {source.name}. `kentongan listen read {source.pk}` reads it now.")


@app.command("read")
@with_database
def read(
    source: Annotated[int, typer.Argument(help="The source's id, as `kentongan listen sources` lists it.")],
    as_json: AsJson = False,
    as_user: AsUser = "",
) -> None:
    """Read a source now, and bring the issues up to date."""
    counts = reading.read_now(actor(as_user), source)
    if as_json:
        print_json(asdict(counts))
    else:
        say(f"{counts.added:,} new, {counts.duplicates:,} already there, {counts.rejected:,} not usable.")
