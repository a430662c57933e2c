"""Calls to the outside: no way to what only this machine can reach."""

import gzip
import math
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import IPv4Address, IPv6Address, ip_address
from types import SimpleNamespace
from typing import Any

import httpcore
import httpx
import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core import http
from kentongan.core.errors import Unavailable

PRIVATE = [
    "0.0.0.0",
    "10.1.2.3",
    "100.64.0.1",
    "127.0.0.1",
    "127.8.8.8",
    "169.254.169.254",
    "172.16.0.1",
    "192.0.0.8",
    "192.168.1.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::a00:1",
    "2002:7f00:1::",
    "2002:a9fe:a9fe::1",
    "2001:0:7f00:1::",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2001:db8::1",
]
PUBLIC = ["8.8.8.8", "103.10.61.1", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
METADATA = ["169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "fe80::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_refused(address: str) -> None:
    assert not http.is_permitted(ip_address(address), local=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_permitted(address: str) -> None:
    assert http.is_permitted(ip_address(address), local=False)


@pytest.mark.parametrize("address", METADATA)
def test_metadata_services_are_refused_even_on_a_local_network(address: str) -> None:
    assert not http.is_permitted(ip_address(address), local=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "192.168.1.1", "::1", "fd12::1"])
def test_local_network_can_be_allowed(address: str) -> None:
    assert http.is_permitted(ip_address(address), local=True)


@given(st.ip_addresses(v=4), st.booleans())
def test_every_way_to_hide_an_ipv4_address_is_judged_like_the_address(inner: IPv4Address, local: bool) -> None:
    number = int(inner)
    wrapped = [
        IPv6Address((0xFFFF << 32) | number),
        IPv6Address(int(IPv6Address("64:ff9b::")) | number),
        IPv6Address(int(IPv6Address("64:ff9b:1::")) | number),
        IPv6Address((0x2002 << 112) | (number << 80)),
    ]
    assert {http.is_permitted(outer, local=local) for outer in wrapped} == {http.is_permitted(inner, local=local)}


@given(st.ip_addresses())
def test_what_is_permitted_is_global(address: IPv4Address | IPv6Address) -> None:
    if http.is_permitted(address, local=False):
        assert not any((address.is_loopback, address.is_link_local, address.is_multicast, address.is_unspecified))
        assert address.is_global or isinstance(address, IPv6Address)


Answer = Callable[[BaseHTTPRequestHandler], None]


class Site:
    """A web server of this machine whose pages are functions; it notes who asked for what."""

    def __init__(self) -> None:
        self.pages: dict[str, Answer] = {}
        self.asked: list[str] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append(self.path)
                site.pages[self.path](self)

            def log_message(self, *_args: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def page(self, path: str, content: bytes, **headers: str) -> str:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(200)
            for name, value in headers.items():
                request.send_header(name.replace("_", "-"), value)
            request.end_headers()
            request.wfile.write(content)

        self.pages[path] = answer
        return self.url + path

    def redirect(self, path: str, target: str) -> str:
        def answer(request: BaseHTTPRequestHandler) -> None:
            request.send_response(302)
            request.send_header("Location", target)
            request.end_headers()

        self.pages[path] = answer
        return self.url + path


@pytest.fixture
def site() -> Iterator[Site]:
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, daemon=True)
    thread.start()
    yield site
    site.server.shutdown()
    site.server.server_close()


@pytest.fixture
def closed() -> Iterator[None]:
    with override_settings(KENTONGAN_ALLOW_LOCAL_NETWORK=False):
        yield


@pytest.fixture
def opened() -> Iterator[None]:
    with override_settings(KENTONGAN_ALLOW_LOCAL_NETWORK=True):
        yield


def test_page_is_fetched(site: Site, opened: None) -> None:
    found = http.fetch(site.page("/a", "Halo é".encode(), Content_Type="text/html; charset=utf-8"))
    assert (found.status, found.text, found.media_type) == (200, "Halo é", "text/html")


@pytest.mark.parametrize(
    "form",
    [
        "http://127.0.0.1:{port}/a",
        "http://localhost:{port}/a",
        "http://[::ffff:127.0.0.1]:{port}/a",
        "http://2130706433:{port}/a",
        "http://0x7f.1:{port}/a",
        "http://0:{port}/a",
        "http://127.1:{port}/a",
    ],
)
def test_this_machine_is_not_called_however_it_is_spelt(site: Site, closed: None, form: str) -> None:
    site.page("/a", b"rahasia")
    with pytest.raises((http.FetchRefused, Unavailable)):
        http.fetch(form.format(port=site.server.server_port))
    assert site.asked == []


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://example.id/", "gopher://x/", "", "http://", "//x", "x"])
def test_other_schemes_are_refused(closed: None, url: str) -> None:
    with pytest.raises((http.FetchRefused, Unavailable)):
        http.fetch(url)


def test_redirects_are_checked_again(site: Site, opened: None) -> None:
    start = site.redirect("/away", "http://169.254.169.254/latest/meta-data/")
    with pytest.raises(http.FetchRefused):
        http.fetch(start)
    assert site.asked == ["/away"]
    with pytest.raises(Unavailable):
        http.fetch(site.redirect("/loop", "/loop"))
    with pytest.raises(http.FetchRefused):
        http.fetch(site.redirect("/file", "file:///etc/passwd"))


def test_name_that_changes_its_address_is_resolved_once(
    site: Site, closed: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter(["93.184.215.14", "127.0.0.1", "127.0.0.1"])
    asked: list[str] = []
    connected: list[str] = []

    def resolve(host: str, port: int, **_options: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), port))]

    def connect(address: tuple[str, int], *_args: Any, **_options: Any) -> None:
        connected.append(address[0])
        raise OSError("not from a test")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket, "create_connection", connect)
    with pytest.raises(Unavailable):
        http.fetch("http://rebind.example/")
    assert asked == ["rebind.example"]
    assert connected == ["93.184.215.14"]


