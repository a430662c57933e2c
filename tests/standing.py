"""The named cast, built once for many tests: it stands in a transaction that is open around theirs.

Each test's own transaction is a savepoint within, so that all it does is undone and the cast stands again. Tests that
really commit, or want another organisation, end it first. See `pytest_runtest_setup` in conftest.py.
"""

from collections.abc import Callable

import pytest
from django.db import connection, transaction

from kentongan.registry.models import Organisation

KINDS = {"cast": Organisation.Kind.REGENCY.value, "party": Organisation.Kind.PARTY.value}


def wanted(item: pytest.Item) -> str | None:
    """Return the kind of organisation that may stand already when this test begins; None where it builds its own."""
    mark = item.get_closest_marker("django_db")
    names = set(getattr(item, "fixturenames", ()))
    if (mark is not None and mark.kwargs.get("transaction")) or names & {"transactional_db", "live_server"}:
        return None
    kinds = [KINDS[name] for name in KINDS if name in names]
    return kinds[0] if len(kinds) == 1 else None


class Standing:
    """The transaction in which a cast stands, if any, and of which kind."""

    def __init__(self) -> None:
        self.ready = False  # whether there is a database yet
        self.kind: str | None = None
        self._around: transaction.Atomic | None = None

    def change(self, kind: str | None, build: Callable[[str], object]) -> None:
        """Let the cast of that kind stand, or none; nothing before there is a database."""
        if not self.ready:
            return
        if kind is None or kind != self.kind or self._broken():
            self._end()
        if kind is not None and self._around is None:
            self._around = transaction.atomic()
            self._around._from_testcase = True  # type: ignore[attr-defined]  # as Django marks those of its own tests
            self._around.__enter__()
            try:
                build(kind)
            except BaseException:
                self._end()
                raise
            connection.run_on_commit.clear()
            self.kind = kind

    @staticmethod
    def _broken() -> bool:
        lost = connection.connection is None or connection.closed_in_transaction or not connection.in_atomic_block
        return lost or connection.needs_rollback

    def _end(self) -> None:
        around, self._around, self.kind = self._around, None, None
        if around is None:
            return
        if connection.in_atomic_block:
            transaction.set_rollback(True)
        around.__exit__(None, None, None)
