"""The built-in newsroom: the contract, the public pages, the counting of people."""

import gzip
import json
import re
import secrets
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest
from django.contrib.staticfiles import finders
from django.core.cache import cache
from django.test import Client

from core import samples
from kentongan.channels import registry
from kentongan.channels.contract import Counts, Credentials, Media, Post, Published, Rejected, Video
from kentongan.channels.newsroom import rendering
from kentongan.channels.newsroom.models import Article, Film, Site, Views
from kentongan.channels.testing import Bench, PublisherContract

pytestmark = pytest.mark.django_db
BROWSER = "Mozilla/5.0 (Linux; Android 14) Gecko/20100101 Firefox/130.0"
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


@pytest.fixture
def bench() -> Iterator[Bench]:
    """The newsroom with a site."""
    cache.clear()
    channel = registry.get("newsroom")
    with httpx.Client() as client:
        entered = {"handle": "Kab Bekasi", "name": "Kabar Bekasi", "tagline": "Dari kantor bupati"}
        credentials = channel.connector.connect(entered, client)
        picture = Media(b"not a picture", "image/png", "?")
        yield Bench(
            channel,
            credentials,
            client,
            count=lambda post: Article.objects.filter(key=post.key, withdrawn_at=None).count(),
            refused=Post("rusak", "Gambar rusak", datetime.now(UTC), title="Rusak", images=(picture,)),
        )


class TestNewsroom(PublisherContract):
    """The contract."""


def _publish(bench: Bench, text: str = "Jalan Setu ditutup.", **more: object) -> Article:
    moment = more.pop("created_at", datetime.now(UTC) - timedelta(minutes=1))
    post = Post(bench.channel.manifest.new_key(), text, moment, **more)
    published = bench.publish(post)
    assert isinstance(published, Published), published
    return Article.objects.get(pk=published.remote_id)


def test_the_same_title_twice_gets_two_addresses_and_the_same_key_one(bench: Bench):
    first, second = _publish(bench, title="Banjir"), _publish(bench, title="Banjir")
    assert first.slug == "banjir"
    assert second.slug == f"banjir-{second.key[:8]}"


def test_another_text_under_the_same_key_is_refused(bench: Bench):
    moment = datetime.now(UTC)
    assert isinstance(bench.publish(Post("k", "Satu", moment)), Published)
    assert isinstance(bench.publish(Post("k", "Dua", moment)), Rejected)


def test_a_site_that_is_closed_takes_nothing(bench: Bench):
    Site.objects.update(open=False)
    assert isinstance(bench.publish(bench.post("Tutup")), Rejected)
    assert not bench.channel.connector.health(bench.credentials, bench.client).ready
    nowhere = Credentials("tidak-ada")
    assert isinstance(bench.publish(bench.post("Tidak ada"), nowhere), Rejected)


