"""Listening to RSS and Atom feeds: news sites, blogs, agencies."""

from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import feedparser
import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import feeds, items, pages
from kentongan.channels.contract import Credentials, PostsHidden, Rejected
from kentongan.channels.hearing import LONGEST_CURSOR, Asked, Batch, Heard, Unreadable, Way
from kentongan.channels.items import Kept, text_of
from kentongan.channels.markup import plain
from kentongan.core.imports.values import readable

# News sites put whole articles into their feeds; what a matter is about stands in its beginning.
LONGEST_TEXT = 4000
MOST_ENTRIES = 500


def web_address(entered: str) -> str:
    """Return what was entered as an address of the web; Rejected where it is none."""
    text = entered.strip()
    text = text if "://" in text else f"https://{text}"
    try:
        parts = urlsplit(text)
        good = parts.scheme in {"http", "https"} and "." in (parts.hostname or "") and parts.port != 0
        httpx.URL(text)
    except (ValueError, httpx.InvalidURL) as error:
        raise Rejected(_("This is not a web address.")) from error
    if not good or parts.username is not None or len(text) > feeds.LONGEST_ADDRESS or any(c.isspace() for c in text):
        raise Rejected(_("This is not a web address."))
    return text


class FeedListener:
    """What a feed lists. Its cursor is the feed's own address and what its server uses to say that nothing changed."""

    way = Way(
        "feed",
        gettext_lazy("RSS or Atom feed"),
        gettext_lazy("Address of the feed"),
        gettext_lazy("The address of the feed, or of a page that announces one: https://example.go.id/feed"),
    )

    def normal(self, query: str) -> str:
        """Return the address of the feed, or of the page that announces it."""
        return web_address(query)

    def host(self, query: str, credentials: Credentials) -> str:
        """Return the site."""
        return urlsplit(query).hostname or ""

    def read(self, asked: Asked, credentials: Credentials, client: httpx.Client) -> Batch:
        """Return the feed's entries where it changed since the last reading."""
        mark = items.parts_of(asked.cursor)
        address = mark.get("feed") or asked.query
        known = {"If-None-Match": mark.get("etag", ""), "If-Modified-Since": mark.get("modified", "")}
        answer = pages.answer_of(client, address, {name: value for name, value in known.items() if value})
        if answer.status_code == pages.NOT_MODIFIED:
            return Batch(cursor=asked.cursor)
        found, requests = _parse(answer), 1
        if not found.get("version"):
            answer, requests = pages.answer_of(client, _announced(answer)), 2
            found = _parse(answer)
        if not found.get("version"):
            raise PostsHidden(_("What the site calls its feed is none."), {"feed": str(answer.url)})
        return _batch(answer, found, requests)

    def again(self, raw: str) -> Heard:
        """Read an entry from what was kept of it."""
        return items.again(raw, _heard)


def _parse(answer: httpx.Response) -> Any:
    # A stream, never a text: what looks like an address would be fetched by the library itself.
    return feedparser.parse(
        BytesIO(answer.content), response_headers=dict(answer.headers), sanitize_html=False, resolve_relative_uris=False
    )


def _announced(page: httpx.Response) -> str:
    """Return the feed that a page announces; PostsHidden where it announces none."""
    links = (feeds.joined(str(page.url), link) for link in pages.read_head(page.text).feeds)
    address = next((link for link in links if link), "")
    if not address:
        raise PostsHidden(_("This is no feed, and the page announces none."))
    return address


def _batch(answer: httpx.Response, found: Any, requests: int) -> Batch:
    kept = [_kept(entry, str(answer.url)) for entry in found.entries[:MOST_ENTRIES]]
    heard, unread = items.sort_out(kept, _heard)
    etag, modified = feeds.header(answer, "etag"), feeds.header(answer, "last-modified")
    cursor = items.cursor_of(feed=str(answer.url), etag=etag, modified=modified)
    return Batch(heard, cursor if len(cursor) <= LONGEST_CURSOR else "", unread, requests=requests)


def _kept(entry: Any, feed: str) -> dict[str, str]:
    """Return what we use of an entry, as texts; its time as ISO 8601."""
    at = feeds.published(entry)
    link = feeds.joined(feed, str(entry.get("link") or ""))
    return {
        "id": readable(str(entry.get("id") or link))[:1000],
        "link": readable(link),
        "author": readable(str(entry.get("author") or ""))[:200],
        "title": plain(str(entry.get("title") or ""))[:1000],
        "text": plain(str(entry.get("summary") or ""))[:LONGEST_TEXT],
        "at": at.isoformat() if at else "",
        "host": urlsplit(feed).hostname or "",
    }


def _heard(kept: Kept) -> Heard:
    title, body = text_of(kept, "title"), text_of(kept, "text")
    words = body if body.startswith(title) else f"{title}\n{body}".strip()
    if not words:
        raise Unreadable(_("It has neither a title nor a text."))
    at, host, identity = feeds.moment(kept.get("at")), text_of(kept, "host"), text_of(kept, "id")
    if at is None:
        raise Unreadable(_("It does not say when it was published."))
    if not identity:
        raise Unreadable(_("It has neither an id nor an address, so that nobody could tell it from others."))
    author = text_of(kept, "author") or host
    return Heard(remote_id=f"{host}|{identity}", url=text_of(kept, "link"), author=author, text=words, created_at=at)
