"""WordPress passes the contract against a real site, and what sites do besides."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from channels.benches import fault
from core.samples import video
from kentongan.channels import registry
from kentongan.channels.contract import (
    Ambiguous,
    Counts,
    CredentialsExpired,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Unsure,
)
from kentongan.channels.testing import Bench, Failure, HttpPublisherContract
from kentongan.channels.wordpress import publisher
from kentongan.channels.wordpress.api import address
from kentongan.channels.wordpress.publisher import slug
from kentongan.core import http
from servers.proxy import Fault, Proxy, between
from servers.wordpress import WordPressServer

CREATE = "POST /wp-json/wp/v2/posts"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture(scope="session")
def author(wordpress_server: WordPressServer) -> dict[str, str]:
    """A user who may publish and upload."""
    return wordpress_server.user("author")


@pytest.fixture
def proxy(wordpress_server: WordPressServer) -> Iterator[Proxy]:
    """A fault proxy before the site."""
    with between(wordpress_server.url) as proxy:
        yield proxy


def entered(proxy: Proxy, user: dict[str, str]) -> dict[str, str]:
    return {"service": f"{proxy.url}/", "username": user["username"], "password": user["password"]}


@pytest.fixture
def bench(wordpress_server: WordPressServer, proxy: Proxy, author: dict[str, str]) -> Iterator[Bench]:
    """WordPress, connected through the proxy."""
    channel = registry.get("wordpress")
    with http.client() as client:
        credentials = channel.connector.connect(entered(proxy, author), client)
        yield Bench(
            channel,
            credentials,
            client,
            count=lambda post: len(wordpress_server.posts(post.key)),
            refused=Post(channel.manifest.new_key(), "", datetime.now(UTC)),
            fail=lambda failure: proxy.faults.append(fault(failure, CREATE)),
            expired=replace(credentials, values={**credentials.values, "password": "ditarik"}),
        )


class TestWordPress(HttpPublisherContract):
    """The contract."""


def test_the_text_becomes_html_and_nothing_of_it_markup(bench: Bench, wordpress_server: WordPressServer):
    post = replace(
        bench.post("Jadwal"),
        text="Puskesmas <script>alert(1)</script> buka.\n\n- Senin\n- Selasa\n\nLihat https://bekasikab.go.id/jadwal.",
        summary="Ringkas",
        link="https://bekasikab.go.id/lengkap",
    )
    published = bench.publish(post)
    made = wordpress_server.call("GET", f"wp/v2/posts/{published.remote_id}", params={"context": "edit"})
    content = made["content"]["raw"]
    assert "&lt;script&gt;" in content
    assert "<script>" not in content
    assert "<ul><li>Senin</li><li>Selasa</li></ul>" in content
    assert 'href="https://bekasikab.go.id/jadwal"' in content
    assert 'href="https://bekasikab.go.id/lengkap"' in content
    assert (made["status"], made["excerpt"]["raw"], made["slug"]) == ("publish", "Ringkas", slug(post))


def test_the_first_picture_is_the_featured_one_and_a_further_attempt_uploads_none(
    bench: Bench, wordpress_server: WordPressServer
):
    pictures = tuple(Media(PIXEL, "image/png", alt) for alt in ("Gerbang", "Halaman"))
    post = replace(bench.post("Dengan gambar"), images=pictures)
    bench.fail(Failure.LIMITED_WITHOUT_DELAY)
    assert isinstance(bench.publish(post), RetryLater)
    published = bench.publish(post)
    assert isinstance(published, Published)
    made = wordpress_server.call("GET", f"wp/v2/posts/{published.remote_id}", params={"context": "edit"})
    featured = wordpress_server.call("GET", f"wp/v2/media/{made['featured_media']}")
    assert featured["alt_text"] == "Gerbang"
    assert 'alt="Halaman"' in made["content"]["raw"]
    uploaded = wordpress_server.call("GET", "wp/v2/media", params={"per_page": 100})
    assert sum(post.key in one["slug"] for one in uploaded) == 2


def test_a_video_plays_in_the_post_and_is_uploaded_once(bench: Bench, wordpress_server: WordPressServer):
    picture = Media(PIXEL, "image/png", "Gerbang")
    post = replace(bench.post("Dengan video"), images=(picture,), videos=(video(alt='Jalan "Setu"'),))
    bench.fail(Failure.LIMITED_WITHOUT_DELAY)
    assert isinstance(bench.publish(post), RetryLater)
    published = bench.publish(post)
    assert isinstance(published, Published)
    made = wordpress_server.call("GET", f"wp/v2/posts/{published.remote_id}", params={"context": "edit"})
    player = made["content"]["raw"].partition("<video")[2].partition(">")[0]
    assert "controls" in player
    assert 'aria-label="Jalan &quot;Setu&quot;"' in player
    address = player.partition('src="')[2].partition('"')[0]
    assert httpx.get(address).content == video().path.read_bytes()
    uploaded = wordpress_server.call("GET", "wp/v2/media", params={"per_page": 100})
    assert sum(post.key in one["slug"] for one in uploaded) == 2


def test_a_second_post_of_the_same_slug_is_taken_away(bench: Bench, proxy: Proxy, wordpress_server: WordPressServer):
    """Another worker was faster between the look and the request."""
    post = bench.post("Dua sekaligus")
    first = bench.publish(post)

    def nothing_there(answer: httpx.Response) -> httpx.Response:
        if answer.request.method == "GET" and "slug=" in str(answer.request.url):
            proxy.edit = None
            return httpx.Response(200, json=[], request=answer.request)
        return answer

    proxy.edit = nothing_there
    second = bench.publish(post)
    assert isinstance(second, Published)
    assert second.remote_id == first.remote_id
    assert bench.count(post) == 1


def test_what_the_site_keeps_back_for_review_is_in_doubt(bench: Bench, wordpress_server: WordPressServer):
    post = bench.post("Ditahan redaksi")
    body = {"title": post.title, "content": post.text, "slug": slug(post), "status": "pending"}
    wordpress_server.call("POST", "wp/v2/posts", json=body)
    signed = {name: wordpress_server.administrator[name] for name in ("username", "password")}
    credentials = replace(bench.credentials, values={**bench.credentials.values, **signed})
    assert isinstance(bench.publish(post, credentials), Ambiguous)
    assert bench.count(post) == 1


def test_a_user_who_may_not_publish_is_not_well(bench: Bench, proxy: Proxy, wordpress_server: WordPressServer):
    reader = wordpress_server.user("contributor")
    connector = bench.channel.connector
    health = connector.health(connector.connect(entered(proxy, reader), bench.client), bench.client)
    assert not health.ready
    assert str(health.problem)
    assert connector.health(bench.credentials, bench.client).ready
    assert not connector.health(bench.expired, bench.client).ready


def test_a_wrong_password_is_refused_in_words(bench: Bench, proxy: Proxy, author: dict[str, str]):
    with pytest.raises(Rejected) as caught:
        bench.channel.connector.connect({**entered(proxy, author), "password": "bukan"}, bench.client)
    assert not isinstance(caught.value, CredentialsExpired)


def test_a_password_does_not_travel_in_the_clear(bench: Bench, author: dict[str, str]):
    with pytest.raises(Rejected, match="https://"):
        bench.channel.connector.connect(
            {"service": "http://bekasikab.go.id", "username": "a", "password": "b"}, bench.client
        )


@pytest.mark.parametrize(
    "service", ["https://[situs", "https://situs.go.id:abc", "https://orang:sandi@situs.go.id", "situs", "https://"]
)
def test_what_is_no_address_of_a_site_is_refused(bench: Bench, service: str):
    with pytest.raises(Rejected):
        bench.channel.connector.connect({"service": service, "username": "a", "password": "b"}, bench.client)


def test_a_site_that_sends_visitors_elsewhere_says_where(bench: Bench, proxy: Proxy, author: dict[str, str]):
    where = (("Location", "https://www.situs.go.id/wp-json"),)
    proxy.faults.append(Fault("GET /wp-json", accept=False, status=301, headers=where))
    with pytest.raises(Rejected, match=r"https://www\.situs\.go\.id"):
        bench.channel.connector.connect(entered(proxy, author), bench.client)


def test_a_site_without_a_bin_deletes(bench: Bench, proxy: Proxy):
    published = bench.publish(post := bench.post("Tanpa tempat sampah"))
    body = b'{"code": "rest_trash_not_supported", "message": "Set force=true to delete.", "data": {"status": 501}}'
    proxy.faults.append(Fault("DELETE /wp-json/wp/v2/posts/", accept=False, status=501, body=body))
    bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
    assert bench.count(post) == 0


def test_a_site_whose_interface_is_off_says_so(bench: Bench, proxy: Proxy, author: dict[str, str]):
    def off(answer: httpx.Response) -> httpx.Response:
        return httpx.Response(403, text="<h1>Forbidden</h1>", request=answer.request)

    proxy.edit = off
    with pytest.raises(Rejected, match="REST"):
        bench.channel.connector.connect(entered(proxy, author), bench.client)


def test_a_site_without_pretty_addresses_is_reached(bench: Bench, proxy: Proxy, author: dict[str, str]):
    def plain(answer: httpx.Response) -> httpx.Response:
        if "/wp-json" in str(answer.request.url):
            return httpx.Response(404, text="<h1>Not found</h1>", request=answer.request)
        return answer

    proxy.edit = plain
    credentials = bench.channel.connector.connect(entered(proxy, author), bench.client)
    assert "rest_route" in credentials.values["place"]
    published = bench.publish(bench.post("Tanpa alamat cantik"), credentials)
    assert isinstance(published, Published)


@pytest.mark.parametrize(
    ("root", "expected"),
    [
        ("https://a.id/wp-json", "https://a.id/wp-json/wp/v2/posts?slug=x"),
        ("https://a.id/b/index.php?rest_route=/", "https://a.id/b/index.php?rest_route=%2Fwp%2Fv2%2Fposts&slug=x"),
    ],
)
def test_addresses_of_routes(root: str, expected: str):
    assert str(address(root, "wp/v2/posts", {"slug": "x"})) == expected


def test_counts_know_only_what_is_gone(bench: Bench):
    published = bench.publish(bench.post("Ditarik"))
    assert bench.channel.metrics.read([published.remote_id], bench.credentials, bench.client) == {
        published.remote_id: Counts()
    }
    bench.publisher.recall(published.remote_id, bench.credentials, bench.client)
    counts = bench.channel.metrics.read([published.remote_id, "999999"], bench.credentials, bench.client)
    assert counts == dict.fromkeys([published.remote_id, "999999"], Counts(gone=True))


def test_an_outage_while_counting_is_raised(bench: Bench, proxy: Proxy):
    proxy.faults.append(Fault("GET /wp-json/wp/v2/posts/1", accept=False, status=503))
    with pytest.raises(RetryLater):
        bench.channel.metrics.read(["1"], bench.credentials, bench.client)


def test_trouble_while_looking_is_no_absence(bench: Bench, proxy: Proxy):
    proxy.faults.append(Fault("GET /wp-json/wp/v2/posts", accept=False, status=500))
    assert isinstance(bench.find(bench.post("Entah")), Unsure)
    post = bench.post("Ada")
    assert isinstance(bench.publish(post), Published)
    assert isinstance(bench.find(post), Found)


def test_pictures_and_videos_stand_in_the_order_of_the_item_the_first_picture_above():
    images = tuple(Media(b"x", "image/png", alt) for alt in ("Satu", "Dua"))
    post = Post("kunci", "Jalan", datetime.now(UTC), images=images, videos=(video(),))
    kept = [{"source_url": "/1.png"}, {"source_url": "/2.png"}], [{"source_url": "/3.mp4"}]
    for order, expected in (("ivi", ["/3.mp4", "/2.png"]), ("vii", ["/3.mp4", "/2.png"]), ("", ["/2.png", "/3.mp4"])):
        shown = publisher._shown(replace(post, order=order), *kept)
        assert [re.search(r'src="([^"]+)"', figure)[1] for figure in shown] == expected, order