def test_one_private_address_among_many_spoils_the_name(closed: None, monkeypatch: pytest.MonkeyPatch) -> None:
    mixed = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: mixed)
    with pytest.raises(http.FetchRefused):
        http.fetch("http://mixed.example/")


def test_long_answers_are_cut_off_packed_or_not(site: Site, opened: None) -> None:
    plain = site.page("/plain", b"x" * 200_000)
    bomb = site.page("/bomb", gzip.compress(b"x" * 50_000_000), Content_Encoding="gzip")
    for url in (plain, bomb):
        with pytest.raises(Unavailable):
            http.fetch(url, max_bytes=100_000)
    assert len(http.fetch(plain, max_bytes=200_000).content) == 200_000


def test_answers_that_drip_are_cut_off(site: Site, opened: None) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        for _drop in range(100):
            try:
                request.wfile.write(b"x")
                request.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)

    site.pages["/drip"] = drip
    started = time.monotonic()
    with pytest.raises(Unavailable):
        http.fetch(site.url + "/drip", timeout=0.2)
    assert time.monotonic() - started < 3


def test_status_that_was_not_wanted_is_told(site: Site, opened: None) -> None:
    site.pages["/gone"] = lambda request: request.send_error(410)
    with pytest.raises(Unavailable, match="410"):
        http.fetch(site.url + "/gone")
    assert http.fetch(site.url + "/gone", accept_status=(410,)).status == 410


def test_client_raises_what_adapters_know(site: Site, closed: None) -> None:
    with http.client() as client, pytest.raises(httpx.ConnectError):
        client.get(site.url + "/a")
    assert site.asked == []


def test_proxies_of_the_environment_are_not_used(site: Site, opened: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    assert http.fetch(site.page("/a", b"x")).content == b"x"


def test_a_client_that_wants_no_compression_refuses_it_unread() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"Content-Encoding": "gzip"}, stream=httpx.ByteStream(b"\x1f\x8b"))

    with http.client(unpacked=True) as client:
        assert client.headers["Accept-Encoding"] == "identity"
        client._transport = httpx.MockTransport(answer)
        with pytest.raises(http.AnswerTooLarge):
            client.get("https://contoh.id/")


class _Drip(httpcore.NetworkStream):
    """A server that sends its head a byte at a time, each within the time of a step; the clock goes on by itself."""

    def __init__(self) -> None:
        self.now, self.reads = 1_000.0, 0
        self.waits: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.reads += 1
        self.now += 7
        self.waits.append(timeout)
        return b"HTTP/1.1 200 OK\r\nX-Drip: "[self.reads - 1 : self.reads] or b"x"

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        pass

    def close(self) -> None:
        pass

    def start_tls(self, *_args: Any, **_options: Any) -> httpcore.NetworkStream:
        return self

    def get_extra_info(self, info: str) -> Any:
        return None


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_head_that_drips_is_cut_off(opened: None, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    drip = _Drip()
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_args, **_options: drip)
    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: drip.now))
    with pytest.raises(Unavailable):
        http.fetch(f"{scheme}://127.0.0.1/x", timeout=8.0)
    assert drip.waits == [8.0, 8.0, 8.0, 3.0]  # 24 seconds in all, of steps that take 7


def test_redirects_take_no_longer_together_than_one_answer(opened: None, monkeypatch: pytest.MonkeyPatch) -> None:
    now, calls = [1_000.0], []

    def moved(_self: Any, request: httpx.Request) -> httpx.Response:
        calls.append(str(request.url))
        now[0] += 10
        http._left(None, httpcore.ReadTimeout)
        return httpx.Response(302, headers={"Location": "/lagi"})

    monkeypatch.setattr(http, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(httpx.HTTPTransport, "handle_request", moved)
    with pytest.raises((Unavailable, httpcore.ReadTimeout)):
        http.fetch("http://127.0.0.1/x", timeout=8.0)
    assert len(calls) == 3
    assert http._ends.get() == math.inf
