"""Locks by name between all processes that share the database: for a transaction, or for work outside of any."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def until_commit(name: str) -> None:
    """Take the lock of that name, waiting for who holds it, and keep it until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Hold the lock of that name for as long as the block runs, waiting for who holds it.

    It belongs to the database session, so it goes with the connection of a process that is killed. The block should end
    by itself in less than a minute: nobody is told that they wait.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
