"""A kind of import for the tests: villages by code, in a table of their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection, transaction

from kentongan.core.imports import Cell, Feed, Field, ImportRun, RowError, register
from kentongan.core.imports.values import text
from kentongan.core.jobs import Progress
from kentongan.core.permissions import Capability

TABLE = """
CREATE TABLE IF NOT EXISTS test_village (code text PRIMARY KEY, name text NOT NULL, run_id bigint NOT NULL)
"""


class Villages:
    """Code and name; a code that is there already with another name is changed."""

    name = "test.villages"
    label = "Desa"
    capability = Capability.ADMINISTER
    fields: Sequence[Field] = (
        Field("code", "Kode", required=True, synonyms=("kode wilayah", "kode desa")),
        Field("name", "Nama", required=True, synonyms=("nama desa", "kelurahan")),
    )

    def check(self, values: Mapping[str, Cell]) -> tuple[str, str]:
        code = text(values["code"])
        if code.count(".") != 3:
            raise RowError(f"“{code}” is not the code of a village.")
        return code, text(values["name"])

    def apply(self, run: ImportRun, feed: Feed, progress: Progress) -> None:
        for batch in feed.batches(100):
            with transaction.atomic(), connection.cursor() as cursor:
                new = same = changed = 0
                for row in list(batch.rows):
                    code, name = row.clean
                    cursor.execute("SELECT name FROM test_village WHERE code = %s", [code])
                    found = cursor.fetchone()
                    if found is None:
                        cursor.execute("INSERT INTO test_village VALUES (%s, %s, %s)", [code, name, run.pk])
                        new += 1
                    elif found[0] == name:
                        same += 1
                    elif name == "TABRAKAN":
                        batch.reject(row, "This name collides.")
                    else:
                        cursor.execute("UPDATE test_village SET name = %s WHERE code = %s", [name, code])
                        changed += 1
                feed.commit(batch, new=new, same=same, changed=changed)
            self.after_batch(run)

    def after_batch(self, run: ImportRun) -> None:
        """A place for tests to stop, kill or fail at."""

    def undo(self, run: ImportRun, progress: Progress) -> int:
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM test_village WHERE run_id = %s", [run.pk])
            return int(cursor.rowcount)


def rows() -> dict[str, str]:
    """Return what is in the table, name by code."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT code, name FROM test_village ORDER BY code")
        return dict(cursor.fetchall())


def create_table() -> None:
    """Make the table."""
    with connection.cursor() as cursor:
        cursor.execute(TABLE)


def csv_of(count: int, first: int = 1) -> bytes:
    """Return a file of villages with headings as an office writes them."""
    lines = ["Kode Wilayah;Nama Desa;Keterangan"]
    lines += [f"32.16.20.{index:04d};Desa {index};-" for index in range(first, first + count)]
    return "\n".join(lines).encode()


def install(kind: Any = None) -> Any:
    """Register the kind."""
    return register(kind or Villages())
