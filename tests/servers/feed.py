"""A site with a feed, as RSS 2.0 and RFC 9110 describe it: validators, patience, whatever a test puts there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape

from servers.stub import Asked, Said, serving

XML = {"Content-Type": "application/rss+xml; charset=utf-8"}


@dataclass
class FeedSite:
    """The site's address, what its feed holds, and what it was asked."""

    url: str = ""
    items: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    answer: Said | None = None

    def add(self, title: str, text: str = "", at: datetime | None = None, guid: str = "") -> None:
        """Put an item on top; `at` as RFC 822 writes it, now where none is given."""
        moment = format_datetime((at or datetime.now(UTC)).astimezone(UTC))
        guid = guid or f"{self.url}/{len(self.items)}"
        self.items.insert(
            0,
            f"<item><title>{escape(title)}</title><description>{escape(text)}</description>"
            f"<guid>{guid}</guid><link>{guid}</link><pubDate>{moment}</pubDate></item>",
        )

    @property
    def document(self) -> bytes:
        """Return the feed."""
        body = "".join(self.items)
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Kabar</title>{body}</channel></rss>'.encode()

    def say(self, asked: Asked) -> Said:
        """Answer a request: the feed, that nothing changed, or what a test wants."""
        self.asked.append(asked)
        if self.answer is not None:
            return self.answer
        if asked.path == "/":
            return Said(b'<html><head><link rel="alternate" type="application/rss+xml" href="/feed"></head></html>')
        if asked.path != "/feed":
            return Said(b"", 404)
        tag = f'"{len(self.items)}"'
        if asked.headers.get("if-none-match") == tag:
            return Said(b"", 304, {"ETag": tag})
        return Said(self.document, 200, XML | {"ETag": tag})


@contextmanager
def serve() -> Iterator[FeedSite]:
    """Run the site."""
    site = FeedSite()
    with serving(site.say) as url:
        site.url = url
        yield site
