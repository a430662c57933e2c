"""How many sources one worker reads: `python benchmarks/reading_sources.py [SOURCES] [ITEMS]`.

A fresh installation of its own, a site on this machine with a feed for each source (200 of 20 items by default), and
one worker's loop until nothing is due: the first round brings everything in, the second finds that nothing changed.
The clusterer, which runs beside it, is not part of the figure.
"""

import os
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME
os.environ["KENTONGAN_ALLOW_LOCAL_NETWORK"] = "yes"
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django  # noqa: E402

django.setup()

from kentongan.core import clock  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.listening import actions, reading  # noqa: E402
from kentongan.listening.models import Source  # noqa: E402
from kentongan.registry import actions as registry  # noqa: E402
from kentongan.registry.models import Organisation, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
ITEM = "<item><title>Jalan {n} di Setu rusak</title><description>Warga desa {feed} mengeluh</description><guid>{feed}-{n}</guid><pubDate>Fri, 27 Nov 2026 10:00:00 GMT</pubDate></item>"  # noqa: E501


def feed(number: str, count: int) -> bytes:
    """Return a feed of that many items."""
    items = "".join(ITEM.format(n=n, feed=number) for n in range(count))
    return f'<rss version="2.0"><channel><title>x</title>{items}</channel></rss>'.encode()


def site(count: int) -> ThreadingHTTPServer:
    """Start the site; a feed that was sent once is unchanged from then on."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer."""
            known = self.headers.get("If-None-Match")
            body = b"" if known else feed(self.path.strip("/"), count)
            self.send_response(304 if known else 200)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Type", "application/rss+xml")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def fill(count: int, port: int) -> None:
    """Found an organisation with that many sources, each of a server of its own by name."""
    registry.found_organisation(
        SYSTEM,
        name="Uji",
        short_name="Uji",
        kind=Organisation.Kind.REGENCY,
        area_code="32.16",
        level=Unit.Level.REGENCY,
    )
    unit = Unit.objects.get()
    for number in range(count):
        new = actions.NewSource("website.feed", f"S{number}", f"http://127.0.0.1:{port}/{number}")
        actions.open_source(SYSTEM, unit.pk, new)
    for source in Source.objects.all():
        Source.objects.filter(pk=source.pk).update(host=f"s{source.pk}.example")


def rounds(what: str, count: int) -> None:
    """Read until nothing is due, and say how long it took."""
    Source.objects.update(due_at=clock.now())
    start, read = time.perf_counter(), 0
    while given := reading.read_due():
        read += len(given)
    seconds = time.perf_counter() - start
    posts = sum(Source.objects.values_list("last_new", flat=True))
    assert read == count, (read, count)
    print(f"{what}: {count} sources in {seconds:.1f} s, {count / seconds:.0f} a second, {posts} posts", flush=True)


def main() -> None:
    """Measure."""
    count, items = (int(word) for word in (*sys.argv[1:], "200", "20")[:2])
    with running_database():
        server = site(items)
        fill(count, server.server_port)
        rounds("everything is new", count)
        rounds("nothing changed", count)
        server.shutdown()


if __name__ == "__main__":
    main()