class TestPages:
    """What the public reads."""

    def test_a_list_an_article_a_tag_the_archive_and_search(self, bench: Bench, client: Client):
        moment = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)
        article = _publish(bench, "Warga diminta lewat Serang. #Setu", title="Jalan Setu ditutup", created_at=moment)
        other = _publish(bench, "Vaksinasi di puskesmas.", title="Vaksin", created_at=moment)
        for address in ("/kabar/kab-bekasi/", "/kabar/kab-bekasi/arsip/2026/11/"):
            page = client.get(address).content.decode()
            assert article.title in page
            assert other.title in page
        for address in ("/kabar/kab-bekasi/tagar/Setu/", "/kabar/kab-bekasi/cari/?q=warganya"):
            page = client.get(address).content.decode()
            assert article.title in page, address
            assert other.title not in page
        page = client.get(article.get_absolute_url()).content.decode()
        assert "21 November 2026, 01.30 WIB" in page
        assert 'property="og:title" content="Jalan Setu ditutup"' in page
        assert client.get("/kabar/").content.decode().count("/kabar/kab-bekasi/") == 1

    def test_what_search_engines_read(self, bench: Bench, client: Client):
        article = _publish(bench, "Lewat Serang.", title="Jalan </script> Setu", created_at=datetime.now(UTC))
        page = client.get(article.get_absolute_url()).content.decode()
        (found,) = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
        data = json.loads(found)
        assert (data["@type"], data["headline"]) == ("NewsArticle", article.title)
        assert datetime.fromisoformat(data["datePublished"]) == article.published_at
        assert data["mainEntityOfPage"] == f"http://testserver{article.get_absolute_url()}"
        # Of a party, a commission or an office alike.
        assert data["publisher"] == {
            "@type": "Organization",
            "name": "Kabar Bekasi",
            "url": "http://testserver/kabar/kab-bekasi/",
        }
        assert f'<link rel="canonical" href="{data["mainEntityOfPage"]}">' in page

    def test_text_is_never_markup(self, bench: Bench, client: Client):
        article = _publish(bench, 'A <b>b</b> </script><script>alert(1)</script> & "c"', title="</script><b>x")
        page = client.get(article.get_absolute_url()).content.decode()
        assert "<b>" not in page.split("<article>")[1]
        assert "<script>" not in page
        start = page.index('ld+json">') + len('ld+json">')
        data = json.loads(page[start : page.index("</script>", start)])
        assert data["headline"] == "</script><b>x"
        assert data["datePublished"] == article.published_at.isoformat()

    def test_paragraphs_headings_lists_links_and_tags(self):
        text = "## Judul\n\nSatu\nbaris https://a.id/x?y=1&z=2.\n\n- a\n- #b1"
        assert rendering.html(text, "s") == (
            "<h2>Judul</h2>\n"
            '<p>Satu<br>baris <a href="https://a.id/x?y=1&amp;z=2" rel="noopener">https://a.id/x?y=1&amp;z=2</a>.</p>\n'
            '<ul><li>a</li><li><a href="/kabar/s/tagar/b1/" rel="tag">#b1</a></li></ul>'
        )

    def test_pictures_have_descriptions_and_are_served_as_what_they_are(self, bench: Bench, client: Client):
        article = _publish(bench, title="Gambar", images=(Media(PIXEL, "image/png", "Satu titik", 1, 1),))
        page = client.get(article.get_absolute_url()).content.decode()
        assert 'alt="Satu titik"' in page
        answer = client.get(article.pictures.get().get_absolute_url())
        assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
        assert b"".join(answer.streaming_content) == PIXEL

    def test_a_withdrawn_article_is_gone_everywhere(self, bench: Bench, client: Client):
        article = _publish(bench, title="Keliru", images=(Media(PIXEL, "image/png", "Satu titik"),))
        picture = article.pictures.get().get_absolute_url()
        bench.publisher.recall(str(article.pk), bench.credentials, bench.client)
        assert client.get(article.get_absolute_url()).status_code == 410
        assert client.get(picture).status_code == 404
        for address in ("", "rss.xml", "atom.xml", "feed.json", "sitemap.xml", "cari/?q=Jalan"):
            assert "Keliru" not in client.get(f"/kabar/kab-bekasi/{address}").content.decode()

    def test_the_feeds_are_well_formed_and_hold_the_text(self, bench: Bench, client: Client):
        article = _publish(bench, "Warga & <jalan>", title="A & B")
        for name, item in (("rss.xml", ".//item"), ("atom.xml", ".//{http://www.w3.org/2005/Atom}entry")):
            tree = ElementTree.fromstring(client.get(f"/kabar/kab-bekasi/{name}").content)
            assert len(tree.findall(item)) == 1, name
        feed = client.get("/kabar/kab-bekasi/feed.json").json()
        assert feed["version"] == "https://jsonfeed.org/version/1.1"
        assert feed["items"][0]["url"] == f"http://testserver{article.get_absolute_url()}"
        assert feed["items"][0]["content_html"] == "<p>Warga &amp; &lt;jalan&gt;</p>"
        tree = ElementTree.fromstring(client.get("/kabar/kab-bekasi/sitemap.xml").content)
        assert article.get_absolute_url() in tree[1][0].text

    @pytest.mark.parametrize("path", ["tidak-ada/", "kab-bekasi/baca/tidak-ada/", "kab-bekasi/arsip/2026/13/"])
    def test_what_is_not_there_is_404(self, bench: Bench, client: Client, path: str):
        assert client.get(f"/kabar/{path}").status_code == 404

    def test_a_list_takes_few_queries(self, bench: Bench, client: Client, django_assert_max_num_queries):
        for number in range(12):
            _publish(bench, title=f"Kabar {number}", images=(Media(PIXEL, "image/png", "Satu titik"),))
        with django_assert_max_num_queries(10):
            client.get("/kabar/kab-bekasi/")


