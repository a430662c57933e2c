"""TikTok passes the contract against a stub of its Content Posting API, signing in included."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from django.utils import translation

from channels.benches import enter, fault, signed_in
from channels.videos import KILOBYTE, VideoBench, video, with_video
from kentongan.channels import oauth, registry
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
from kentongan.channels.tiktok import publisher, upload
from kentongan.channels.tiktok.connector import API, SCOPES
from kentongan.core import clock
from servers import tiktok
from servers.proxy import Fault, Proxy
from servers.tiktok import REDIRECT, TikTokServer

INIT, CHUNK, STATUS = "/video/init/", "PUT /video/", "/status/fetch/"
LIMITED = json.dumps({"data": {}, "error": {"code": "rate_limit_exceeded", "message": "Slow down", "log_id": "x"}})


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(publisher, "PAUSE_SECONDS", 0)
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[TikTokServer]:
    """The stub."""
    with tiktok.serve() as server:
        yield server


@pytest.fixture
def app(proxy: Proxy) -> App:
    """The organisation's app at TikTok."""
    return App(tiktok.CLIENT_KEY, tiktok.CLIENT_SECRET, proxy.url)


@pytest.fixture
def bench(server: TikTokServer, app: App, proxy: Proxy, tmp_path: Path) -> Iterator[VideoBench]:
    """An account, signed in through the proxy; a video that goes as a whole."""

    def fail(failure: Failure) -> None:
        server.inits.clear()
        if failure.name.startswith("LIMITED"):
            proxy.faults[:] = [replace(fault(failure, INIT), body=LIMITED.encode())]
            return
        made = fault(failure, CHUNK)
        # What is cut on the way stays cut, and TikTok cannot be asked either.
        proxy.faults[:] = [made] if made.accept else [replace(made, times=20), replace(made, where=STATUS, times=20)]

    def count(post: Post) -> int:
        proxy.faults.clear()
        return sum(post.text in one.info["title"] for one in server.out())

    refused = Post("kunci", "x" * 2_201, datetime.now(UTC))
    with signed_in("tiktok", server, app, count=count, refused=refused, fail=fail) as bench:
        yield with_video(bench, video(tmp_path, 200 * KILOBYTE))


class TestTikTok(HttpPublisherContract):
    """The contract."""

    def test_taking_back_says_who_does_it(self, bench: VideoBench):
        assert "yourself" in bench.refusal_of_recall("7300000000000000001")


