"""Threads passes the contract against a stub of its containers, signing in included."""

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
    Ambiguous,
    App,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
)
from kentongan.channels.graph import containers
from kentongan.channels.testing import Bench, HttpPublisherContract
from kentongan.channels.threads.connector import API, SCOPES
from kentongan.core import http
from servers import threads
from servers.graph import APP_ID, APP_SECRET, REDIRECT
from servers.proxy import Fault, Proxy
from servers.threads import ThreadsServer

CREATE = "/threads_publish "


@pytest.fixture(autouse=True)
def _english(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(containers, "PAUSES", (0.0,))
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[ThreadsServer]:
    """The stub."""
    with threads.serve() as server:
        yield server


@pytest.fixture
def app(proxy: Proxy) -> App:
    """The organisation's app at Meta."""
    return App(APP_ID, APP_SECRET, proxy.url)


@pytest.fixture
def bench(server: ThreadsServer, app: App, proxy: Proxy) -> Iterator[Bench]:
    """An account, signed in through the proxy."""
    with http.client() as client:
        credentials = enter("threads", server, app, client)
        yield Bench(
            registry.get("threads"),
            credentials,
            client,
            count=lambda post: sum(post.text in one.text for one in server.posts),
            refused=Post("kunci", "x" * 501, datetime.now(UTC)),
            fail=lambda failure: proxy.faults.append(fault_of(failure, CREATE)),
            expired=replace(credentials, values={**credentials.values, "access": "sudah-lewat"}),
        )


class TestThreads(HttpPublisherContract):
    """The contract."""


class TestThreadsWithVideo(TestThreads):
    """The contract again, each post with a video."""

    @pytest.fixture
    def bench(self, bench: Bench, shown: str) -> VideoBench:
        """The same account; a video by itself."""
        return with_video(bench, film(shown))


class TestSigningIn:
    """At Threads itself."""

    def test_the_page_asks_for_what_publishing_needs_and_no_more(self, app: App):
        live = replace(app, service=API)
        page = registry.get("threads").sign_in.page(live, redirect=REDIRECT, state="s" * 20, challenge="c" * 43)
        parts = urlsplit(page)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "threads.com", "/oauth/authorize")
        assert parse_qs(parts.query)["scope"] == [",".join(SCOPES)]
        assert APP_SECRET not in page

    def test_who_signed_in_is_known_and_healthy(self, bench: Bench, server: ThreadsServer):
        assert (bench.credentials.handle, bench.credentials.get("user_id")) == ("kabaruji", server.user_id)
        health = bench.channel.connector.health(bench.credentials, bench.client)
        assert (health.ready, health.problem, health.url) == (True, "", "https://www.threads.com/@kabaruji")
        assert server.problems == []

    def test_what_was_not_allowed_is_no_health(self, bench: Bench, server: ThreadsServer, app: App):
        server.withheld = {"threads_content_publish"}
        health = bench.channel.connector.health(enter("threads", server, app, bench.client), bench.client)
        assert not health.ready
        assert "not allowed" in health.problem

    @pytest.mark.parametrize("wrong", [{"client_secret": "salah"}, {"client_id": "999"}])
    def test_an_app_that_threads_does_not_know_is_told_apart(self, server, app: App, bench: Bench, wrong):
        sign_in = registry.get("threads").sign_in
        code = server.allow(sign_in.page(app, redirect=REDIRECT, state="s" * 20, challenge=""))["code"]
        with pytest.raises(Rejected, match="client id and secret"):
            sign_in.exchange(replace(app, **wrong), code=code, verifier="", redirect=REDIRECT, client=bench.client)


class TestStayingSignedIn(StayingSignedIn):
    """A token of sixty days."""


