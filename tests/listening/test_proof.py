"""The proof: one ordinary day of real posts becomes ranked issues, each post in the lake exactly once."""

from pathlib import Path

import pytest

from kentongan.core import imports, jobs
from kentongan.core.imports import ImportRun
from kentongan.listening import queries, storage
from kentongan.listening.models import Issue, IssueCount, Segment, TalkCount

POSTS = 5230


@pytest.fixture
def jakarta(shared_data: Path) -> Path:
    path = shared_data / "may_ship" / "jakarta_one_day" / "posts.csv"
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


def bring_in(cast, path: Path) -> ImportRun:
    actor = cast.actor("sari")
    with path.open("rb") as file:
        run = imports.upload(actor, "listening.posts", cast.root.pk, file, path.name)
    job = imports.confirm(actor, run.pk, inline=True)
    jobs.run_now(job)
    run.refresh_from_db()
    return run


def ids_in_lake() -> list[str]:
    lake = storage.lake()
    paths = Segment.objects.filter(removed_at=None).values_list("path", flat=True)
    return [post for path in paths for post in lake.read(path, ["id"])["id"].to_pylist()]


def test_every_post_is_in_the_lake_once_and_issues_are_ranked(cast, jakarta, django_assert_max_num_queries):
    run = bring_in(cast, jakarta)

    assert (run.rows_read, run.rows_new, run.rows_same, run.rows_rejected) == (POSTS, POSTS, 0, 0)
    ids = ids_in_lake()
    assert len(ids) == len(set(ids)) == POSTS
    assert sum(TalkCount.objects.values_list("posts", flat=True)) == POSTS

    with django_assert_max_num_queries(20):
        board = queries.board(cast.actor("sari"), queries.Filters())
    assert board.period.key == "all"
    assert board.posts == POSTS
    assert 40 < board.page.paginator.count < 600
    ranks = [row.rank for row in board.page]
    assert ranks == list(range(1, len(ranks) + 1))
    assert all(row.volume >= 3 for row in board.page)
    # Nothing that a person would not write as a title: no links, no names, no bag of terms.
    titles = [row.issue.title for row in board.page]
    assert not [title for title in titles if "http" in title or "@" in title or len(title.split()) < 2]
    assert not board.apart, "an ordinary day holds no copy-paste burst"
    assert not Issue.objects.exclude(bursts=[]).exists()


def test_counts_add_up(cast, jakarta):
    bring_in(cast, jakarta)
    for issue in Issue.objects.filter(merged_into=None).prefetch_related("counts")[:50]:
        assert sum(count.posts for count in issue.counts.all()) == issue.posts
        assert sum(count.complaints for count in issue.counts.all()) == issue.complaints
        assert issue.authors <= issue.posts


def test_the_same_file_twice_adds_nothing(cast, jakarta):
    bring_in(cast, jakarta)
    before = sum(IssueCount.objects.values_list("posts", flat=True))
    again = bring_in(cast, jakarta)
    assert (again.rows_new, again.rows_same) == (0, POSTS)
    assert len(ids_in_lake()) == POSTS
    assert sum(IssueCount.objects.values_list("posts", flat=True)) == before


def test_undo_takes_everything_back(cast, jakarta):
    run = bring_in(cast, jakarta)
    jobs.run_now(imports.undo(cast.actor("sari"), run.pk, inline=True))
    run.refresh_from_db()
    assert run.rows_undone == POSTS
    assert ids_in_lake() == []
    assert not Issue.objects.exists()
    assert not TalkCount.objects.filter(posts__gt=0).exists()
    assert bring_in(cast, jakarta).rows_new == POSTS
