"""Listening on YouTube: the comments below the videos of a channel of ours.

`commentThreads.list` as the Data API v3 was described in November 2026: the newest first, one unit of the quota a page.
Answers come with their thread, up to five of them; those to a thread that is older than what is known are not met. The
terms of the interface let comments be kept for thirty days.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import feeds, items
from kentongan.channels.contract import Credentials, RetryLater
from kentongan.channels.hearing import Asked, Batch, Heard, Needs, Unreadable, Way
from kentongan.channels.items import Kept, number_of, text_of
from kentongan.channels.youtube.api import call

PAGE = 100
OVERLAP = timedelta(minutes=10)


class YouTubeComments:
    """What people write below the videos of a connected channel."""

    way = Way(
        "comments",
        gettext_lazy("Comments below your videos"),
        help=gettext_lazy("What people write below the videos of a channel of yours, kept for thirty days at most."),
        needs=Needs.ACCOUNT,
        keep_days=30,
    )

    def normal(self, query: str) -> str:
        """Return nothing: nothing is searched for."""
        return ""

    def host(self, query: str, credentials: Credentials) -> str:
        """Return the interface's server."""
        return urlsplit(credentials.service).hostname or ""

    def read(self, asked: Asked, credentials: Credentials, client: httpx.Client) -> Batch:
        """Return one page: from the newest thread down to what is known, a week ago at the first reading."""
        at = items.Descent.of(asked.cursor)
        params = {
            "part": "snippet,replies",
            "allThreadsRelatedToChannelId": credentials.get("user_id"),
            "order": "time",
            "textFormat": "plainText",
            "maxResults": str(min(asked.most, PAGE)),
            **({"pageToken": at.page} if at.page else {}),
        }
        said = call(client, credentials, "GET", "/youtube/v3/commentThreads", params=params)
        threads = said.get("items")
        if not isinstance(threads, list):
            raise RetryLater(_("The server's answer could not be read."), {"keys": sorted(said)[:20]})
        kept = [_kept(comment) for thread in threads for comment in _comments(thread)]
        first = [_kept(_first(thread)) for thread in threads]
        moments = [moment for one in first if (moment := feeds.moment(one.get("publishedAt"))) is not None]
        heard, unread = items.sort_out(kept, _heard)
        cursor, more = at.after(moments, said.get("nextPageToken"), OVERLAP)
        return Batch(heard, cursor, unread, more=more)

    def again(self, raw: str) -> Heard:
        """Read a comment from what was kept of it."""
        return items.again(raw, _heard)


def _part(value: Any, *path: str) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def _first(thread: Any) -> Any:
    return _part(thread, "snippet", "topLevelComment")


def _comments(thread: Any) -> list[Any]:
    replies = _part(thread, "replies", "comments")
    return [_first(thread), *(replies if isinstance(replies, list) else [])]


def _kept(comment: Any) -> Kept:
    """Return what we use of a comment."""
    snippet = _part(comment, "snippet")
    names = ("textOriginal", "textDisplay", "publishedAt", "likeCount", "videoId")
    kept = {name: _part(snippet, name) for name in names}
    return kept | {"id": _part(comment, "id"), "author": _part(snippet, "authorChannelId", "value")}


def _heard(kept: Kept) -> Heard:
    at, identity, author = feeds.moment(kept.get("publishedAt")), text_of(kept, "id", 200), text_of(kept, "author", 200)
    if at is None:
        raise Unreadable(_("It does not say when it was published."))
    if not identity or not author:
        raise Unreadable(_("It is not in the form that its platform describes."))
    video = text_of(kept, "videoId", 50)
    return Heard(
        remote_id=identity,
        url=f"https://www.youtube.com/watch?v={video}&lc={identity}" if video else "",
        author=author,
        text=text_of(kept, "textOriginal") or text_of(kept, "textDisplay"),
        created_at=at,
        likes=number_of(kept, "likeCount"),
    )