class TestWhatGoesOut:
    """Text alone, a picture, or several."""

    def test_a_text_goes_with_its_link_below(self, bench: Bench, server: ThreadsServer):
        link = "https://kentongan.contoh.id/kabar/1/"
        post = replace(bench.post("Baca"), link=link)
        published = bench.publish(post)
        assert server.posts[0].text == f"{post.text}\n\n{link}"
        assert published.url == f"https://www.threads.com/@kabaruji/post/C{published.remote_id}"
        assert isinstance(bench.find(post), Found)
        assert server.problems == []

    @pytest.mark.parametrize("n", [1, 2, 20])
    def test_pictures_go_in_order_with_their_descriptions(self, bench: Bench, server, shown: str, n: int):
        told = [f"Gambar {number}" for number in range(n)]
        post = replace(bench.post("Bergambar"), images=tuple(picture(shown, alt) for alt in told))
        assert isinstance(bench.publish(post), Published)
        assert list(server.posts[0].alts) == told
        assert server.posts[0].text == post.text
        assert server.problems == []

    @pytest.mark.parametrize(
        ("name", "kind"), [("besar.jpg", Rejected), ("bukan.jpg", Rejected), ("hilang.jpg", RetryLater)]
    )
    def test_a_picture_that_threads_does_not_take_is_a_refusal(self, bench: Bench, server, shown: str, name, kind):
        outcome = bench.publish(replace(bench.post("Rusak"), images=(picture(shown, name=name),)))
        assert isinstance(outcome, kind)
        assert server.posts == []

    @pytest.mark.parametrize(
        ("text", "fits"), [("x" * 500, True), ("é" * 500, True), ("😀" * 125, True), ("😀" * 125 + "x", False)]
    )
    def test_the_manifest_counts_as_the_stub_does(self, bench: Bench, text: str, fits: bool):
        assert bench.channel.manifest.count(text).fits is fits
        assert isinstance(bench.publish(replace(bench.post("x"), text=text)), Published if fits else Rejected)


class TestContainers(InContainers):
    """`/threads`, then `/threads_publish`."""

    make = "POST /v1.0/17841400001/threads "
    publish = CREATE
    quota = "/threads_publishing_limit"
    state = "fields=status"
    profile = "https://www.threads.com/@kabaruji"


class TestVideos(WithVideos):
    """Alone, and in a carousel."""

    alone = "VIDEO"
    describes = True
    make = TestContainers.make


class TestFinding(FindingAgain):
    """`/me/threads`."""


class TestTakingBack:
    """`DELETE`, with a permission of its own."""

    def test_what_may_not_be_deleted_is_not_taken_for_gone(self, bench: Bench, server, proxy: Proxy):
        published = bench.publish(bench.post("Masih ada"))
        body = error(100, "Unsupported delete request.", error_subcode=33)
        proxy.faults.append(Fault("DELETE ", accept=False, status=400, body=body))
        with pytest.raises(Rejected):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert len(server.posts) == 1

    def test_without_the_permission_it_says_so(self, bench: Bench, server: ThreadsServer, app: App):
        server.withheld = {"threads_delete"}
        credentials = enter("threads", server, app, bench.client)
        published = bench.publish(bench.post("Tidak boleh"), credentials)
        with pytest.raises(CredentialsExpired, match="threads_delete"):
            bench.publisher.recall(published.remote_id, credentials, bench.client)

    def test_an_address_that_a_person_gave_tells_no_number(self, bench: Bench):
        with pytest.raises(Rejected, match="yourself"):
            bench.publisher.recall("https://www.threads.com/@kabaruji/post/Cabc", bench.credentials, bench.client)

    def test_an_outage_is_tried_again(self, bench: Bench, proxy: Proxy):
        published = bench.publish(bench.post("Nanti"))
        proxy.faults.append(Fault("DELETE ", accept=False))
        with pytest.raises(RetryLater):
            bench.publisher.recall(published.remote_id, bench.credentials, bench.client)


def test_a_lost_answer_of_the_second_step_is_a_doubt(bench: Bench, proxy: Proxy, server: ThreadsServer):
    proxy.faults.append(Fault(CREATE, accept=True))
    assert isinstance(bench.publish(bench.post("Hilang")), Ambiguous)
    assert len(server.posts) == 1
