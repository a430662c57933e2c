"""Listening to RSS and Atom feeds: news sites, blogs, agencies."""

import json
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import feedparser
import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import feeds, pages
from kentongan.channels.contract import Credentials, PostsHidden, Rejected
from kentongan.channels.hearing import LONGEST_CURSOR, LONGEST_RAW, Asked, Batch, Heard, Unread, Unreadable, Way
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
        mark = _bookmark(asked.cursor)
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
        try:
            kept = json.loads(raw)
        except ValueError as error:
            raise Unreadable(_("What was kept of it cannot be read.")) from error
        if not isinstance(kept, dict):
            raise Unreadable(_("What was kept of it cannot be read."))
        return _heard({name: value for name, value in kept.items() if isinstance(value, str)})


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


def _bookmark(cursor: str) -> dict[str, str]:
    try:
        mark = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    return {name: value for name, value in mark.items() if isinstance(value, str)} if isinstance(mark, dict) else {}


def _batch(answer: httpx.Response, found: Any, requests: int) -> Batch:
    heard, unread = [], []
    for entry in found.entries[:MOST_ENTRIES]:
        kept = _kept(entry, str(answer.url))
        try:
            heard.append(_heard(kept))
        except Unreadable as error:
            unread.append(Unread(error.reason, json.dumps(kept, ensure_ascii=False)[:LONGEST_RAW]))
    mark = {"feed": str(answer.url), "etag": feeds.header(answer, "etag")}
    mark["modified"] = feeds.header(answer, "last-modified")
    cursor = json.dumps({name: value for name, value in mark.items() if value})
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


def _heard(kept: dict[str, str]) -> Heard:
    title, body = kept.get("title", ""), kept.get("text", "")
    words = body if body.startswith(title) else f"{title}\n{body}".strip()
    if not words:
        raise Unreadable(_("It has neither a title nor a text."))
    at = feeds.moment(kept.get("at"))
    if at is None:
        raise Unreadable(_("It does not say when it was published."))
    if not kept.get("id"):
        raise Unreadable(_("It has neither an id nor an address, so that nobody could tell it from others."))
    return Heard(
        remote_id=f"{kept.get('host', '')}|{kept['id']}",
        url=kept.get("link", ""),
        author=kept.get("author") or kept.get("host", ""),
        text=words,
        created_at=at,
    )
