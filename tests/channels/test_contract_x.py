"""X passes the contract against a stub of its API v2, signing in included."""

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
    Credentials,
    CredentialsExpired,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.testing import Bench, Failure, HttpPublisherContract
from kentongan.channels.x import likeness, upload
from kentongan.channels.x.connector import API, SCOPES
from kentongan.core import clock
from servers import x
from servers.proxy import Fault, Proxy
from servers.x import REDIRECT, Tweet, XServer

CREATE, APPEND = "POST /2/tweets", "/append"
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[XServer]:
    """The stub."""
    with x.serve() as server:
        yield server


@pytest.fixture
def app(proxy: Proxy) -> App:
    """The organisation's app at X."""
    return App(x.CLIENT_ID, x.CLIENT_SECRET, proxy.url)


@pytest.fixture
def bench(server: XServer, app: App, proxy: Proxy) -> Iterator[Bench]:
    """An account, signed in through the proxy."""
    with signed_in(
        "x",
        server,
        app,
        count=lambda post: sum(post.text in one.text for one in server.tweets),
        refused=Post("kunci", "x" * 281, datetime.now(UTC)),
        fail=lambda failure: proxy.faults.append(fault_of(failure)),
    ) as bench:
        yield bench


def fault_of(failure: Failure) -> Fault:
    """Return the fault; X tells the end of a rate limit in a header of its own, as an epoch."""
    made = fault(failure, CREATE)
    said = json.dumps({"title": "Too Many Requests", "detail": "Too Many Requests", "status": 429}).encode()
    return replace(made, body=said) if failure.name.startswith("LIMITED") else made


class TestX(HttpPublisherContract):
    """The contract."""


class TestSigningIn:
    """OAuth 2 with PKCE."""

    def test_the_page_asks_for_what_publishing_needs_and_no_more(self, app: App):
        live = replace(app, service=API)
        page = registry.get("x").sign_in.page(live, redirect=REDIRECT, state="s" * 20, challenge="c" * 43)
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "x.com", "/i/oauth2/authorize")
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert query["scope"].split() == list(SCOPES)
        assert query["code_challenge_method"] == "S256"
        assert x.CLIENT_SECRET not in page

    def test_who_signed_in_is_known_and_healthy(self, bench: Bench):
        assert bench.credentials.handle == "KabarUji"
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem, health.url) == (True, "", "https://x.com/KabarUji")

    def test_a_code_is_good_once_and_only_with_its_verifier(self, server: XServer, app: App, bench: Bench):
        sign_in, verifier = registry.get("x").sign_in, oauth.new_secret()
        asked = {"redirect": REDIRECT, "state": oauth.new_secret(), "challenge": oauth.challenge_of(verifier)}
        code = server.allow(sign_in.page(app, **asked))["code"]
        given = {"code": code, "redirect": REDIRECT, "client": bench.client}
        with pytest.raises(CredentialsExpired):
            sign_in.exchange(app, verifier=oauth.new_secret(), **given)
        with pytest.raises(CredentialsExpired):
            sign_in.exchange(app, verifier=verifier, **given)

    def test_an_app_that_x_does_not_know_is_told_apart(self, server: XServer, app: App, bench: Bench):
        with pytest.raises(Rejected, match="client id and secret"):
            enter("x", server, replace(app, client_secret="salah"), bench.client)

    def test_a_public_app_has_no_secret(self, server: XServer, app: App, bench: Bench):
        server.public = True
        public = replace(app, client_secret="")
        credentials = enter("x", server, public, bench.client)
        server.expire()
        old = replace(credentials, values={**credentials.values, "expires_at": ""})
        assert bench.channel.connector.refresh(old, bench.client).get("access") != credentials.get("access")

    def test_what_was_not_allowed_is_named(self, server: XServer, app: App, bench: Bench):
        server.withheld = {"media.write"}
        health = bench.channel.connector.health(enter("x", server, app, bench.client), bench.client)
        assert not health.ready
        assert "media.write" in health.problem

    def test_a_protected_account_is_ready_with_a_warning(self, server: XServer, bench: Bench):
        server.protected = True
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert health.ready
        assert "followers" in health.problem

    def test_no_secret_is_printed(self, bench: Bench):
        told = repr(bench.credentials)
        assert x.CLIENT_SECRET not in told
        assert bench.credentials.get("access") not in told


