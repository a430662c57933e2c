"""The one ordered writer: registered posts to clusters to issues, each batch in one transaction under one lock.

Clusterer, counts, samples, assignments and `processed_through` are committed together, so a kill at any point leaves
everything as before the batch, and the next try does it once.
"""

from collections.abc import Mapping, Sequence

import polars as pl
import pyarrow as pa

from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.listening import pipeline, storage, tally, upserts, writer
from kentongan.listening.models import ClusterState, Issue, Segment, Tombstone
from kentongan.listening.stream_state import FRAME, StreamState, new_version

BATCH_POSTS = 20_000
# Fewer posts than this on one matter are talk, not an issue.
LEAST_POSTS = 3
# Of an issue's first posts, at least this share has a topic of the taxonomy or complains; the rest is small talk. But
# many copies of few texts are an issue whatever they say.
MATTER, LEAST_COPIES, FEW_TEXTS = 0.4, 10, 0.34
SYSTEM = Actor.system("listening.stream")
COLUMNS = (
    "id",
    "created_at",
    "author",
    "text",
    "link",
    "platform",
    "repost",
    "near_key",
    "place",
    "district",
    "topic",
    "complaint",
)

_states: dict[int, tuple[int, StreamState]] = {}


def load(row: ClusterState) -> StreamState:
    """Return the state of a unit's stream; a remembered one only if it is exactly what is stored."""
    version, state = _states.pop(row.unit_id, (None, None))
    return state if state is not None and version == row.version else StreamState.load(bytes(row.state))


def save(row: ClusterState, state: StreamState) -> None:
    """Store the state under a new version, and remember it."""
    state.trim()
    row.state, row.version = state.dump(), new_version()
    row.save()
    _states[row.unit_id] = (row.version, state)


def locked(unit_id: int) -> ClusterState:
    """Return the unit's state row; one writer at a time, everywhere."""
    storage.lock(storage.STREAM_LOCK)
    return ClusterState.objects.get_or_create(unit_id=unit_id)[0]


def catch_up(unit_id: int) -> int:
    """Process all that is registered; return how many posts."""
    total = 0
    while done := advance(SYSTEM, unit_id):
        total += done
    return total


@action("listening.stream.advance", may_do_nothing=True)
def advance(actor: Actor, unit_id: int) -> int:
    """Process the next registered segments of a unit's stream; return how many posts, 0 when there is nothing."""
    if not _waiting(unit_id, _through(unit_id)):
        return 0
    row = locked(unit_id)
    segments = _waiting(unit_id, row.processed_through)
    if not segments:
        return 0
    state = load(row)
    posts = _cluster(state, _read(segments))
    upserts.add_talk(unit_id, tally.by_talk(posts))
    _follow_merges(state)
    assigned = _assign(unit_id, state, posts)
    _register_assignments(segments, assigned)
    row.processed_through = segments[-1].pk
    save(row, state)
    return len(posts)


def _through(unit_id: int) -> int:
    return ClusterState.objects.filter(pk=unit_id).values_list("processed_through", flat=True).first() or 0


def _waiting(unit_id: int, through: int) -> list[Segment]:
    """Return the next segments in order, up to a batch."""
    found = Segment.objects.filter(unit_id=unit_id, pk__gt=through, removed_at=None).order_by("pk")[:400]
    batch: list[Segment] = []
    rows = 0
    for segment in found:
        if batch and rows + segment.rows > BATCH_POSTS:
            break
        batch.append(segment)
        rows += segment.rows
    return batch


def _read(segments: Sequence[Segment]) -> pl.DataFrame:
    """Return the posts of segments in the order of time, schema FRAME; `cluster` is still 0."""
    lake = storage.lake()
    table = pa.concat_tables([lake.read(segment.path, COLUMNS) for segment in segments])
    frame = pl.DataFrame(table).rename({"created_at": "at", "near_key": "near"})
    gone = Tombstone.objects.filter(post_id__in=frame["id"].to_list()).values_list("post_id", flat=True)
    return (
        frame.with_columns(
            pl.col("author").str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64),
            pl.lit(0, pl.Int64).alias("cluster"),
        )
        .filter(~pl.col("id").is_in(list(gone)))
        .select(FRAME.names())
        .cast(FRAME)
        .sort("at", "id")
    )


