"""The lake: append-only Parquet files by day, the only home of posts. A file that is not registered does not exist.

A file is written under a new name, forced to disk, and only then registered in PostgreSQL, in the transaction that
moves everything else; so a crash at any point leaves at most a file that nobody reads.
"""

import os
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import fs

from kentongan.core.ids import public_id
from kentongan.listening.posts import TIME

POSTS = pa.schema(
    [
        pa.field("id", pa.string(), nullable=False),
        pa.field("created_at", TIME, nullable=False),
        pa.field("author", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("lang", pa.string()),
        pa.field("link", pa.string()),
        pa.field("platform", pa.string(), nullable=False),
        pa.field("links", pa.list_(pa.int64())),
        pa.field("repost", pa.bool_()),
        pa.field("near_key", pa.int64()),
        pa.field("place", pa.string()),
        pa.field("place_score", pa.float32()),
        pa.field("place_others", pa.list_(pa.string())),
        pa.field("district", pa.string()),
        pa.field("topic", pa.string()),
        pa.field("complaint", pa.float32()),
        pa.field("sentiment", pa.int8()),
        pa.field("likes", pa.int64()),
        pa.field("shares", pa.int64()),
    ]
)
ASSIGNMENTS = pa.schema([pa.field("id", pa.string()), pa.field("issue", pa.int64())])


class Lake:
    """The files under one folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self._files = fs.SubTreeFileSystem(str(root), fs.LocalFileSystem())

    def _write(self, table: pa.Table, folder: str) -> tuple[str, int]:
        path = f"{folder}/{public_id(20)}.parquet"
        target = self.root / path
        made = not target.parent.is_dir()
        target.parent.mkdir(parents=True, exist_ok=True)
        part = f"{path}.part"
        pq.write_table(table, part, filesystem=self._files, compression="zstd")
        _force(self.root / part)
        (self.root / part).rename(target)
        _force(target.parent)
        if made:
            _force(self.root)
        return path, target.stat().st_size

    def append(self, day: date, posts: pa.Table) -> tuple[str, int]:
        """Write the posts of one day (schema POSTS); return the file's name and size in bytes."""
        return self._write(posts.select(POSTS.names).cast(POSTS), f"day={day.isoformat()}")

    def append_assignments(self, assignments: pa.Table) -> str:
        """Write which post went to which issue; return the file's name."""
        return self._write(assignments.cast(ASSIGNMENTS), "assignments")[0]

    def read(self, path: str, columns: Sequence[str] | None = None) -> pa.Table:
        """Return one file, or some of its columns."""
        return pq.read_table(
            path, filesystem=self._files, columns=list(columns) if columns else None, partitioning=None
        )

    def scan(self, files: Mapping[str, int]) -> pl.LazyFrame:
        """Return many files (name to segment) as one lazy frame with a column `segment`."""
        frames = [
            pl.scan_parquet(self.root / path, hive_partitioning=False).with_columns(
                pl.lit(segment, pl.Int64).alias("segment")
            )
            for path, segment in files.items()
        ]
        empty = pl.DataFrame(POSTS.empty_table()).with_columns(pl.lit(0, pl.Int64).alias("segment"))
        return pl.concat(frames) if frames else empty.lazy()

    def assignments(self, files: Mapping[str, int]) -> pl.DataFrame:
        """Return id, issue and `since` from many files of assignments (name to segment), in their order."""
        frames = [
            pl.read_parquet(self.root / path, hive_partitioning=False).with_columns(
                pl.lit(since, pl.Int64).alias("since")
            )
            for path, since in files.items()
        ]
        return (
            pl.concat(frames)
            if frames
            else pl.DataFrame(schema={"id": pl.String, "issue": pl.Int64, "since": pl.Int64})
        )

    def sweep(self, registered: Collection[str], before: datetime) -> int:
        """Delete the files that are not `registered` and were written before that moment; return how many."""
        old = [
            path
            for path in self.root.glob("*/*")
            if path.relative_to(self.root).as_posix() not in registered and path.stat().st_mtime < before.timestamp()
        ]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)


def _force(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
