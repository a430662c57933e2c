"""Calls to the outside: only to public addresses, with limits of size and time.

Addresses that people type (a feed, a server, a hook) must not reach what only this machine can reach. The check sits
where the connection is made: a name is resolved once, all its addresses are checked, and one of those is connected to.
So neither a redirect nor a name that changes its address in between (DNS rebinding) gets around it.
"""

import math
import socket
import ssl
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any

import httpcore
import httpx
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import KentonganError, Unavailable

MAX_BYTES = 20 << 20
TIMEOUT_SECONDS = 20.0
DEADLINE_SECONDS = 120.0
MAX_REDIRECTS = 5
NAT64 = IPv6Network("64:ff9b::/96")
NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
PROTOCOL_ASSIGNMENTS = IPv4Network("192.0.0.0/24")
IPV4_COMPATIBLE = IPv6Network("::/96")
USER_AGENT = f"Kentongan/{version('kentongan')}"

Address = IPv4Address | IPv6Address


class AddressRefused(httpx.ConnectError):
    """The host is, or hides, an address that must not be called from here; nothing was sent."""


class AnswerTooLarge(httpx.ReadError):
    """The answer is longer than the limit."""


class AnswerTooSlow(httpx.ReadTimeout):
    """The answer as a whole takes longer than the limit."""


class FetchRefused(KentonganError):
    """What the person at the screen sees of AddressRefused and of addresses that are none."""

    status = 422
    code = "address_refused"
    default_message = _("This address must not be called from here.")
    default_remedy = _("Use a public address that begins with https://.")


def _hidden(address: Address) -> Iterator[Address]:
    """Yield the IPv4 addresses that an IPv6 address stands for or tunnels to."""
    if not isinstance(address, IPv6Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if address in NAT64 or address in NAT64_LOCAL or address in IPV4_COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFF_FFFF)


def is_permitted(address: Address, *, local: bool) -> bool:
    """Whether to connect there. With `local`, private networks and this machine too, but never metadata services."""
    embedded = list(_hidden(address))
    if embedded and not (isinstance(address, IPv6Address) and address.is_loopback):
        return all(is_permitted(inner, local=local) for inner in embedded)
    if address.is_multicast or address.is_link_local:
        return False
    inside = address in PROTOCOL_ASSIGNMENTS or getattr(address, "is_site_local", False)
    if local:
        return address.is_global or address.is_private or inside
    if inside:
        return False
    return address.is_global and not (address.is_reserved or address.is_unspecified)