class TestSigningIn:
    """OAuth 2 with PKCE, in TikTok's own spelling."""

    def test_the_page_asks_for_what_publishing_needs(self, app: App):
        verifier = oauth.new_secret()
        page = registry.get("tiktok").sign_in.page(
            replace(app, service=API), redirect=REDIRECT, state="s" * 20, challenge=oauth.challenge_of(verifier)
        )
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.tiktok.com", "/v2/auth/authorize/")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert query["scope"].split(",") == list(SCOPES)
        assert query["client_key"] == tiktok.CLIENT_KEY
        assert query["code_challenge"] == hashlib.sha256(verifier.encode()).hexdigest()
        assert tiktok.CLIENT_SECRET not in page

    def test_whose_account_it_is_is_known_and_healthy(self, bench: VideoBench, server: TikTokServer):
        assert bench.credentials.handle == "kabaruji"
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem, health.url) == (True, "", "https://www.tiktok.com/@kabaruji")
        assert server.problems == []

    def test_an_app_that_tiktok_does_not_know_is_told_apart(self, server: TikTokServer, app: App, bench: VideoBench):
        with pytest.raises(Rejected, match="client id and secret"):
            enter("tiktok", server, replace(app, client_secret="salah"), bench.client)

    def test_what_was_not_allowed_is_named(self, server: TikTokServer, app: App, bench: VideoBench):
        server.withheld = {"video.publish"}
        health = bench.channel.connector.health(enter("tiktok", server, app, bench.client), bench.client)
        assert not health.ready
        assert "video.publish" in health.problem

    def test_a_private_account_is_not_ready(self, server: TikTokServer, bench: VideoBench):
        server.private = True
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert not health.ready
        assert "private" in health.problem
        assert isinstance(bench.publish(bench.post("Tertutup")), Rejected)
        assert server.posts == []

    def test_both_tokens_change_with_each_renewal(self, server: TikTokServer, bench: VideoBench):
        old = replace(bench.credentials, values={**bench.credentials.values, "expires_at": ""})
        renewed = bench.channel.connector.refresh(old, bench.client)
        for name in ("access", "refresh"):
            assert renewed.get(name) not in {"", old.get(name)}
        assert oauth.lasts(renewed)
        with pytest.raises(CredentialsExpired):
            bench.channel.connector.refresh(old, bench.client)

    def test_an_empty_refresh_token_never_overwrites_the_one_we_hold(self, bench: VideoBench, proxy: Proxy):
        said = json.dumps({"access_token": "act.baru", "refresh_token": "", "expires_in": 86400}).encode()
        proxy.faults.append(Fault("/v2/oauth/token/", accept=False, status=200, body=said))
        old = replace(bench.credentials, values={**bench.credentials.values, "expires_at": ""})
        assert bench.channel.connector.refresh(old, bench.client).get("refresh") == old.get("refresh")

    def test_when_a_person_has_to_sign_in_again_is_told(self, server: TikTokServer, bench: VideoBench):
        def days() -> float:
            health = bench.channel.connector.health(bench.credentials, bench.client)
            return (health.ends_at - datetime.now(UTC)) / timedelta(days=1)

        assert days() == pytest.approx(365, abs=0.1)
        server.refresh_lasts = 6 * 86_400
        values = {**bench.credentials.values, "expires_at": datetime.now(UTC).isoformat()}
        bench.credentials = bench.channel.connector.refresh(replace(bench.credentials, values=values), bench.client)
        assert days() == pytest.approx(6, abs=0.1)
        bench.credentials = replace(bench.credentials, values={**bench.credentials.values, "refresh_ends_at": ""})
        assert bench.channel.connector.health(bench.credentials, bench.client).ends_at is None

    def test_permission_taken_away_is_for_the_custodian(self, server: TikTokServer, bench: VideoBench):
        server.revoke()
        assert isinstance(bench.publish(bench.post("Dicabut")), CredentialsExpired)
        assert not bench.channel.connector.health(bench.credentials, bench.client).ready

    def test_no_secret_is_printed(self, bench: VideoBench):
        for secret in (tiktok.CLIENT_SECRET, bench.credentials.get("access"), bench.credentials.get("refresh")):
            assert secret not in repr(bench.credentials)


