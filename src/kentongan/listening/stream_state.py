"""What the ordered writer carries from batch to batch: clusters, their issues, posts not yet in an issue."""

import secrets
from dataclasses import dataclass, field
from io import BytesIO
from zipfile import ZIP_STORED, ZipFile

import numpy as np
import polars as pl

from kentongan.listening.clustering import Clusterer

# A post as the writer sees it. `author` and `near` are 64-bit hashes; `segment` is where the lake keeps it.
FRAME = pl.Schema(
    {
        "id": pl.String(),
        "at": pl.Datetime("us", "UTC"),
        "author": pl.UInt64(),
        "near": pl.Int64(),
        "repost": pl.Boolean(),
        "district": pl.String(),
        "place": pl.String(),
        "topic": pl.String(),
        "complaint": pl.Float32(),
        "platform": pl.String(),
        "text": pl.String(),
        "link": pl.String(),
        "cluster": pl.Int64(),
    }
)
MOST_PENDING = 40_000
MOST_RECENT = 20_000


@dataclass(slots=True)
class StreamState:
    """`pending`: posts of clusters too small to be issues. `recent`: the issues' last posts, for copy-paste bursts."""

    clusterer: Clusterer = field(default_factory=Clusterer)
    issues: dict[int, int] = field(default_factory=dict)
    pending: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FRAME))
    recent: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=FRAME | {"issue": pl.Int64()}))

    def trim(self) -> None:
        """Forget what is too old to matter, by the order of arrival."""
        alive = self.clusterer.clusters.keys()
        self.pending = self.pending.filter(pl.col("cluster").is_in(list(alive))).tail(MOST_PENDING)
        self.recent = self.recent.tail(MOST_RECENT)
        self.issues = {cluster: issue for cluster, issue in self.issues.items() if cluster in alive}

    def dump(self) -> bytes:
        """Return the blob."""
        target = BytesIO()
        with ZipFile(target, "w", ZIP_STORED) as archive:
            archive.writestr("clusters", self.clusterer.dump())
            issues = BytesIO()
            np.save(issues, np.array(list(self.issues.items()), np.int64).reshape(-1, 2))
            archive.writestr("issues", issues.getvalue())
            for name, frame in (("pending", self.pending), ("recent", self.recent)):
                content = BytesIO()
                frame.write_parquet(content, compression="zstd")
                archive.writestr(name, content.getvalue())
        return target.getvalue()

    @classmethod
    def load(cls, blob: bytes) -> "StreamState":
        """Return the state whose `dump` this is; an empty blob is a fresh start."""
        if not blob:
            return cls()
        with ZipFile(BytesIO(blob)) as archive:
            return cls(
                Clusterer.load(archive.read("clusters")),
                dict(np.load(BytesIO(archive.read("issues"))).tolist()),
                pl.read_parquet(BytesIO(archive.read("pending"))),
                pl.read_parquet(BytesIO(archive.read("recent"))),
            )


def new_version() -> int:
    """Return a version that no other writer picks: a remembered state is only ever used for its own blob."""
    return secrets.randbits(62)
