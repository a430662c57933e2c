"""What our own stubs of platforms share: an HTTP server on loopback that hands each whole request to one function.

A stub keeps its state in this process, where tests read it; adapters reach it over real HTTP, like the platform.
"""

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from django.core.files.uploadhandler import MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser


@dataclass(frozen=True)
class File:
    """A file of a form."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True)
class Asked:
    """One request, read whole."""

    verb: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        """Return what the body is, without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def json(self) -> Any:
        """Return the JSON of the body; None where it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def form(self) -> tuple[dict[str, str], dict[str, File]]:
        """Return fields and files of a form of either kind."""
        if self.media_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(self.body.decode(), keep_blank_values=True)), {}
        meta = {"CONTENT_TYPE": self.headers.get("content-type", ""), "CONTENT_LENGTH": str(len(self.body))}
        kept = [MemoryFileUploadHandler(), TemporaryFileUploadHandler()]
        fields, files = MultiPartParser(meta, BytesIO(self.body), kept).parse()
        read = {name: File(one.name, one.content_type, one.read()) for name, one in files.items()}
        return {name: fields[name] for name in fields}, read


@dataclass(frozen=True)
class Said:
    """One answer; a `body` that is no bytes goes out as JSON."""

    body: Any = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)

    def content(self) -> tuple[bytes, str]:
        """Return what goes over the wire, and its type."""
        if isinstance(self.body, bytes):
            return self.body, "text/html; charset=utf-8"
        return json.dumps(self.body).encode(), "application/json; charset=utf-8"


def _handler(answer: Callable[[Asked], Said]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = answer(Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body))
            content, media_type = said.content()
            self.send_response(said.status)
            for name, value in {"Content-Type": media_type, **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = _serve  # noqa: N815  the names that http.server calls

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    return Handler


@contextmanager
def serving(answer: Callable[[Asked], Said]) -> Iterator[str]:
    """Run a server that answers by that function; yields its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(answer))
    server.daemon_threads = True
    # It looks that often whether it is to stop; each of a thousand tests would wait half a second for it.
    threading.Thread(target=server.serve_forever, args=[0.01], daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
