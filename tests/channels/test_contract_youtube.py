"""YouTube passes the contract against a stub that holds each request against Google's own description."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import translation

from channels.benches import enter, fault
from channels.videos import KILOBYTE, VideoBench, video
from kentongan.channels import registry
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    Counts,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.testing import Failure, HttpPublisherContract
from kentongan.channels.youtube import api, upload
from kentongan.channels.youtube.connector import API, SCOPES
from kentongan.core import clock, http
from servers import youtube
from servers.proxy import Fault, Proxy
from servers.youtube import CHANNEL_ID, REDIRECT, Video, YouTubeServer

BEGIN, CHUNK = "POST /upload/", "PUT /upload/"
LIMITED = json.dumps({"error": {"code": 429, "message": "Slow down", "errors": [{"reason": "rateLimitExceeded"}]}})


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(upload, "CHUNK", 256 * KILOBYTE)
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[YouTubeServer]:
    """The stub."""
    with youtube.serve() as server:
        yield server


@pytest.fixture
def app(proxy: Proxy) -> App:
    """The organisation's project at Google."""
    return App(youtube.CLIENT_ID, youtube.CLIENT_SECRET, proxy.url)


def fault_of(failure: Failure) -> Fault:
    """Return the fault: what is not taken on the way stays so however often it is tried, for as long as it lasts."""
    if failure.name.startswith("LIMITED"):
        return replace(fault(failure, BEGIN), body=LIMITED.encode())
    made = fault(failure, CHUNK)
    return made if made.accept else replace(made, times=20)


@pytest.fixture
def bench(server: YouTubeServer, app: App, proxy: Proxy, tmp_path: Path) -> Iterator[VideoBench]:
    """A channel, signed in through the proxy; a video of one chunk."""
    with http.client() as client:
        credentials = enter("youtube", server, app, client)

        def fail(failure: Failure) -> None:
            proxy.faults[:] = [fault_of(failure)]

        def count(post: Post) -> int:
            proxy.faults.clear()
            return sum(post.text in one.snippet["description"] for one in server.videos)

        short = video(tmp_path, 200 * KILOBYTE)
        refused = Post("kunci", "é" * 2_501, datetime.now(UTC), title="Terlalu panjang", videos=(short,))
        expired = replace(credentials, values={**credentials.values, "access": "sudah-lewat"})
        yield VideoBench(registry.get("youtube"), credentials, client, count, refused, fail, expired, video=short)


class TestYouTube(HttpPublisherContract):
    """The contract."""