def _cluster(state: StreamState, posts: pl.DataFrame) -> pl.DataFrame:
    words = pipeline.words(posts["text"].to_arrow().cast(pa.string()))
    times = posts["at"].dt.timestamp("us").to_list()
    keys = state.clusterer.add(words, [time / 1e6 for time in times], posts["near"].to_list())
    state.pending = pl.concat([state.pending, posts.with_columns(pl.Series("cluster", keys, pl.Int64))])
    return posts


def _follow_merges(state: StreamState) -> None:
    """Let posts and issues follow their clusters; two issues become one, unless people work on the smaller."""
    merged = state.clusterer.take_merged()
    if not merged:
        return
    state.pending = state.pending.with_columns(pl.col("cluster").replace(merged))
    pairs = []
    for gone, kept in merged.items():
        issue = state.issues.pop(gone, None)
        if issue is None:
            continue
        if kept not in state.issues:
            state.issues[kept] = issue
        elif state.issues[kept] != issue:
            pairs.append((issue, state.issues[kept]))
    free = set(
        Issue.objects.filter(
            pk__in=[gone for gone, _kept in pairs], state="open", handler=None, titled_by_person=False, merged_into=None
        ).values_list("pk", flat=True)
    )
    final = _settled({gone: kept for gone, kept in pairs if gone in free}, state.issues)
    writer.merge(sorted(final.items()))
    state.recent = state.recent.with_columns(pl.col("issue").replace(final))


def _settled(pairs: Mapping[int, int], issues: dict[int, int]) -> dict[int, int]:
    """Return each pair with its last target: issues that people merged, or that go on into others, are followed."""
    targets = {*pairs.values(), *issues.values()}
    moved = dict(Issue.objects.filter(pk__in=targets, merged_into__isnull=False).values_list("pk", "merged_into_id"))

    def end(issue: int) -> int:
        seen = set()
        while issue not in seen and (issue in pairs or issue in moved):
            seen.add(issue)
            issue = pairs.get(issue, moved.get(issue, issue))
        return issue

    for cluster, issue in issues.items():
        issues[cluster] = end(issue)
    return {gone: end(kept) for gone, kept in pairs.items() if end(kept) != gone}


def _assign(unit_id: int, state: StreamState, new: pl.DataFrame) -> pl.DataFrame:
    """Move pending posts of large enough clusters into issues; return them with `issue`."""
    _settled({}, state.issues)
    state.issues |= writer.open_issues(unit_id, _matters(state))
    ready = pl.col("cluster").is_in(list(state.issues))
    assigned = state.pending.filter(ready).with_columns(
        pl.col("cluster").replace_strict(state.issues, return_dtype=pl.Int64, default=None).alias("issue")
    )
    state.pending = state.pending.filter(~ready)
    writer.add(assigned, state.recent)
    state.recent = pl.concat([state.recent, assigned.select(state.recent.columns)])
    return assigned


def _matters(state: StreamState) -> pl.DataFrame:
    """Return the clusters that become issues: cluster, first, last. Small talk goes on waiting, and is forgotten."""
    concerns = (pl.col("topic").is_not_null() | (pl.col("complaint") >= tally.COMPLAINT)).fill_null(value=False)
    posts = pl.len()
    copied = (posts >= LEAST_COPIES) & (pl.col("near").drop_nulls().n_unique() <= FEW_TEXTS * posts)
    return (
        state.pending.filter(~pl.col("cluster").is_in(list(state.issues)))
        .group_by("cluster", maintain_order=True)
        .agg(
            pl.col("at").min().alias("first"),
            pl.col("at").max().alias("last"),
            ((posts >= LEAST_POSTS) & ((concerns.mean() >= MATTER) | copied)).alias("matters"),
        )
        .filter("matters")
    )


def _register_assignments(segments: Sequence[Segment], assigned: pl.DataFrame) -> None:
    if assigned.is_empty():
        return
    path = storage.lake().append_assignments(assigned.select("id", "issue").to_arrow())
    Segment.objects.filter(pk=segments[-1].pk).update(assignments=path)
