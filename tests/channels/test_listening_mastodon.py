"""Listening on Mastodon, on a stateful server and on what others were seen to send."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.test_provers import answering
from kentongan.channels import registry
from kentongan.channels.contract import Credentials, Rejected
from kentongan.channels.hearing import Asked, Unreadable
from kentongan.channels.testing import ListenerContract, ListeningBench
from kentongan.core import clock, http
from kentongan.core.ids import public_id
from servers.mastodon import MastodonServer
from servers.proxy import Proxy, between


def listener(name: str) -> Any:
    """Return a way to listen on Mastodon."""
    return registry.listeners()[f"mastodon.{name}"][1]


def post(server: MastodonServer, text: str, token: str = "", **more: str) -> dict[str, Any]:
    """Write a status."""
    answer = server.client.post(
        f"{server.url}/api/v1/statuses",
        headers={"Authorization": f"Bearer {token or server.token}"},
        json={"status": text, **more},
    )
    answer.raise_for_status()
    return dict(answer.json())


@pytest.fixture(scope="module")
def proxy(mastodon_server: MastodonServer) -> Iterator[Proxy]:
    """A proxy before the server that can answer in its place."""
    with between(mastodon_server.url) as proxy:
        yield proxy


@pytest.fixture
def listening(mastodon_server: MastodonServer, proxy: Proxy) -> Iterator[ListeningBench]:
    """A hashtag of its own on the stateful server."""
    tag = f"bekasi{public_id().lower()}"
    broken: list[dict[str, Any]] = []

    def fail(status: int | None, headers: Mapping[str, str]) -> None:
        proxy.edit = (lambda answer: httpx.Response(status, headers=headers)) if status else spoilt

    def spoilt(answer: httpx.Response) -> httpx.Response:
        if not broken or not answer.is_success:
            return answer
        return httpx.Response(200, json=[*broken, *answer.json()], request=answer.request)

    proxy.edit = spoilt
    with http.client() as client:
        yield ListeningBench(
            listener("hashtag"),
            tag,
            Credentials("", proxy.url),
            client,
            lambda text: post(mastodon_server, f"{text} #{tag}") and None,
            fail,
            lambda: broken.append(
                {"id": "1", "visibility": "public", "content": "<p>Tanpa waktu</p>", "account": {"acct": "a"}}
            ),
            ("", "dua kata", "#", "123", "a/b", "#" + "x" * 101),
        )
    proxy.edit = None


class TestHashtag(ListenerContract):
    """The contract, over HTTP."""


def test_only_public_posts_are_heard_and_repetitions_are_not(mastodon_server: MastodonServer) -> None:
    tag = f"tambun{public_id().lower()}"
    for visibility in ("public", "unlisted", "private", "direct"):
        post(mastodon_server, f"{visibility} #{tag}", visibility=visibility)
    with http.client() as client:
        for name in ("hashtag_signed_in", "hashtag"):
            token = {"access_token": mastodon_server.token} if "signed" in name else {}
            batch = listener(name).read(Asked(tag), Credentials("", mastodon_server.url, token), client)
            assert [one.text.split()[0] for one in batch.heard] == ["public"]


def test_the_public_timeline_goes_down_to_what_is_known(mastodon_server: MastodonServer) -> None:
    public, word = listener("public"), public_id()
    assert public.normal("apa saja") == ""
    with http.client() as client:
        asked, server = Asked("", most=40), Credentials("", mastodon_server.url)
        cursor = ""
        while (batch := public.read(replace(asked, cursor=cursor), server, client)).more:
            cursor = batch.cursor
        for number in range(5):
            post(mastodon_server, f"{word} {number}")
        heard, cursor = [], batch.cursor
        while True:
            batch = public.read(replace(asked, cursor=cursor, most=2), server, client)
            heard, cursor = [*heard, *batch.heard], batch.cursor
            if not batch.more:
                break
        assert {one.text for one in heard} >= {f"{word} {number}" for number in range(5)}
        assert len({one.remote_id for one in heard}) == len(heard)


def test_the_first_reading_leaves_the_budget_to_what_is_said_now_and_what_comes_late_is_heard() -> None:
    now = clock.now()
    ids = list(range(4000, 0, -2))  # two a minute
    asked: list[str] = []

    def page(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        below = int(request.url.params.get("max_id", 10_000))
        return httpx.Response(200, json=[status(one) for one in sorted(ids, reverse=True) if one < below][:40])

    def status(number: int) -> dict[str, Any]:
        return {
            "id": str(number), "uri": f"https://a.example/{number}", "visibility": "public", "content": str(number),
            "created_at": (now - timedelta(seconds=15) * (4000 - number)).isoformat(), "account": {"acct": "budi"},
        }  # fmt: skip

    def read_all(cursor: str) -> tuple[list[str], str]:
        heard = []
        while True:
            batch = listener("hashtag").read(Asked("setu", cursor), Credentials("", "https://a.example"), world)
            heard, cursor = [*heard, *(one.text for one in batch.heard)], batch.cursor
            if not batch.more:
                return heard, cursor

    world = httpx.Client(transport=httpx.MockTransport(page))
    first, cursor = read_all("")
    assert (len(first), len(asked)) == (1000, 25)
    late = 3801  # written 50 minutes ago, and come from another server now
    ids.append(late)
    asked.clear()
    heard, _cursor = read_all(cursor)
    assert str(late) in heard
    assert len(asked) == 4  # no further down than an hour


def test_answers_to_an_account(mastodon_server: MastodonServer) -> None:
    status = {
        "id": "9", "uri": "https://lain.example/9", "url": "https://lain.example/@budi/9", "visibility": "public",
        "content": "<p><a>@kab</a> kapan jalan Setu diperbaiki?</p>", "created_at": "2026-11-27T10:00:00Z",
        "account": {"acct": "budi@lain.example"}, "favourites_count": 2, "reblogs_count": True,
    }  # fmt: skip
    private = status | {"id": "10", "uri": "https://lain.example/10", "visibility": "direct"}
    address = "https://a.example/api/v1/notifications?types%5B%5D=mention&limit=40"
    notes = [{"id": "2", "status": private}, {"id": "1", "status": status}]
    world = answering({address: httpx.Response(200, json=notes)})
    batch = listener("replies").read(Asked(""), Credentials("kab", "https://a.example"), world)
    (one,) = batch.heard
    assert (one.text, one.author, one.likes, one.shares) == (
        "@kab kapan jalan Setu diperbaiki?", "budi@lain.example", 2, None,
    )  # fmt: skip


def test_a_server_that_shows_it_to_nobody_says_so() -> None:
    closed = httpx.Response(422, json={"error": "This method requires an authenticated user"})
    world = answering({"https://a.example/api/v1/timelines/tag/setu?limit=40": closed})
    with pytest.raises(Rejected, match="authenticated user"):
        listener("hashtag").read(Asked("setu"), Credentials("", "https://a.example"), world)


NAMES = st.sampled_from(["id", "uri", "account", "acct", "content", "created_at", "x"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "uri", "account", "acct", "content", "created_at", "x"]), inner, max_size=6
        )
    ),
    max_leaves=12,
)


@settings(max_examples=80, deadline=None)
@given(st.lists(JSON, max_size=4), st.text(max_size=60))
def test_whatever_a_server_lists_breaks_nothing(page: list[Any], raw: str) -> None:
    world = answering({"https://a.example/api/v1/timelines/tag/setu?limit=40": httpx.Response(200, json=page)})
    batch = listener("hashtag").read(Asked("setu"), Credentials("", "https://a.example"), world)
    assert all(one.remote_id and one.created_at.tzinfo for one in batch.heard)
    assert all(item.reason for item in batch.unread)
    with pytest.raises(Unreadable):
        listener("hashtag").again(raw)