class TestSigningIn:
    """OAuth 2 with PKCE at Google; its refresh token comes once."""

    def test_the_page_asks_for_one_right_and_to_stay_signed_in(self, app: App):
        sign_in = registry.get("youtube").sign_in
        page = sign_in.page(replace(app, service=API), redirect=REDIRECT, state="s" * 20, challenge="c" * 43)
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "accounts.google.com", "/o/oauth2/v2/auth")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert query["scope"].split() == list(SCOPES)
        assert (query["access_type"], query["prompt"]) == ("offline", "consent")
        assert youtube.CLIENT_SECRET not in page

    def test_whose_channel_it_is_is_known_and_healthy(self, bench: VideoBench):
        assert (bench.credentials.handle, bench.credentials.get("user_id")) == ("kabaruji", CHANNEL_ID)
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem) == (True, "")
        assert health.url == f"https://www.youtube.com/channel/{CHANNEL_ID}"

    def test_an_account_without_a_channel_is_refused(self, server: YouTubeServer, app: App, bench: VideoBench):
        server.channel = False
        with pytest.raises(Rejected, match="no YouTube channel"):
            enter("youtube", server, app, bench.client)

    def test_what_was_not_allowed_is_named(self, server: YouTubeServer, app: App, bench: VideoBench):
        server.withheld = set(SCOPES)
        with pytest.raises(CredentialsExpired):
            enter("youtube", server, app, bench.client)
        credentials = replace(bench.credentials, values={**bench.credentials.values, "scope": "openid"})
        health = bench.channel.connector.health(credentials, bench.client)
        assert not health.ready
        assert "youtube.force-ssl" in health.problem

    def test_an_app_that_google_does_not_know_is_told_apart(self, server: YouTubeServer, app: App, bench: VideoBench):
        with pytest.raises(Rejected, match="client id and secret"):
            enter("youtube", server, replace(app, client_secret="salah"), bench.client)

    def test_the_refresh_token_is_kept_though_it_comes_once(self, server: YouTubeServer, bench: VideoBench):
        old = replace(bench.credentials, values={**bench.credentials.values, "expires_at": ""})
        renewed = bench.channel.connector.refresh(old, bench.client)
        assert renewed.get("access") != old.get("access")
        assert renewed.get("refresh") == old.get("refresh") != ""
        again = replace(renewed, values={**renewed.values, "expires_at": ""})
        assert bench.channel.connector.refresh(again, bench.client).get("refresh") == old.get("refresh")
        assert server.refreshes == 2

    def test_a_second_sign_in_gets_one_too(self, server: YouTubeServer, app: App, bench: VideoBench):
        assert enter("youtube", server, app, bench.client).get("refresh")

    def test_permission_taken_away_is_for_the_custodian(self, server: YouTubeServer, bench: VideoBench):
        server.revoke()
        assert isinstance(bench.publish(bench.post("Dicabut")), CredentialsExpired)
        old = replace(bench.credentials, values={**bench.credentials.values, "expires_at": ""})
        with pytest.raises(CredentialsExpired, match="Sign in again"):
            bench.channel.connector.refresh(old, bench.client)
        assert not bench.channel.connector.health(bench.credentials, bench.client).ready

    def test_a_project_in_testing_says_when_its_sign_in_ends(self, server: YouTubeServer, app: App, bench: VideoBench):
        connector, moment = bench.channel.connector, clock.now() + timedelta(days=7)
        assert connector.health(bench.credentials, bench.client).ends_at is None
        server.testing = True
        credentials = enter("youtube", server, app, bench.client)
        ends_at = connector.health(credentials, bench.client).ends_at
        assert abs(ends_at - moment) < timedelta(minutes=1)
        server.grants[-1].over_at -= timedelta(days=3)
        old = replace(credentials, values={**credentials.values, "expires_at": ""})
        renewed = connector.refresh(old, bench.client)
        assert abs(connector.health(renewed, bench.client).ends_at - moment + timedelta(days=3)) < timedelta(minutes=1)
        server.grants[-1].over_at -= timedelta(days=5)
        with pytest.raises(CredentialsExpired, match="Sign in again"):
            connector.refresh(old, bench.client)

    def test_no_secret_is_printed(self, bench: VideoBench):
        for secret in (youtube.CLIENT_SECRET, bench.credentials.get("access"), bench.credentials.get("refresh")):
            assert secret not in repr(bench.credentials)


