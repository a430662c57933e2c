"""Videos through the worker: signing in at Google and TikTok, uploading, doubts, taking back."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import httpx
import pytest
from django.db import connection
from django.urls import reverse
from django.utils import translation

from core.pictures import as_jpeg
from kentongan.channels.contract import Absent, Published
from kentongan.channels.tiktok import publisher as tiktok_publisher
from kentongan.core import clock, files, ticks
from kentongan.core.errors import Invalid
from kentongan.core.models import User
from kentongan.planning import media
from kentongan.planning.models import ContentItem, Rendition
from kentongan.publishing import actions, connections, content, signing_in, worker
from kentongan.publishing.actions import firing, reconciling
from kentongan.publishing.models import Attempt, Delivery, RecallTask
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM
from publishing.desk import Desk, Platform
from publishing.videos import MP4, connected, item, look, scheduled
from servers import tiktok, youtube
from servers.proxy import Fault, Proxy, between
from servers.tiktok import TikTokServer
from servers.youtube import YouTubeServer


@pytest.fixture(autouse=True)
def _english(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    User.objects.update(language="en")
    monkeypatch.setattr(tiktok_publisher, "PAUSE_SECONDS", 0)
    with translation.override("en"):
        yield


@pytest.fixture
def google() -> Iterator[YouTubeServer]:
    with youtube.serve() as server:
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def toks() -> Iterator[TikTokServer]:
    with tiktok.serve() as server:
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(google: YouTubeServer, toks: TikTokServer, request: pytest.FixtureRequest) -> Iterator[Proxy]:
    """A proxy before the platform that the test is about; YouTube unless it says TikTok."""
    server = toks if "toks" in request.node.fixturenames and "tok" in request.node.name else google
    with between(server.url) as proxy:
        server.seen_at = proxy.url
        yield proxy


@pytest.fixture
def channel(desk: Desk, google: YouTubeServer, proxy: Proxy) -> Account:
    """The regency's YouTube channel."""
    return connected(desk, "youtube", google, proxy.url)


@pytest.fixture
def tok(desk: Desk, toks: TikTokServer, proxy: Proxy) -> Account:
    """The regency's TikTok account."""
    return connected(desk, "tiktok", toks, proxy.url)


class TestYouTube:
    """One video, once."""

    def test_it_goes_out_as_the_file_it_is_and_is_taken_back(self, desk: Desk, channel: Account, google: YouTubeServer):
        delivery = scheduled(desk, channel, ai=True)
        assert desk.run() == [State.PUBLISHED]
        [video] = google.videos
        assert video.content == MP4
        assert (video.snippet["title"], video.snippet["description"]) == (
            "Penutupan Jalan Setu",
            "Jalan Setu dibuka lagi",
        )
        assert video.status["containsSyntheticMedia"] is True
        desk.state(delivery)
        assert delivery.url == f"https://www.youtube.com/watch?v={video.number}"
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(delivery) == State.RECALLED
        assert google.videos == []
        assert google.problems == []

    def test_secrets_are_stored_encrypted_and_the_channel_is_known(self, channel: Account, google: YouTubeServer):
        stored = Connection.objects.get().secrets
        assert (channel.handle, stored["user_id"]) == ("kabaruji", youtube.CHANNEL_ID)
        assert stored["refresh"] == google.grants[0].refresh

    def test_a_lost_answer_is_found_by_looking(self, desk: Desk, channel: Account, google: YouTubeServer, proxy: Proxy):
        delivery = scheduled(desk, channel)
        proxy.faults.append(Fault("PUT /upload/", accept=True, times=5))
        assert desk.run() == [State.UNKNOWN]
        proxy.faults.clear()
        assert look(delivery) == State.PUBLISHED
        assert len(google.videos) == 1

    def test_what_never_became_whole_is_absent_and_sent_again(self, desk, channel: Account, google, proxy: Proxy):
        delivery = scheduled(desk, channel)
        proxy.faults.append(Fault("PUT /upload/", accept=False, times=5))
        assert desk.run() == [State.UNKNOWN]
        proxy.faults.clear()
        desk.later(delivery, timedelta(hours=1), "settled_at")
        assert look(delivery) == State.READY
        assert desk.run() == [State.PUBLISHED]
        assert len(google.videos) == 1

    def test_a_worker_has_as_long_as_an_upload_takes(self, desk: Desk, channel: Account):
        delivery = scheduled(desk, channel)
        [claim] = firing.claim_due()
        taken = firing.check(SYSTEM, claim)
        assert firing.begin(SYSTEM, claim, content.post_of(taken)) is not None
        delivery.refresh_from_db()
        assert delivery.claimed_until > clock.now() + timedelta(minutes=25)
        assert firing.sweep(SYSTEM) == 0
        Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
        assert firing.sweep(SYSTEM) == 1
        assert desk.state(delivery) == State.UNKNOWN

    def test_a_sign_in_that_would_end_during_the_upload_is_renewed_before(self, desk, channel: Account, google):
        scheduled(desk, channel)
        ends = (clock.now() + timedelta(minutes=20)).isoformat()
        registry.renew_secrets(SYSTEM, channel.pk, secrets={"expires_at": ends})
        assert desk.run() == [State.PUBLISHED]
        assert google.refreshes == 1

    def test_an_upload_that_ends_after_it_was_given_up_stays_one_video(self, desk, channel: Account, google):
        delivery = scheduled(desk, channel)
        [claim] = firing.claim_due()
        taken = firing.check(SYSTEM, claim)
        attempt = firing.begin(SYSTEM, claim, content.post_of(taken))
        Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
        firing.sweep(SYSTEM)
        for after, state in ((41, State.UNKNOWN), (59, State.UNKNOWN), (61, State.READY)):
            looked_at = attempt.started_at + timedelta(minutes=after)
            assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), looked_at) == state, after
        firing.finish(SYSTEM, claim, attempt, Published("v1", "https://www.youtube.com/watch?v=v1"))
        assert desk.run() == []
        assert desk.state(delivery) == State.PUBLISHED
        assert google.videos == []

    def test_a_used_up_quota_puts_it_off_to_midnight_there(self, desk: Desk, channel: Account, google: YouTubeServer):
        delivery = desk.schedule(channel, item=item(desk, "youtube"), late_minutes=48 * 60)
        google.quota = 0
        assert desk.run() == [State.READY]
        delivery.refresh_from_db()
        assert clock.now() < delivery.try_at <= clock.now() + timedelta(hours=32)
        assert "quota" in delivery.reason

    def test_an_item_without_a_video_is_refused_before_it_is_scheduled(self, desk: Desk, channel: Account):
        with pytest.raises(Invalid) as refused:
            desk.schedule(channel, item=desk.item(kinds=["youtube"]))
        assert "videos only" in str(refused.value.fields)

    def test_the_page_of_the_item_says_so_too(self, desk: Desk, channel: Account, sign_in):
        page = sign_in(desk.cast.user("dewi")).get(reverse("planning:item", args=[desk.item(kinds=["youtube"]).pk]))
        assert "YouTube publishes videos only" in page.content.decode()


