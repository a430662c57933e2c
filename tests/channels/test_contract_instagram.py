"""Instagram passes the contract against a stub of its containers, signing in included."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from django.utils import translation

from channels.benches import enter
from channels.container_tests import FindingAgain, InContainers, StayingSignedIn, WithVideos
from channels.graph_benches import error, fault_of, film, picture
from channels.videos import VideoBench, with_video
from kentongan.channels import registry
from kentongan.channels.contract import (
    App,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
)
from kentongan.channels.graph import containers
from kentongan.channels.instagram.connector import API, SCOPES
from kentongan.channels.testing import Bench, HttpPublisherContract
from kentongan.core import http
from servers import instagram
from servers.graph import APP_ID, APP_SECRET, REDIRECT
from servers.instagram import InstagramServer
from servers.proxy import Fault, Proxy

CREATE = "/media_publish "


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(containers, "PAUSES", (0.0,))
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[InstagramServer]:
    """The stub."""
    with instagram.serve() as server:
        yield server


@pytest.fixture
def app(proxy: Proxy) -> App:
    """The organisation's app at Meta."""
    return App(APP_ID, APP_SECRET, proxy.url)


@pytest.fixture
def bench(server: InstagramServer, app: App, proxy: Proxy, shown: str) -> Iterator[Bench]:
    """An account, signed in through the proxy."""
    with http.client() as client:
        credentials = enter("instagram", server, app, client)
        yield Bench(
            registry.get("instagram"),
            credentials,
            client,
            count=lambda post: sum(post.text in one.text for one in server.posts),
            refused=Post("kunci", "x" * 2_201, datetime.now(UTC), images=(picture(shown),)),
            fail=lambda failure: proxy.faults.append(fault_of(failure, CREATE)),
            expired=replace(credentials, values={**credentials.values, "access": "sudah-lewat"}),
            images=(picture(shown, "Jalan Setu"),),
        )


class TestInstagram(HttpPublisherContract):
    """The contract."""

    def test_taking_back_says_where_it_is_done(self, bench: Bench):
        assert "in the app" in bench.refusal_of_recall("17900000000000001")


class TestReels(TestInstagram):
    """The contract again, each post with a video."""

    @pytest.fixture
    def bench(self, bench: Bench, shown: str) -> VideoBench:
        """The same account; a video by itself."""
        return with_video(bench, film(shown))


class TestSigningIn:
    """At Instagram itself."""

    def test_the_page_asks_for_what_publishing_needs_and_no_more(self, app: App):
        live = replace(app, service=API)
        page = registry.get("instagram").sign_in.page(live, redirect=REDIRECT, state="s" * 20, challenge="c" * 43)
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.instagram.com", "/oauth/authorize")
        assert parse_qs(parts.query)["scope"] == [",".join(SCOPES)]
        assert APP_SECRET not in page

    def test_who_signed_in_is_known_and_healthy(self, bench: Bench, server: InstagramServer):
        assert (bench.credentials.handle, bench.credentials.get("user_id")) == ("kabaruji", server.user_id)
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem, health.url) == (True, "", "https://www.instagram.com/kabaruji/")
        assert server.problems == []

    def test_a_private_account_is_told_what_to_become(self, bench: Bench, server: InstagramServer):
        server.account_type = "PERSONAL"
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert not health.ready
        assert "professional" in health.problem

    def test_what_was_not_allowed_is_no_health(self, bench: Bench, server: InstagramServer, app: App):
        server.withheld = {"instagram_business_content_publish"}
        credentials = enter("instagram", server, app, bench.client)
        health = bench.channel.connector.health(credentials, bench.client)
        assert not health.ready
        assert "not allowed" in health.problem
        assert isinstance(bench.publish(bench.post("Tanpa izin"), credentials), CredentialsExpired)

    def test_a_code_is_good_once(self, server: InstagramServer, app: App, bench: Bench):
        sign_in = registry.get("instagram").sign_in
        code = server.allow(sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))["code"]
        given = {"code": code, "verifier": "", "redirect": REDIRECT, "client": bench.client}
        sign_in.exchange(app, **given)
        with pytest.raises(CredentialsExpired):
            sign_in.exchange(app, **given)

    @pytest.mark.parametrize("wrong", [{"client_secret": "salah"}, {"client_id": "999"}])
    def test_an_app_that_instagram_does_not_know_is_told_apart(self, server, app: App, bench: Bench, wrong):
        sign_in = registry.get("instagram").sign_in
        code = server.allow(sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))["code"]
        with pytest.raises(Rejected, match="client id and secret"):
            sign_in.exchange(replace(app, **wrong), code=code, verifier="", redirect=REDIRECT, client=bench.client)

    def test_both_forms_of_the_first_answers_are_understood(self, bench: Bench, server: InstagramServer, app: App):
        wanted = ",".join(sorted(SCOPES))
        assert bench.credentials.get("scope") == wanted
        server.wrapped, server.account_type = False, "MEDIA_CREATOR"
        flat = enter("instagram", server, app, bench.client)
        assert (flat.handle, flat.get("user_id"), flat.get("scope")) == ("kabaruji", server.user_id, wanted)
        assert bench.channel.connector.health(flat, bench.client).ready

    @pytest.mark.parametrize("said", [{"data": []}, {"data": [7]}, {"data": {}}, {}])
    def test_an_answer_that_tells_no_account_is_no_sign_in(self, bench: Bench, server, app: App, proxy: Proxy, said):
        proxy.faults.append(Fault("/me?", accept=False, status=200, body=json.dumps(said).encode()))
        with pytest.raises(Rejected, match="whose account"):
            enter("instagram", server, app, bench.client)

    def test_no_secret_is_printed_or_kept_of_an_answer(self, bench: Bench, proxy: Proxy):
        token = bench.credentials.get("access")
        proxy.faults.append(Fault(CREATE, accept=False, status=400, body=error(100, f"Bad token {token}")))
        outcome = bench.publish(bench.post("Rahasia"))
        for secret in (APP_SECRET, token):
            assert secret not in f"{bench.credentials!r}{outcome}{outcome.response}"


