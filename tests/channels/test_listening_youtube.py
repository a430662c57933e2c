"""Listening on YouTube, against its list of comments as the Data API describes it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.test_listening_mastodon import JSON
from kentongan.channels import registry
from kentongan.channels.contract import Credentials, CredentialsExpired, RetryLater
from kentongan.channels.hearing import Asked, Unreadable
from kentongan.channels.testing import ListenerContract, ListeningBench
from kentongan.core import clock, http
from servers import youtube_comments
from servers.stub import Said
from servers.youtube_comments import CHANNEL, TOKEN, Comments


def listener() -> Any:
    """Return what reads comments."""
    return registry.listeners()["youtube.comments"][1]


def signed_in(url: str, token: str = TOKEN) -> Credentials:
    """Return what the server accepts."""
    return Credentials("kab", url, {"access": token, "user_id": CHANNEL})


@pytest.fixture(scope="module")
def _comments() -> Iterator[Comments]:
    with youtube_comments.serve() as comments:
        yield comments


@pytest.fixture
def comments(_comments: Comments) -> Comments:
    """Videos without comments."""
    _comments.threads, _comments.answer = [], None
    return _comments


@pytest.fixture
def listening(comments: Comments) -> Iterator[ListeningBench]:
    """A channel's comments."""

    def fail(status: int | None, headers: Mapping[str, str]) -> None:
        comments.answer = Said(b"", status, headers) if status else None

    with http.client() as client:
        yield ListeningBench(
            listener(),
            "",
            signed_in(comments.url),
            client,
            lambda text: comments.add(text) and None,
            fail,
            lambda: comments.threads.insert(0, {"id": "t", "snippet": {}}),
        )


class TestComments(ListenerContract):
    """The contract, over HTTP."""


def test_answers_come_with_their_thread(comments: Comments) -> None:
    thread = comments.add("Kapan jalan Setu diperbaiki?", clock.now() - timedelta(days=2))
    thread["replies"] = {"comments": [comments.comment("Sudah tiga bulan begini")]}
    with http.client() as client:
        heard = listener().read(Asked(""), signed_in(comments.url), client).heard
    assert [one.text for one in heard] == ["Kapan jalan Setu diperbaiki?", "Sudah tiga bulan begini"]
    assert heard[0].url == "https://www.youtube.com/watch?v=v1&lc=Ugz0"
    assert (heard[0].author, heard[0].likes, heard[0].shares) == ("UCwarga0", 2, None)


def test_a_sign_in_that_ended_and_a_quota_that_is_used_up_are_told_apart(comments: Comments) -> None:
    with http.client() as client:
        with pytest.raises(CredentialsExpired):
            listener().read(Asked(""), signed_in(comments.url, "lama"), client)
        error = {"error": {"code": 403, "message": "x", "errors": [{"reason": "quotaExceeded"}]}}
        comments.answer = Said(error, 403)
        with pytest.raises(RetryLater) as caught:
            listener().read(Asked(""), signed_in(comments.url), client)
    assert caught.value.after is not None


@settings(max_examples=60, deadline=None)
@given(st.lists(JSON, max_size=4), st.text(max_size=60))
def test_whatever_a_server_lists_breaks_nothing(page: list[Any], raw: str) -> None:
    sent = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(200, json={"items": page})))
    batch = listener().read(Asked(""), signed_in("https://a.example"), sent)
    assert len(batch.unread) >= bool(page)
    assert not batch.more
    with pytest.raises(Unreadable):
        listener().again(raw)