class TestTheUpload:
    """Chunks by the Media Transfer Guide; what is over goes with the last one."""

    @pytest.fixture
    def long(self, bench: VideoBench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Post:
        """A post with a video of three chunks, the last one longer."""
        monkeypatch.setattr(upload, "CHUNK", 5_000_000)
        return replace(bench.post("Panjang"), videos=(video(tmp_path, 15_000_123),))

    @pytest.mark.parametrize(
        ("size", "sizes"),
        [
            (1, (1, 1)),
            (4_999_999, (4_999_999, 1)),
            (19_999_999, (19_999_999, 1)),
            (20_000_000, (10_000_000, 2)),
            (50_000_123, (10_000_000, 5)),
            (4_000_000_000, (10_000_000, 400)),
        ],
    )
    def test_the_sizes_are_those_of_the_guide(self, server: TikTokServer, size: int, sizes: tuple[int, int]):
        assert upload.sizes(size) == sizes
        chunk, count = sizes
        server._check_chunks(
            {"source": "FILE_UPLOAD", "video_size": size, "chunk_size": chunk, "total_chunk_count": count}
        )
        assert size - chunk * (count - 1) <= tiktok.LAST

    def test_the_whole_file_arrives_in_chunks(self, bench: VideoBench, server: TikTokServer, proxy: Proxy, long: Post):
        published = bench.publish(long)
        assert isinstance(published, Published), published
        assert server.posts[0].content == long.videos[0].path.read_bytes()
        assert sum(CHUNK in line for line in proxy.seen) == 3
        assert published.url == f"https://www.tiktok.com/@kabaruji/video/{published.remote_id}"
        assert server.problems == []

    @pytest.mark.parametrize(
        "made", [{"accept": False}, {"accept": True}, {"accept": True, "status": 500}, {"accept": False, "status": 503}]
    )
    def test_it_goes_on_where_the_connection_broke(self, bench, server: TikTokServer, proxy: Proxy, long: Post, made):
        proxy.faults.append(Fault(CHUNK, **made))
        assert isinstance(bench.publish(long), Published)
        assert [one.content for one in server.out()] == [long.videos[0].path.read_bytes()]

    def test_before_the_last_chunk_nothing_is_in_doubt(self, bench, server: TikTokServer, proxy: Proxy, long: Post):
        proxy.faults.append(Fault(CHUNK, accept=False, times=50))
        assert isinstance(bench.publish(long), RetryLater)
        assert server.out() == []

    @pytest.mark.parametrize("where", [CHUNK, STATUS])
    @pytest.mark.parametrize("accept", [False, True])
    @pytest.mark.parametrize("status", [429, 401, 400, 503])
    def test_once_the_last_chunk_left_no_answer_is_a_refusal(self, bench, server, proxy: Proxy, status, accept, where):
        said = {"status": status, "body": LIMITED.encode(), "times": 20}
        first = Fault(CHUNK, accept=accept, **({} if where == STATUS else said))
        proxy.faults[:] = [first, Fault(STATUS, accept=False, **said)]
        post = bench.post("Di tengah jalan")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous), outcome
        assert outcome.response["receipt"] == server.posts[0].publish_id
        assert bench.count(post) == (1 if accept else 0)

    def test_patience_that_is_asked_for_in_the_middle_is_kept(self, bench, server, proxy: Proxy, long: Post):
        proxy.faults.append(Fault(CHUNK, accept=False, status=429, body=LIMITED.encode(), times=20))
        assert isinstance(bench.publish(long), RetryLater)
        assert server.out() == []

    def test_that_the_last_chunk_left_is_remembered_though_tiktok_goes_back(self, bench, server, proxy, long: Post):
        lagging = json.dumps({"data": {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}, "error": {"code": "ok"}})
        seen = []

        def edit(real: httpx.Response) -> httpx.Response:
            seen.append(real)
            return real if len(seen) < 5 else httpx.Response(500)  # the last chunk, and all after it

        proxy.edit = edit
        proxy.faults[:] = [Fault(STATUS, accept=False, status=200, body=lagging.encode(), times=50)]
        outcome = bench.publish(long)
        assert isinstance(outcome, Ambiguous), outcome
        assert len(server.out()) == 1
        assert sum(CHUNK in line for line in proxy.seen) < 10

    def test_where_tiktok_lags_behind_it_ends(self, bench: VideoBench, proxy: Proxy, long: Post):
        lagging = json.dumps({"data": {"status": "PROCESSING_UPLOAD", "uploaded_bytes": 0}, "error": {"code": "ok"}})
        turns = [Fault(CHUNK, accept=False, status=206, body=b""), Fault(CHUNK, accept=False, status=500)]
        proxy.faults[:] = [*turns * 20, Fault(STATUS, accept=False, status=200, body=lagging.encode(), times=50)]
        assert isinstance(bench.publish(long), RetryLater)
        assert sum(CHUNK in line for line in proxy.seen) < 10

    def test_what_takes_too_long_is_given_up_before_the_last_chunk(self, bench, server, proxy, long: Post, monkeypatch):
        late = clock.now() + timedelta(hours=1)
        proxy.edit = lambda real: monkeypatch.setattr(clock, "now", lambda: late) or real
        outcome = bench.publish(long)
        assert isinstance(outcome, RetryLater)
        assert "too long" in outcome.message
        assert server.out() == []