class TestWhatGoesOut:
    """Pictures with what they show; nothing without one."""

    def test_one_picture_goes_with_its_description_and_its_link_in_the_text(self, bench: Bench, server, shown: str):
        link = "https://kentongan.contoh.id/kabar/1/"
        post = replace(bench.post("Bergambar"), link=link)
        published = bench.publish(post)
        assert (server.posts[0].text, server.posts[0].alts) == (f"{post.text}\n\n{link}", ("Jalan Setu",))
        assert server.fetched == [f"{shown}/gambar.jpg"]
        assert published.url == f"https://www.instagram.com/p/C{published.remote_id}/"
        assert server.problems == []

    @pytest.mark.parametrize("n", [2, 10])
    def test_several_become_a_carousel_in_order(self, bench: Bench, server: InstagramServer, shown: str, n: int):
        told = [f"Gambar {number}" for number in range(n)]
        post = replace(bench.post("Banyak"), images=tuple(picture(shown, alt) for alt in told))
        assert isinstance(bench.publish(post), Published)
        assert list(server.posts[0].alts) == told
        assert len(server.posts) == 1
        assert isinstance(bench.find(post), Found)

    def test_without_a_picture_it_is_refused_in_words(self, bench: Bench, proxy: Proxy):
        proxy.seen.clear()
        outcome = bench.publish(replace(bench.post("Hanya teks"), images=()))
        assert isinstance(outcome, Rejected)
        assert "without a picture or video" in outcome.message
        assert proxy.seen == []

    def test_more_than_thirty_hashtags_are_refused_in_words(self, bench: Bench):
        tags = " ".join(f"#tagar{number}" for number in range(31))
        outcome = bench.publish(replace(bench.post("x"), text=tags))
        assert isinstance(outcome, Rejected)
        assert "30 hashtags" in outcome.message

    def test_without_a_public_address_it_is_refused_in_words(self, bench: Bench, server: InstagramServer):
        images = (replace(bench.images[0], url=""),)
        outcome = bench.publish(replace(bench.post("Tanpa alamat"), images=images))
        assert isinstance(outcome, Rejected)
        assert "no public address" in outcome.message
        assert server.posts == []

    @pytest.mark.parametrize("name", ["gambar.png", "besar.jpg", "bukan.jpg"])
    def test_a_picture_that_instagram_does_not_take_is_a_refusal(self, bench: Bench, server, shown: str, name: str):
        outcome = bench.publish(replace(bench.post("Rusak"), images=(picture(shown, name=name),)))
        assert isinstance(outcome, Rejected)
        assert server.posts == []

    def test_a_picture_that_it_cannot_fetch_is_tried_again_and_says_where_to_look(self, bench: Bench, server, shown):
        outcome = bench.publish(replace(bench.post("Hilang"), images=(picture(shown, name="hilang.jpg"),)))
        assert isinstance(outcome, RetryLater)
        assert "public address" in outcome.message
        assert server.posts == []


class TestStayingSignedIn(StayingSignedIn):
    """A token of sixty days."""


class TestContainers(InContainers):
    """`/media`, then `/media_publish`."""

    make = "POST /v25.0/17841400001/media "
    publish = CREATE
    quota = "/content_publishing_limit"
    state = "fields=status_code"
    profile = "https://www.instagram.com/kabaruji/"

    @pytest.mark.parametrize(
        ("code", "subcode", "status", "kind"),
        [
            (9, 2_207_042, 403, RetryLater),
            (4, 2_207_051, 403, Rejected),
            (25, 2_207_050, 403, CredentialsExpired),
            (100, 2_207_081, 400, Rejected),  # a trial reel of an account with too few followers: we make none
            (36_003, 2_207_009, 400, Rejected),
            (-2, 2_207_003, 400, RetryLater),
            (-1, 2_207_001, 400, RetryLater),
        ],
    )
    def test_the_class_of_an_error(self, bench: Bench, proxy: Proxy, code, subcode, status, kind):
        body = error(code, "Ada masalah", error_subcode=subcode)
        proxy.faults.append(Fault(self.make, accept=False, status=status, body=body))
        assert type(bench.publish(bench.post("Galat"))) is kind


class TestVideos(WithVideos):
    """Reels, and videos in a carousel."""

    alone = "REELS"
    describes = False
    make = TestContainers.make


class TestFinding(FindingAgain):
    """`/{account}/media`."""