class TestTheUpload:
    """In chunks, taken up again where it broke."""

    @pytest.fixture
    def long(self, bench: VideoBench, tmp_path: Path) -> Post:
        """A post with a video of three chunks, the last one short."""
        return replace(bench.post("Panjang"), videos=(video(tmp_path, 700 * KILOBYTE),))

    def test_the_whole_file_arrives_in_chunks(self, bench: VideoBench, server: YouTubeServer, proxy: Proxy, long: Post):
        published = bench.publish(long)
        assert isinstance(published, Published), published
        assert server.videos[0].content == long.videos[0].path.read_bytes()
        assert sum(CHUNK in line for line in proxy.seen) == 3
        assert published.url == f"https://www.youtube.com/watch?v={published.remote_id}"
        assert server.problems == []

    @pytest.mark.parametrize("made", [{"accept": False}, {"accept": True}, {"accept": True, "status": 500}])
    @pytest.mark.parametrize("breaks", [1, 2])
    def test_it_goes_on_where_the_connection_broke(self, bench, server, proxy: Proxy, long: Post, made, breaks: int):
        proxy.faults.append(Fault(CHUNK, times=breaks, **made))
        outcome = bench.publish(long)
        if breaks == 2:  # the question how much has arrived was lost too: nothing is out, and it begins anew later
            assert isinstance(outcome, RetryLater)
            assert server.videos == []
            return
        assert isinstance(outcome, Published)
        assert [one.content for one in server.videos] == [long.videos[0].path.read_bytes()]

    def test_what_youtube_kept_less_of_is_sent_again_from_there(
        self, bench, server: YouTubeServer, long: Post, monkeypatch
    ):
        monkeypatch.setattr(upload, "CHUNK", 512 * KILOBYTE)
        server.takes = 256 * KILOBYTE
        assert isinstance(bench.publish(long), Published)
        assert server.videos[0].content == long.videos[0].path.read_bytes()

    def test_one_that_never_moves_on_ends(self, bench: VideoBench, server: YouTubeServer, proxy: Proxy, long: Post):
        proxy.faults.append(Fault(CHUNK, accept=False, status=308, body=b"", times=100))
        assert isinstance(bench.publish(long), RetryLater)
        assert server.videos == []

    def test_before_the_last_chunk_nothing_is_in_doubt(self, bench, server: YouTubeServer, proxy: Proxy, long: Post):
        proxy.faults.append(Fault(CHUNK, accept=False, times=50))
        assert isinstance(bench.publish(long), RetryLater)
        assert server.videos == []

    def test_a_session_that_google_forgot_is_begun_anew_later(
        self, bench, server: YouTubeServer, proxy: Proxy, long: Post
    ):
        proxy.edit = lambda real: server.sessions.clear() or real if real.status_code == 200 else real
        outcome = bench.publish(long)
        assert isinstance(outcome, RetryLater)
        assert server.videos == []

    @pytest.mark.parametrize("asked_too", [False, True])
    @pytest.mark.parametrize("accept", [False, True])
    @pytest.mark.parametrize(("status", "headers"), [(503, (("Retry-After", "5"),)), (429, ()), (403, ()), (401, ())])
    def test_once_the_last_chunk_left_no_request_for_patience_is_believed(
        self, bench: VideoBench, server: YouTubeServer, proxy: Proxy, status, headers, accept: bool, asked_too: bool
    ):
        said = {"status": status, "body": LIMITED.encode(), "headers": headers}
        first = Fault(CHUNK, accept=accept, **({} if asked_too else said))
        proxy.faults[:] = [first, Fault(CHUNK, accept=False, times=20, **said)]
        post = bench.post("Diminta menunggu")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous), outcome
        assert bench.count(post) == (1 if accept else 0)

    def test_patience_that_is_asked_for_in_the_middle_is_kept(self, bench, server, proxy: Proxy, long: Post):
        proxy.faults.append(Fault(CHUNK, accept=False, status=429, body=LIMITED.encode(), times=20))
        assert isinstance(bench.publish(long), RetryLater)
        assert server.videos == []

    def test_what_has_all_arrived_and_is_no_video_yet_is_asked_about_and_in_doubt(self, bench, server, proxy: Proxy):
        whole = (("Range", f"bytes=0-{bench.video.size - 1}"),)
        proxy.faults.append(Fault(CHUNK, accept=True, status=308, body=b"", headers=whole))
        assert isinstance(bench.publish(bench.post("Segera")), Published)
        proxy.faults.append(Fault(CHUNK, accept=True, status=308, body=b"", headers=whole, times=20))
        assert isinstance(bench.publish(bench.post("Lama")), Ambiguous)
        assert server.problems == []

    def test_where_youtube_goes_back_it_ends(self, bench: VideoBench, proxy: Proxy, long: Post):
        there, back = (("Range", f"bytes=0-{256 * KILOBYTE - 1}"),), ()
        proxy.faults[:] = [
            Fault(CHUNK, accept=False, status=308, body=b"", headers=headers) for headers in (there, back) * 20
        ]
        assert isinstance(bench.publish(long), RetryLater)
        assert sum(CHUNK in line for line in proxy.seen) < 10

    def test_what_takes_too_long_is_given_up_before_the_last_chunk(self, bench, server, proxy, long: Post, monkeypatch):
        late = clock.now() + timedelta(hours=1)
        proxy.edit = lambda real: monkeypatch.setattr(clock, "now", lambda: late) or real
        outcome = bench.publish(long)
        assert isinstance(outcome, RetryLater)
        assert "too long" in outcome.message
        assert server.videos == []

    @pytest.mark.parametrize("answer", [{}, {"id": None}, []])
    def test_a_success_that_names_no_video_is_a_doubt(self, bench: VideoBench, proxy: Proxy, answer):
        said = json.dumps(answer).encode()
        proxy.faults.append(Fault(CHUNK, accept=True, status=200, body=said))
        assert isinstance(bench.publish(bench.post("Aneh")), Ambiguous)