class TestStayingSignedIn:
    """Refresh tokens change with each use."""

    def over(self, bench: Bench, **values: str) -> Credentials:
        return replace(bench.credentials, values={**bench.credentials.values, "expires_at": "", **values})

    def test_nothing_is_asked_while_the_token_lasts(self, bench: Bench, server: XServer):
        assert bench.channel.connector.refresh(bench.credentials, bench.client) is bench.credentials
        assert server.refreshes == 0

    def test_a_new_pair_takes_the_place_of_the_old(self, bench: Bench, server: XServer):
        renewed = bench.channel.connector.refresh(self.over(bench), bench.client)
        for name in ("access", "refresh", "expires_at"):
            assert renewed.get(name) not in {"", bench.credentials.get(name)}
        assert oauth.lasts(renewed)
        assert renewed.get("user_id") == server.user_id
        with pytest.raises(CredentialsExpired):
            bench.channel.connector.refresh(self.over(bench), bench.client)

    @pytest.mark.parametrize("said", [{}, {"access_token": ""}, {"access_token": None, "refresh_token": "baru"}])
    def test_an_answer_without_a_token_changes_nothing(self, bench: Bench, proxy: Proxy, said):
        proxy.faults.append(Fault("/2/oauth2/token", accept=False, status=200, body=json.dumps(said).encode()))
        with pytest.raises(RetryLater):
            bench.channel.connector.refresh(self.over(bench), bench.client)

    def test_an_empty_refresh_token_never_overwrites_the_one_we_hold(self, bench: Bench, proxy: Proxy):
        said = {"access_token": "baru", "refresh_token": "", "expires_in": 7200, "scope": ""}
        proxy.faults.append(Fault("/2/oauth2/token", accept=False, status=200, body=json.dumps(said).encode()))
        renewed = bench.channel.connector.refresh(self.over(bench), bench.client)
        assert renewed.get("access") == "baru"
        assert renewed.get("refresh") == bench.credentials.get("refresh")
        assert renewed.get("scope") == bench.credentials.get("scope")

    @pytest.mark.parametrize("made", [{"accept": False}, {"accept": False, "status": 503}, {"accept": True}])
    def test_an_outage_is_no_end_of_the_sign_in(self, bench: Bench, proxy: Proxy, made):
        proxy.faults.append(Fault("/2/oauth2/token", **made))
        with pytest.raises(RetryLater):
            bench.channel.connector.refresh(self.over(bench), bench.client)

    def test_permission_taken_away_is_for_the_custodian(self, bench: Bench, server: XServer):
        server.revoke()
        assert isinstance(bench.publish(bench.post("Dicabut")), CredentialsExpired)
        with pytest.raises(CredentialsExpired, match="Sign in again"):
            bench.channel.connector.refresh(self.over(bench), bench.client)
        assert not bench.channel.connector.health(bench.credentials, bench.client).ready

    @pytest.mark.parametrize("ends", ["", "besok", "2026-01-01", "2020-01-01T00:00:00+00:00"])
    def test_a_token_whose_end_is_not_known_does_not_last(self, bench: Bench, ends: str):
        assert not oauth.lasts(self.over(bench, expires_at=ends))
        assert not oauth.lasts(self.over(bench, expires_at=bench.credentials.get("expires_at"), access="refused"))


