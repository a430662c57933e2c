"""Pictures on TikTok pass the contract: fetched by TikTok, in doubt only where the one call's answer is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from channels.benches import fault, signed_in
from channels.graph_benches import picture
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.testing import Bench, Failure, HttpPublisherContract
from kentongan.channels.tiktok import publisher
from kentongan.core import clock
from servers import tiktok
from servers.proxy import Fault, Proxy
from servers.tiktok import TikTokServer

INIT, STATUS = "/content/init/", "/status/fetch/"
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
def bench(server: TikTokServer, proxy: Proxy, shown: str) -> Iterator[Bench]:
    """An account, signed in through the proxy; each post has two pictures."""

    def fail(failure: Failure) -> None:
        made = fault(failure, INIT)
        proxy.faults.append(replace(made, body=LIMITED.encode()) if failure.name.startswith("LIMITED") else made)

    images = (picture(shown, "Jalan Setu"), picture(shown))
    with signed_in(
        "tiktok",
        server,
        App(tiktok.CLIENT_KEY, tiktok.CLIENT_SECRET, proxy.url),
        count=lambda post: sum(post.text in one.info["description"] for one in server.out()),
        refused=Post("kunci", "x" * 4_001, datetime.now(UTC), images=images),
        fail=fail,
        images=images,
        listed=False,
    ) as bench:
        yield bench


class TestTikTokPhotos(HttpPublisherContract):
    """The contract; TikTok lists no pictures."""


class TestWhatGoesOut:
    """One call that names the addresses."""

    def test_they_go_out_with_text_and_link_the_first_in_front(self, bench: Bench, server: TikTokServer, shown: str):
        link = "https://kentongan.contoh.id/kabar/1/"
        post = replace(bench.post("Jalan Setu"), link=link)
        published = bench.publish(post)
        assert isinstance(published, Published), published
        [made] = server.out()
        assert made.info["description"] == f"{post.text}\n\n{link}"
        assert made.pictures == (f"{shown}/gambar.jpg",) * 2
        assert (made.info["privacy_level"], made.info["auto_add_music"]) == ("PUBLIC_TO_EVERYONE", False)
        assert published.url == f"https://www.tiktok.com/@kabaruji/photo/{published.remote_id}"
        assert server.problems == []

    @pytest.mark.parametrize("n", [1, 35])
    def test_up_to_thirty_five(self, bench: Bench, server: TikTokServer, shown: str, n: int):
        post = replace(bench.post("Banyak"), images=tuple(picture(shown) for _number in range(n)))
        assert isinstance(bench.publish(post), Published)
        assert (len(server.posts[0].pictures), bench.channel.manifest.limits.images) == (n, 35)

    @pytest.mark.parametrize("images", [(), (Media(b"x", "image/jpeg"),)])
    def test_without_any_or_without_an_address_it_is_refused_in_words(self, bench: Bench, server, images):
        outcome = bench.publish(replace(bench.post("Tidak bisa"), images=images))
        assert isinstance(outcome, Rejected)
        assert ("no public address" if images else "without a picture or video") in outcome.message
        assert server.posts == []

    def test_a_domain_that_is_not_proven_says_what_to_do(self, bench: Bench, server: TikTokServer):
        server.verified = False
        outcome = bench.publish(bench.post("Belum terbukti"))
        assert isinstance(outcome, Rejected)
        assert "URL properties" in outcome.message

    def test_what_the_account_may_not_is_refused_before_anything(self, bench: Bench, server: TikTokServer):
        server.private = True
        assert isinstance(bench.publish(bench.post("Tertutup")), Rejected)
        server.private, server.audited = False, False
        outcome = bench.publish(bench.post("Belum diaudit"))
        assert isinstance(outcome, Rejected)
        assert "audited" in outcome.message
        assert server.posts == []


class TestDoubt:
    """Only the answer of the one call, and what TikTok still works on."""

    def test_a_lost_answer_leaves_nothing_to_ask_by_and_says_what_to_do(self, bench: Bench):
        bench.fail(Failure.CUT_AFTER)
        post = bench.post("Hilang")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous), outcome
        assert "receipt" not in outcome.response
        seen = bench.find(post)
        assert isinstance(seen, Unsure)
        assert "look into the account" in seen.reason

    @pytest.mark.parametrize("said", [{}, {"publish_id": None}, {"publish_id": 7}])
    def test_an_answer_that_names_no_post_is_a_doubt(self, bench: Bench, proxy: Proxy, said):
        body = json.dumps({"data": said, "error": {"code": "ok"}}).encode()
        proxy.faults.append(Fault(INIT, accept=True, status=200, body=body))
        assert isinstance(bench.publish(bench.post("Tanpa nama")), Ambiguous)

    def test_while_they_are_fetched_it_is_waited_for(self, bench: Bench, server: TikTokServer, proxy: Proxy):
        server.fetching = publisher.LOOKS + 5
        assert isinstance(bench.publish(bench.post("Sebentar")), Published)
        assert sum(STATUS in line for line in proxy.seen) == publisher.LOOKS + 6

    def test_not_for_ever(self, bench: Bench, server: TikTokServer, proxy: Proxy, monkeypatch: pytest.MonkeyPatch):
        server.fetching, real = 10**6, clock.now
        monkeypatch.setattr(
            clock, "now", lambda: real() + timedelta(minutes=4) * sum(STATUS in one for one in proxy.seen)
        )
        post = bench.post("Lama")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous)
        assert sum(STATUS in line for line in proxy.seen) < 20
        receipt = outcome.response["receipt"]
        assert isinstance(bench.find(post, receipts=(receipt,)), Unsure)
        server.fetching = 0
        found = bench.find(post, receipts=(receipt,))
        assert isinstance(found, Found)
        assert found.url.endswith(f"/photo/{server.out()[0].number}")

    @pytest.mark.parametrize(
        ("name", "kind", "reason"),
        [("hilang.jpg", RetryLater, "photo_pull_failed"), ("gambar.png", Rejected, "file_format_check_failed")],
    )
    def test_what_tiktok_could_not_fetch_is_tried_again_and_what_it_does_not_take_is_not(
        self, bench: Bench, server: TikTokServer, shown: str, name: str, kind, reason: str
    ):
        post = replace(bench.post("Gagal"), images=(picture(shown, name=name),))
        outcome = bench.publish(post)
        assert isinstance(outcome, kind)
        assert reason in outcome.message
        assert isinstance(bench.find(post, receipts=(server.posts[0].publish_id,)), Absent)
        assert server.out() == []
