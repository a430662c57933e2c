"""What profiles show to everybody: Bluesky and Mastodon on real servers, the pages of others as they were described."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from kentongan.channels import registry
from kentongan.channels.contract import NoSuchAccount, Profile, Prover, RetryLater
from kentongan.core import http
from servers.mastodon import MastodonServer
from servers.pds import Pds

CODE = "KTG-7F3K9Q"


def prover(kind: str) -> Prover:
    """Return the channel's prover."""
    found = registry.get(kind).prover
    assert found is not None
    return found


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    """The product's own client."""
    with http.client() as client:
        yield client


def answering(pages: dict[str, httpx.Response]) -> httpx.Client:
    """Return a client of a world that has only these pages."""
    return httpx.Client(
        transport=httpx.MockTransport(
            lambda request: pages.get(str(request.url), httpx.Response(404, text="tidak ada"))
        )
    )


def test_bluesky_on_a_real_server(pds: Pds, client: httpx.Client, settings: Any) -> None:
    settings.KENTONGAN_BLUESKY_URL = pds.url
    account = pds.account()
    assert prover("bluesky").look(account["handle"], client).texts == ()
    record = {"$type": "app.bsky.actor.profile", "displayName": "Ibu Euis", "description": f"Warga Bekasi. {CODE}"}
    where = {"repo": account["did"], "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
    pds.call("com.atproto.repo.putRecord", account["token"], post=where)
    for key in (account["handle"], account["did"]):
        profile = prover("bluesky").look(key, client)
        assert profile == Profile(
            (f"Warga Bekasi. {CODE}", "Ibu Euis"), name="Ibu Euis", keys=(account["handle"], account["did"])
        )
    for nobody in ("tidakada.test", "did:plc:aaaaaaaaaaaaaaaaaaaaaaaa"):
        with pytest.raises(NoSuchAccount):
            prover("bluesky").look(nobody, client)


def test_bluesky_through_an_app_view(settings: Any) -> None:
    """An app view answers by itself, says who is not there, and may ask for patience."""
    settings.KENTONGAN_BLUESKY_URL = "https://appview.example"
    at = "https://appview.example/xrpc/app.bsky.actor.getProfile?actor="
    said = {"did": "did:plc:x", "handle": "euis.bsky.social", "displayName": "Euis", "description": CODE}
    limited = httpx.Response(429, headers={"retry-after": "60"}, json={"error": "RateLimitExceeded", "message": "wait"})
    world = answering(
        {
            f"{at}euis.bsky.social": httpx.Response(200, json=said),
            f"{at}siapa.bsky.social": httpx.Response(
                400, json={"error": "InvalidRequest", "message": "Profile not found"}
            ),
            f"{at}tutup.bsky.social": httpx.Response(
                400, json={"error": "AccountDeactivated", "message": "Account is deactivated"}
            ),
            f"{at}ramai.bsky.social": limited,
        }
    )
    assert prover("bluesky").look("euis.bsky.social", world).keys == ("euis.bsky.social", "did:plc:x")
    for absent in ("siapa.bsky.social", "tutup.bsky.social"):
        with pytest.raises(NoSuchAccount):
            prover("bluesky").look(absent, world)
    with pytest.raises(RetryLater) as caught:
        prover("bluesky").look("ramai.bsky.social", world)
    assert caught.value.after is not None
    assert caught.value.after.total_seconds() == 60


def rerouted(server: MastodonServer, host: str) -> httpx.Client:
    """Return a client for which `host` is the test server, since a handle names its server by host alone."""
    plain = httpx.Client()

    def pass_on(request: httpx.Request) -> httpx.Response:
        assert request.url.host == host
        answer = plain.get(f"{server.url}{request.url.raw_path.decode()}")
        return httpx.Response(answer.status_code, content=answer.content, headers={"content-type": "application/json"})

    return httpx.Client(transport=httpx.MockTransport(pass_on))


def test_mastodon_on_a_stateful_server(mastodon_server: MastodonServer) -> None:
    me = mastodon_server.me()
    world = rerouted(mastodon_server, "toot.example.id")
    headers = {"Authorization": f"Bearer {mastodon_server.token}"}
    update = {"note": f"Relawan literasi. {CODE}", "display_name": "Pak Maman"}
    mastodon_server.client.patch(
        f"{mastodon_server.url}/api/v1/accounts/update_credentials", headers=headers, data=update
    ).raise_for_status()
    profile = prover("mastodon").look(f"{me['username']}@toot.example.id", world)
    assert any(CODE in text for text in profile.texts)
    with pytest.raises(NoSuchAccount):
        prover("mastodon").look("bukan.siapa@toot.example.id", world)


def test_a_mastodon_table_calls_links_its_own() -> None:
    said = {
        "username": "maman",
        "display_name": "Maman",
        "note": '<p>Halo <a href="https://lain.example/saya" rel="nofollow noopener">lain</a></p>',
        "fields": [{"name": "Bukti", "value": f'<a href="https://k.id/saya/bukti/{CODE}/" rel="me nofollow">k.id</a>'}],
    }
    world = answering({"https://toot.example.id/api/v1/accounts/lookup?acct=maman": httpx.Response(200, json=said)})
    assert prover("mastodon").look("maman@toot.example.id", world).links == (f"https://k.id/saya/bukti/{CODE}/",)


HOME = f"""<!doctype html><html><head><title>Desa Sukamahi</title>
<meta name="description" content="Situs resmi. {CODE}"><link rel="me" href="/tentang"></head>
<body><img src=x><p>Komentar: KTG-BUKAN1</p><a rel="nofollow" href="https://jahat.example/">x</a>
<a rel="me noopener" href="https://k.id/saya/bukti/{CODE}/">kami</a></body></html>"""


def test_a_website_speaks_where_only_its_holder_writes() -> None:
    """Title, descriptions, rel=me links and the well-known file; never the text, where visitors may write."""
    pages = {
        "https://desa.example.id": httpx.Response(200, html=HOME),
        "https://desa.example.id/.well-known/kentongan.txt": httpx.Response(200, text="KTG-DARI2F"),
        "https://desa.example.id/warga/euis": httpx.Response(200, html="<title>Euis</title>"),
    }
    profile = prover("website").look("desa.example.id", answering(pages))
    assert any(CODE in text for text in profile.texts)
    assert any("KTG-DARI2F" in text for text in profile.texts)
    assert not any("KTG-BUKAN1" in text for text in profile.texts)
    assert profile.links == ("https://desa.example.id/tentang", f"https://k.id/saya/bukti/{CODE}/")
    below = prover("website").look("desa.example.id/warga/euis", answering(pages))
    assert below.texts == ("Euis", "")


@pytest.mark.parametrize("fill", [b"<" * 9_000, b"<a rel=me href=", b"\x00\xff<!--", b"<title>" * 500, b""])
def test_a_broken_page_shows_nothing_and_breaks_nothing(fill: bytes) -> None:
    page = httpx.Response(200, content=fill, headers={"content-type": "text/html"})
    profile = prover("website").look("desa.example.id", answering({"https://desa.example.id": page}))
    assert profile.links == ()


def youtube(data: dict[str, Any]) -> str:
    """Return a channel's page as far as it matters: its data inside, and others' texts beside it."""
    beside = {"title": "Video orang lain KTG-BUKAN1"}
    whole = {"contents": beside, "metadata": {"channelMetadataRenderer": data}}
    return f"<html><script>var ytInitialData = {json.dumps(whole, separators=(',', ':'))};</script></html>"


def test_youtube_shows_the_description_of_the_channel_alone() -> None:
    data = {"title": "Kabar Bekasi", "description": f"Kanal warga. {CODE}", "externalId": "UC" + "a" * 22}
    pages = {
        "https://www.youtube.com/@kabarbekasi": httpx.Response(200, html=youtube(data)),
        "https://www.youtube.com/@kue": httpx.Response(200, html="<title>Before you continue</title>"),
        "https://www.youtube.com/@rusak": httpx.Response(200, html='"channelMetadataRenderer":{"title":'),
    }
    profile = prover("youtube").look("@kabarbekasi", answering(pages))
    assert profile.texts == (f"Kanal warga. {CODE}",)
    assert profile.keys == ("UC" + "a" * 22,)
    for odd in ("@kue", "@rusak"):
        with pytest.raises(RetryLater):
            prover("youtube").look(odd, answering(pages))
    with pytest.raises(NoSuchAccount):
        prover("youtube").look("@tidakada", answering(pages))


def test_telegram_shows_the_preview_and_says_who_is_not_there() -> None:
    """A name that nobody has gets a page too, without a title."""
    preview = (
        '<div class="tgme_page"><div class="tgme_page_title" dir="auto"><span dir="auto">Kabar Desa</span></div>'
        f'<div class="tgme_page_description" dir="auto">Kabar dari desa.<br>{CODE}</div></div>'
    )
    nobody = '<div class="tgme_page"><div class="tgme_page_additional">If you have <b>Telegram</b>, …</div></div>'
    pages = {
        "https://t.me/kabardesa": httpx.Response(200, html=preview),
        "https://t.me/tidakada": httpx.Response(200, html=nobody),
    }
    profile = prover("telegram").look("kabardesa", answering(pages))
    assert CODE in profile.texts[0]
    assert profile.name == "Kabar Desa"
    with pytest.raises(NoSuchAccount):
        prover("telegram").look("tidakada", answering(pages))


def _cut(request: httpx.Request) -> httpx.Response:
    raise httpx.ReadTimeout("too slow", request=request)


@pytest.mark.parametrize("kind", ["bluesky", "mastodon", "website", "youtube", "telegram"])
@pytest.mark.parametrize(
    ("answer", "waits"),
    [
        (_cut, False),
        (lambda request: httpx.Response(500, text="aduh"), False),
        (lambda request: httpx.Response(429, headers={"retry-after": "30"}, text="pelan"), True),
    ],
)
def test_what_may_pass_is_told_apart_from_absence(
    kind: str, answer: Callable[[httpx.Request], httpx.Response], waits: bool
) -> None:
    key = {"mastodon": "maman@toot.example.id", "website": "desa.example.id"}.get(kind, "@maman")
    with pytest.raises(RetryLater) as caught:
        prover(kind).look(key, httpx.Client(transport=httpx.MockTransport(answer)))
    assert (caught.value.after is not None) == waits


def test_machines_inside_are_never_looked_at(settings: Any) -> None:
    settings.KENTONGAN_ALLOW_LOCAL_NETWORK = False
    with http.client() as client, pytest.raises(NoSuchAccount):
        prover("website").look("localhost", client)
