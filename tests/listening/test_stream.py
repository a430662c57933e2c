"""The ordered writer: nothing is lost and nothing counted twice, whatever is killed and whatever is repeated."""

import signal
from datetime import timedelta

import pytest
from django.db.models import Sum

from kentongan.core import clock
from kentongan.core.errors import NotAllowed
from kentongan.listening import actions, queries
from kentongan.listening.actions import stream
from kentongan.listening.models import ClusterState, Issue, IssueSample, Segment, Source, TalkCount, Tombstone
from kentongan.listening.posts import RawPost
from listening_texts import CARDS, POTHOLE

TEXTS = (*POTHOLE, *CARDS)
COPIED = "Dukung penuh program Bekasi Maju demi warga yang sejahtera dan mandiri #BekasiMaju"


def counted() -> int:
    return TalkCount.objects.aggregate(n=Sum("posts"))["n"] or 0


def in_issues() -> int:
    return Issue.objects.aggregate(n=Sum("posts"))["n"] or 0


@pytest.mark.django_db
def test_complaints_become_issues_with_topic_place_and_title(talk):
    talk(*TEXTS)
    roads, cards = Issue.objects.order_by("-posts")
    assert (roads.topic, cards.topic) == ("roads", "population")
    assert (roads.posts, cards.posts) == (5, 3)
    assert roads.complaint_share > 0.7
    assert roads.authors == 5
    assert roads.districts.get().area_code == "32.16.20"
    assert cards.districts.get().area_code == "32.16.07"


@pytest.mark.django_db
def test_the_same_posts_again_add_nothing(talk):
    at = clock.now()
    assert talk(*TEXTS, at=at) == actions.Counts(8, 0, 0)
    assert talk(*TEXTS, at=at) == actions.Counts(0, 8, 0)
    assert counted() == 8


@pytest.mark.django_db
def test_a_post_with_an_id_of_its_platform_is_one_post_however_its_time_is_read(cast, source):
    now = clock.now()
    post = RawPost("77", now, "a", "Banjir lagi di Babelan", platform="x")
    again = RawPost("77", now - timedelta(hours=7), "a", "Banjir lagi di Babelan", platform="x")
    assert actions.ingest(cast.actor("sari"), source, [post, post, again]) == actions.Counts(1, 2, 0)
    assert actions.ingest(cast.actor("sari"), source, [again]) == actions.Counts(0, 1, 0)


@pytest.mark.django_db
def test_posts_without_words_or_from_the_future_are_rejected(cast, source):
    now = clock.now()
    posts = [RawPost(None, now, "a", "  "), RawPost(None, now + timedelta(days=3), "a", "besok banjir")]
    assert actions.ingest(cast.actor("sari"), source, posts) == actions.Counts(0, 0, 2)


@pytest.mark.django_db
def test_an_editor_brings_nothing_in(cast, source):
    with pytest.raises(NotAllowed):
        actions.ingest(cast.actor("dewi"), source, [RawPost(None, clock.now(), "a", "banjir")])
    assert not Segment.objects.exists()


@pytest.mark.django_db
def test_many_copies_within_minutes_are_ranked_apart(cast, talk):
    at = clock.now() - timedelta(hours=2)
    talk(
        *(
            f"Dukung penuh program Bekasi Maju demi warga yang sejahtera dan mandiri #BekasiMaju {n % 3}"
            for n in range(38)
        ),
        at=at,
        step=timedelta(seconds=18),
    )
    talk(*POTHOLE)
    board = queries.board(cast.actor("sari"), queries.Filters("7d"))
    (apart,) = board.apart
    assert apart.rank is None
    assert apart.issue.coordinated > 0.9
    assert apart.issue.bursts[0]["authors"] >= 30
    assert [row.issue.topic for row in board.page] == ["roads"]


@pytest.mark.django_db
def test_the_same_copies_over_days_are_no_burst(talk):
    talk(
        *(COPIED for _n in range(30)),
        step=timedelta(hours=4),
    )
    assert not Issue.objects.exclude(bursts=[]).exists()