def _film(seconds: float | None = 2.0) -> Video:
    return replace(samples.video(), seconds=seconds)


class TestFilms:
    """A video in an article: played in parts, never by itself, described in words."""

    def test_an_article_plays_its_video_where_it_stands(self, bench: Bench, client: Client):
        pictures = (Media(PIXEL, "image/png", "Satu titik", 1, 1), Media(PIXEL, "image/png", "Titik lain", 1, 1))
        article = _publish(bench, title="Film", images=pictures, videos=(_film(),))
        page = client.get(article.get_absolute_url()).content.decode()
        (video,) = re.findall(r"<video.*?</video>", page, re.DOTALL)
        address = article.film.get_absolute_url()
        for part in (
            f'src="{address}"',
            "controls",
            'preload="none"',
            f'poster="{article.pictures.first().get_absolute_url()}"',
        ):
            assert part in video, part
        assert "autoplay" not in page
        assert f'<figcaption class="hint">{_film().alt}</figcaption>' in page
        assert f'property="og:video" content="http://testserver{address}"' in " ".join(page.split())
        start = page.index('ld+json">') + len('ld+json">')
        found = json.loads(page[start : page.index("</script>", start)])["video"]
        assert (found["@type"], found["duration"], found["description"]) == ("VideoObject", "PT2S", _film().alt)
        assert found["contentUrl"] == f"http://testserver{address}"
        assert found["thumbnailUrl"] == [f"http://testserver{article.pictures.first().get_absolute_url()}"]

    def test_without_a_picture_it_shows_its_first_frame(self, bench: Bench, client: Client):
        article = _publish(bench, title="Film", videos=(_film(None),))
        page = client.get(article.get_absolute_url()).content.decode()
        assert 'preload="metadata"' in page
        assert "poster=" not in page
        assert "duration" not in page

    @pytest.mark.parametrize(
        ("asked", "status", "start", "stop"),
        [
            ("", 200, 0, None),
            ("bytes=0-0", 206, 0, 1),
            ("bytes=100-199", 206, 100, 200),
            ("bytes=100-", 206, 100, None),
            ("bytes=-64", 206, -64, None),
            ("bytes=0-999999999", 206, 0, None),
            ("bytes=999999999-", 416, 0, 0),
            ("bytes=-0", 416, 0, 0),
            ("bytes=200-100", 200, 0, None),
            ("bytes=0-1,5-6", 200, 0, None),
            ("bytes=-", 200, 0, None),
            ("bytes=x-y", 200, 0, None),
            ("lines=1-2", 200, 0, None),
        ],
    )
    def test_players_get_the_part_they_ask_for(self, bench: Bench, client: Client, asked, status, start, stop):
        article, whole = _publish(bench, title="Film", videos=(_film(),)), _film().path.read_bytes()
        answer = client.get(article.film.get_absolute_url(), headers={"range": asked} if asked else {})
        assert answer.status_code == status
        assert answer["Accept-Ranges"] == "bytes"
        assert answer["X-Content-Type-Options"] == "nosniff"
        if status == 416:
            assert answer["Content-Range"] == f"bytes */{len(whole)}"
            return
        body = b"".join(answer.streaming_content)
        assert body == whole[start:stop]
        assert (answer["Content-Type"], int(answer["Content-Length"])) == ("video/mp4", len(body))
        if status == 206:
            first = start % len(whole)
            assert answer["Content-Range"] == f"bytes {first}-{first + len(body) - 1}/{len(whole)}"

    def test_a_part_of_an_older_file_is_answered_with_all_of_it(self, bench: Bench, client: Client):
        article = _publish(bench, title="Film", videos=(_film(),))
        address = article.film.get_absolute_url()
        tag = client.get(address)["ETag"]
        for known, status in ((tag, 206), ('"lama"', 200)):
            assert client.get(address, headers={"range": "bytes=0-9", "if-range": known}).status_code == status
        assert client.get(address, headers={"if-none-match": tag}).status_code == 304

    def test_feeds_carry_it(self, bench: Bench, client: Client):
        article = _publish(bench, title="Film", videos=(_film(),))
        for number in range(8):
            _publish(bench, title=f"Tanpa {number}")
        size = str(len(_film().path.read_bytes()))
        rss = ElementTree.fromstring(client.get("/kabar/kab-bekasi/rss.xml").content)
        (enclosure,) = rss.findall(".//enclosure")
        assert (enclosure.attrib["type"], enclosure.attrib["length"]) == ("video/mp4", size)
        assert enclosure.attrib["url"].endswith(article.film.get_absolute_url())
        assert enclosure.attrib["url"].startswith("http")
        atom = client.get("/kabar/kab-bekasi/atom.xml").content.decode()
        assert atom.count('rel="enclosure"') == 1
        items = client.get("/kabar/kab-bekasi/feed.json").json()["items"]
        (attached,) = [item["attachments"] for item in items if "attachments" in item]
        assert attached[0]["url"] == f"http://testserver{article.film.get_absolute_url()}"
        assert (attached[0]["duration_in_seconds"], attached[0]["title"]) == (2, _film().alt)

    def test_a_withdrawn_one_is_gone(self, bench: Bench, client: Client):
        article = _publish(bench, title="Keliru", videos=(_film(),))
        bench.publisher.recall(str(article.pk), bench.credentials, bench.client)
        assert client.get(article.film.get_absolute_url()).status_code == 404

    def test_the_same_key_again_leaves_one(self, bench: Bench):
        post = Post("kunci", "Film", datetime.now(UTC), title="Film", videos=(_film(),))
        first, second = bench.publish(post), bench.publish(post)
        assert isinstance(first, Published)
        assert isinstance(second, Published)
        assert first.remote_id == second.remote_id
        assert Film.objects.count() == 1

    def test_what_is_no_video_is_refused(self, bench: Bench, tmp_path: Path):
        path = tmp_path / "surat.mp4"
        path.write_bytes(b"%PDF-1.7 bukan video")
        film = replace(_film(), path=path, sha256="0" * 64)
        assert isinstance(bench.publish(Post("k", "Film", datetime.now(UTC), videos=(film,))), Rejected)
        assert not Article.objects.exists()

    def test_lists_and_feeds_ask_no_more_for_it(self, bench: Bench, client: Client, django_assert_max_num_queries):
        for number in range(12):
            _publish(bench, title=f"Kabar {number}", videos=(_film(),))
        for address in ("", "rss.xml", "feed.json"):
            with django_assert_max_num_queries(10):
                client.get(f"/kabar/kab-bekasi/{address}")


