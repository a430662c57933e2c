"""Mastodon passes the contract against a stateful server, and so do servers that know less."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import httpx
import pytest

from channels.benches import fault
from core.samples import video
from kentongan.channels import registry
from kentongan.channels.contract import Ambiguous, Counts, Found, Media, Post, Published, Rejected, RetryLater, Unsure
from kentongan.channels.mastodon import likeness
from kentongan.channels.mastodon.connector import limits
from kentongan.channels.testing import Bench, Failure, HttpPublisherContract
from kentongan.core import http
from servers.mastodon import MastodonServer
from servers.proxy import Fault, Proxy, between

CREATE = "POST /api/v1/statuses"


@pytest.fixture
def proxy(mastodon_server: MastodonServer) -> Iterator[Proxy]:
    """A fault proxy before the server."""
    with between(mastodon_server.url) as proxy:
        yield proxy


@pytest.fixture
def bench(mastodon_server: MastodonServer, proxy: Proxy) -> Iterator[Bench]:
    """Mastodon, connected through the proxy."""
    channel = registry.get("mastodon")
    with http.client() as client:
        credentials = channel.connector.connect({"service": proxy.url, "access_token": mastodon_server.token}, client)
        yield Bench(
            channel,
            credentials,
            client,
            count=lambda post: len(mastodon_server.statuses(post.key)),
            refused=Post(channel.manifest.new_key(), "x" * 501, datetime.now(UTC)),
            fail=lambda failure: proxy.faults.append(fault(failure, CREATE)),
            expired=replace(credentials, values={**credentials.values, "access_token": "withdrawn"}),
        )


class TestMastodon(HttpPublisherContract):
    """The contract."""


class TestServerThatIgnoresIdempotencyKeys:
    """Some relatives of Mastodon do: then only looking prevents a second post."""

    def test_doubt_is_resolved_by_looking_not_by_sending_again(self, bench: Bench, proxy: Proxy):
        proxy.strip = frozenset({"idempotency-key"})
        post = bench.post("Tanpa kunci")
        bench.fail(Failure.CUT_AFTER)
        assert isinstance(bench.publish(post), Ambiguous)
        assert isinstance(bench.find(post), Found)
        assert bench.count(post) == 1

    def test_two_posts_of_the_same_text_are_not_guessed_between(self, bench: Bench, proxy: Proxy):
        proxy.strip = frozenset({"idempotency-key"})
        post = bench.post("Sudah telanjur dua")
        first, second = bench.publish(post), bench.publish(post)
        assert first.remote_id != second.remote_id
        assert isinstance(bench.find(post), Unsure)
        known = bench.find(post, taken=frozenset({first.remote_id}))
        assert isinstance(known, Found)
        assert known.remote_id == second.remote_id


def test_a_server_that_lists_a_status_twice_is_understood(bench: Bench, proxy: Proxy):
    def doubled(answer: httpx.Response) -> httpx.Response:
        if "/statuses" not in str(answer.request.url) or answer.request.method != "GET":
            return answer
        return httpx.Response(200, json=answer.json() * 2, request=answer.request)

    proxy.edit = doubled
    post = bench.post("Terdaftar dua kali")
    published = bench.publish(post)
    found = bench.find(post)
    assert isinstance(found, Found)
    assert found.remote_id == published.remote_id


def test_the_answer_of_a_refused_sign_in_is_a_sentence(bench: Bench):
    entered = {"service": bench.credentials.service, "access_token": "bukan"}
    with pytest.raises(Rejected):
        bench.channel.connector.connect(entered, bench.client)


def test_connecting_learns_the_handle_and_health_the_limits(bench: Bench, mastodon_server: MastodonServer):
    assert bench.credentials.handle.startswith(mastodon_server.me()["username"] + "@")
    health = bench.channel.connector.health(bench.credentials, bench.client)
    assert health.ready
    assert health.limits.text == 500


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"configuration": {"statuses": {"max_characters": 11_000}}}, 11_000),
        ({"max_toot_chars": 1_312}, 1_312),
        ({"configuration": {"statuses": {"max_characters": "many"}}}, 500),
        ({}, 500),
        ([], 500),
    ],
)
def test_instance_documents_of_all_kinds_give_limits(document, text):
    assert limits(document).text == text


def test_what_a_server_counts_a_link_as_is_its_own():
    stated = limits({"configuration": {"statuses": {"max_characters": 60, "characters_reserved_per_url": 40}}}).stated()
    assert stated == {"text": 60, "link": 40}
    manifest = registry.get("mastodon").manifest
    text = "Baca https://b.id"
    assert (manifest.measured(text, stated).used, manifest.measured(text, stated).left) == (45, 15)
    assert (manifest.measured(text).used, manifest.measured(text).limit) == (28, 500)


def test_a_picture_goes_with_its_description(bench: Bench, mastodon_server: MastodonServer):
    post = bench.post("Dengan gambar")
    pixel = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
    published = bench.publish(replace(post, images=(Media(pixel, "image/png", "Satu titik"),)))
    assert isinstance(published, Published)
    (status,) = mastodon_server.statuses(post.key)
    assert status["media_attachments"][0]["description"] == "Satu titik"


def test_a_video_waits_until_the_server_has_worked_on_it(bench: Bench, mastodon_server, proxy: Proxy, monkeypatch):
    """A server takes a video with 202 and no address; a status must not name it before it has one."""
    looks: list[int] = []
    monkeypatch.setattr("kentongan.channels.mastodon.publisher.MEDIA_PAUSE_SECONDS", 0)

    def working(answer: httpx.Response) -> httpx.Response:
        path = answer.request.url.path
        if path == "/api/v2/media" or (path.startswith("/api/v1/media/") and len(looks) < 3):
            looks.append(202 if path == "/api/v2/media" else 206)
            return httpx.Response(looks[-1], json={**answer.json(), "url": None}, request=answer.request)
        return answer

    proxy.edit = working
    post = replace(bench.post("Dengan video"), videos=(video(),))
    assert isinstance(bench.publish(post), Published)
    assert looks == [202, 206, 206]
    (status,) = mastodon_server.statuses(post.key)
    (attachment,) = status["media_attachments"]
    assert attachment["description"] == "Jalan Setu dari udara"


def test_a_server_that_never_finishes_a_video_has_no_post(bench: Bench, mastodon_server, proxy: Proxy, monkeypatch):
    monkeypatch.setattr("kentongan.channels.mastodon.publisher.MEDIA_PAUSE_SECONDS", 0)
    monkeypatch.setattr("kentongan.channels.mastodon.publisher.VIDEO_LOOKS", 3)

    def working(answer: httpx.Response) -> httpx.Response:
        if "/media" not in answer.request.url.path:
            return answer
        return httpx.Response(206, json={**answer.json(), "url": None}, request=answer.request)

    proxy.edit = working
    post = replace(bench.post("Video macet"), videos=(video(),))
    outcome = bench.publish(post)
    assert isinstance(outcome, RetryLater)
    assert bench.count(post) == 0


def test_counts_are_read_and_views_are_none(bench: Bench, mastodon_server: MastodonServer):
    published = bench.publish(bench.post("Berapa?"))
    headers = {"Authorization": f"Bearer {mastodon_server.token}"}
    mastodon_server.client.post(
        f"{mastodon_server.url}/api/v1/statuses/{published.remote_id}/favourite", headers=headers
    ).raise_for_status()
    counts = bench.channel.metrics.read([published.remote_id, "404"], bench.credentials, bench.client)
    assert counts["404"] == Counts(gone=True)
    assert (counts[published.remote_id].likes, counts[published.remote_id].views) == (1, None)


def test_an_outage_while_counting_is_raised(bench: Bench, proxy: Proxy):
    published = bench.publish(bench.post("Mati lampu"))
    proxy.faults.append(Fault("GET /api/v1/statuses/", accept=False, status=503))
    with pytest.raises(RetryLater):
        bench.channel.metrics.read([published.remote_id], bench.credentials, bench.client)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("Halo & selamat <pagi>", "<p>Halo &amp; selamat &lt;pagi&gt;</p>"),
        ("Satu\n\nDua", "<p>Satu</p><p>Dua</p>"),
        (
            "Baca https://bekasikab.go.id/berita/panjang",
            '<p>Baca <a href="x"><span class="invisible">https://</span><span>bekasikab.go.id/ber</span>'
            '<span class="invisible">ita/panjang</span></a></p>',
        ),
        ("Kepada @dewi@contoh.id", '<p>Kepada <span class="h-card"><a href="x">@<span>dewi</span></a></span></p>'),
        ("#Setu banjir", '<p><a href="x" rel="tag">#<span>Setu</span></a> banjir</p>'),
    ],
)
def test_a_status_is_recognised_in_the_html_that_servers_make_of_it(text, content):
    assert likeness.of_text(text) == likeness.of_html(content)
    assert likeness.of_text(text + " lagi") != likeness.of_html(content)


def test_a_success_with_unreadable_rate_headers_is_still_a_success(bench: Bench, proxy: Proxy):
    def odd(answer: httpx.Response) -> httpx.Response:
        answer.headers["X-RateLimit-Reset"] = "besok pagi"
        answer.headers["X-RateLimit-Remaining"] = "-"
        return answer

    proxy.edit = odd
    assert isinstance(bench.publish(bench.post("Kop surat aneh")), Published)


def test_a_redirect_is_not_followed(bench: Bench, proxy: Proxy):
    proxy.faults.append(Fault(CREATE, accept=False, status=302, headers=(("Location", "http://127.0.0.1:1/"),)))
    post = bench.post("Dialihkan")
    assert isinstance(bench.publish(post), Rejected)
    assert bench.count(post) == 0
