"""From clustered posts to issue rows: what one batch changes, written set by set inside the caller's transaction."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import polars as pl
import pyarrow as pa
from django.db.models import Case, Value, When
from psycopg.types.json import Jsonb

from kentongan.listening import coordination, pipeline, sketch, tally, titles, upserts
from kentongan.listening.alerts import keeping
from kentongan.listening.models import Issue, IssueSample

SAMPLES = 50
READ_FOR_TITLE = 40
# A title is chosen anew when an issue grows by one part in so many at once.
GROWN = 3


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
    due = [pk for pk, found in tallies.items() if _due_for_title(issues[pk], found)]
    for pk, posts in _candidates(chosen.filter(pl.col("issue").is_in(due))).items():
        _name(issues[pk], posts)
    for pk, found in tallies.items():
        _grow(issues[pk], found)
    _look_for_copies(issues, pl.concat([recent, frame.select(recent.columns)]), tallies.keys())
    _save(issues.values())
    upserts.add_counts(tally.by_bucket(frame))
    upserts.add_districts(tally.by_district(frame))
    add_samples(chosen)


def _save(issues: Iterable[Issue]) -> None:
    upserts.set_issues(
        [
            (
                issue.pk,
                issue.posts,
                issue.complaints,
                issue.judged,
                issue.reposts,
                issue.first_at,
                issue.last_at,
                issue.authors,
                bytes(issue.author_sketch),
                Jsonb(issue.topics),
                issue.topic,
                issue.title[:160],
                Jsonb(issue.terms),
                issue.coordinated,
                Jsonb(issue.bursts),
                issue.merged_into_id,
            )
            for issue in issues
        ]
    )


def _candidates(chosen: pl.DataFrame) -> dict[int, list[titles.Candidate]]:
    words = pipeline.words(pa.array(chosen["text"].to_list(), pa.string()))
    read: dict[int, list[titles.Candidate]] = {}
    columns = chosen.select("issue", "text", "complaint", "place", "topic").iter_rows()
    for (issue, text, complaint, place, topic), own in zip(columns, words, strict=True):
        read.setdefault(issue, []).append(titles.Candidate(text, own, complaint, bool(place), topic))
    return read


def _due_for_title(issue: Issue, found: tally.IssueTally) -> bool:
    """Whether the issue has grown by so much that its first title may mislead, and no person chose one."""
    return not issue.titled_by_person and found.posts * GROWN >= issue.posts


def _name(issue: Issue, posts: Sequence[titles.Candidate]) -> None:
    issue.title = titles.pick(posts) or posts[0].text[:110] or "…"
    issue.terms = titles.terms([post.words for post in posts])


def _grow(issue: Issue, found: tally.IssueTally) -> None:
    """Add a tally to an issue."""
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
    """Bring issues into others: (gone, kept). All that hangs on them moves; authors are not doubled."""
    if not pairs:
        return
    issues = Issue.objects.select_for_update().in_bulk([pk for pair in pairs for pk in pair])
    for gone_id, kept_id in pairs:
        _take_over(issues[kept_id], issues[gone_id])
    _save(issues.values())
    Issue.objects.filter(merged_into__in=[gone for gone, _kept in pairs]).update(merged_into=_kept_of(pairs))
    upserts.move(pairs)
    keeping.follow(pairs)
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
