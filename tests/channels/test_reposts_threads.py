"""Reposts on Threads pass the contract too, against the stub of its API."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest
from django.utils import translation

from channels.benches import enter
from channels.graph_benches import error, fault_of
from channels.reposting import RepostBench
from kentongan.channels import registry
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    App,
    CredentialsExpired,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    Unsure,
    origin_of,
)
from kentongan.channels.testing import HttpPublisherContract
from kentongan.core import http
from servers import graph, threads
from servers.containers import Made
from servers.proxy import Fault, Proxy
from servers.threads import ThreadsServer

NOWHERE = Origin("1", "https://www.threads.com/@lain/post/C1")


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[ThreadsServer]:
    """The stub."""
    with threads.serve() as server:
        yield server


@pytest.fixture
def bench(server: ThreadsServer, proxy: Proxy) -> Iterator[RepostBench]:
    """An account, signed in through the proxy."""
    with http.client() as client:
        credentials = enter("threads", server, App(graph.APP_ID, graph.APP_SECRET, proxy.url), client)

        def posted(post: Post) -> Origin:
            number = server.post_of_others(post.text).number
            return Origin(number, f"https://www.threads.com/@lain/post/C{number}", proxy.url, {"id": number})

        yield RepostBench(
            registry.get("threads"),
            credentials,
            client,
            count=lambda post: sum(one.reposts == origin_of(post).remote_id for one in server.posts),
            refused=Post("kunci", "", datetime.now(UTC), origin=NOWHERE),
            fail=lambda failure: proxy.faults.append(fault_of(failure, "/repost")),
            expired=replace(credentials, values={**credentials.values, "access": "sudah-lewat"}),
            posted=posted,
        )


class TestThreads(HttpPublisherContract):
    """The contract; a second request makes a second repost, which is the worst that could be."""


def test_a_second_one_that_is_refused_is_the_first_one(bench: RepostBench, server: ThreadsServer):
    server.reposts_again = False
    post = bench.post("Pasar pindah ke Sukamahi")
    first, second = bench.publish(post), bench.publish(post)
    assert isinstance(first, Published)
    assert isinstance(second, Published)
    assert (second.remote_id, bench.count(post)) == (first.remote_id, 1)


def test_a_refusal_of_what_was_taken_is_looked_into(bench: RepostBench, proxy: Proxy):
    """Instagram is known to answer 400 in its own words to what it has taken."""
    post = bench.post("Ditolak, padahal sudah")
    proxy.faults.append(Fault("/repost", accept=True, status=400, body=error(100, "Invalid parameter")))
    assert isinstance(bench.publish(post), Published)
    assert bench.count(post) == 1


def test_taking_it_back_leaves_the_post(bench: RepostBench, server: ThreadsServer):
    post, other = bench.post("Keliru"), bench.post("Tetap ada")
    published = bench.publish(post)
    bench.publish(other)
    bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
    assert [bench.count(post), bench.count(other)] == [0, 1]
    assert len(server.others) == 2


def test_where_threads_does_not_delete_it_nobody_says_that_it_is_gone(bench: RepostBench, server: ThreadsServer):
    server.undoes = False
    post = bench.post("Tidak bisa dibatalkan")
    published = bench.publish(post)
    with pytest.raises(Rejected):
        bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
    assert bench.count(post) == 1


def test_what_only_its_address_is_known_of_is_neither_reposted_nor_said_to_be_undone(bench: RepostBench, server):
    page = "https://www.threads.com/@lain/post/C1"
    post = Post("kunci", "", datetime.now(UTC), origin=Origin(page, page))
    refused = bench.publish(post)
    assert isinstance(refused, Rejected)
    assert "repost it in the app" in refused.message
    assert isinstance(bench.find(post), Unsure)
    with pytest.raises(Rejected, match="a person has to undo it"):
        bench.publisher.recall(page, bench.credentials, bench.client)
    assert server.problems == []


def test_reposts_and_posts_are_not_taken_for_each_other(bench: RepostBench, server: ThreadsServer):
    """A picture may have no text, as a repost has none."""
    post, other = bench.post("Jalan ditutup"), bench.post("Jalan dibuka")
    assert isinstance(bench.publish(other), Published)
    assert isinstance(bench.find(post), Absent)
    finder, wordless = bench.channel.finder, bench.sought(replace(post, text="", origin=None))
    assert isinstance(finder.find(wordless, bench.credentials, bench.client), Absent)
    server.posts.insert(0, Made("18000000000000999", "", datetime.now(UTC), kind="IMAGE"))
    found = finder.find(wordless, bench.credentials, bench.client)
    assert isinstance(found, Found)
    assert found.remote_id == "18000000000000999"


def test_a_right_that_was_not_given_is_for_the_custodian(bench: RepostBench, server: ThreadsServer):
    for token in server.tokens:
        token.scopes.discard("threads_content_publish")
    post = bench.post("Tidak diizinkan")
    assert isinstance(bench.publish(post), CredentialsExpired)
    assert bench.count(post) == 0


def test_an_answer_without_a_number_is_a_doubt(bench: RepostBench, proxy: Proxy):
    for said in (b"{}", b'{"id": ""}', b'{"id": null}', b'{"success": true}'):
        post = bench.post("Entah")
        proxy.faults.append(Fault("/repost", accept=True, status=200, body=said))
        assert isinstance(bench.publish(post), Ambiguous), said
        assert isinstance(bench.find(post), Found), said


def test_where_it_is_not_said_what_was_reposted_absence_is_not_claimed(bench: RepostBench, proxy: Proxy):
    post, other = bench.post("Yang dicari"), bench.post("Yang lain")
    assert isinstance(bench.publish(other), Published)

    def wordless(answer: httpx.Response) -> httpx.Response:
        body = answer.content.replace(b"reposted_post", b"something_else")
        return httpx.Response(answer.status_code, headers={"content-type": "application/json"}, content=body)

    proxy.edit = wordless
    assert isinstance(bench.find(post), Unsure)
