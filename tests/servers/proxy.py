"""A fault proxy between an adapter and a real server: cuts, delays or falsifies one answer at a time.

It works on whole HTTP requests over plain TCP: reads one request, decides, forwards it or not, and answers or not.
"""

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import httpx

HOP = {"connection", "content-length", "transfer-encoding", "content-encoding", "host", "keep-alive"}


@dataclass(frozen=True)
class Fault:
    """What happens to a request whose start line contains `where`.

    `accept`: the server gets it (its answer is awaited). Then `status` and `body` are answered instead of the
    server's words, or, with no status, the connection is cut. `half` sends only half of the real answer.
    """

    where: str
    accept: bool
    status: int | None = None
    body: bytes = b'{"error": "x", "message": "x"}'
    headers: tuple[tuple[str, str], ...] = ()
    half: bool = False
    wait: float = 0
    times: int = 1


@dataclass
class Proxy:
    """A running proxy: `url` is what the adapter is given; `faults` are used up one by one."""

    upstream: str
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    seen: list[str] = field(default_factory=list)
    gate: threading.Event = field(default_factory=threading.Event)
    reached: threading.Event = field(default_factory=threading.Event)
    hold: str = ""
    edit: Callable[[httpx.Response], httpx.Response] | None = None
    strip: frozenset[str] = frozenset()

    @property
    def url(self) -> str:
        """Return the address of the proxy."""
        return f"http://127.0.0.1:{self.port}"

    def take(self, line: str) -> Fault | None:
        """Return the fault for this request, used up as often as it says."""
        for index, fault in enumerate(self.faults):
            if fault.where in line:
                self.faults[index] = Fault(**{**fault.__dict__, "times": fault.times - 1})
                if fault.times <= 1:
                    del self.faults[index]
                return fault
        return None


def _request(stream: socket.socket) -> tuple[str, dict[str, str], bytes] | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = stream.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    line, *rest = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in rest)}
    while len(body) < int(headers.get("content-length", 0)):
        body += stream.recv(65536)
    return line, headers, body


def _answer(status: int, headers: list[tuple[str, str]], body: bytes) -> bytes:
    lines = [f"HTTP/1.1 {status} Fault", *(f"{n}: {v}" for n, v in headers if n.lower() not in HOP)]
    lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def _forward(proxy: Proxy, line: str, headers: dict[str, str], body: bytes) -> httpx.Response:
    verb, path, _ = line.split(" ", 2)
    sent = {n: v for n, v in headers.items() if n not in HOP and n not in proxy.strip}
    answer = httpx.request(verb, f"{proxy.upstream}{path}", headers=sent, content=body, timeout=30)
    return proxy.edit(answer) if proxy.edit else answer


def _serve(proxy: Proxy, stream: socket.socket) -> None:
    # An upstream that does not answer is a connection that is cut.
    with stream, contextlib.suppress(OSError, httpx.HTTPError):
        request = _request(stream)
        if request is None:
            return
        line, headers, body = request
        proxy.seen.append(line)
        fault = proxy.take(line)
        answer = None
        if fault is None or fault.accept:
            answer = _forward(proxy, line, headers, body)
        if proxy.hold and proxy.hold in line:
            proxy.reached.set()
            proxy.gate.wait(60)
        if fault is not None:
            time.sleep(fault.wait)
        if fault is not None and fault.status is not None:
            stream.sendall(_answer(fault.status, list(fault.headers), fault.body))
        elif answer is not None and (fault is None or fault.half):
            whole = _answer(answer.status_code, list(answer.headers.items()), answer.content)
            stream.sendall(whole[: len(whole) - len(answer.content) // 2 - 1] if fault else whole)


@contextlib.contextmanager
def between(upstream: str) -> Iterator[Proxy]:
    """Run a proxy before `upstream`."""
    if urlsplit(upstream).hostname != "127.0.0.1":
        raise ValueError("only before servers on loopback")
    listener = socket.create_server(("127.0.0.1", 0))
    proxy = Proxy(upstream, listener.getsockname()[1])

    def accept() -> None:
        while True:
            try:
                stream, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=_serve, args=(proxy, stream), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.gate.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