def resolve(host: str, port: int, *, local: bool) -> list[str]:
    """Return the addresses of `host`, all of them permitted; raises AddressRefused, or httpx.ConnectError."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError(f"{host}: {error}") from error
    addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
    for address in addresses:
        if not is_permitted(ip_address(address.partition("%")[0]), local=local):
            raise AddressRefused(f"{host} leads to {address}, which must not be called from here.")
    return addresses


_ends: ContextVar[float] = ContextVar("_ends", default=math.inf)


@contextmanager
def _within(seconds: float) -> Iterator[float]:
    """Let the calls that are made meanwhile be over after so many seconds, if not earlier already; yields when."""
    token = _ends.set(min(time.monotonic() + seconds, _ends.get()))
    try:
        yield _ends.get()
    finally:
        _ends.reset(token)


def _left(timeout: float | None, over: type[Exception]) -> float | None:
    """Return how long a step may take, of what is left for the whole; raises `over` where nothing is."""
    left = _ends.get() - time.monotonic()
    if left <= 0:
        raise over("The answer takes too long.")
    return min(left, math.inf if timeout is None else timeout) if left < math.inf else timeout


class _Timed(httpcore.NetworkStream):
    """A connection on which steps end with the call: a server that sends its head byte by byte meets no other limit."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self.inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.inner.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.inner.write(buffer, timeout)

    def close(self) -> None:
        self.inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Timed(self.inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self.inner.get_extra_info(info)


class _GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to checked addresses only; TLS still checks the certificate against the name."""

    def __init__(self, local: bool) -> None:
        self.local = local
        self.inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failure: Exception = httpcore.ConnectError(f"{host} has no address.")
        for address in resolve(host, port, local=self.local):
            try:
                left = _left(timeout, httpcore.ConnectTimeout)
                return _Timed(self.inner.connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise failure

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.NetworkStream:
        raise httpcore.ConnectError("Sockets of this machine must not be called.")

    def sleep(self, seconds: float) -> None:
        self.inner.sleep(seconds)


class _Sent(httpx.SyncByteStream):
    """A request that is given up when it takes too long to send."""

    def __init__(self, stream: httpx.SyncByteStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.stream:
            if time.monotonic() > self.deadline:
                raise httpx.WriteTimeout("The request takes too long to send.")
            yield chunk

    def close(self) -> None:
        self.stream.close()


class _Limited(httpx.SyncByteStream):
    """An answer that is cut off when it grows too long or takes too long."""

    def __init__(self, stream: httpx.SyncByteStream, max_bytes: int, deadline: float) -> None:
        self.stream, self.max_bytes, self.deadline = stream, max_bytes, deadline

    def __iter__(self) -> Iterator[bytes]:
        size = 0
        for chunk in self.stream:
            size += len(chunk)
            if size > self.max_bytes:
                raise AnswerTooLarge(f"The answer is longer than {self.max_bytes} bytes.")
            if time.monotonic() > self.deadline:
                raise AnswerTooSlow("The answer takes too long.")
            yield chunk

    def close(self) -> None:
        self.stream.close()


@cache
def _trusted() -> ssl.SSLContext:
    """Return what tells true certificates; to read the system's list of authorities takes longer than most calls."""
    return ssl.create_default_context()


class GuardedTransport(httpx.HTTPTransport):
    """httpx's own transport over guarded connections."""

    def __init__(self, *, local: bool, max_bytes: int = MAX_BYTES, deadline: float = DEADLINE_SECONDS) -> None:
        super().__init__(verify=_trusted(), trust_env=False)
        self.max_bytes, self.deadline = max_bytes, deadline
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=50,
            max_keepalive_connections=10,
            keepalive_expiry=30.0,
            network_backend=_GuardedBackend(local),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; its answer is to begin in time, and that one's stream is limited."""
        with _within(self.deadline) as deadline:
            if isinstance(request.stream, httpx.SyncByteStream):
                request.stream = _Sent(request.stream, deadline)
            response = super().handle_request(request)
        if isinstance(response.stream, httpx.SyncByteStream):
            response.stream = _Limited(response.stream, self.max_bytes, deadline)
        return response


def allows_local() -> bool:
    """Whether this installation may call private addresses and itself (servers of its own network)."""
    return bool(getattr(settings, "KENTONGAN_ALLOW_LOCAL_NETWORK", False))


def client(
    *,
    base_url: str = "",
    headers: Mapping[str, str] | None = None,
    timeout: float = TIMEOUT_SECONDS,
    max_bytes: int = MAX_BYTES,
    deadline: float = DEADLINE_SECONDS,
    follow_redirects: bool = False,
    unpacked: bool = False,
) -> httpx.Client:
    """Return a client that calls permitted addresses only; `timeout` a step, `deadline` an answer, in seconds.

    `unpacked` refuses compressed answers: the limit counts what comes over the wire, and a little can unpack to much.
    """
    plain = {"Accept-Encoding": "identity"} if unpacked else {}
    return httpx.Client(
        base_url=base_url,
        headers={"User-Agent": USER_AGENT, **plain, **(headers or {})},
        event_hooks={"response": [_refuse_packed] if unpacked else []},
        timeout=timeout,
        transport=GuardedTransport(local=allows_local(), max_bytes=max_bytes, deadline=deadline),
        follow_redirects=follow_redirects,
        max_redirects=MAX_REDIRECTS,
        trust_env=False,
    )


def _refuse_packed(response: httpx.Response) -> None:
    """Refuse an answer that is compressed though that was not asked for, before anything of it is read."""
    if response.headers.get("content-encoding", "identity").strip().lower() not in {"", "identity"}:
        raise AnswerTooLarge("The answer is compressed, so that nobody can tell how long it is.")


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, read whole: its status, the address that gave it after redirects, its headers and bytes."""

    status: int
    url: str
    headers: Mapping[str, str]
    content: bytes
    encoding: str

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode(self.encoding, errors="replace")

    @property
    def media_type(self) -> str:
        """The media type that the server states, in lower case."""
        return _media_type(self.headers)


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def fetch(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    max_bytes: int = MAX_BYTES,
    timeout: float = TIMEOUT_SECONDS,
    accept_status: Sequence[int] = (200,),
    accept_types: Collection[str] = (),
) -> Fetched:
    """Get an address that a person typed; raises FetchRefused, or Unavailable with what went wrong.

    Of an answer of a type that is not among `accept_types`, where there are any, nothing is read. All of it, redirects
    too, takes no longer than three times the `timeout` of a step.
    """
    try:
        with (
            _within(timeout * 3),
            client(headers=headers, timeout=timeout, max_bytes=max_bytes, follow_redirects=True) as http,
            http.stream("GET", url) as response,
        ):
            kind = _media_type(response.headers)
            if accept_types and response.status_code in accept_status and kind not in accept_types:
                raise Unavailable(_("%(url)s is another kind of content (%(kind)s).") % {"url": url, "kind": kind})
            content = _read(response, max_bytes)
    except (AddressRefused, httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise FetchRefused() from error
    except httpx.HTTPError as error:
        raise Unavailable(_("%(url)s does not answer: %(error)s") % {"url": url, "error": error}) from error
    if response.status_code not in accept_status:
        raise Unavailable(_("%(url)s answers with status %(status)d.") % {"url": url, "status": response.status_code})
    return Fetched(response.status_code, str(response.url), response.headers, content, response.encoding or "utf-8")


def _read(response: httpx.Response, max_bytes: int) -> bytes:
    """Read the unpacked answer; a small one can unpack to gigabytes."""
    parts, size = [], 0
    for part in response.iter_bytes():
        size += len(part)
        if size > max_bytes:
            raise AnswerTooLarge(f"The answer is longer than {max_bytes} bytes.")
        parts.append(part)
    return b"".join(parts)
