"""The application's database: that it is there, up to date, and that the application's role may not do everything."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy

from django.conf import settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from kentongan.core.postgres import EXTENSIONS, Cluster, PostgresProblem
from kentongan.core.postgres_programs import OLDEST_MAJOR

DEFAULT = "default"
# Any number: it keeps two processes from migrating the same database at the same time.
MIGRATION_LOCK = 4_117_523_001
COMMANDS_PATIENCE = 600.0
"""Seconds that a command which started PostgreSQL waits for the commands that use it too."""

READ_ONLY = ("django_migrations", "django_content_type", "auth_permission")
APPEND_ONLY = ("core_auditentry",)


def cluster() -> Cluster | None:
    """Return our own PostgreSQL, or None when DATABASE_URL names an external one."""
    return settings.KENTONGAN_CLUSTER


@contextmanager
def as_owner() -> Iterator[BaseDatabaseWrapper]:
    """Let the default connection of this thread be the role that owns the tables."""
    application = connections[DEFAULT]
    application.close()
    owner = application.copy()
    owner.settings_dict = deepcopy(application.settings_dict) | settings.KENTONGAN_DATABASE_OWNER
    connections[DEFAULT] = owner
    try:
        yield owner
    finally:
        owner.close()
        connections[DEFAULT] = application


def pending() -> list[str]:
    """Return the migrations that have not run yet, as app.name."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def migrate(verbosity: int = 0) -> None:
    """Bring the tables up to date as their owner, then give the application's role its rights."""
    application = _current_user()
    with as_owner() as owner, owner.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(%s)", [MIGRATION_LOCK])
        _require_extensions()
        call_command("migrate", interactive=False, verbosity=verbosity)
        if application != _current_user():
            grant(application)


def _current_user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_user")
        return str(cursor.fetchone()[0])


def _require_extensions() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select extname from pg_extension")
        present = {row[0] for row in cursor.fetchall()}
        for extension in sorted(set(EXTENSIONS) - present):
            try:
                cursor.execute(f'create extension if not exists "{extension}"')
            except Exception as error:
                raise PostgresProblem(
                    f"PostgreSQL has no extension {extension} that this role may add: {error}".strip().split("\n")[0],
                    remedy=f"As its administrator: install postgresql-contrib, then CREATE EXTENSION {extension}.",
                ) from None


def grant(role: str) -> None:
    """Let `role` work with the rows of every table; of the audit log it may only read and append rows."""
    quoted = connection.ops.quote_name(role)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"grant usage on schema public to {quoted}")
        cursor.execute(f"grant select, insert, update, delete on all tables in schema public to {quoted}")
        cursor.execute(f"grant usage, select on all sequences in schema public to {quoted}")
        tables = set(connection.introspection.table_names(cursor))
        for table in tables.intersection(READ_ONLY):
            cursor.execute(f"revoke insert, update, delete on {table} from {quoted}")
        for table in tables.intersection(APPEND_ONLY):
            cursor.execute(f"revoke update, delete, truncate on {table} from {quoted}")


def check() -> None:
    """Raise PostgresProblem unless the database answers and is new enough."""
    try:
        connection.ensure_connection()
    except OperationalError as error:
        where = connection.settings_dict["HOST"] or "this machine"
        raise PostgresProblem(
            f"The database on {where} does not answer: {str(error).strip().splitlines()[-1]}.",
            remedy="Check DATABASE_URL and that PostgreSQL runs there.",
        ) from None
    if connection.pg_version < OLDEST_MAJOR * 10000:  # type: ignore[attr-defined]
        raise PostgresProblem(
            f"The database is PostgreSQL {connection.pg_version // 10000}.",  # type: ignore[attr-defined]
            remedy=f"Kentongan needs version {OLDEST_MAJOR} or newer.",
        )


@contextmanager
def running_database(*, migrated: bool = True, patience: float = COMMANDS_PATIENCE) -> Iterator[None]:
    """Have a database for as long as the block runs, up to date if `migrated`; ours is started and stopped again."""
    own = cluster()
    if own is not None:
        own.start()
    try:
        check()
        if migrated and pending():
            migrate()
        yield
    finally:
        connections.close_all()
        if own is not None:
            own.stop(patience=patience)
