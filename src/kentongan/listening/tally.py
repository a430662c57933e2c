"""Counting, without a database: frames of posts in, rows of counts out. Adding them up in any order gives the same."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import polars as pl

from kentongan.listening.coordination import Copy

COMPLAINT = 0.5
BUCKET = "10m"


@dataclass(slots=True)
class IssueTally:
    """What some posts add to one issue."""

    posts: int
    complaints: int
    judged: int
    reposts: int
    first: datetime
    last: datetime
    topics: dict[str, int] = field(default_factory=dict)
    authors: np.ndarray = field(default_factory=lambda: np.zeros(0, np.uint64))


def judged(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with `is_complaint` (false where nothing could be said)."""
    return frame.with_columns((pl.col("complaint") >= COMPLAINT).fill_null(value=False).alias("is_complaint"))


def by_issue(frame: pl.DataFrame) -> dict[int, IssueTally]:
    """Return what the posts of a frame (with `issue`) add to each issue."""
    frame = judged(frame)
    rows = frame.group_by("issue").agg(
        pl.len().alias("posts"),
        pl.col("is_complaint").sum().alias("complaints"),
        pl.col("complaint").is_not_null().sum().alias("judged"),
        pl.col("repost").sum().alias("reposts"),
        pl.col("at").min().alias("first"),
        pl.col("at").max().alias("last"),
        pl.col("author").alias("authors"),
    )
    tallies = {
        row["issue"]: IssueTally(
            row["posts"], row["complaints"], row["judged"], row["reposts"], row["first"], row["last"],
            authors=np.array(row["authors"], np.uint64),
        )
        for row in rows.to_dicts()
    }  # fmt: skip
    named = frame.filter(pl.col("topic").is_not_null()).group_by("issue", "topic").len()
    for issue, topic, count in named.iter_rows():
        tallies[issue].topics[topic] = count
    return tallies


def _counted(frame: pl.DataFrame, by: list[str | pl.Expr]) -> list[tuple[object, ...]]:
    grouped = judged(frame).group_by(by).agg(pl.len().alias("posts"), pl.col("is_complaint").sum().alias("complaints"))
    return grouped.sort(grouped.columns[: len(by)]).rows()


def by_bucket(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Return (issue, start of the ten minutes, posts, complaints)."""
    return _counted(frame, ["issue", pl.col("at").dt.truncate(BUCKET)])


def by_district(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Return (issue, area code, posts, complaints) of the posts that name a place."""
    return _counted(frame.filter(pl.col("district") != ""), ["issue", "district"])


def by_talk(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    """Return (hour, topic or "", district or "", posts, complaints) of all posts."""
    plain = frame.with_columns(pl.col("topic").fill_null(""), pl.col("district").fill_null(""))
    return _counted(plain, [pl.col("at").dt.truncate("1h"), "topic", "district"])


def copies(frame: pl.DataFrame) -> dict[int, list[Copy]]:
    """Return, by issue, the posts that may be copies of each other: own posts with enough words."""
    found: dict[int, list[Copy]] = defaultdict(list)
    own = frame.filter(pl.col("near").is_not_null() & ~pl.col("repost"))
    for issue, near, at, author, text in own.select("issue", "near", "at", "author", "text").iter_rows():
        found[issue].append(Copy(near, at.timestamp(), author % 2**63, text))
    return found


def candidates(frame: pl.DataFrame, most: int) -> pl.DataFrame:
    """Return the newest posts of each issue worth reading: no copies, no reposts where there is anything else."""
    return (
        frame.sort("repost", "at", descending=[False, True])
        .with_columns(pl.col("near").fill_null(pl.int_range(pl.len())).alias("same"))
        .unique(["issue", "same"], keep="first", maintain_order=True)
        .group_by("issue", maintain_order=True)
        .head(most)
        .drop("same")
    )
