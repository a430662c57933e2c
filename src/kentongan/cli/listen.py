"""`kentongan listen`: files of posts in, ranked issues out."""

import sys
from pathlib import Path
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
    print_json,
    print_table,
    say,
    with_database,
)
from kentongan.core import clock, imports, jobs
from kentongan.core.actor import Actor
from kentongan.core.imports import ImportRun
from kentongan.core.imports.preview import preview
from kentongan.core.permissions import Capability
from kentongan.listening import queries
from kentongan.listening.importing import DEFAULT_SOURCE, PostImport
from kentongan.registry import access, actions
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
    return access.get_unit(who, Capability.ANALYSE, **({"code": code} if code else {"parent": None}))


def _show_columns(run: ImportRun) -> None:
    shown = preview(run, PostImport(), dict(run.mapping), run.options.get("scores", {}))
    for view in shown.fields:
        if view.column:
            score = "" if view.score is None else f" ({view.score:.0%})"
            say(f"  {view.field.name:<12} {view.column}{score}: {' | '.join(view.examples)[:70]}")
    if shown.missing:
        names = ", ".join(str(field.label) for field in shown.missing)
        fail(f"No column was found for: {names}.", "Name it: --column text=HEADING (may be given several times).")


def _mapping(run: ImportRun, columns: list[str]) -> dict[str, str]:
    chosen = dict(run.mapping)
    for column in columns:
        field, _, heading = column.partition("=")
        if not heading or field not in {known.name for known in PostImport.fields}:
            fail(
                f"--column {column}: this is not FIELD=HEADING.",
                "Fields: " + ", ".join(f.name for f in PostImport.fields),
            )
        chosen = {name: name_of for name, name_of in chosen.items() if name_of != heading} | {field: heading}
    return chosen


def _tell(progress: jobs.Progress) -> None:
    if sys.stderr.isatty():
        rate = f", {progress.rate:,.0f}/s" if progress.rate else ""
        of = f" of about {progress.expected:,}" if progress.expected else ""
        print(f"\r  {progress.done:,}{of} rows{rate}   ", end="", file=sys.stderr, flush=True)


@app.command("import")
@with_database
def import_file(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, XLSX or JSONL.")],
    yes: Yes = False,
    column: Annotated[list[str] | None, typer.Option(metavar="FIELD=HEADING", help="Which column is what.")] = None,
    timezone: Annotated[str, typer.Option(help="Zone of times that name none; by default the unit's.")] = "",
    source: Annotated[str, typer.Option(help="Under which name the posts are listed.")] = DEFAULT_SOURCE,
    unit: Annotated[str, typer.Option(metavar="CODE", help="The unit; by default the whole organisation.")] = "",
    rejects: Annotated[Path | None, typer.Option(help="Where rows that cannot be read go (CSV).")] = None,
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
    with file.open("rb") as content:
        options = {"timezone": zone, "source": source}
        run = imports.upload(who, PostImport.name, place.pk, content, file.name, options=options)
    run.mapping = _mapping(run, column or [])
    _show_columns(run)
    if not confirmed(f"Bring {file.name} in like this, times without a zone in {zone}?", yes=yes):
        imports.discard(who, run.pk)
        return
    job = imports.confirm(who, run.pk, run.mapping, inline=True)
    jobs.run_now(job, _tell)
    _report(run, job, rejects or file.with_suffix(f"{file.suffix}.rejects.csv"), as_json)


def _report(run: ImportRun, job: jobs.Job, rejects: Path, as_json: bool) -> None:
    run.refresh_from_db()
    job.refresh_from_db()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    result = {
        "state": run.state,
        "read": run.rows_read,
        "new": run.rows_new,
        "same": run.rows_same,
        "rejected": run.rows_rejected,
        "seconds": round((job.finished_at - job.started_at).total_seconds(), 2)
        if job.finished_at and job.started_at
        else None,
        "rejects": None,
    }
    if run.rows_rejected:
        imports.write_rejects(run, rejects)
        result["rejects"] = str(rejects)
    if as_json:
        print_json(result)
    else:
        say(
            f"{run.rows_read:,} rows: {run.rows_new:,} new, {run.rows_same:,} already there,"
            f" {run.rows_rejected:,} rejected{f' (see {rejects})' if run.rows_rejected else ''}."
        )
    if run.state != ImportRun.State.DONE:
        fail(f"The import ended as {run.state}: {job.message}", "Run the same command again: nothing is doubled.")


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
