"""Bluesky passes the contract against a real personal data server."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from channels.benches import fault
from core.samples import video
from kentongan.channels import registry
from kentongan.channels.bluesky import richtext
from kentongan.channels.contract import Absent, Card, Counts, Found, Media, Post, Published, Rejected, RetryLater
from kentongan.channels.testing import Bench, HttpPublisherContract
from kentongan.core import http
from servers.pds import Pds
from servers.proxy import Fault, Proxy, between

CREATE = "com.atproto.repo.createRecord"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def proxy(pds: Pds) -> Iterator[Proxy]:
    """A fault proxy before the server."""
    with between(pds.url) as proxy:
        yield proxy


@pytest.fixture
def account(pds: Pds) -> dict[str, str]:
    """An account on the server."""
    return pds.account()


@pytest.fixture
def bench(pds: Pds, proxy: Proxy, account: dict[str, str]) -> Iterator[Bench]:
    """Bluesky, connected to an account through the proxy."""
    channel = registry.get("bluesky")
    with http.client() as client:
        entered = {"service": proxy.url, "handle": "@" + account["handle"], "app_password": account["app_password"]}
        credentials = channel.connector.connect(entered, client)

        def count(post: Post) -> int:
            return sum(record["value"]["text"] == post.text for record in pds.posts(account["did"]))

        yield Bench(
            channel,
            credentials,
            client,
            count,
            refused=Post(channel.manifest.new_key(), "x" * 3_001, datetime.now(UTC)),
            fail=lambda failure: proxy.faults.append(fault(failure, CREATE)),
            expired=replace(credentials, values={**credentials.values, "access": "stale"}),
        )


class TestBluesky(HttpPublisherContract):
    """The contract."""


def test_the_repeated_create_answers_500_and_is_looked_up(bench: Bench, proxy: Proxy):
    post = bench.post("Dikirim dua kali")
    first = bench.publish(post)
    proxy.seen.clear()
    second = bench.publish(post)
    assert isinstance(second, Published)
    assert second.remote_id == first.remote_id
    assert second.response["status"] == 500
    assert [line.split("?")[0] for line in proxy.seen] == [
        "POST /xrpc/com.atproto.repo.createRecord HTTP/1.1",
        "GET /xrpc/com.atproto.repo.getRecord",
    ]


def test_the_record_carries_fixed_time_facets_language_and_picture(bench: Bench, pds: Pds, account: dict[str, str]):
    text = "Anak-anak 👧🏽 belajar di #Setu, baca https://bekasikab.go.id/x. Terima kasih @" + account["handle"]
    moment = datetime(2026, 11, 20, 1, 2, 3, 456_000, tzinfo=UTC)
    picture = Media(PIXEL, "image/png", "Satu titik", 1, 1)
    key = bench.channel.manifest.new_key()
    assert isinstance(bench.publish(Post(key, text, moment, images=(picture,))), Published)
    value = next(r["value"] for r in pds.posts(account["did"]) if r["uri"].endswith(key))
    assert value["createdAt"] == "2026-11-20T01:02:03.456Z"
    assert value["langs"] == ["id"]
    assert value["embed"]["images"][0]["alt"] == "Satu titik"
    marked = {
        text.encode()[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(): f["features"][0]
        for f in value["facets"]
    }
    assert marked["#Setu"]["tag"] == "Setu"
    assert marked["https://bekasikab.go.id/x"]["uri"] == "https://bekasikab.go.id/x"
    assert marked["@" + account["handle"]]["did"] == account["did"]


@pytest.mark.parametrize("media", ["images", "videos"])
def test_a_link_beside_them_stands_shortened_below_the_text_and_leads_there(
    bench: Bench, pds: Pds, account, media: str
):
    link = "https://www.bekasikab.go.id/berita/jalan-setu?utm=x"
    with_media = {"images": (Media(PIXEL, "image/png", "Satu titik"),), "videos": (video(),)}[media]
    post = replace(bench.post("Lubang ditambal 👧🏽"), link=link, **{media: with_media})
    published = bench.publish(post)
    assert isinstance(published, Published), published
    value = next(r["value"] for r in pds.posts(account["did"]) if r["uri"].endswith(post.key))
    shown = "www.bekasikab.go.id/berita/jalan..."
    assert value["text"] == f"{post.text}\n\n{shown}"
    [facet] = value["facets"]
    start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
    assert value["text"].encode()[start:end].decode() == shown
    assert facet["features"] == [{"$type": "app.bsky.richtext.facet#link", "uri": link}]
    assert bench.find(post).remote_id == published.remote_id
    assert bench.publish(post).remote_id == published.remote_id


def test_a_link_that_the_text_has_already_is_not_written_twice(bench: Bench, pds: Pds, account: dict[str, str]):
    link = "https://bekasikab.go.id/x"
    post = replace(bench.post(f"Baca {link}"), link=link, images=(Media(PIXEL, "image/png"),))
    assert isinstance(bench.publish(post), Published)
    value = next(r["value"] for r in pds.posts(account["did"]) if r["uri"].endswith(post.key))
    assert (value["text"], len(value["facets"])) == (post.text, 1)


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://bekasikab.go.id", "bekasikab.go.id"),
        ("https://bekasikab.go.id/", "bekasikab.go.id"),
        ("http://bekasikab.go.id:8080/12345678901234", "bekasikab.go.id:8080/12345678901234"),
        ("https://bekasikab.go.id/123456789012345", "bekasikab.go.id/123456789012..."),
        ("https://bekasikab.go.id?a=1#b", "bekasikab.go.id?a=1#b"),
        ("ftp://bekasikab.go.id/", "ftp://bekasikab.go.id/"),
        ("http://[x", "http://[x"),
    ],
)
def test_a_link_is_shortened_as_the_application_does(link: str, shown: str):
    assert richtext.shortened(link) == shown


def test_a_video_is_uploaded_whole_and_shown_with_its_shape(bench: Bench, pds: Pds, account: dict[str, str]):
    post = replace(bench.post("Dengan video"), videos=(video(),))
    assert isinstance(bench.publish(post), Published)
    embed = next(r["value"] for r in pds.posts(account["did"]) if r["uri"].endswith(post.key))["embed"]
    assert embed["$type"] == "app.bsky.embed.video"
    assert (embed["alt"], embed["aspectRatio"]) == ("Jalan Setu dari udara", {"width": 96, "height": 64})
    blob = embed["video"]
    assert (blob["mimeType"], blob["size"]) == ("video/mp4", video().size)
    kept = httpx.get(
        f"{pds.url}/xrpc/com.atproto.sync.getBlob", params={"did": account["did"], "cid": blob["ref"]["$link"]}
    )
    assert kept.content == video().path.read_bytes()


def test_a_link_card_carries_what_its_page_says_and_its_picture(bench: Bench, pds: Pds, account: dict[str, str]):
    picture = Media(PIXEL, "image/png", width=1, height=1)
    card = Card("https://bekasikab.go.id/jalan", "Jalan Setu ditutup", "Lewat jalur Serang.", picture)
    post = replace(bench.post("Dengan kartu"), card=card)
    assert isinstance(bench.publish(post), Published)
    embed = next(r["value"] for r in pds.posts(account["did"]) if r["uri"].endswith(post.key))["embed"]
    assert embed["$type"] == "app.bsky.embed.external"
    said = embed["external"]
    assert (said["uri"], said["title"], said["description"]) == (card.url, card.title, card.description)
    kept = httpx.get(
        f"{pds.url}/xrpc/com.atproto.sync.getBlob",
        params={"did": account["did"], "cid": said["thumb"]["ref"]["$link"]},
    )
    assert kept.content == PIXEL


def test_a_cards_picture_that_does_not_arrive_leaves_no_post(bench: Bench, proxy: Proxy):
    card = Card("https://bekasikab.go.id/jalan", "Jalan", "", Media(PIXEL, "image/png"))
    post = replace(bench.post("Kartu terputus"), card=card)
    proxy.faults.append(Fault("com.atproto.repo.uploadBlob", accept=False))
    assert isinstance(bench.publish(post), RetryLater)
    assert bench.count(post) == 0
    assert isinstance(bench.publish(post), Published)
    assert bench.count(post) == 1


def test_an_upload_that_is_cut_leaves_no_post_and_may_be_tried_again(bench: Bench, proxy: Proxy, pds: Pds):
    post = replace(bench.post("Video terputus"), videos=(video(),))
    proxy.faults.append(Fault("com.atproto.repo.uploadBlob", accept=False))
    assert isinstance(bench.publish(post), RetryLater)
    assert bench.count(post) == 0
    assert isinstance(bench.publish(post), Published)
    assert bench.count(post) == 1


def test_a_wrong_app_password_is_refused_with_a_sentence(bench: Bench, account: dict[str, str]):
    entered = {"service": bench.credentials.service, "handle": account["handle"], "app_password": "salah"}
    with pytest.raises(Rejected) as refused:
        bench.channel.connector.connect(entered, bench.client)
    assert "status" in refused.value.response


def test_a_stale_session_is_renewed_and_keeps_the_app_password(bench: Bench):
    renewed = bench.channel.connector.refresh(bench.expired, bench.client)
    assert renewed.get("access") not in {"", "stale"}
    assert renewed.get("app_password") == bench.credentials.get("app_password")
    assert isinstance(bench.publish(bench.post("Masuk lagi"), renewed), Published)
    assert bench.channel.connector.refresh(renewed, bench.client) is renewed


def test_a_refresh_that_answers_without_tokens_never_loses_the_old_ones(bench: Bench):
    def empty(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"accessJwt": "", "refreshJwt": "", "did": "", "handle": ""})

    with httpx.Client(transport=httpx.MockTransport(empty)) as client, pytest.raises(RetryLater):
        bench.channel.connector.refresh(bench.expired, client)


def test_health_means_could_publish_right_now(bench: Bench):
    health = bench.channel.connector.health(bench.credentials, bench.client)
    assert health.ready
    assert health.name == bench.credentials.handle
    dead = replace(bench.credentials, values={"access": "x", "refresh": "y", "app_password": "z"})
    assert not bench.channel.connector.health(dead, bench.client).ready


def test_a_server_without_an_app_view_counts_nothing_which_is_not_zero(bench: Bench):
    published = bench.publish(bench.post("Berapa yang suka?"))
    assert bench.channel.metrics.read([published.remote_id], bench.credentials, bench.client) == {}


def test_an_app_view_is_read_and_what_it_leaves_out_is_none(bench: Bench):
    def view(request: httpx.Request) -> httpx.Response:
        assert request.url.path == "/xrpc/app.bsky.feed.getPosts"
        uris = request.url.params.get_list("uris")
        assert len(uris) <= 25
        return httpx.Response(200, json={"posts": [{"uri": uri, "likeCount": 0, "repostCount": 3} for uri in uris]})

    wanted = [f"at://did:plc:a/app.bsky.feed.post/{n}" for n in range(30)]
    with httpx.Client(transport=httpx.MockTransport(view)) as client:
        counts = bench.channel.metrics.read(wanted, bench.credentials, client)
    assert len(counts) == 30
    assert counts[wanted[0]] == Counts(views=None, likes=0, shares=3, replies=None)


def test_a_finder_that_meets_trouble_is_unsure(bench: Bench, proxy: Proxy):
    post = bench.post("Terkirim")
    assert isinstance(bench.find(post), Absent)
    bench.publish(post)
    assert isinstance(bench.find(post), Found)
    proxy.upstream = "http://127.0.0.1:1"
    outcome = bench.find(post)
    assert not isinstance(outcome, Found | Absent)
