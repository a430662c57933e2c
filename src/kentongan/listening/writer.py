"""From clustered posts to issue rows: what one batch changes, written set by set inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import polars as pl
import pyarrow as pa
from django.db.models import Case, Value, When

from kentongan.listening import coordination, pipeline, sketch, tally, titles, upserts
from kentongan.listening.models import Issue, IssueSample

SAMPLES = 50
READ_FOR_TITLE = 40
AGGREGATES = (
    "posts", "complaints", "judged", "reposts", "first_at", "last_at", "authors", "author_sketch", "topics", "topic",
    "title", "terms", "coordinated", "bursts",
)  # fmt: skip


def open_issues(unit_id: int, clusters: pl.DataFrame) -> dict[int, int]:
    """Create an issue for each cluster (columns cluster, first, last); return cluster to issue."""
    rows = [
        Issue(unit_id=unit_id, title="…", first_at=first, last_at=last)
        for _cluster, first, last in clusters.select("cluster", "first", "last").iter_rows()
    ]
    Issue.objects.bulk_create(rows)
    return {cluster: issue.pk for cluster, issue in zip(clusters["cluster"].to_list(), rows, strict=True)}


def add(frame: pl.DataFrame, recent: pl.DataFrame) -> None:
    """Add posts (with `issue`) to their issues: counts, districts, samples, title, topic, copy-paste bursts."""
    if frame.is_empty():
        return
    tallies = tally.by_issue(frame)
    issues = Issue.objects.select_for_update().in_bulk(list(tallies))
    chosen = tally.candidates(frame, READ_FOR_TITLE)
    words = _words(chosen)
    for pk, found in tallies.items():
        _grow(issues[pk], found, words.get(pk, ()))
    _look_for_copies(issues, pl.concat([recent, frame.select(recent.columns)]), tallies.keys())
    Issue.objects.bulk_update(issues.values(), AGGREGATES, batch_size=500)
    upserts.add_counts(tally.by_bucket(frame))
    upserts.add_districts(tally.by_district(frame))
    add_samples(chosen)


def _words(chosen: pl.DataFrame) -> dict[int, list[tuple[str, list[str]]]]:
    texts = chosen["text"].to_list()
    read: dict[int, list[tuple[str, list[str]]]] = {}
    words = pipeline.words(pa.array(texts, pa.string()))
    for issue, text, own in zip(chosen["issue"].to_list(), texts, words, strict=True):
        read.setdefault(issue, []).append((text, own))
    return read


def _grow(issue: Issue, found: tally.IssueTally, posts: Sequence[tuple[str, list[str]]]) -> None:
    """Add a tally to an issue; a title is chosen anew when the issue has doubled since."""
    if posts and not issue.titled_by_person and found.posts >= issue.posts:
        issue.title = titles.pick(posts) or posts[0][0][:110] or "…"
        issue.terms = titles.terms([own for _text, own in posts])
    issue.posts += found.posts
    issue.complaints += found.complaints
    issue.judged += found.judged
    issue.reposts += found.reposts
    issue.first_at, issue.last_at = min(issue.first_at, found.first), max(issue.last_at, found.last)
    issue.author_sketch = sketch.merge(bytes(issue.author_sketch), found.authors)
    issue.authors = sketch.count(issue.author_sketch)
    issue.topics = dict(Counter(issue.topics) + Counter(found.topics))
    issue.topic = _main(issue.topics, issue.posts)


def _main(topics: Mapping[str, int], posts: int) -> str:
    """Return the topic of at least a quarter of the posts, or ""."""
    topic, count = max(topics.items(), key=lambda item: item[1], default=("", 0))
    return topic if count * 4 >= posts else ""


def _look_for_copies(issues: Mapping[int, Issue], posts: pl.DataFrame, touched: Iterable[int]) -> None:
    near = tally.copies(posts.filter(pl.col("issue").is_in(list(touched))))
    for pk, issue in issues.items():
        found = coordination.bursts(near.get(pk, ()))
        issue.bursts = coordination.combine(issue.bursts, found)
        issue.coordinated = coordination.share(issue.bursts, issue.posts)


def add_samples(chosen: pl.DataFrame) -> None:
    """Keep posts for reading, at most SAMPLES an issue."""
    IssueSample.objects.bulk_create(
        [
            IssueSample(
                issue_id=row["issue"],
                post_id=row["id"],
                near_key=row["near"],
                created_at=row["at"],
                text=row["text"],
                platform=row["platform"][:40],
                place=row["place"] or "",
                complaint=row["complaint"],
                link=row["link"],
            )
            for row in chosen.to_dicts()
        ],
        ignore_conflicts=True,
        batch_size=1000,
    )
    upserts.trim_samples(chosen["issue"].unique().to_list(), SAMPLES)


def merge(pairs: Sequence[tuple[int, int]]) -> None:
    """Bring issues into others: (gone, kept). Counts, districts, samples, followers move; authors are not doubled."""
    if not pairs:
        return
    issues = Issue.objects.select_for_update().in_bulk([pk for pair in pairs for pk in pair])
    for gone_id, kept_id in pairs:
        _take_over(issues[kept_id], issues[gone_id])
    Issue.objects.bulk_update(issues.values(), (*AGGREGATES, "merged_into"), batch_size=500)
    Issue.objects.filter(merged_into__in=[gone for gone, _kept in pairs]).update(merged_into=_kept_of(pairs))
    upserts.move(pairs)
    upserts.trim_samples([kept for _gone, kept in pairs], SAMPLES)


def _kept_of(pairs: Sequence[tuple[int, int]]) -> Case:
    return Case(*(When(merged_into=gone, then=Value(kept)) for gone, kept in pairs))


def _take_over(kept: Issue, gone: Issue) -> None:
    kept.posts += gone.posts
    kept.complaints += gone.complaints
    kept.judged += gone.judged
    kept.reposts += gone.reposts
    kept.first_at, kept.last_at = min(kept.first_at, gone.first_at), max(kept.last_at, gone.last_at)
    kept.author_sketch = sketch.union(bytes(kept.author_sketch), bytes(gone.author_sketch))
    kept.authors = sketch.count(kept.author_sketch)
    kept.topics = dict(Counter(kept.topics) + Counter(gone.topics))
    kept.topic = _main(kept.topics, kept.posts)
    kept.bursts = coordination.combine([*kept.bursts, *gone.bursts], [])
    kept.coordinated = coordination.share(kept.bursts, kept.posts)
    gone.merged_into = kept
    gone.posts = gone.complaints = gone.judged = gone.reposts = gone.authors = 0
    gone.author_sketch, gone.topics, gone.bursts, gone.coordinated = b"", {}, [], 0.0