class TestWhatGoesOut:
    """Title, description, tags and what YouTube wants declared."""

    def test_all_of_it_is_said(self, bench: VideoBench, server: YouTubeServer):
        post = replace(
            bench.post("x"), title="Jalan  Setu dibuka", text="Lewat jalur #Serang #Setu", link="https://a.id/1"
        )
        bench.publish(replace(post, videos=(replace(bench.video, synthetic=True),)))
        made = server.videos[0]
        assert made.snippet == {
            "title": "Jalan Setu dibuka",
            "description": "Lewat jalur #Serang #Setu\n\nhttps://a.id/1",
            "defaultLanguage": "id",
            "tags": ["Serang", "Setu"],
        }
        assert made.status["privacyStatus"] == "public"
        assert made.status["selfDeclaredMadeForKids"] is False
        assert made.status["containsSyntheticMedia"] is True
        bench.publish(bench.post("Tanpa AI"))
        assert "containsSyntheticMedia" not in server.videos[0].status
        assert server.problems == []

    def test_only_as_many_tags_go_as_youtube_takes(self, bench: VideoBench, server: YouTubeServer):
        post = replace(bench.post("Banyak"), tags=tuple(f"tagar nomor {number:03d}" for number in range(60)))
        assert isinstance(bench.publish(post), Published)
        assert 20 < len(server.videos[0].snippet["tags"]) < 60

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"title": "x" * 101}, "100 characters"),
            ({"title": "Jalan <Setu>"}, "without < and >"),
            ({"title": " "}, "1 to 100"),
            ({"text": "a < b"}, "no < and >"),
            ({"videos": ()}, "videos only"),
        ],
    )
    def test_what_youtube_would_refuse_is_said_before_it_is_sent(self, bench, proxy: Proxy, given, words: str):
        before = len(proxy.seen)
        outcome = bench.publish(replace(bench.post("x"), **given))
        assert isinstance(outcome, Rejected)
        assert words in outcome.message
        assert len(proxy.seen) == before

    @pytest.mark.parametrize(("text", "fits"), [("x" * 5_000, True), ("é" * 2_500, True), ("é" * 2_501, False)])
    def test_the_manifest_counts_bytes_as_the_stub_does(self, bench: VideoBench, text: str, fits: bool):
        assert bench.channel.manifest.count(text).fits is fits
        assert isinstance(bench.publish(replace(bench.post("x"), text=text)), Published if fits else Rejected)

    def test_videos_of_an_unaudited_project_come_back_hidden(self, bench: VideoBench, server: YouTubeServer):
        server.audited = False
        post = bench.post("Belum diaudit")
        published = bench.publish(post)
        assert "audit" in published.hidden
        found = bench.find(post)
        assert isinstance(found, Found)
        assert (found.remote_id, found.hidden) == (published.remote_id, published.hidden)
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert health.ready
        assert "not audited" in health.problem

    def test_a_used_up_quota_waits_for_midnight_there(self, bench: VideoBench, server: YouTubeServer, monkeypatch):
        monkeypatch.setattr(api, "now", lambda: datetime(2026, 11, 27, 9, 30, tzinfo=UTC))
        assert api.until_midnight() == timedelta(hours=22, minutes=30)
        monkeypatch.undo()
        server.quota = 0
        outcome = bench.publish(bench.post("Habis"))
        assert isinstance(outcome, RetryLater)
        assert timedelta(0) < outcome.after <= timedelta(hours=25)
        assert "quota" in outcome.message

    def test_a_channel_that_may_upload_no_more_today_waits_a_day(self, bench: VideoBench, server: YouTubeServer):
        server.upload_limit = 0
        outcome = bench.publish(bench.post("Cukup"))
        assert isinstance(outcome, RetryLater)
        assert outcome.after == timedelta(hours=24)


