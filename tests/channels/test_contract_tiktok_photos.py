"""Pictures on TikTok, against the stub: fetched by TikTok, in doubt only where the one call's answer is lost."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from channels.benches import enter, fault
from channels.graph_benches import picture
from kentongan.channels import registry
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    CredentialsExpired,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
)
from kentongan.channels.testing import AFTER, DELAY, Bench, Failure
from kentongan.channels.tiktok import publisher
from kentongan.core import clock, http
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
    with http.client() as client:
        credentials = enter("tiktok", server, App(tiktok.CLIENT_KEY, tiktok.CLIENT_SECRET, proxy.url), client)
        images = (picture(shown, "Jalan Setu"), picture(shown))
        yield Bench(
            registry.get("tiktok"),
            credentials,
            client,
            count=lambda post: sum(post.text in one.info["description"] for one in server.out()),
            refused=Post("kunci", "x" * 4_001, datetime.now(UTC), images=images),
            expired=replace(credentials, values={**credentials.values, "access": "sudah-lewat"}),
            images=images,
        )


def look(bench: Bench, post: Post, receipt: str) -> Found | Absent | Unsure:
    now = datetime.now(UTC)
    sought = Sought(post, now - timedelta(minutes=1), now, receipts=(receipt,), last_receipt=receipt)
    return bench.finder.find(sought, bench.credentials, bench.client)


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

    def test_a_text_that_is_too_long_and_a_sign_in_that_is_over(self, bench: Bench, server: TikTokServer):
        assert isinstance(bench.publish(bench.refused), Rejected)
        assert isinstance(bench.publish(bench.post("Lewat"), bench.expired), CredentialsExpired)
        assert server.posts == []


class TestDoubt:
    """Only the answer of the one call, and what TikTok still works on."""

    @pytest.mark.parametrize("failure", [*AFTER, Failure.CUT_BEFORE, Failure.ERROR_500_BEFORE])
    def test_a_lost_answer_is_a_doubt_that_only_a_person_ends(self, bench, server, proxy: Proxy, failure: Failure):
        proxy.faults.append(fault(failure, INIT))
        post = bench.post("Hilang")
        outcome = bench.publish(post)
        assert isinstance(outcome, Ambiguous), outcome
        assert "receipt" not in outcome.response
        seen = bench.find(post)
        assert isinstance(seen, Unsure)
        assert "look into the account" in seen.reason
        assert len(server.posts) == int(failure in AFTER)

    def test_a_rate_limit_has_published_nothing(self, bench: Bench, server: TikTokServer, proxy: Proxy):
        for failure, after in ((Failure.LIMITED_WITH_DELAY, DELAY), (Failure.LIMITED_WITHOUT_DELAY, None)):
            proxy.faults.append(replace(fault(failure, INIT), body=LIMITED.encode()))
            outcome = bench.publish(bench.post("Terlalu sering"))
            assert (type(outcome), outcome.after) == (RetryLater, after)
        assert server.posts == []

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
        assert isinstance(look(bench, post, receipt), Unsure)
        server.fetching = 0
        found = look(bench, post, receipt)
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
        assert isinstance(look(bench, post, server.posts[0].publish_id), Absent)
        assert server.out() == []
