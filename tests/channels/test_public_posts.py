"""When accounts last posted: Bluesky and Mastodon on real servers, feeds and pages of others as they were described."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from channels.test_provers import answering, rerouted, youtube
from kentongan.channels import feeds, registry
from kentongan.channels.contract import Bookmark, NoSuchAccount, PostsHidden, PublicPosts, RetryLater
from kentongan.core import clock, http
from servers.mastodon import MastodonServer
from servers.pds import Pds

NONE = Bookmark()


def posts(kind: str) -> PublicPosts:
    """Return what reads the channel's public posts."""
    found = registry.get(kind).posts
    assert found is not None
    return found


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """The product's own client."""
    with http.client() as client:
        yield client


def ago(**passed: int) -> datetime:
    """Return a moment of the past, to the second."""
    return (clock.now() - timedelta(**passed)).replace(microsecond=0)


def bluesky_post(pds: Pds, account: dict[str, str], at: datetime, text: str = "Kabar desa") -> str:
    """Write a post and return its address in the repository."""
    record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": at.isoformat()}
    where = {"repo": account["did"], "collection": "app.bsky.feed.post", "record": record}
    return str(pds.call("com.atproto.repo.createRecord", account["token"], post=where)["uri"])


def test_bluesky_on_a_real_server(pds: Pds, client: httpx.Client, settings: Any) -> None:
    """Without an app view the repository answers; a post that is dated tomorrow does not count."""
    settings.KENTONGAN_BLUESKY_URL = pds.url
    account = pds.account()
    assert posts("bluesky").newest(account["handle"], client, NONE).at is None
    day = ago(days=3)
    bluesky_post(pds, account, ago(days=40))
    uri = bluesky_post(pds, account, day)
    bluesky_post(pds, account, clock.now() + timedelta(days=2))
    for key in (account["handle"], account["did"]):
        found = posts("bluesky").newest(key, client, NONE)
        assert found.at == day
        assert found.url == f"https://bsky.app/profile/{account['did']}/post/{uri.rsplit('/', 1)[1]}"
    with pytest.raises(NoSuchAccount):
        posts("bluesky").newest("tidakada.test", client, NONE)