def _weight(client: Client, address: str) -> int:
    """Return the bytes that a first visit takes over the wire: the page, its styles, scripts and icon."""
    page = client.get(address, headers={"accept-encoding": "gzip"})
    assert page["Content-Encoding"] == "gzip"
    html = gzip.decompress(page.content).decode()
    loaded = re.findall(r'<link rel="(?:stylesheet|icon)" href="([^"]+)"', html) + re.findall(r'src="([^"]+)"', html)
    assert any(name.endswith(".css") for name in loaded)
    files = [finders.find(name.removeprefix("/static/")) for name in loaded]
    assert all(files), loaded
    return len(page.content) + sum(len(gzip.compress(Path(file).read_bytes())) for file in files)


class TestWeight:
    """A phone on a slow line: light on the first visit, nothing on the next."""

    def test_a_full_list_and_a_long_article_weigh_less_than_50_kb(self, bench: Bench, client: Client):
        words = " ".join(secrets.token_hex(3) for _ in range(1_500))
        articles = [_publish(bench, words, title=f"Kabar {number} {words[:90]}") for number in range(14)]
        for months_ago in range(12 * 12):  # twelve years of archive
            _publish(bench, title=f"Lama {months_ago}", created_at=datetime.now(UTC) - timedelta(days=31 * months_ago))
        for address in ("/kabar/kab-bekasi/", articles[0].get_absolute_url()):
            assert _weight(client, address) < 50_000, address

    @pytest.mark.parametrize("name", ["", "rss.xml", "atom.xml", "feed.json", "sitemap.xml", "cari/?q=jalan"])
    def test_what_has_not_changed_is_not_sent_again(self, bench: Bench, client: Client, name: str):
        _publish(bench, title="Satu")
        address = f"/kabar/kab-bekasi/{name}"
        first = client.get(address, headers={"accept-encoding": "gzip"})
        assert "public" in first["Cache-Control"]
        assert "max-age=60" in first["Cache-Control"]
        again = client.get(address, headers={"accept-encoding": "gzip", "if-none-match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    def test_an_article_may_be_kept_but_each_reader_is_counted(self, bench: Bench, client: Client):
        article = _publish(bench, title="Satu")
        first = client.get(article.get_absolute_url(), REMOTE_ADDR="10.0.0.1", headers={"user-agent": BROWSER})
        assert "no-cache" in first["Cache-Control"]
        headers = {"user-agent": BROWSER, "if-none-match": first["ETag"]}
        again = client.get(article.get_absolute_url(), REMOTE_ADDR="10.0.0.2", headers=headers)
        assert again.status_code == 304
        assert Views.objects.get().people == 2
        bench.publisher.recall(str(article.pk), bench.credentials, bench.client)
        assert client.get(article.get_absolute_url(), headers=headers).status_code == 410

    def test_a_picture_is_kept(self, bench: Bench, client: Client):
        article = _publish(bench, title="Gambar", images=(Media(PIXEL, "image/png", "Satu titik", 1, 1),))
        address = article.pictures.get().get_absolute_url()
        first = client.get(address)
        assert "immutable" in first["Cache-Control"]
        assert client.get(address, headers={"if-none-match": first["ETag"]}).status_code == 304


class TestCounting:
    """People are counted, robots are not, and nobody is stored."""

    def test_a_person_counts_once_a_day_per_article(self, bench: Bench, client: Client):
        article = _publish(bench, title="Dibaca")
        for address in ("10.0.0.1", "10.0.0.1", "10.0.0.2"):
            client.get(article.get_absolute_url(), REMOTE_ADDR=address, headers={"user-agent": BROWSER})
        assert Views.objects.get().people == 2
        counts = bench.channel.metrics.read([str(article.pk)], bench.credentials, bench.client)
        assert counts == {str(article.pk): Counts(views=2)}

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"user-agent": "Googlebot/2.1"},
            {"user-agent": "WhatsApp/2.23"},
            {"user-agent": "python-requests/2"},
            {"user-agent": BROWSER, "sec-purpose": "prefetch"},
        ],
    )
    def test_others_do_not_count(self, bench: Bench, client: Client, headers: dict[str, str]):
        article = _publish(bench, title="Dirayapi")
        client.get(article.get_absolute_url(), headers=headers)
        assert not Views.objects.exists()

    def test_no_cookie_is_set(self, bench: Bench, client: Client):
        article = _publish(bench, title="Tanpa kuki")
        answer = client.get(article.get_absolute_url(), headers={"user-agent": BROWSER})
        assert not answer.cookies
