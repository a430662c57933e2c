"""Listening on Bluesky, against an app view as the lexicons describe it."""

from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.test_listening_mastodon import JSON
from channels.test_provers import answering
from kentongan.channels import registry
from kentongan.channels.contract import ChannelError, Credentials, CredentialsExpired
from kentongan.channels.hearing import Asked, Unreadable
from kentongan.channels.testing import ListenerContract, ListeningBench
from kentongan.core import clock, http
from servers import bluesky_search
from servers.bluesky_search import TOKEN, AppView
from servers.stub import Said


def listener(name: str) -> Any:
    """Return a way to listen on Bluesky."""
    return registry.listeners()[f"bluesky.{name}"][1]


@pytest.fixture(scope="module")
def _view() -> Iterator[AppView]:
    with bluesky_search.serve() as view:
        yield view


@pytest.fixture
def view(_view: AppView) -> AppView:
    """An app view without posts."""
    _view.posts, _view.answer, _view.requests = [], None, 0
    return _view


def signed_in(view: AppView) -> Credentials:
    """Return what the view accepts."""
    return Credentials("kab.test", view.url, {"access": TOKEN})


@pytest.fixture(params=["search", "replies"])
def listening(request: pytest.FixtureRequest, view: AppView) -> Iterator[ListeningBench]:
    """Both ways, on the same posts."""
    searched = request.param == "search"

    def fail(status: int | None, headers: Mapping[str, str]) -> None:
        view.answer = Said(b"", status, headers) if status else None

    with http.client() as client:
        yield ListeningBench(
            listener(request.param),
            "warga bekasi" if searched else "",
            signed_in(view),
            client,
            lambda text: view.add(f"Warga Bekasi: {text}") and None,
            fail,
            lambda: view.posts.insert(0, {"uri": "at://x/y/z", "author": {"did": "did:plc:x"}}),
            ("", "a", "x" * 301) if searched else (),
        )


class TestBluesky(ListenerContract):
    """The contract, over HTTP."""


def test_a_second_reading_asks_only_for_what_is_newer(view: AppView) -> None:
    for number in range(230):
        view.add(f"banjir {number}", clock.now() - timedelta(hours=230 - number))
    search, asked = listener("search"), Asked("banjir")
    with http.client() as client:
        cursor, texts, rounds = "", [], 0
        while True:
            batch = search.read(Asked("banjir", cursor), signed_in(view), client)
            texts, cursor, rounds = [*texts, *(one.text for one in batch.heard)], batch.cursor, rounds + 1
            if not batch.more:
                break
        assert (len(texts), len(set(texts)), rounds) == (167, 167, 2)  # within a week
        view.add("banjir lagi")
        batch = search.read(Asked(asked.query, cursor), signed_in(view), client)
    assert next(one.text for one in batch.heard) == "banjir lagi"
    assert (len(batch.heard) < 5, batch.more) == (True, False)


def test_the_first_reading_leaves_the_budget_to_what_is_said_now(view: AppView) -> None:
    for number in range(60):
        view.add(f"banjir {number}", clock.now() - timedelta(minutes=60 - number))
    search, cursor, heard = listener("search"), "", []
    with http.client() as client:
        while True:
            batch = search.read(Asked("banjir", cursor, 2), signed_in(view), client)
            heard, cursor = [*heard, *batch.heard], batch.cursor
            if not batch.more:
                break
        assert [one.text for one in heard] == [f"banjir {number}" for number in range(59, 39, -1)]
        for number in range(60, 90):
            view.add(f"banjir {number}")
        heard = []
        while True:
            batch = search.read(Asked("banjir", cursor, 2), signed_in(view), client)
            heard, cursor = [*heard, *batch.heard], batch.cursor
            if not batch.more:
                break
    assert {one.text for one in heard} >= {f"banjir {number}" for number in range(60, 90)}


def test_what_comes_with_a_post(view: AppView) -> None:
    view.add("banjir di Babelan")
    with http.client() as client:
        (one,) = listener("search").read(Asked("banjir"), signed_in(view), client).heard
    assert (one.author, one.language, one.likes, one.shares) == ("did:plc:warga0", "id", 3, 2)
    assert one.url == "https://bsky.app/profile/did:plc:warga0/post/k0"


def test_who_asks_not_to_be_shown_to_everybody_is_left_out(view: AppView) -> None:
    view.add("banjir di Setu", labels=[{"val": "!no-unauthenticated"}])
    view.add("banjir di Babelan", labels=[{"val": "bot"}])
    with http.client() as client:
        batch = listener("search").read(Asked("banjir"), signed_in(view), client)
    assert [one.text for one in batch.heard] == ["banjir di Babelan"]


def test_a_session_that_ended_is_told_apart(view: AppView) -> None:
    with http.client() as client, pytest.raises(CredentialsExpired):
        listener("search").read(Asked("banjir"), Credentials("kab.test", view.url), client)


@settings(max_examples=80, deadline=None)
@given(st.one_of(JSON, st.lists(JSON, max_size=4)), st.one_of(st.none(), st.text(max_size=20)), st.text(max_size=60))
def test_whatever_a_server_lists_breaks_nothing(page: Any, cursor: str | None, raw: str) -> None:
    url = "https://a.example/xrpc/app.bsky.notification.listNotifications?reasons=reply&reasons=mention&reasons=quote"
    world = answering({f"{url}&limit=100": httpx.Response(200, json={"notifications": page, "cursor": cursor})})
    replies = listener("replies")
    with pytest.raises(ChannelError) if not isinstance(page, list) else nullcontext():
        batch = replies.read(Asked(""), Credentials("kab", "https://a.example"), world)
        assert all(item.reason for item in batch.unread)
    with pytest.raises(Unreadable):
        replies.again(raw)