def test_bluesky_through_an_app_view_leaves_reposts_out(settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = "https://appview.example"
    at = "https://appview.example/xrpc/app.bsky.feed.getAuthorFeed?actor={}&limit=20&filter=posts_with_replies"
    did = "did:plc:x"

    def post(day: str, indexed: str, key: str) -> dict[str, Any]:
        uri = f"at://{did}/app.bsky.feed.post/{key}"
        return {"uri": uri, "indexedAt": indexed, "record": {"createdAt": day}, "author": {"did": did}}

    own = post("2026-11-02T08:00:00Z", "2026-11-02T08:00:05Z", "a1")
    early = post("2035-01-01T00:00:00Z", "2026-11-01T00:00:00Z", "b2")  # a clock that runs ahead
    reposted = {"post": post("2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z", "c3"), "reason": {"by": did}}
    wait = httpx.Response(429, headers={"retry-after": "60"}, json={"error": "RateLimitExceeded", "message": "wait"})
    gone = httpx.Response(400, json={"error": "InvalidRequest", "message": "Profile not found"})
    world = answering(
        {
            at.format("kab.bsky.social"): httpx.Response(
                200, json={"feed": [reposted, {"post": early}, {"post": own}]}
            ),
            at.format("rusak.bsky.social"): httpx.Response(200, json={"feed": [{"post": None}, None, {"post": {}}]}),
            at.format("ramai.bsky.social"): wait,
            at.format("hilang.bsky.social"): gone,
        }
    )
    found = posts("bluesky").newest("kab.bsky.social", world, NONE)
    assert (found.at, found.url) == (
        datetime(2026, 11, 2, 8, tzinfo=UTC),
        "https://bsky.app/profile/did:plc:x/post/a1",
    )
    assert posts("bluesky").newest("rusak.bsky.social", world, NONE).at is None
    with pytest.raises(NoSuchAccount):
        posts("bluesky").newest("hilang.bsky.social", world, NONE)
    with pytest.raises(RetryLater) as caught:
        posts("bluesky").newest("ramai.bsky.social", world, NONE)
    assert caught.value.after == timedelta(seconds=60)


def test_mastodon_on_a_stateful_server(mastodon_server: MastodonServer) -> None:
    me = mastodon_server.me()
    world = rerouted(mastodon_server, "toot.example.id")
    mastodon_server.client.post(
        f"{mastodon_server.url}/api/v1/statuses",
        headers={"Authorization": f"Bearer {mastodon_server.token}"},
        json={"status": "Kabar dari kecamatan"},
    ).raise_for_status()
    newest = max(mastodon_server.statuses(), key=lambda one: one["created_at"])
    found = posts("mastodon").newest(f"{me['username']}@toot.example.id", world, NONE)
    assert found.at == feeds.moment(newest["created_at"])
    assert posts("mastodon").host("kab@toot.example.id") == "toot.example.id"
    with pytest.raises(NoSuchAccount):
        posts("mastodon").newest("bukan.siapa@toot.example.id", world, NONE)


def test_a_mastodon_server_that_hides_statuses_still_tells_the_day() -> None:
    lookup = "https://{}/api/v1/accounts/lookup?acct=kab"
    statuses = "https://{}/api/v1/accounts/7/statuses?limit=20&exclude_reblogs=true"
    closed = httpx.Response(401, json={"error": "This method requires an authenticated user"})
    said = {"username": "kab", "id": "7", "last_status_at": "2026-11-09", "url": "https://a.example/@kab"}
    own = {"created_at": "2026-11-08T01:00:00.000Z", "url": "https://c.example/@kab/1", "reblog": None}
    passed_on = {"created_at": "2026-11-20T01:00:00.000Z", "url": "x", "reblog": {"id": "9"}}
    world = answering(
        {
            lookup.format("a.example"): httpx.Response(200, json=said),
            statuses.format("a.example"): closed,
            lookup.format("b.example"): httpx.Response(200, json=said | {"last_status_at": None}),
            statuses.format("b.example"): closed,
            lookup.format("c.example"): httpx.Response(200, json=said),
            statuses.format("c.example"): httpx.Response(200, json=[passed_on, own, "rusak"]),
        }
    )
    assert posts("mastodon").newest("kab@a.example", world, NONE).at == datetime(2026, 11, 9, tzinfo=UTC)
    with pytest.raises(PostsHidden):
        posts("mastodon").newest("kab@b.example", world, NONE)
    found = posts("mastodon").newest("kab@c.example", world, NONE)
    assert (found.at, found.url) == (datetime(2026, 11, 8, 1, tzinfo=UTC), "https://c.example/@kab/1")


RSS = """<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>
<item><title>Lama</title><link>https://kab.example/1</link><pubDate>Mon, 02 Nov 2026 15:00:00 +0700</pubDate></item>
<item><title>Baru</title><link>https://kab.example/2</link><pubDate>Thu, 05 Nov 2026 09:30:00 +0700</pubDate></item>
<item><title>Agenda</title><link>https://kab.example/3</link><pubDate>Thu, 05 Nov 2099 09:30:00 +0700</pubDate></item>
<item><title>Tanpa tanggal</title><link>https://kab.example/4</link></item></channel></rss>"""
HOME = (
    '<html><head><link rel="alternate" type="application/json" href="/x.json">'
    '<link rel="alternate" type="application/rss+xml" href="/rss/"></head></html>'
)


def test_a_website_is_read_by_the_feed_that_it_announces() -> None:
    """The feed's address and its server's marks are kept, so that the next look asks for what changed only."""
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append((str(request.url), request.headers.get("if-none-match")))
        if request.url.path == "/rss/" and request.headers.get("if-none-match") == '"v1"':
            return httpx.Response(304)
        if request.url.path == "/rss/":
            return httpx.Response(200, text=RSS, headers={"etag": '"v1"', "content-type": "application/rss+xml"})
        return httpx.Response(200, html=HOME) if request.url.path == "/" else httpx.Response(404)

    world = httpx.Client(transport=httpx.MockTransport(answer))
    first = posts("website").newest("kab.example", world, NONE)
    assert (first.at, first.url) == (datetime(2026, 11, 5, 2, 30, tzinfo=UTC), "https://kab.example/2")
    assert first.bookmark == Bookmark("https://kab.example/rss/", '"v1"')
    again = posts("website").newest("kab.example", world, first.bookmark)
    assert again.unchanged
    assert again.bookmark == first.bookmark
    moved = posts("website").newest("kab.example", world, Bookmark("https://kab.example/lama.xml", '"v1"'))
    assert moved.at == first.at
    assert asked == [
        ("https://kab.example", None),
        ("https://kab.example/rss/", None),
        ("https://kab.example/rss/", '"v1"'),
        ("https://kab.example/lama.xml", '"v1"'),
        ("https://kab.example", None),
        ("https://kab.example/rss/", None),
    ]


@pytest.mark.parametrize(
    ("home", "feed"),
    [
        ("<html><head></head></html>", None),
        (HOME, httpx.Response(404)),
        (HOME, httpx.Response(200, html="<html>Maaf</html>")),
        (HOME.replace("/rss/", "javascript:alert(1)"), None),
        (HOME.replace("/rss/", "http://[rusak"), None),
    ],
)
def test_a_website_without_a_feed_says_so(home: str, feed: httpx.Response | None) -> None:
    pages = {"https://kab.example": httpx.Response(200, html=home)}
    if feed is not None:
        pages["https://kab.example/rss/"] = feed
    with pytest.raises(PostsHidden):
        posts("website").newest("kab.example", answering(pages), NONE)


@pytest.mark.parametrize(
    "content",
    [
        b"<rss version='2.0'><channel>" + b"<item>" * 5_000,
        b"<?xml version='1.0'?><!DOCTYPE r [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><rss version='2.0'>&a;</rss>",
        b"<rss version='2.0'><channel><item><pubDate>99 Xyz 20xx</pubDate></item></channel></rss>",
    ],
)
def test_a_broken_feed_shows_no_post_and_breaks_nothing(content: bytes) -> None:
    pages = {"https://kab.example": httpx.Response(200, html=HOME)}
    pages["https://kab.example/rss/"] = httpx.Response(200, content=content)
    assert posts("website").newest("kab.example", answering(pages), NONE).at is None


def test_a_feed_that_is_only_an_address_is_not_fetched_by_the_library(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the library opened an address by itself")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    pages = {"https://kab.example": httpx.Response(200, html=HOME)}
    pages["https://kab.example/rss/"] = httpx.Response(200, content=b"http://127.0.0.1:1/rahasia")
    with pytest.raises(PostsHidden):
        posts("website").newest("kab.example", answering(pages), NONE)


VIDEOS = """<?xml version="1.0" encoding="UTF-8"?>
<feed xmlns:yt="http://www.youtube.com/xml/schemas/2015" xmlns="http://www.w3.org/2005/Atom"><title>Kabar Bekasi</title>
<published>2015-01-01T00:00:00+00:00</published>
<entry><id>yt:video:a</id><link rel="alternate" href="https://www.youtube.com/watch?v=a"/>
<published>2026-10-30T04:00:00+00:00</published><updated>2026-11-25T00:00:00+00:00</updated></entry></feed>"""


def test_youtube_is_read_by_the_feed_of_its_number() -> None:
    """When a video was last changed says nothing of when it came."""
    number = "UC" + "a" * 22
    address = f"https://www.youtube.com/feeds/videos.xml?channel_id={number}"
    pages = {
        "https://www.youtube.com/@kabarbekasi": httpx.Response(200, html=youtube({"externalId": number})),
        "https://www.youtube.com/@kue": httpx.Response(200, html=youtube({"externalId": "../../lain"})),
        address: httpx.Response(200, text=VIDEOS),
    }
    for key in (number, "@kabarbekasi"):
        found = posts("youtube").newest(key, answering(pages), NONE)
        assert (found.at, found.url) == (datetime(2026, 10, 30, 4, tzinfo=UTC), "https://www.youtube.com/watch?v=a")
    only_feed = answering({address: pages[address]})
    assert posts("youtube").newest("@kabarbekasi", only_feed, found.bookmark).at == found.at
    with pytest.raises(RetryLater):
        posts("youtube").newest("@kue", answering(pages), NONE)
    with pytest.raises(NoSuchAccount):
        posts("youtube").newest("@tidakada", answering(pages), NONE)


def message(name: str, number: int, day: str) -> str:
    """Return a message of a preview page, as far as it matters."""
    link = f"https://t.me/{name}/{number}"
    return (
        f'<div class="tgme_widget_message" data-post="{name}/{number}"><time class="message_video_duration">0:15</time>'
        f'<a class="tgme_widget_message_date" href="{link}"><time datetime="{day}" class="time">08:14</time></a></div>'
    )


def test_telegram_is_read_by_the_preview_of_the_channel() -> None:
    info = '<div class="tgme_channel_info"></div>'
    others = message("lain", 9, "2026-11-20T00:00:00+00:00")
    shown = message("KabarDesa", 4, "2026-11-01T00:00:00+00:00") + message("KabarDesa", 5, "2026-11-03T01:14:00+00:00")
    group = '<div class="tgme_page"><div class="tgme_page_title">Warga</div></div>'
    pages = {
        "https://t.me/s/kabardesa": httpx.Response(200, html=info + shown + others),
        "https://t.me/s/baru": httpx.Response(200, html=info),
        "https://t.me/s/warga": httpx.Response(302, headers={"location": "https://t.me/warga"}),
        "https://t.me/warga": httpx.Response(200, html=group),
        "https://t.me/s/tidakada": httpx.Response(302, headers={"location": "https://t.me/tidakada"}),
        "https://t.me/tidakada": httpx.Response(200, html='<div class="tgme_page"></div>'),
    }
    found = posts("telegram").newest("kabardesa", answering(pages), NONE)
    assert (found.at, found.url) == (datetime(2026, 11, 3, 1, 14, tzinfo=UTC), "https://t.me/KabarDesa/5")
    assert posts("telegram").newest("baru", answering(pages), NONE).at is None
    with pytest.raises(PostsHidden):
        posts("telegram").newest("warga", answering(pages), NONE)
    with pytest.raises(NoSuchAccount):
        posts("telegram").newest("tidakada", answering(pages), NONE)


def _cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too slow", request=request)


@pytest.mark.parametrize("kind", ["bluesky", "mastodon", "website", "youtube", "telegram"])
@pytest.mark.parametrize(
    "answer", [_cut, lambda request: httpx.Response(500), lambda request: httpx.Response(200, content=b"\x00\xff")]
)
def test_no_answer_is_never_taken_for_silence(kind: str, answer: Any) -> None:
    """An outage, or an answer that cannot be read, is not an account without posts."""
    key = {"mastodon": "kab@toot.example.id", "website": "kab.example"}.get(kind, "kabbekasi")
    with pytest.raises((RetryLater, PostsHidden, NoSuchAccount)):
        posts(kind).newest(key, httpx.Client(transport=httpx.MockTransport(answer)), NONE)