class TestFinding:
    """The channel's own list of uploads, private ones included."""

    def test_it_is_found_on_a_later_page(self, bench: VideoBench, server: YouTubeServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        server.page_size = 5
        for number in range(12):
            snippet = {"title": f"Kabar {number}", "description": ""}
            server.videos.insert(
                0, Video(f"lain{number}", snippet, {"privacyStatus": "public"}, b"", datetime.now(UTC))
            )
        found = bench.find(post)
        assert isinstance(found, Found)
        assert found.remote_id == published.remote_id

    def test_one_of_before_is_not_taken_for_it(self, bench: VideoBench, server: YouTubeServer):
        post = bench.post("Setiap pagi")
        bench.publish(post)
        server.videos[0].at -= timedelta(hours=3)
        assert isinstance(bench.find(post), Absent)

    def test_two_alike_are_for_a_person_and_known_ones_are_left_out(self, bench: VideoBench):
        post = bench.post("Kembar")
        first, _second = bench.publish(post), bench.publish(post)
        assert isinstance(bench.find(post), Unsure)
        for known in (first.remote_id, first.url, f"https://youtu.be/{first.remote_id}"):
            assert isinstance(bench.find(post, frozenset({known})), Found), known

    def test_more_than_can_be_looked_through_is_unsure(self, bench: VideoBench, server: YouTubeServer):
        server.page_size = 1
        for _number in range(7):
            bench.publish(bench.post("Ramai"))
        assert isinstance(bench.find(bench.post("Dicari")), Unsure)

    def test_a_look_that_fails_is_unsure(self, bench: VideoBench, proxy: Proxy):
        proxy.faults.append(Fault("/youtube/v3/playlistItems", accept=False))
        assert isinstance(bench.find(bench.post("Ragu")), Unsure)


class TestViewing:
    """Who sees a video: asked by its number."""

    def view(self, bench: VideoBench, remote_id: str) -> Found | Absent | Unsure:
        return bench.channel.viewer.view(remote_id, bench.credentials, bench.client)

    def test_public_private_and_gone_are_told_apart(self, bench: VideoBench, server: YouTubeServer):
        published = bench.publish(bench.post("Dilihat"))
        for known in (published.remote_id, published.url):
            seen = self.view(bench, known)
            assert isinstance(seen, Found)
            assert (seen.remote_id, seen.hidden) == (published.remote_id, "")
        server.lock()
        assert "private" in self.view(bench, published.remote_id).hidden
        server.lock("unlisted")
        assert "not public" in self.view(bench, published.remote_id).hidden
        assert isinstance(self.view(bench, "tidakada000"), Absent)
        assert server.problems == []

    @pytest.mark.parametrize(
        ("status", "words"),
        [
            ({"uploadStatus": "rejected", "rejectionReason": "duplicate", "privacyStatus": "public"}, "duplicate"),
            ({"uploadStatus": "failed", "privacyStatus": "public"}, "failed"),
            ({"uploadStatus": "rejected", "privacyStatus": "private"}, "rejected"),
            ({"uploadStatus": "processed", "privacyStatus": "unlisted"}, "not public"),
        ],
    )
    def test_what_youtube_refused_is_not_out_and_tells_nothing_of_an_audit(self, bench, server, status, words: str):
        published = bench.publish(bench.post("Ditolak"))
        server.videos[0].status = status
        seen = self.view(bench, published.remote_id)
        assert words in seen.hidden
        assert not seen.unaudited

    def test_one_that_is_private_and_sound_tells_that_the_project_is_not_audited(self, bench, server: YouTubeServer):
        server.audited = False
        published = bench.publish(bench.post("Privat"))
        assert (published.unaudited, self.view(bench, published.remote_id).unaudited) == (True, True)

    @pytest.mark.parametrize("status", [{}, None, {"uploadStatus": "processed"}])
    def test_where_youtube_does_not_say_who_sees_it_nobody_knows(self, bench, server: YouTubeServer, status):
        published = bench.publish(bench.post("Diam"))
        server.videos[0].status = status
        assert isinstance(self.view(bench, published.remote_id), Unsure)

    @pytest.mark.parametrize("answer", [{"items": None}, []])
    def test_an_outage_or_nonsense_is_unsure(self, bench: VideoBench, proxy: Proxy, answer):
        published = bench.publish(bench.post("Ragu"))
        proxy.faults[:] = [
            Fault("GET /youtube/v3/videos", accept=False),
            Fault("GET /youtube/v3/videos", accept=True, status=200, body=json.dumps(answer).encode()),
        ]
        assert [type(self.view(bench, published.remote_id)) for _n in range(2)] == [Unsure, Unsure]


class TestMetrics:
    """Views, likes and comments; hidden ones are missing, not zero."""

    def test_they_are_read_by_fifty(self, bench: VideoBench, server: YouTubeServer):
        published = bench.publish(bench.post("Dihitung"))
        ids = [published.remote_id, *(f"tidakada{number:03d}" for number in range(60))]
        counts = bench.channel.metrics.read(ids, bench.credentials, bench.client)
        assert counts[published.remote_id] == Counts(120, 7, None, None)
        assert counts["tidakada000"].gone
        assert len(counts) == 61
        assert server.problems == []

    def test_an_outage_is_no_silence(self, bench: VideoBench, proxy: Proxy):
        proxy.faults.append(Fault("GET /youtube/v3/videos", accept=False))
        with pytest.raises(RetryLater):
            bench.channel.metrics.read(["x"], bench.credentials, bench.client)