class TestWaiting:
    """A post is out when TikTok says so."""

    def test_it_is_waited_for(self, bench: VideoBench, server: TikTokServer, proxy: Proxy):
        server.ready_after = 4
        assert isinstance(bench.publish(bench.post("Sebentar")), Published)
        assert sum(STATUS in line for line in proxy.seen) == 4

    def test_what_takes_longer_is_in_doubt_and_found_by_its_name(self, bench: VideoBench, server: TikTokServer):
        server.ready_after = 50
        post = bench.post("Lama")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous)
        receipt = outcome.response["receipt"]
        assert receipt == server.posts[0].publish_id
        seen = bench.find(post, receipts=(receipt,))
        assert isinstance(seen, Unsure)
        assert "still working" in seen.reason
        server.ready_after = 0
        found = bench.find(post, receipts=(receipt,))
        assert isinstance(found, Found)
        assert found.remote_id == server.posts[0].number

    @pytest.mark.parametrize("code", ["access_token_invalid", "invalid_publish_id", "internal_error"])
    def test_once_the_video_is_there_no_trouble_with_asking_is_a_refusal(
        self, bench: VideoBench, server: TikTokServer, proxy: Proxy, code: str
    ):
        said = json.dumps({"data": {}, "error": {"code": code, "message": code, "log_id": "x"}}).encode()
        proxy.faults.append(Fault(STATUS, accept=False, status=401, body=said, times=20))
        post = bench.post("Sudah di sana")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous)
        assert outcome.response["receipt"] == server.posts[0].publish_id
        assert bench.count(post) == 1

    def test_what_tiktok_refuses_in_the_end_is_a_refusal(self, bench: VideoBench, server: TikTokServer):
        server.fails_with = "video_pull_failed"
        outcome = bench.publish(bench.post("Gagal"))
        assert isinstance(outcome, Rejected)
        assert "video_pull_failed" in outcome.message

    def test_a_failure_that_comes_later_is_absence(self, bench: VideoBench, server: TikTokServer):
        server.ready_after, post = 50, bench.post("Gagal kemudian")
        receipt = bench.publish(post).response["receipt"]
        server.ready_after, server.fails_with = 0, "frame_rate_check_failed"
        assert isinstance(bench.find(post, receipts=(receipt,)), Absent)

    def test_that_an_earlier_attempt_failed_says_nothing_of_the_last(self, bench: VideoBench, server: TikTokServer):
        server.ready_after, post = 50, bench.post("Dua kali dicoba")
        first = bench.publish(post).response["receipt"]
        server.ready_after, server.fails_with = 0, "frame_rate_check_failed"
        assert isinstance(bench.find(post, receipts=(first,)), Absent)
        server.fails_with = ""
        number = server.posts[0].publish_id
        seen = bench.find(post, receipts=(first,), last_receipt="")
        assert isinstance(seen, Unsure), seen
        second = bench.publish(post)
        assert server.posts[0].publish_id != number
        found = bench.find(post, receipts=(first,), last_receipt="")
        assert isinstance(found, Found)
        assert found.remote_id == second.remote_id

    def test_an_earlier_attempt_that_is_out_is_found_though_the_last_failed(self, bench: VideoBench, server):
        post = bench.post("Yang pertama jadi")
        bench.publish(post)
        first, server.fails_with = server.posts[0].publish_id, "frame_rate_check_failed"
        assert isinstance(bench.publish(post), Rejected)
        last = server.posts[0].publish_id
        assert isinstance(bench.find(post, receipts=(last, first)), Found)

    def test_an_upload_that_tiktok_has_forgotten_is_looked_for_in_the_list(self, bench: VideoBench):
        assert isinstance(bench.find(bench.post("Lupa"), receipts=("v_pub_file~v2-1.0",)), Unsure)

    def test_until_its_number_is_told_it_is_known_by_its_publish_id(self, bench: VideoBench, server: TikTokServer):
        server.hidden_for = 99
        published = bench.publish(bench.post("Dimoderasi"))
        assert published.remote_id == server.posts[0].publish_id
        assert published.url == "https://www.tiktok.com/@kabaruji"
        server.hidden_for = 0
        counts = bench.channel.metrics.read([published.remote_id], bench.credentials, bench.client)
        assert counts == {published.remote_id: Counts(120, 7, 2, 1)}


