"""Reposts on X pass the contract too, against the stub of its API v2."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.utils import translation

from channels.benches import enter, fault
from channels.reposting import RepostBench
from kentongan.channels import registry
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
    origin_of,
)
from kentongan.channels.testing import HttpPublisherContract
from kentongan.core import http
from servers import x
from servers.proxy import Fault, Proxy
from servers.x import XServer


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[XServer]:
    """The stub."""
    with x.serve() as server:
        yield server


@pytest.fixture(params=[True, False], ids=["a second one succeeds", "a second one is refused"])
def bench(request: pytest.FixtureRequest, server: XServer, proxy: Proxy) -> Iterator[RepostBench]:
    """An account, signed in through the proxy; X answers a second repost of a post in either way."""
    server.reposts_again = request.param
    with http.client() as client:
        credentials = enter("x", server, App(x.CLIENT_ID, x.CLIENT_SECRET, proxy.url), client)

        def posted(post: Post) -> Origin:
            tweet = server.post_of_others(post.text)
            return Origin(tweet.number, f"https://x.com/lain/status/{tweet.number}", proxy.url, {"id": tweet.number})

        yield RepostBench(
            registry.get("x"),
            credentials,
            client,
            count=lambda post: sum(one.reposts == origin_of(post).remote_id for one in server.tweets),
            refused=Post("kunci", "", datetime.now(UTC), origin=Origin("1", "https://x.com/lain/status/1")),
            fail=lambda failure: proxy.faults.append(fault(failure, "/retweets")),
            expired=replace(credentials, values={**credentials.values, "access": "sudah-lewat"}),
            posted=posted,
        )


class TestX(HttpPublisherContract):
    """The contract."""

    def test_it_is_called_by_the_number_of_the_post(self, bench: RepostBench, server: XServer):
        post = bench.post("Pasar pindah ke Sukamahi")
        published = bench.publish(post)
        assert (published.remote_id, published.url) == (origin_of(post).remote_id, origin_of(post).url)
        assert server.tweets[0].number != published.remote_id
        assert server.problems == []

    def test_taking_it_back_leaves_the_post_and_other_reposts(self, bench: RepostBench, server: XServer):
        post, other = bench.post("Keliru"), bench.post("Tetap ada")
        published = bench.publish(post)
        bench.publish(other)
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
        assert [bench.count(post), bench.count(other)] == [0, 1]
        assert len(server.others) == 2

    def test_posts_of_its_own_are_not_taken_for_reposts(self, bench: RepostBench, server: XServer):
        post = bench.post("Jalan ditutup")
        own = bench.channel.publisher.publish(
            replace(post, text="Jalan ditutup", origin=None), bench.credentials, bench.client
        )
        assert isinstance(bench.find(post), Absent)
        assert isinstance(bench.publish(post), Published)
        finder, sought = bench.channel.finder, replace(bench.sought(post), post=replace(post, text="Jalan ditutup"))
        found = finder.find(sought, bench.credentials, bench.client)
        assert isinstance(found, Found)
        assert found.remote_id == own.remote_id

    def test_the_address_that_a_person_gave_leads_to_the_post(self, bench: RepostBench):
        post = bench.post("Ditemukan orang")
        origin = origin_of(post)
        seen = replace(post, origin=replace(origin, remote_id=origin.url, response={}))
        published = bench.publish(seen)
        assert published.remote_id == origin.remote_id
        assert isinstance(bench.find(seen), Found)

    @pytest.mark.parametrize(
        "page", ["https://x.com/lain", "https://contoh.id/berita/satu", "https://x.com/i/status/٣"]
    )
    def test_an_address_that_leads_nowhere_is_refused_in_words(self, bench: RepostBench, server: XServer, page: str):
        post = Post("kunci", "", datetime.now(UTC), origin=Origin(page, page))
        refused = bench.publish(post)
        assert isinstance(refused, Rejected)
        assert refused.message == "The address of the post that is to be reposted names no post of X."
        assert isinstance(bench.find(post), Unsure)
        assert server.problems == []

    def test_what_only_its_address_is_known_of_is_not_said_to_be_undone(self, bench: RepostBench):
        with pytest.raises(Rejected, match="a person has to undo it"):
            bench.publisher.recall("https://x.com/lain/status/1", bench.credentials, bench.client)

    def test_a_post_that_is_gone_is_refused_in_the_words_of_x(self, bench: RepostBench, server: XServer):
        post = bench.post("Sudah dihapus")
        server.others.clear()
        refused = bench.publish(post)
        assert isinstance(refused, Rejected)
        assert "Could not find tweet" in refused.message

    def test_without_credit_it_waits(self, bench: RepostBench, server: XServer):
        server.credit = False
        outcome = bench.publish(bench.post("Habis"))
        assert isinstance(outcome, RetryLater)
        assert outcome.after is not None
        assert "credit" in outcome.message

    def test_an_answer_without_a_word_of_success_is_a_doubt(self, bench: RepostBench, proxy: Proxy):
        for said in (b"{}", b'{"data": {}}', b'{"data": {"retweeted": false}}', b'{"data": [1]}'):
            post = bench.post("Entah")
            proxy.faults.append(Fault("/retweets", accept=True, status=200, body=said))
            assert isinstance(bench.publish(post), Ambiguous), said
            assert isinstance(bench.find(post), Found), said
