"""Posts that leave: a whole import that is taken back, or single posts that were deleted."""

from collections.abc import Sequence
from datetime import timedelta

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F, Sum

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.listening import storage, tally, upserts, writer
from kentongan.listening.actions.stream import COLUMNS, load, locked, save
from kentongan.listening.alerts import keeping
from kentongan.listening.models import Issue, IssueCount, IssueDistrict, IssueSample, Segment, Source, Tombstone
from kentongan.listening.stream_state import FRAME, StreamState

# A file is deleted no earlier than this after it was written or read for the last time.
GRACE = timedelta(hours=1)
RESET = {
    "posts": 0,
    "complaints": 0,
    "judged": 0,
    "reposts": 0,
    "authors": 0,
    "author_sketch": b"",
    "topics": {},
    "coordinated": 0.0,
    "bursts": [],
}


def _frame(posts: pl.DataFrame) -> pl.DataFrame:
    return (
        posts.rename({"created_at": "at", "near_key": "near"})
        .with_columns(
            pl.col("author").str.slice(0, 16).str.to_integer(base=16, dtype=pl.UInt64),
            pl.lit(0, pl.Int64).alias("cluster"),
        )
        .select(FRAME.names())
        .cast(FRAME)
    )


def _assignments(unit_id: int) -> pl.DataFrame:
    """Return which post is in which issue (id, issue, since), issues that were merged resolved, the latest word last.

    `since` is the segment with which it was decided: a post that was taken out and came in again is not where it was.
    """
    files = dict(
        Segment.objects.filter(unit_id=unit_id).exclude(assignments="").order_by("pk").values_list("assignments", "pk")
    )
    merged = dict(Issue.objects.filter(unit_id=unit_id, merged_into__isnull=False).values_list("pk", "merged_into_id"))
    frame = storage.lake().assignments(files)
    return frame.with_columns(pl.col("issue").replace(merged)).unique("id", keep="last", maintain_order=True)


def _members(unit_id: int, issue_ids: Sequence[int]) -> pl.DataFrame:
    """Return the posts of issues (schema FRAME and `issue`) that are in the lake and not deleted."""
    members = _assignments(unit_id).filter(pl.col("issue").is_in(list(issue_ids)))
    segments = dict(Segment.objects.filter(unit_id=unit_id, removed_at=None).values_list("path", "pk"))
    gone = list(Tombstone.objects.filter(unit_id=unit_id).values_list("post_id", flat=True))
    wanted = pl.col("id").is_in(members["id"].to_list()) & ~pl.col("id").is_in(gone)
    posts = storage.lake().scan(segments).filter(wanted).select(*COLUMNS, "segment").collect()
    current = posts.select("id", "segment").join(members, on="id").filter(pl.col("since") >= pl.col("segment"))
    return _frame(posts).join(current.select("id", "issue"), on="id")


def _rebuild(unit_id: int, issue_ids: Sequence[int], state: StreamState) -> None:
    """Count issues anew from the lake; those without posts go."""
    Issue.objects.filter(pk__in=issue_ids).update(**RESET)
    for table in (IssueCount, IssueDistrict, IssueSample):
        table.objects.filter(issue__in=issue_ids).delete()
    frame = _members(unit_id, issue_ids)
    spans = frame.group_by("issue").agg(pl.col("at").min().alias("first"), pl.col("at").max().alias("last"))
    Issue.objects.bulk_update(
        [Issue(pk=pk, first_at=first, last_at=last) for pk, first, last in spans.iter_rows()], ("first_at", "last_at")
    )
    writer.add(frame, state.recent.clear())
    empty = list(Issue.objects.filter(pk__in=issue_ids, posts=0).values_list("pk", flat=True))
    keeping.let_go(empty)
    Issue.objects.filter(merged_into__in=empty).delete()
    Issue.objects.filter(pk__in=empty).delete()
    dead = [cluster for cluster, issue in state.issues.items() if issue in set(empty)]
    state.clusterer.remove(dead)
    state.issues = {cluster: issue for cluster, issue in state.issues.items() if issue not in set(empty)}


def _let_go(state: StreamState, ids: Sequence[str]) -> None:
    """Take posts out of what the writer carries on, from where they would become samples."""
    others = ~pl.col("id").is_in(list(ids))
    state.pending, state.recent = state.pending.filter(others), state.recent.filter(others)


def take_out(unit_id: int, ids: Sequence[str], *, counted: pl.DataFrame | None = None) -> None:
    """Undo what posts did to counts and issues; `counted` are their rows if the lake no longer shows them.

    What they did to the clusters' centroids stays: words, without authors, that later posts outweigh.
    """
    row = locked(unit_id)
    state = load(row)
    if counted is None:
        live = Segment.objects.filter(unit_id=unit_id, removed_at=None, pk__lte=row.processed_through)
        posts = storage.lake().scan(dict(live.values_list("path", "pk"))).filter(pl.col("id").is_in(list(ids)))
        counted = _frame(posts.select(COLUMNS).collect())
    upserts.take_talk(unit_id, tally.by_talk(counted))
    wanted = set(ids)
    members = _assignments(unit_id)
    touched = members.filter(pl.col("id").is_in(list(wanted)))["issue"].unique().to_list()
    _let_go(state, ids)
    if touched:
        _rebuild(unit_id, touched, state)
    save(row, state)


