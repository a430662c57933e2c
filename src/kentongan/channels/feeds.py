"""When accounts last posted, on platforms that are read as feeds or pages: websites, YouTube.

The feeds of YouTube as they were described publicly in November 2026; not yet run against the live platform.
"""

import re
from calendar import timegm
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import httpx
from django.utils.translation import gettext as _

from kentongan.channels import pages, provers
from kentongan.channels.contract import Bookmark, Newest, NoSuchAccount, PostsHidden, RetryLater
from kentongan.core import clock

# A moment that lies further ahead is no post that was made: a date that was planned, or a wrong clock.
SKEW = timedelta(minutes=10)
LONGEST_HEADER = 200
LONGEST_ADDRESS = 500


def moment(value: object) -> datetime | None:
    """Return a moment or a day as ISO 8601 writes it, aware; None for anything else."""
    if not isinstance(value, str):
        return None
    try:
        found = datetime.fromisoformat(value)
        return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def latest(posts: Iterable[tuple[datetime | None, str]], bookmark: Bookmark | None = None) -> Newest:
    """Return the newest of posts (moment, address); those without a moment, or from the future, do not count."""
    limit = clock.now() + SKEW
    dated = [(at, url) for at, url in posts if at is not None and at <= limit]
    at, url = max(dated, default=(None, ""))
    return Newest(at, joined("", url), bookmark or Bookmark())


def published(entry: Any) -> datetime | None:
    """Return when an entry was published; the day of its last change only where it tells no other."""
    parsed = next((entry[name] for name in ("published_parsed", "updated_parsed") if name in entry.keys()), None)  # noqa: SIM118
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, OSError, TypeError):
        return None


def read(client: httpx.Client, address: str, bookmark: Bookmark) -> Newest:
    """Return the newest entry of an RSS or Atom feed; asks only for what changed since the bookmark.

    Raises PostsHidden where it is no feed, and what `pages.get` raises.
    """
    known = bookmark if bookmark.feed == address else Bookmark(address)
    asked = {"If-None-Match": known.etag, "If-Modified-Since": known.modified}
    answer = pages.answer_of(client, address, {name: value for name, value in asked.items() if value})
    if answer.status_code == pages.NOT_MODIFIED:
        return Newest(bookmark=known, unchanged=True)
    # A stream, never a text: what looks like an address would be fetched by the library itself.
    found = feedparser.parse(
        BytesIO(answer.content), response_headers=dict(answer.headers), sanitize_html=False, resolve_relative_uris=False
    )
    if not found.get("version"):
        raise PostsHidden(_("What the site calls its feed is none."), {"feed": address})
    mark = Bookmark(address, header(answer, "etag"), header(answer, "last-modified"))
    return latest(
        ((published(one), joined(str(answer.url), str(one.get("link") or ""))) for one in found.entries), mark
    )


def header(answer: httpx.Response, name: str) -> str:
    """Return a header to be sent back; one that is too long to keep is none."""
    value = str(answer.headers.get(name, ""))
    return value if len(value) <= LONGEST_HEADER else ""


class WebsitePosts:
    """The feed that a site's own page announces."""

    def host(self, key: str) -> str:
        """Return the site."""
        return key.partition("/")[0]

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return the newest entry of the site's feed; the page is read only where no feed is known yet."""
        if bookmark.feed:
            try:
                return read(client, bookmark.feed, bookmark)
            except (NoSuchAccount, PostsHidden):
                pass  # it moved: the page tells where to
        page = pages.answer_of(client, f"https://{key}")
        found = [joined(str(page.url), link) for link in pages.read(page.text).feeds]
        address = next((one for one in found if one), "")
        if not address:
            raise PostsHidden(_("The site announces no feed of its news."))
        try:
            return read(client, address, Bookmark())
        except NoSuchAccount as error:
            raise PostsHidden(_("The feed that the site announces is not there."), error.response) from error


def joined(page: str, link: str) -> str:
    """Return a link of a page as a whole address that can be kept; empty where it is none."""
    try:
        found = urljoin(page, link)
        return found if urlsplit(found).scheme in {"http", "https"} and len(found) <= LONGEST_ADDRESS else ""
    except ValueError:
        return ""


class YouTubePosts:
    """The public feed of a channel, which goes by the channel's number."""

    FEED = "https://www.youtube.com/feeds/videos.xml?channel_id="
    NUMBER = re.compile(r"UC[\w-]{22}")

    def host(self, key: str) -> str:
        """Return YouTube."""
        return "www.youtube.com"

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return the newest video; the channel's page is read only to learn its number."""
        return read(client, bookmark.feed or self.FEED + self._number(key, client), bookmark)

    def _number(self, key: str, client: httpx.Client) -> str:
        numbers = [key] if self.NUMBER.fullmatch(key) else provers.YOUTUBE.look(key, client).keys
        found = next((one for one in numbers if self.NUMBER.fullmatch(one)), None)
        if found is None:
            raise RetryLater(_("The page of the channel could not be read."))
        return found


WEBSITE, YOUTUBE = WebsitePosts(), YouTubePosts()
