"""Which posts were deleted: on a real Bluesky server, a stateful Mastodon server, and where nobody knows."""

from typing import Any

import httpx
import pytest

from channels.test_listening_mastodon import post
from channels.test_provers import answering, rerouted
from channels.test_public_posts import bluesky_post
from kentongan.channels import registry
from kentongan.channels.contract import RetryLater
from kentongan.channels.hearing import Absences
from kentongan.core import clock, http
from servers.mastodon import MastodonServer
from servers.pds import Pds


def absences(kind: str) -> Absences:
    """Return what tells deletions."""
    found = registry.get(kind).absences
    assert found is not None
    return found


def test_bluesky_on_a_real_server(pds: Pds, settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = pds.url
    account = pds.account()
    keys = [bluesky_post(pds, account, clock.now(), text).rsplit("/", 1)[1] for text in ("Banjir", "Jalan rusak")]
    urls = [f"https://bsky.app/profile/{account['did']}/post/{key}" for key in keys]
    with http.client() as client:
        asked = [*urls, "https://bsky.app/profile/kab.test", "https://lain.example/1"]
        assert absences("bluesky").gone(asked, client) == frozenset()
        where = {"repo": account["did"], "collection": "app.bsky.feed.post", "rkey": keys[0]}
        pds.call("com.atproto.repo.deleteRecord", account["token"], post=where)
        assert absences("bluesky").gone(asked, client) == {urls[0]}


def test_an_app_view_that_leaves_a_post_out_is_not_believed_alone(settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = "https://a.example"
    view = "https://a.example/xrpc/app.bsky.feed.getPosts?uris=at%3A%2F%2Fdid%3Aplc%3Ax%2Fapp.bsky.feed.post%2F{}"
    record = "https://a.example/xrpc/com.atproto.repo.getRecord?repo=did%3Aplc%3Ax&collection=app.bsky.feed.post&rkey="
    world = answering(
        {
            view.format("a"): httpx.Response(200, json={"posts": []}),
            view.format("b"): httpx.Response(200, json={"posts": []}),
            f"{record}a": httpx.Response(200, json={"uri": "x", "value": {}}),
            f"{record}b": httpx.Response(400, json={"error": "RecordNotFound", "message": "Could not locate record"}),
        }
    )
    urls = {key: f"https://bsky.app/profile/did:plc:x/post/{key}" for key in "ab"}
    assert absences("bluesky").gone([urls["a"]], world) == frozenset()
    assert absences("bluesky").gone([urls["b"]], world) == {urls["b"]}


def test_a_server_that_is_down_says_nothing(settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = "https://a.example"
    down = httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(502, text="bad gateway")))
    with pytest.raises(RetryLater):
        absences("bluesky").gone(["https://bsky.app/profile/did:plc:x/post/a"], down)
    assert absences("mastodon").gone(["https://a.example/@budi/9"], down) == frozenset()
    plain = answering({})
    assert absences("mastodon").gone(["https://a.example/@budi/9"], plain) == frozenset()


def test_mastodon_on_a_stateful_server(mastodon_server: MastodonServer) -> None:
    world = rerouted(mastodon_server, "toot.example.id")
    kept, deleted = post(mastodon_server, "Banjir"), post(mastodon_server, "Jalan rusak")
    urls = [f"https://toot.example.id/@kab/{one['id']}" for one in (kept, deleted)]
    assert absences("mastodon").gone(urls, world) == frozenset()
    mastodon_server.client.delete(
        f"{mastodon_server.url}/api/v1/statuses/{deleted['id']}",
        headers={"Authorization": f"Bearer {mastodon_server.token}"},
    ).raise_for_status()
    assert absences("mastodon").gone([*urls, "https://toot.example.id/about"], world) == {urls[1]}