@pytest.mark.django_db(transaction=True)
def test_nothing_else_waits_for_a_long_upload(desk: Desk, channel: Account, google, proxy: Proxy, monkeypatch):
    """A post for Mastodon goes out while a video, due long before it, is being uploaded."""
    mastodon = Platform()
    mounts = {"all://contoh.social": httpx.MockTransport(mastodon)}
    monkeypatch.setattr(connections, "client", lambda extra=None: httpx.Client(mounts=mounts))
    video, proxy.hold = scheduled(desk, channel), "PUT /upload/"

    def upload() -> None:
        try:
            assert ticks.run_once("publishing.videos.1") == 1
        finally:
            connection.close()

    lane = threading.Thread(target=upload)
    lane.start()
    assert proxy.reached.wait(30)
    post = desk.schedule(desk.account("mastodon"))
    assert ticks.run_once("publishing.slow.1") == 0
    assert ticks.run_once("publishing.due") == 1
    assert desk.state(post) == State.PUBLISHED
    assert desk.state(video) == State.SENDING
    assert ticks.run_once("publishing.videos.2") == 0
    proxy.gate.set()
    lane.join(30)
    assert desk.state(video) == State.PUBLISHED
    assert (len(google.videos), len(mastodon.posted)) == (1, 1)


@pytest.mark.parametrize(
    ("title", "text", "words"),
    [
        ("x" * 101, "Jalan", "titles of up to 100"),
        ("Jalan <Setu>", "Jalan", "signs < >"),
        ("Setu", "a > b", "signs < >"),
    ],
)
def test_a_title_that_youtube_refuses_is_said_when_it_is_handed_in(title: str, text: str, words: str):
    version = Rendition(kind="youtube", title=title, text=text)
    with translation.override("en"):
        assert words in " ".join(media.problems([version], [])["youtube"])


