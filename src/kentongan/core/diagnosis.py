"""What is well and what is not: each finding says what was seen and, where needed, what to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import Error, connection

from kentongan.core import database
from kentongan.core.errors import KentonganError
from kentongan.core.postgres import EXTENSIONS

SILENT_SECONDS = 60
LATE_SECONDS = 600


class Level(StrEnum):
    """How much a finding matters."""

    WELL = "well"
    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    subject: str
    level: Level
    message: str
    remedy: str = ""


def well(subject: str, message: str) -> Finding:
    """Return a finding that needs nothing."""
    return Finding(subject, Level.WELL, message)


def examine_database(*, serving: bool) -> Iterator[Finding]:
    """Look into the database that runs; `serving` says that the product is up, so a worker is expected."""
    try:
        database.check()
    except KentonganError as error:
        yield Finding("database", Level.PROBLEM, str(error.message), str(error.remedy))
        return
    yield well("database", f"PostgreSQL {connection.pg_version // 10000} answers.")  # type: ignore[attr-defined]
    waiting = database.pending()
    if waiting:
        yield Finding("tables", Level.PROBLEM, f"{len(waiting)} migrations have not run.", "Run `kentongan migrate`.")
        return
    yield well("tables", "They are up to date.")
    yield _extensions()
    yield _rights()
    yield _worker(serving=serving)
    yield _jobs()


def _row(statement: str, *values: str | int) -> tuple[Any, ...]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return tuple(cursor.fetchone())


def _extensions() -> Finding:
    (present,) = _row("select array_agg(extname::text) from pg_extension")
    missing = sorted(set(EXTENSIONS) - set(present))
    if missing:
        return Finding("extensions", Level.PROBLEM, f"Missing: {', '.join(missing)}.", "Run `kentongan migrate`.")
    return well("extensions", f"{', '.join(EXTENSIONS)}.")


def _rights() -> Finding:
    superuser, may_change = _row(
        "select rolsuper, has_table_privilege(current_user, 'core_auditentry', 'update')"
        " from pg_roles where rolname = current_user"
    )
    if not superuser and not may_change:
        return well("rights", "The application's role cannot change the audit log.")
    return Finding(
        "rights",
        Level.WARNING,
        "The application signs in as " + ("a superuser." if superuser else "the role that owns the tables."),
        "Give it a role of its own: DATABASE_URL for that, DATABASE_OWNER_URL for the owner; see deploy/README.md.",
    )


def _worker(*, serving: bool) -> Finding:
    (alive,) = _row(
        "select count(*) from procrastinate_workers where last_heartbeat > now() - make_interval(secs => %s)",
        SILENT_SECONDS,
    )
    if alive:
        return well("worker", f"{alive} at work.")
    if serving:
        return Finding("worker", Level.PROBLEM, "The web server runs, but no worker.", "Start `kentongan worker`.")
    return Finding("worker", Level.NOTE, "None is at work.", "`kentongan up` or `kentongan worker` starts one.")


def _jobs() -> Finding:
    try:
        waiting, oldest = _row(
            "select count(*), coalesce(extract(epoch from now() - min(at)), 0) from procrastinate_jobs job"
            " join procrastinate_events event on event.job_id = job.id and event.type = 'deferred'"
            " where job.status = 'todo' and (job.scheduled_at is null or job.scheduled_at <= now())"
        )
    except Error as error:
        return Finding("jobs", Level.PROBLEM, f"The queue cannot be read: {error}.", "Run `kentongan migrate`.")
    if waiting and oldest > LATE_SECONDS:
        return Finding(
            "jobs",
            Level.WARNING,
            f"{waiting} wait, the oldest for {oldest / 60:.0f} minutes.",
            "Start another `kentongan worker`, or look at what the running ones do on the screen of jobs.",
        )
    return well("jobs", f"{waiting} wait.")
