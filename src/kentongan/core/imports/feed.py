"""The rows of a run on their way in, batch by batch, each batch exactly once."""

import math
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from django.db import connection
from django.db.models import F

from kentongan.core import files
from kentongan.core.imports.checking import Checker
from kentongan.core.imports.contract import Batch, Cell, ImportKind, Told
from kentongan.core.imports.layout import Layout, Reader
from kentongan.core.imports.values import readable
from kentongan.core.jobs.progress import ClaimLost, Progress
from kentongan.core.models.imports import ImportReject, ImportRun

CELL_CHARS = 32_767  # what a cell of a spreadsheet can hold


def _plain(cell: Cell) -> Any:
    """Return a cell as JSON and a spreadsheet can hold it."""
    if isinstance(cell, str):
        return readable(cell[:CELL_CHARS])
    if isinstance(cell, datetime | date | time | timedelta) or (isinstance(cell, float) and not math.isfinite(cell)):
        return str(cell)
    # A workbook has no whole numbers: 8121234567.0 was written as 8121234567.
    return int(cell) if isinstance(cell, float) and cell.is_integer() else cell


class RunFeed:
    """The Feed of one run; it skips what is committed already."""

    def __init__(self, run: ImportRun, kind: ImportKind, progress: Progress) -> None:
        self.run, self.kind, self.progress = run, kind, progress
        layout = Layout.of(run.layout)
        self.sheets = [part.sheet[:60] for part in layout.parts]
        self.reader = Reader(files.path(run.file), layout)
        self.checker = Checker(kind, layout.columns, run.mapping)

    def batches(self, size: int = 1000) -> Iterator[Batch]:
        """Yield what has not been committed yet; raises Stopped between batches when somebody pressed Stop."""
        records = iter(self.reader)
        skipped = sum(1 for _record in islice(records, self.run.position))
        self.progress.advance(skipped)
        results = self.checker.sorted(records)
        while True:
            self.progress.check()
            batch = Batch(self.run.position)
            for record, row, reason in islice(results, size):
                batch.end = batch.end or batch.start
                batch.end += 1
                if row is None:
                    batch.rejects.append(Told(record.line, reason, record.cells, record.sheet))
                else:
                    batch.rows.append(row)
            if not batch.end:
                self.progress.total(self.run.position)
                return
            self._estimate(batch.end)
            yield batch
            if self.run.position != batch.end:
                raise RuntimeError(f"{self.kind.name} did not commit a batch.")
            self.progress.advance(batch.read)

    def _estimate(self, position: int) -> None:
        """Say how many rows there will be, judged by how much of the file they have taken so far."""
        fraction = self.reader.fraction()
        if fraction > 0:
            self.progress.total(max(position, round(position / fraction)))

    def _place(self, told: Told) -> tuple[int, int]:
        """Return where a row stands in the file: in which of its sheets, in which line."""
        return (self.sheets.index(told.sheet) if told.sheet in self.sheets else 0), told.line

    def commit(self, batch: Batch, *, new: int = 0, same: int = 0, changed: int = 0) -> None:
        """Move the run past the batch, in the transaction that writes it.

        Race: a worker that was thought dead and its successor work on the same batch; the row's position lets only
        one of the two transactions commit.
        """
        if not connection.in_atomic_block:
            raise RuntimeError("commit() belongs inside the transaction that writes the batch.")
        if new + same + changed != len(batch.rows):
            raise ValueError(f"{new} + {same} + {changed} is not {len(batch.rows)} rows.")
        moved = ImportRun.objects.filter(
            pk=self.run.pk, position=batch.start, state=ImportRun.State.RUNNING, job_id=self.progress.job.pk
        ).update(
            position=batch.end,
            rows_read=F("rows_read") + batch.read,
            rows_new=F("rows_new") + new,
            rows_same=F("rows_same") + same,
            rows_changed=F("rows_changed") + changed,
            rows_rejected=F("rows_rejected") + len(batch.rejects),
        )
        if not moved:
            raise ClaimLost
        ImportReject.objects.bulk_create(
            ImportReject(
                run_id=self.run.pk,
                sheet=told.sheet,
                line=told.line,
                reason=readable(told.reason[:300]),
                original=list(map(_plain, told.original)),
                taken=told.taken,
            )
            for told in sorted((*batch.rejects, *batch.remarks), key=self._place)
        )
        self.run.position = batch.end


def counts(run: ImportRun) -> Mapping[str, int]:
    """Return what came of a run, as plain JSON for its job."""
    return {
        "read": run.rows_read,
        "new": run.rows_new,
        "same": run.rows_same,
        "changed": run.rows_changed,
        "rejected": run.rows_rejected,
    }