class TestWhatGoesOut:
    """The caption, and what the account lets others do."""

    def test_all_of_it_is_said(self, bench: VideoBench, server: TikTokServer):
        post = replace(bench.post("x"), text="Jalan Setu dibuka #Setu", link="https://a.id/1")
        bench.publish(replace(post, videos=(replace(bench.video, synthetic=True),)))
        assert server.posts[0].info == {
            "title": "Jalan Setu dibuka #Setu\n\nhttps://a.id/1",
            "privacy_level": "PUBLIC_TO_EVERYONE",
            "disable_comment": False,
            "disable_duet": True,
            "disable_stitch": False,
            "is_aigc": True,
        }
        assert bench.find(post).remote_id == server.posts[0].number
        assert server.problems == []

    @pytest.mark.parametrize(
        ("given", "words"), [({"videos": ()}, "without a picture or video"), ({"seconds": 601.0}, "600 seconds")]
    )
    def test_what_tiktok_would_refuse_is_said_before_it_is_begun(self, bench: VideoBench, server, given, words: str):
        videos = given.get("videos", (replace(bench.video, seconds=given.get("seconds")),))
        outcome = bench.publish(replace(bench.post("x"), videos=videos))
        assert isinstance(outcome, Rejected)
        assert words in outcome.message
        assert server.posts == []

    @pytest.mark.parametrize(("text", "fits"), [("x" * 2_200, True), ("😀" * 1_100, True), ("😀" * 1_101, False)])
    def test_the_manifest_counts_as_the_stub_does(self, bench: VideoBench, text: str, fits: bool):
        assert bench.channel.manifest.count(text).fits is fits
        assert isinstance(bench.publish(replace(bench.post("x"), text=text)), Published if fits else Rejected)

    def test_an_app_that_was_not_audited_is_told_so(self, bench: VideoBench, server: TikTokServer):
        server.audited = False
        outcome = bench.publish(bench.post("Belum diaudit"))
        assert isinstance(outcome, Rejected)
        assert "not audited" in outcome.message

    @pytest.mark.parametrize("code", ["spam_risk_too_many_posts", "reached_active_user_cap"])
    def test_a_limit_of_the_day_waits_a_day(self, bench: VideoBench, server: TikTokServer, code: str):
        server.refuses_with = (403, code)
        outcome = bench.publish(bench.post("Cukup"))
        assert isinstance(outcome, RetryLater)
        assert outcome.after == timedelta(hours=24)
        assert server.posts == []

    def test_a_seventh_post_in_a_minute_is_put_off(self, bench: VideoBench, server: TikTokServer):
        outcomes = [bench.publish(bench.post(f"Beruntun {number}")) for number in range(7)]
        assert [type(one) for one in outcomes] == [Published] * 6 + [RetryLater]
        assert bench.channel.manifest.rate.posts == 6

    @pytest.mark.parametrize("answer", [{}, {"data": {}, "error": {"code": "ok"}}, {"data": {"publish_id": "x"}}, []])
    def test_a_beginning_that_names_no_place_has_published_nothing(self, bench: VideoBench, proxy: Proxy, answer):
        proxy.faults.append(Fault(INIT, accept=False, status=200, body=json.dumps(answer).encode()))
        assert isinstance(bench.publish(bench.post("Aneh")), RetryLater)


class TestFinding:
    """Among the public videos; what is not there proves nothing."""

    def test_it_is_found_on_a_later_page(self, bench: VideoBench, server: TikTokServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        server.page_size = 2
        for number in range(5):
            server.inits.clear()
            bench.publish(bench.post(f"Kabar {number}"))
        for index, one in enumerate(server.posts):
            one.at = datetime.now(UTC) - timedelta(seconds=index)
        found = bench.find(post)
        assert isinstance(found, Found)
        assert found.remote_id == published.remote_id

    def test_two_alike_are_for_a_person_and_known_ones_are_left_out(self, bench: VideoBench):
        post = bench.post("Kembar")
        first, _second = bench.publish(post), bench.publish(post)
        assert isinstance(bench.find(post), Unsure)
        for known in (first.remote_id, first.url, f"{first.url}?utm_campaign=x"):
            assert isinstance(bench.find(post, frozenset({known})), Found), known

    def test_a_look_that_fails_is_unsure(self, bench: VideoBench, proxy: Proxy):
        proxy.faults.append(Fault("/v2/video/list/", accept=False))
        assert isinstance(bench.find(bench.post("Ragu")), Unsure)


class TestMetrics:
    """Views, likes, shares and comments."""

    def test_what_is_not_listed_is_left_out(self, bench: VideoBench, server: TikTokServer):
        published = bench.publish(bench.post("Dihitung"))
        ids = [published.remote_id, *(str(number) for number in range(30))]
        assert bench.channel.metrics.read(ids, bench.credentials, bench.client) == {
            published.remote_id: Counts(120, 7, 2, 1)
        }
        assert server.problems == []
