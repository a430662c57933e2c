"""Bringing a file in from the command line: how it is read is shown and confirmed, then the work is watched."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

from kentongan.cli.context import confirmed, fail, print_json, say
from kentongan.core import imports, jobs
from kentongan.core.actor import Actor
from kentongan.core.imports import ImportKind, ImportRun
from kentongan.core.imports.preview import preview

TableFile = Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="CSV, XLSX or JSONL.")]
Columns = Annotated[list[str] | None, typer.Option("--column", metavar="FIELD=HEADING", help="Which column is what.")]
Rejects = Annotated[Path | None, typer.Option(help="Where rows that cannot be read go (CSV).")]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to come in: a file of a kind for a unit, with columns named by hand and the kind's own options."""

    kind: ImportKind
    unit_id: int
    file: Path
    columns: Sequence[str] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    rejects: Path | None = None


def bring(who: Actor, wanted: Wanted, question: str, *, yes: bool, as_json: bool) -> None:
    """Bring a file in once `question` is answered with yes; rejected rows are written beside it with their reasons."""
    with wanted.file.open("rb") as content:
        run = imports.upload(
            who, wanted.kind.name, wanted.unit_id, content, wanted.file.name, options=dict(wanted.options)
        )
    run.mapping = _mapping(wanted.kind, run, wanted.columns)
    _show_columns(wanted.kind, run)
    if not confirmed(question, yes=yes):
        imports.discard(who, run.pk)
        return
    job = imports.confirm(who, run.pk, run.mapping, inline=True)
    jobs.run_now(job, _tell)
    _report(run, job, wanted.rejects or wanted.file.with_suffix(f"{wanted.file.suffix}.rejects.csv"), as_json)


def _show_columns(kind: ImportKind, run: ImportRun) -> None:
    shown = preview(run, kind, dict(run.mapping), run.options.get("scores", {}))
    for view in shown.fields:
        if view.column:
            score = "" if view.score is None else f" ({view.score:.0%})"
            say(f"  {view.field.name:<12} {view.column}{score}: {' | '.join(view.examples)[:70]}")
    if shown.missing:
        names = ", ".join(str(field.label) for field in shown.missing)
        needed = shown.missing[0].name
        fail(f"No column was found for: {names}.", f"Name it: --column {needed}=HEADING (may be given several times).")


def _mapping(kind: ImportKind, run: ImportRun, columns: Sequence[str]) -> dict[str, str]:
    chosen, known = dict(run.mapping), [field.name for field in kind.fields]
    for column in columns:
        name, _, heading = column.partition("=")
        if not heading or name not in known:
            fail(f"--column {column}: this is not FIELD=HEADING.", f"Fields: {', '.join(known)}")
        chosen = {other: taken for other, taken in chosen.items() if taken != heading} | {name: heading}
    return chosen


def _tell(progress: jobs.Progress) -> None:
    if sys.stderr.isatty():
        rate = f", {progress.rate:,.0f}/s" if progress.rate else ""
        of = f" of about {progress.expected:,}" if progress.expected else ""
        print(f"\r  {progress.done:,}{of} rows{rate}   ", end="", file=sys.stderr, flush=True)


def _report(run: ImportRun, job: jobs.Job, rejects: Path, as_json: bool) -> None:
    run.refresh_from_db()
    job.refresh_from_db()
    if sys.stderr.isatty():
        print(file=sys.stderr)
    result = {
        "import": run.pk,
        "state": run.state,
        "read": run.rows_read,
        "new": run.rows_new,
        "changed": run.rows_changed,
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
            f"{run.rows_read:,} rows: {run.rows_new:,} new, {run.rows_changed:,} changed, {run.rows_same:,} already"
            f" there, {run.rows_rejected:,} rejected{f' (see {rejects})' if run.rows_rejected else ''}."
        )
    if run.state != ImportRun.State.DONE:
        fail(f"The import ended as {run.state}: {job.message}", "Run the same command again: nothing is doubled.")