@action("listening.posts.remove", may_do_nothing=True)
def remove_run(actor: Actor, run_id: int) -> int:
    """Take back what an import brought in and nothing else; return how many posts. Safe to repeat."""
    storage.lock(storage.APPEND_LOCK)
    segments = list(Segment.objects.filter(import_run_id=run_id, removed_at=None).select_related("source"))
    if not segments:
        return 0
    unit_id = segments[0].unit_id
    row = locked(unit_id)
    lake = storage.lake()
    all_ids = pa.concat_tables([lake.read(segment.path, ["id"]) for segment in segments])["id"].to_pylist()
    counted = [segment for segment in segments if segment.pk <= row.processed_through]
    Segment.objects.filter(pk__in=[segment.pk for segment in segments]).update(removed_at=clock.now())
    for source_id, rows in (
        Segment.objects.filter(pk__in=[segment.pk for segment in segments])
        .values_list("source")
        .annotate(n=Sum("rows"))
    ):
        Source.objects.filter(pk=source_id).update(posts=F("posts") - rows)
    frame = _frame(pl.DataFrame(pa.concat_tables([lake.read(s.path, COLUMNS) for s in counted]))) if counted else None
    take_out(unit_id, all_ids, counted=frame if frame is not None else pl.DataFrame(schema=FRAME))
    audit.record(actor, segments[0].source, after={"removed": len(all_ids), "import": run_id})
    return len(all_ids)


def bury(actor: Actor, about: Source | Issue, ids: Sequence[str], reason: str) -> int:
    """Hide posts from every read at once, as part of an action; return how many of them were in the lake and seen."""
    lake = set(_live_ids(about.unit_id, ids))
    known = set(Tombstone.objects.filter(post_id__in=lake).values_list("post_id", flat=True))
    fresh = [one for one in dict.fromkeys(ids) if one in lake and one not in known]
    if not fresh:
        return 0
    locked(about.unit_id)  # the writer holds this when it comes to the samples
    Tombstone.objects.bulk_create(
        [Tombstone(post_id=one, unit_id=about.unit_id, reason=reason[:200]) for one in fresh], ignore_conflicts=True
    )
    IssueSample.objects.filter(post_id__in=fresh, issue__unit=about.unit_id).delete()
    take_out(about.unit_id, fresh)
    audit.record(actor, about, after={"deleted posts": len(fresh)}, note=reason[:300])
    return len(fresh)


def _live_ids(unit_id: int, ids: Sequence[str]) -> list[str]:
    """Return those ids that a file of the unit holds."""
    files = dict(Segment.objects.filter(unit_id=unit_id, removed_at=None).values_list("path", "pk"))
    found = storage.lake().scan(files).filter(pl.col("id").is_in(list(ids))).select("id").collect()
    return [str(one) for one in found["id"].to_list()]


@action("listening.posts.purge", may_do_nothing=True)
def purge(actor: Actor) -> int:
    """Write files anew without the posts that were deleted since the last time; return how many files.

    The files that were written anew are out of use then: `sweep` deletes them.
    """
    storage.lock(storage.APPEND_LOCK)
    buried = Tombstone.objects.filter(purged_at=None)
    gone = list(buried.values_list("post_id", flat=True))
    lake, handled = storage.lake(), 0
    for segment in _holding(gone):
        table = lake.read(segment.path)
        kept = table.filter(pc.invert(pc.is_in(table["id"], value_set=pa.array(gone))))
        before = segment.path
        if len(kept):
            segment.path, segment.size = lake.append(segment.day, kept)
            segment.rows = len(kept)
            segment.save(update_fields=["path", "size", "rows"])
        else:
            segment.removed_at = clock.now()
            segment.save(update_fields=["removed_at"])
        audit.record(actor, segment.source, after={"purged": len(table) - len(kept)}, note=before)
        handled += 1
    buried.filter(post_id__in=gone).update(purged_at=clock.now())
    return handled


def _holding(ids: Sequence[str]) -> list[Segment]:
    """Return the live segments that hold any of these posts."""
    if not ids:
        return []
    segments = {segment.path: segment for segment in Segment.objects.filter(removed_at=None).select_related("source")}
    lake = storage.lake()
    wanted = pa.array(list(ids))
    return [
        segment
        for path, segment in segments.items()
        if pc.any(pc.is_in(lake.read(path, ["id"])["id"], value_set=wanted)).as_py()
    ]


@action("listening.posts.expire", may_do_nothing=True)
def expire(actor: Actor) -> int:
    """Take the days out of use that their source keeps no longer; issues keep their counts; return how many files."""
    limited = Source.objects.filter(retention_days__isnull=False).select_related("unit")
    return sum(_expire(actor, source) for source in limited)


def _expire(actor: Actor, source: Source) -> int:
    old = source.segments.filter(removed_at=None, day__lt=source.kept_from)
    if not old.exists():
        return 0
    row = locked(source.unit_id)
    segments = list(old.select_for_update(of=("self",)))
    if not segments:
        return 0
    lake = storage.lake()
    ids = pa.concat_tables([lake.read(segment.path, ["id"]) for segment in segments])["id"].to_pylist()
    IssueSample.objects.filter(post_id__in=ids, issue__unit=source.unit_id).delete()
    state = load(row)
    _let_go(state, ids)
    save(row, state)
    old.filter(pk__in=[one.pk for one in segments]).update(removed_at=clock.now())
    audit.record(actor, source, after={"no longer kept": sum(one.rows for one in segments)})
    return len(segments)


def sweep() -> int:
    """Delete the files that nothing registers, an hour after they were written; return how many.

    Written, but not yet registered: a transaction may be about to. In use a moment ago: a reader may be in it.
    """
    registered = set(Segment.objects.filter(removed_at=None).values_list("path", flat=True))
    registered |= set(Segment.objects.exclude(assignments="").values_list("assignments", flat=True))
    return storage.lake().sweep(registered, before=clock.now() - GRACE)