class TestWhatGoesOut:
    """Text, link and pictures with what they show."""

    def test_links_and_signs_come_back_as_they_were(self, bench: Bench, server: XServer):
        text = "Jadwal & tempat <baru>: https://bekasikab.go.id/a?x=1&copy=2, lihat juga https://bekasikab.go.id/"
        post = replace(bench.post("x"), text=text, link="https://kentongan.contoh.id/kabar/1/")
        published = bench.publish(post)
        assert server.tweets[0].text == f"{text}\n\n{post.link}"
        assert published.url == f"https://x.com/KabarUji/status/{published.remote_id}"
        assert bench.find(post).remote_id == published.remote_id

    def test_pictures_go_with_their_descriptions(self, bench: Bench, server: XServer):
        images = (Media(PNG, "image/png", "Jalan Setu"), Media(PNG, "image/png"), Media(PNG, "image/png", "y" * 2_000))
        post = replace(bench.post("Bergambar"), images=images)
        published = bench.publish(post)
        assert isinstance(published, Published), published
        assert [server.media[key] for key in server.tweets[0].media] == ["Jalan Setu", "", "y" * 1_000]
        assert bench.find(post).remote_id == published.remote_id

    @pytest.mark.parametrize("picture", [Media(b"bukan", "image/png"), Media(PNG + b"\0" * (5 << 20), "image/png")])
    def test_a_picture_that_x_does_not_take_is_a_refusal(self, bench: Bench, server: XServer, picture: Media):
        outcome = bench.publish(replace(bench.post("Rusak"), images=(picture,)))
        assert isinstance(outcome, Rejected)
        assert server.tweets == []

    def test_an_upload_that_breaks_off_has_published_nothing(self, bench: Bench, server: XServer, proxy: Proxy):
        proxy.faults.append(Fault("/2/media/upload", accept=True))
        outcome = bench.publish(replace(bench.post("Putus"), images=(Media(PNG, "image/png"),)))
        assert isinstance(outcome, RetryLater)
        assert server.tweets == []

    @pytest.mark.parametrize(("text", "fits"), [("x" * 280, True), ("界" * 140, True), ("界" * 141, False)])
    def test_the_manifest_counts_as_the_stub_does(self, bench: Bench, text: str, fits: bool):
        assert bench.channel.manifest.count(text).fits is fits
        assert isinstance(bench.publish(replace(bench.post("x"), text=text)), Published if fits else Rejected)

    def test_a_link_counts_23_and_costs_more(self, bench: Bench):
        manifest, link = bench.channel.manifest, "https://bekasikab.go.id/" + "x" * 300
        assert manifest.count(f"{'y' * 256} {link}").left == 0
        assert isinstance(bench.publish(replace(bench.post("x"), text=f"{'y' * 256} {link}")), Published)
        assert (manifest.cost("tanpa tautan"), manifest.cost(link)) == (0.015, 0.20)

    def test_every_request_was_one_that_the_description_knows(self, bench: Bench, server: XServer):
        bench.publish(replace(bench.post("Sesuai uraian"), images=(Media(PNG, "image/png", "x"),)))
        bench.find(bench.post("Dicari"))
        bench.channel.connector.health(bench.credentials, bench.client)
        assert server.problems == []

    def test_without_credit_nothing_is_lost(self, bench: Bench, server: XServer):
        server.credit = False
        outcome = bench.publish(bench.post("Pulsa habis"))
        assert isinstance(outcome, RetryLater)
        assert outcome.after == timedelta(hours=1)
        assert "credit" in outcome.message

    @pytest.mark.parametrize("answer", [{"data": {}}, {"data": None}, {"errors": []}, []])
    def test_a_success_that_names_no_post_is_a_doubt(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(201, json=answer)
        assert isinstance(bench.publish(bench.post("Aneh")), Ambiguous)

    def test_the_end_of_a_rate_limit_is_an_epoch(self, bench: Bench, proxy: Proxy):
        epoch = str(int((datetime.now(UTC) + timedelta(minutes=10)).timestamp()))
        body = b'{"errors": [{"code": 88, "message": "Rate limit exceeded"}]}'
        headers = (("x-rate-limit-reset", epoch),)
        proxy.faults.append(Fault(CREATE, accept=False, status=429, body=body, headers=headers))
        outcome = bench.publish(bench.post("Sabar"))
        assert isinstance(outcome, RetryLater)
        assert timedelta(minutes=9) < outcome.after <= timedelta(minutes=10)


class TestSameText:
    """X refuses a text that is out already: that is a trace, and not always of ours."""

    def test_a_text_of_before_is_a_refusal_that_says_what_to_do(self, bench: Bench, server: XServer):
        post = bench.post("Setiap pagi")
        server.tweets.append(Tweet("1", post.text, datetime.now(UTC) - timedelta(hours=3)))
        outcome = bench.publish(post)
        assert isinstance(outcome, Rejected)
        assert "other words" in outcome.message
        assert len(server.tweets) == 1

    def test_when_the_look_fails_it_stays_in_doubt(self, bench: Bench, proxy: Proxy):
        post = bench.post("Ragu")
        bench.publish(post)
        proxy.faults.append(Fault("GET /2/users/", accept=False))
        assert isinstance(bench.publish(post), Ambiguous)


class TestFinding:
    """X shows an account all its own posts."""

    def test_it_is_found_on_a_later_page(self, bench: Bench, server: XServer):
        post = bench.post("Tertimbun")
        published = bench.publish(post)
        server.page_size = 5
        for number in range(12):
            server.tweets.insert(0, Tweet(str(next(server.numbers)), f"Kabar {number}", datetime.now(UTC)))
        assert bench.find(post).remote_id == published.remote_id

    def test_too_many_to_look_through_is_unsure(self, bench: Bench, server: XServer):
        server.page_size = 5
        server.tweets = [Tweet(str(number), f"Kabar {number}", datetime.now(UTC)) for number in range(1, 40)]
        assert isinstance(bench.find(bench.post("Entah")), Unsure)

    def test_two_of_the_same_text_are_not_guessed_between(self, bench: Bench, server: XServer):
        post = bench.post("Dua")
        published = bench.publish(post)
        server.tweets.append(Tweet("7", post.text, datetime.now(UTC)))
        assert isinstance(bench.find(post), Unsure)
        found = bench.find(post, frozenset({"https://x.com/KabarUji/status/7"}))
        assert isinstance(found, Found)
        assert found.remote_id == published.remote_id

    @pytest.mark.parametrize("answer", [{"data": []}, {"data": {}, "meta": {}}, {"meta": "x"}, [], {}])
    def test_a_list_that_cannot_be_read_is_no_absence(self, bench: Bench, proxy: Proxy, answer):
        proxy.edit = lambda real: httpx.Response(200, json=answer)
        assert isinstance(bench.find(bench.post("Tidak terbaca")), Unsure)

    def test_an_older_post_of_that_text_is_another_one(self, bench: Bench, server: XServer):
        post = bench.post("Pekan lalu")
        server.tweets.append(Tweet("1", post.text, datetime.now(UTC) - timedelta(days=7)))
        assert isinstance(bench.find(post), Absent)


class TestVideo(HttpPublisherContract):
    """The contract again, each post with a video; and the upload in segments."""

    @pytest.fixture
    def bench(self, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VideoBench:
        """The same account, and a video of three segments."""
        monkeypatch.setattr(upload, "SEGMENT", 100 * KILOBYTE)
        monkeypatch.setattr(upload, "SHORTEST", 0.0)
        monkeypatch.setattr(upload, "LONGEST", 0.0)
        return with_video(bench, video(tmp_path, 250 * KILOBYTE))

    def test_the_whole_file_arrives_in_segments(self, bench: VideoBench, server: XServer, proxy: Proxy):
        post = bench.post("Jalan Setu ditambal")
        published = bench.publish(post)
        assert isinstance(published, Published), published
        [tweet], [sent] = server.tweets, server.uploads.values()
        assert tweet.media == (sent.number,)
        assert sent.content == bench.video.path.read_bytes()
        assert sum(APPEND in line for line in proxy.seen) == 3
        assert bench.find(post).remote_id == published.remote_id
        assert server.problems == []

    def test_it_is_waited_for_as_long_as_x_works_on_it(self, bench: VideoBench, server: XServer, proxy: Proxy):
        server.working = 4
        assert isinstance(bench.publish(bench.post("Sebentar")), Published)
        assert sum("command=STATUS" in line for line in proxy.seen) == 4

    @pytest.mark.parametrize(
        ("work", "pause"),
        [
            ({"state": "pending", "check_after_secs": 7}, 7.0),
            ({"state": "in_progress", "check_after_secs": 0}, 1.0),
            ({"state": "in_progress", "check_after_secs": 900}, 30.0),
            ({"state": "in_progress"}, 5.0),
            ({"state": "in_progress", "check_after_secs": "besok"}, 5.0),
            ({"state": "succeeded"}, None),
            (None, None),
        ],
    )
    def test_x_says_when_to_look_again(self, work: object, pause: float | None):
        assert upload._pause({"processing_info": work}) == pause

    def test_a_video_that_x_cannot_use_is_a_refusal_in_its_words(self, bench: VideoBench, server: XServer):
        server.fails_with = "Unsupported video format"
        outcome = bench.publish(bench.post("Rusak"))
        assert isinstance(outcome, Rejected)
        assert "Unsupported video format" in outcome.message
        assert server.tweets == []

    def test_a_segment_that_was_lost_is_sent_again(self, bench: VideoBench, server: XServer, proxy: Proxy):
        proxy.faults += [Fault(APPEND, accept=True), Fault(APPEND, accept=False, status=503)]
        assert isinstance(bench.publish(bench.post("Terputus")), Published)
        [sent] = server.uploads.values()
        assert sent.content == bench.video.path.read_bytes()

    @pytest.mark.parametrize("where", ["/initialize", APPEND, "/finalize", "command=STATUS"])
    @pytest.mark.parametrize(
        "made", [{"accept": False}, {"accept": True}, {"accept": True, "status": 500}, {"accept": True, "status": 400}]
    )
    def test_what_breaks_off_before_the_post_has_published_nothing(self, bench, server, proxy: Proxy, where, made):
        server.working = 2
        proxy.faults.append(Fault(where, times=3, body=b"<html>", **made))
        post = bench.post("Putus")
        assert isinstance(bench.publish(post), RetryLater)
        assert server.tweets == []
        proxy.faults.clear()
        assert isinstance(bench.publish(post), Published)
        assert bench.count(post) == 1

    def test_patience_that_is_asked_for_in_the_middle_is_kept(self, bench: VideoBench, proxy: Proxy):
        epoch = str(int((datetime.now(UTC) + timedelta(minutes=10)).timestamp()))
        body, headers = b'{"title": "Too Many Requests"}', (("x-rate-limit-reset", epoch),)
        proxy.faults.append(Fault(APPEND, accept=False, status=429, body=body, headers=headers, times=9))
        outcome = bench.publish(bench.post("Sabar"))
        assert isinstance(outcome, RetryLater)
        assert outcome.after > timedelta(minutes=9)
        assert sum(APPEND in line for line in proxy.seen) == 1

    def test_what_takes_too_long_is_given_up_before_the_post(self, bench, server: XServer, proxy: Proxy, monkeypatch):
        late = clock.now() + timedelta(hours=1)
        proxy.edit = lambda real: monkeypatch.setattr(clock, "now", lambda: late) or real
        outcome = bench.publish(bench.post("Terlalu lama"))
        assert isinstance(outcome, RetryLater)
        assert "too long" in outcome.message
        assert not any(CREATE in line for line in proxy.seen)

    def test_without_the_right_nothing_goes_out(self, bench: VideoBench, server: XServer):
        server.grants[0].scopes.discard("media.write")
        assert isinstance(bench.publish(bench.post("Tanpa izin")), Rejected)
        assert server.tweets == []

    def test_what_ai_made_is_said_to_be(self, bench: VideoBench, server: XServer):
        bench.publish(bench.post("Rekaman"))
        bench.publish(replace(bench.post("Buatan"), videos=(replace(bench.video, synthetic=True),)))
        assert [tweet.made_with_ai for tweet in server.tweets] == [True, False]
        assert server.problems == []

    def test_an_answer_without_a_body_is_no_doubt_about_a_segment(self, bench: VideoBench, proxy: Proxy):
        proxy.faults.append(Fault(APPEND, accept=True, status=204, body=b"", times=3))
        assert isinstance(bench.publish(bench.post("Tanpa isi")), Published)

    @pytest.mark.parametrize("said", [{}, {"data": None}, {"data": {"id": "../x"}}, {"data": {"id": ""}}])
    def test_an_upload_without_a_number_is_begun_again_later(self, bench, server: XServer, proxy: Proxy, said):
        proxy.faults.append(Fault("/initialize", accept=False, status=200, body=json.dumps(said).encode()))
        assert isinstance(bench.publish(bench.post("Tanpa nomor")), RetryLater)
        assert server.tweets == []


@pytest.mark.parametrize(
    ("tweet", "text"),
    [
        ({"text": "A &amp; B"}, "A & B"),
        ({"text": "Baca https://t.co/a", "entities": {"urls": [{"url": "https://t.co/a"}]}}, "Baca https://t.co/a"),
        (
            {
                "text": "go.id https://t.co/a",
                "entities": {"urls": [{"url": "https://t.co/a", "expanded_url": "http://b.id"}]},
            },
            "go.id b.id",
        ),
        ({"text": "Tanpa entitas", "entities": None}, "Tanpa  entitas\n"),
        ({"text": "Cafe\u0301"}, "Café"),
    ],
)
def test_a_post_is_recognised_in_what_x_makes_of_it(tweet, text):
    assert likeness.same(tweet, text)
    assert not likeness.same(tweet, f"{text} lagi")
