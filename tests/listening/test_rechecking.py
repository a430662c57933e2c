"""Samples that were deleted at their source go at once; doubt takes nothing out."""

from collections.abc import Collection
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from kentongan.channels import registry
from kentongan.channels.contract import RetryLater
from kentongan.core import clock
from kentongan.core.errors import NotFound
from kentongan.core.models import AuditEntry
from kentongan.listening import actions, queries, rechecking
from kentongan.listening.actions import absences
from kentongan.listening.models import Issue, IssueSample, Tombstone
from kentongan.listening.posts import RawPost
from listening_texts import POTHOLE

pytestmark = pytest.mark.django_db


class Told:
    """A platform that says what a test wants; mocked at the transport's place, since the adapters have tests."""

    most = 3

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.deleted: set[str] = set()
        self.down = False

    def gone(self, urls: Collection[str], client: httpx.Client) -> frozenset[str]:
        """Answer."""
        self.asked += urls
        if self.down:
            raise RetryLater("down")
        return frozenset(self.deleted & set(urls))


@pytest.fixture
def told(monkeypatch) -> Told:
    """What the platform says."""
    told = Told()
    channels = registry._all() | {"mastodon": replace(registry.get("mastodon"), absences=told)}
    monkeypatch.setattr(registry, "_all", lambda: channels)
    return told


@pytest.fixture
def issue(cast, source) -> Issue:
    """An issue of five posts, a day old."""
    at = clock.now() - timedelta(days=1)
    posts = [
        RawPost(str(n), at + timedelta(minutes=n), f"w{n}", text, f"https://a.example/@w/{n}", "mastodon")
        for n, text in enumerate(POTHOLE)
    ]
    actions.ingest(cast.actor("sari"), source, posts)
    return Issue.objects.get()


def test_each_is_asked_about_once_in_half_a_day(issue, told):
    assert [rechecking.recheck_due() for _n in range(3)] == [3, 2, 0]
    assert sorted(told.asked) == [f"https://a.example/@w/{n}" for n in range(5)]
    with clock.playing(clock.now() + timedelta(hours=13)):
        assert rechecking.recheck_due() == 3
    assert IssueSample.objects.count() == 5


def test_what_was_deleted_is_out_of_every_read_at_once(cast, issue, told):
    told.deleted = {"https://a.example/@w/0"}
    while rechecking.recheck_due():
        pass
    issue.refresh_from_db()
    assert (issue.posts, IssueSample.objects.count(), Tombstone.objects.count()) == (4, 4, 1)
    day = clock.now().date()
    assert queries.search(cast.actor("sari"), "", day - timedelta(days=3), day, "UTC")[1] == 4
    assert AuditEntry.objects.filter(verb="listening.post.absent").count() == 1


def test_a_platform_that_does_not_answer_is_asked_again_in_an_hour(issue, told):
    told.down = True
    assert rechecking.recheck_due() == 0
    assert IssueSample.objects.count() == 5
    told.down, told.asked = False, []
    with clock.playing(clock.now() + timedelta(minutes=61)):
        assert rechecking.recheck_due() == 3
        assert rechecking.recheck_due() == 2


def test_nobody_else_claims_or_buries(cast, issue):
    sample = IssueSample.objects.first()
    for attempt in (
        lambda actor: absences.claim_samples(actor, "mastodon", 5),
        lambda actor: absences.put_off(actor, [sample.pk]),
        lambda actor: absences.bury_absent(actor, sample.pk),
    ):
        with pytest.raises(NotFound):
            attempt(cast.actor("sari"))