class TestTikTok:
    """Out when TikTok says so."""

    def test_tok_goes_out_and_only_a_person_takes_it_back(self, desk: Desk, tok: Account, toks: TikTokServer):
        delivery = scheduled(desk, tok)
        assert desk.run() == [State.PUBLISHED]
        [post] = toks.out()
        assert post.content == MP4
        assert post.info["is_aigc"] is False
        desk.state(delivery)
        assert delivery.remote_id == post.number
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        assert RecallTask.objects.get().delivery == delivery
        assert reconciling.claim_recalls() == []

    def test_tok_that_works_long_is_found_by_the_name_it_was_given(self, desk: Desk, tok: Account, toks: TikTokServer):
        delivery, toks.ready_after = scheduled(desk, tok), 99
        assert desk.run() == [State.UNKNOWN]
        assert look(delivery) == State.UNKNOWN
        assert "still working" in delivery.attempts.last().message
        toks.ready_after = 0
        assert look(delivery) == State.PUBLISHED
        assert desk.run() == []
        assert len(toks.out()) == 1

    def test_tok_of_which_the_last_attempt_left_no_name_is_in_doubt(self, desk: Desk, tok: Account, toks: TikTokServer):
        delivery, toks.ready_after = scheduled(desk, tok), 99
        assert desk.run() == [State.UNKNOWN]
        toks.ready_after, toks.fails_with = 0, "frame_rate_check_failed"
        desk.later(delivery, timedelta(hours=1), "settled_at")
        assert look(delivery) == State.READY
        toks.fails_with, toks.inits[:] = "", []
        [claim] = firing.claim_due()
        taken = firing.check(SYSTEM, claim)
        post = content.post_of(taken)
        attempt = firing.begin(SYSTEM, claim, post)
        with connections.client() as calls:
            connections.publisher_of(tok).publish(post, connections.credentials_of(tok), calls)
        toks.posts[0].info["privacy_level"] = (
            "SELF_ONLY"  # it is out and not listed yet, and the worker that brought it there died
        )
        Attempt.objects.filter(pk=attempt.pk).update(started_at=clock.now() - timedelta(hours=3))
        Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
        firing.sweep(SYSTEM)
        desk.later(delivery, timedelta(hours=1), "settled_at")
        assert look(delivery) == State.UNKNOWN

    def test_tok_that_fails_in_the_end_is_not_taken_for_out(self, desk: Desk, tok: Account, toks: TikTokServer):
        delivery, toks.ready_after = scheduled(desk, tok), 99
        assert desk.run() == [State.UNKNOWN]
        toks.ready_after, toks.fails_with = 0, "frame_rate_check_failed"
        desk.later(delivery, timedelta(hours=1), "settled_at")
        assert look(delivery) == State.READY
        assert desk.run() == [State.REJECTED]
        assert "frame_rate_check_failed" in Delivery.objects.get().reason

    def test_tok_token_of_a_day_is_renewed_before_it_is_used(self, desk: Desk, tok: Account, toks: TikTokServer):
        scheduled(desk, tok)
        registry.renew_secrets(SYSTEM, tok.pk, secrets={"expires_at": clock.now().isoformat()})
        before = Connection.objects.get().secrets["refresh"]
        assert desk.run() == [State.PUBLISHED]
        stored = Connection.objects.get().secrets
        assert stored["refresh"] == toks.grants[0].refresh != before

    def test_tok_private_account_is_refused_at_sign_in(self, desk: Desk, toks: TikTokServer, proxy: Proxy):
        toks.private = True
        with pytest.raises(Invalid, match="private at TikTok"):
            connected(desk, "tiktok", toks, proxy.url)
        assert not Connection.objects.exists()


class TestTikTokPictures:
    """Fetched by TikTok from an address of ours."""

    @pytest.fixture
    def seen(self, settings, toks: TikTokServer) -> list[str]:
        """What TikTok fetched; it is not asked through this database, which belongs to the test."""
        settings.PUBLIC_URL, fetched = "https://kentongan.contoh.id", []
        toks.redirect = signing_in.redirect()
        toks.fetch = lambda address: fetched.append(address) or as_jpeg()
        return fetched

    def pictured(self, desk: Desk) -> ContentItem:
        stored = files.store(SYSTEM, BytesIO(as_jpeg()), "setu.jpg", unit_id=desk.cast.root.pk)
        return desk.item(text="Jalan Setu dibuka lagi", kinds=["tiktok"], pictures=[stored])

    def test_tok_pictures_go_out_from_an_address_of_ours(self, desk: Desk, seen, tok: Account, toks: TikTokServer):
        delivery = desk.schedule(tok, item=self.pictured(desk))
        assert desk.run() == [State.PUBLISHED], Delivery.objects.get().reason
        [post] = toks.out()
        assert post.pictures == tuple(seen)
        assert all(one.startswith("https://kentongan.contoh.id/sebar/media/") and one.endswith(".jpg") for one in seen)
        assert desk.state(delivery) == State.PUBLISHED
        assert delivery.url == f"https://www.tiktok.com/@kabaruji/photo/{post.number}"

    def test_tok_without_a_public_address_takes_videos_only(self, desk: Desk, seen, tok: Account, toks, settings):
        item_ = self.pictured(desk)
        settings.PUBLIC_URL = "http://localhost:8000"
        health = connections.test(desk.cast.actor("hendra"), tok.pk)
        assert health.ready
        assert "KENTONGAN_PUBLIC_URL" in str(health.problem)
        with pytest.raises(Invalid) as refused:
            desk.schedule(tok, item=item_)
        assert "TikTok: The platform fetches" in str(refused.value.fields)
        scheduled(desk, tok)
        assert desk.run() == [State.PUBLISHED]
