"""Listening on Bluesky: `app.bsky.feed.searchPosts`, and what answers an account of ours.

As the lexicons describe them (`@atproto/api` 0.19.19): newest first, pages by an opaque cursor, `since` inclusive. The
index lags behind what is written, so that each reading begins a little before the newest post that is known; who asks
not to be shown to those who have not signed in is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import items
from kentongan.channels.bluesky.posts import address, earliest
from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import Credentials, Rejected, RetryLater
from kentongan.channels.hearing import Asked, Batch, Heard, Needs, Unreadable, Way
from kentongan.channels.items import Kept, number_of, text_of
from kentongan.core.imports.values import readable

PAGE = 100
LONGEST_QUERY = 300
OVERLAP = timedelta(minutes=10)
HIDDEN = "!no-unauthenticated"


@dataclass(frozen=True, slots=True)
class BlueskyListing:
    """A query whose answer lists posts, the newest first; `listed` is under what name, `params` what else is asked."""

    way: Way
    method: str
    listed: str
    params: Mapping[str, Any]
    dated: bool

    def normal(self, query: str) -> str:
        """Return the words that are searched for; nothing where none are asked for."""
        words = " ".join(query.split()) if self.way.asks else ""
        if self.way.asks and not 1 < len(words) <= LONGEST_QUERY:
            raise Rejected(_("Search for 2 to 300 characters."))
        return words

    def host(self, query: str, credentials: Credentials) -> str:
        """Return the account's server, which passes on to its app view."""
        return urlsplit(credentials.service).hostname or ""

    def read(self, asked: Asked, credentials: Credentials, client: httpx.Client) -> Batch:
        """Return one page: from the newest down to what is known, a week ago at the first reading."""
        at = items.Descent.of(asked.cursor)
        params = {**self.params, "limit": min(asked.most, PAGE), "cursor": at.page or None, "q": asked.query or None}
        params["since"] = items.stamp(at.since) if self.dated else None
        given = {name: value for name, value in params.items() if value is not None}
        said = call(client, credentials.service, self.method, token=credentials.get("access"), params=given)
        page = said.get(self.listed)
        if not isinstance(page, list):
            raise RetryLater(_("The server's answer could not be read."), {"keys": sorted(said)[:20]})
        moments = [moment for one in page if (moment := _listed_at(_kept(one))) is not None]
        heard, unread = items.sort_out([_kept(one) for one in page if not _is_hidden(one)], _heard)
        cursor, more = at.after(moments, said.get("cursor"), OVERLAP)
        return Batch(heard, cursor, unread, more=more)

    def again(self, raw: str) -> Heard:
        """Read a post from what was kept of it."""
        return items.again(raw, _heard)


def _is_hidden(view: Any) -> bool:
    """Whether its author asks not to be shown to those who have not signed in."""
    author = view.get("author") if isinstance(view, dict) else None
    labels = author.get("labels") if isinstance(author, dict) else None
    return any(isinstance(one, dict) and one.get("val") == HIDDEN for one in labels or ())


def _kept(view: Any) -> Kept:
    """Return what we use of a post as it is listed."""
    if not isinstance(view, dict):
        return {}
    author, record = view.get("author"), view.get("record")
    kept = {name: view.get(name) for name in ("uri", "indexedAt", "likeCount", "repostCount", "quoteCount")}
    kept["did"] = author.get("did") if isinstance(author, dict) else None
    return kept | {
        name: record.get(name) if isinstance(record, dict) else None for name in ("text", "createdAt", "langs")
    }


def _listed_at(kept: Kept) -> datetime | None:
    """Return the moment by which a post is sorted."""
    return earliest(kept.get("indexedAt"), kept.get("createdAt"))


def _heard(kept: Kept) -> Heard:
    at, uri, did = _listed_at(kept), text_of(kept, "uri", 900), text_of(kept, "did", 200)
    if at is None:
        raise Unreadable(_("It does not say when it was published."))
    if not uri.startswith("at://") or not did:
        raise Unreadable(_("It is not in the form that its platform describes."))
    languages = kept.get("langs")
    reposts, quotes = number_of(kept, "repostCount"), number_of(kept, "quoteCount")
    return Heard(
        remote_id=uri,
        url=address(uri),
        author=did,
        text=text_of(kept, "text"),
        created_at=at,
        language=readable(str(languages[0]))[:3].partition("-")[0] if isinstance(languages, list) and languages else "",
        likes=number_of(kept, "likeCount"),
        shares=None if reposts is None else reposts + (quotes or 0),
    )


LISTENERS = (
    BlueskyListing(
        Way(
            "search",
            gettext_lazy("Search"),
            gettext_lazy("Words"),
            gettext_lazy("All public posts with these words, or with a hashtag: #cikarang"),
            Needs.ACCOUNT,
        ),
        "app.bsky.feed.searchPosts",
        "posts",
        {"sort": "latest"},
        dated=True,
    ),
    BlueskyListing(
        Way(
            "replies",
            gettext_lazy("Answers to an account of yours"),
            "",
            gettext_lazy("What people write publicly below its posts, or to it."),
            Needs.ACCOUNT,
        ),
        "app.bsky.notification.listNotifications",
        "notifications",
        {"reasons": ["reply", "mention", "quote"]},
        dated=False,
    ),
)