@pytest.mark.django_db
def test_small_talk_is_counted_and_is_no_issue(talk):
    talk(
        *(f"Sarapan nasi uduk semur jengkol bareng sahabat lama, nikmat {more}" for more in ("sekali", "pol", "bener"))
    )
    assert counted() == 3
    assert not Issue.objects.exists()


@pytest.mark.django_db
def test_two_issues_that_people_merge_stay_one(cast, talk):
    talk(*TEXTS)
    roads, cards = Issue.objects.order_by("-posts")
    kept = actions.merge(cast.actor("sari"), cards.pk, roads.pk)
    assert (kept.pk, kept.posts, kept.authors) == (roads.pk, 8, 8)
    assert sum(kept.counts.values_list("posts", flat=True)) == 8
    talk(*CARDS, at=clock.now() + timedelta(minutes=30))
    kept.refresh_from_db()
    assert kept.posts == 11


@pytest.mark.django_db
def test_a_post_that_is_taken_out_is_gone_from_counts_samples_search_and_file(cast, talk):
    talk(*POTHOLE)
    sample = IssueSample.objects.order_by("pk").first()
    actions.forget_post(cast.actor("sari"), sample.pk, "Diminta penulisnya")
    assert (Issue.objects.get().posts, counted(), IssueSample.objects.count()) == (4, 4, 4)
    today = clock.now().date()
    found, total = queries.search(cast.actor("sari"), "", today - timedelta(days=2), today + timedelta(days=1), "UTC")
    assert total == 4
    assert sample.text not in {post.text for post in found}
    assert actions.purge(cast.actor("sari") and stream.SYSTEM) == 1
    assert sum(Segment.objects.filter(removed_at=None).values_list("rows", flat=True)) == 4
    assert Tombstone.objects.count() == 1


@pytest.mark.django_db
def test_the_state_of_the_stream_survives_its_process(talk):
    talk(*POTHOLE[:3])
    stream._states.clear()
    talk(*POTHOLE[3:], at=clock.now() + timedelta(minutes=20))
    assert Issue.objects.get().posts == 5


KILLED = """
import os, signal, sys
from kentongan.core.actor import Actor
import kentongan.listening.actions
from kentongan.listening.actions import stream
from kentongan.listening.models import Source
from kentongan.listening.posts import RawPost
from datetime import datetime

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

ingest = sys.modules["kentongan.listening.actions.ingest"]
point = sys.argv[1]
module, name = {
    "file written": (ingest, "_segment"),
    "registered": (ingest, "catch_up"),
    "clustered": (stream, "_follow_merges"),
    "counted": (stream, "_register_assignments"),
    "assigned": (stream, "save"),
}[point]
real = getattr(module, name)
setattr(module, name, (lambda *a, **k: (real(*a, **k), die())) if point == "file written" else die)
posts = [RawPost(None, datetime.fromisoformat(sys.argv[2]), f"warga{n}", text) for n, text in enumerate(sys.argv[3:])]
ingest.ingest(Actor.system("test"), Source.objects.get(name="Uji"), posts)
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("point", ["file written", "registered", "clustered", "counted", "assigned"])
def test_killed_between_any_two_stages_and_repeated_the_counts_are_exact(cast, source, point, killed):
    at = clock.now() - timedelta(hours=1)
    assert killed.run(KILLED, point, at.isoformat(), *TEXTS) == -signal.SIGKILL

    posts = [RawPost(None, at, f"warga{n}", text) for n, text in enumerate(TEXTS)]
    actions.ingest(cast.actor("sari"), source, posts)
    stream.catch_up(source.unit_id)

    assert Source.objects.get(pk=source.pk).posts == 8
    assert sum(Segment.objects.values_list("rows", flat=True)) == 8
    assert counted() == 8
    assert in_issues() == 8
    assert ClusterState.objects.get().processed_through == Segment.objects.order_by("-pk").first().pk
