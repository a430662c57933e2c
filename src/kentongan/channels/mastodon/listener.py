"""Listening on Mastodon: what bears a hashtag, what a server's own people write, what answers an account of ours.

Pages go down from the newest status (`max_id`), as the timelines were described in November 2026: to a week ago at the
first reading, a thousand statuses at most, then to an hour before the newest that is known. Servers tell each other of
a status minutes after it was written and file it by when it was, below what is known already. Identifiers are compared
by length, then as texts: numbers on Mastodon, texts of one length on its relatives.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import feeds, items
from kentongan.channels.contract import Credentials, Rejected, RetryLater
from kentongan.channels.hearing import Asked, Batch, Heard, Needs, Unreadable, Way
from kentongan.channels.items import Kept, number_of, text_of
from kentongan.channels.markup import plain
from kentongan.channels.mastodon.api import call
from kentongan.core.imports.values import readable

PAGE, FIRST_PAGES = 40, 25
OVERLAP = timedelta(hours=1)
# Letters, figures and low lines with at least one letter, as Mastodon takes a hashtag.
HASHTAG = re.compile(r"(?=.*[^\W\d_])\w{1,100}")
SERVER = gettext_lazy("Without signing in; some servers show this only to those who do.")
SIGNED_IN = gettext_lazy("With an account of yours, on its server.")


@dataclass(frozen=True, slots=True)
class MastodonTimeline:
    """One timeline: `path` may hold the query; `wrapped` is under what name an entry holds the status, if any."""

    way: Way
    path: str
    params: Mapping[str, str]
    wrapped: str = ""

    def normal(self, query: str) -> str:
        """Return a hashtag without its sign, in lower case; nothing where none is asked for."""
        if not self.way.asks:
            return ""
        tag = query.strip().lstrip("#＃")
        if not HASHTAG.fullmatch(tag):
            raise Rejected(_("A hashtag has letters, figures and low lines, and at least one letter."))
        return tag.lower()

    def host(self, query: str, credentials: Credentials) -> str:
        """Return the server."""
        return urlsplit(credentials.service).hostname or ""

    def read(self, asked: Asked, credentials: Credentials, client: httpx.Client) -> Batch:
        """Return one page: from the newest down to what is known, a week ago at the first reading."""
        at = items.Descent.of(asked.cursor, FIRST_PAGES)
        below = {"max_id": at.page} if at.page else {}
        params = {**self.params, **below, "limit": str(min(asked.most, PAGE))}
        page = call(client, credentials, "GET", self.path.format(quote(asked.query, safe="")), params=params)
        if not isinstance(page, list):
            raise RetryLater(_("The server's answer could not be read."), {"type": type(page).__name__})
        listed = [one for one in page if isinstance(one, dict)]
        moments = [moment for one in listed if (moment := feeds.moment(one.get("created_at"))) is not None]
        lowest = min((str(one["id"]) for one in listed if one.get("id")), key=_order, default="")
        host = self.host(asked.query, credentials)
        heard, unread = items.sort_out([_kept(status, host) for status in self._statuses(page)], _heard)
        cursor, more = at.after(moments, readable(lowest) if lowest != at.page else "", OVERLAP)
        return Batch(heard, cursor, unread, more=more)

    def again(self, raw: str) -> Heard:
        """Read a status from what was kept of it."""
        return items.again(raw, _heard)

    def _statuses(self, page: Sequence[Any]) -> list[Any]:
        """Return the statuses that are public and no repetition of another one."""
        found = [one.get(self.wrapped) if self.wrapped and isinstance(one, dict) else one for one in page]
        return [one for one in found if not isinstance(one, dict) or _is_public(one)]


def _order(identity: str) -> tuple[int, str]:
    return len(identity), identity


def _is_public(status: Mapping[str, Any]) -> bool:
    return status.get("visibility") == "public" and not status.get("reblog")


def _kept(status: Any, host: str) -> Kept:
    """Return what we use of a status."""
    if not isinstance(status, dict):
        return {"host": host}
    account = status.get("account")
    names = ("id", "uri", "url", "content", "spoiler_text", "created_at", "language", "favourites_count")
    kept = {name: status.get(name) for name in (*names, "reblogs_count")}
    return kept | {"acct": account.get("acct") if isinstance(account, dict) else None, "host": host}


def _heard(kept: Kept) -> Heard:
    at, host = feeds.moment(kept.get("created_at")), text_of(kept, "host", 253)
    identity = text_of(kept, "uri", 900) or (f"{host}/{kept['id']}" if kept.get("id") else "")
    acct = text_of(kept, "acct", 200)
    if at is None:
        raise Unreadable(_("It does not say when it was published."))
    if not identity or not acct:
        raise Unreadable(_("It is not in the form that its platform describes."))
    words = [text_of(kept, "spoiler_text", 1000), plain(text_of(kept, "content"))]
    return Heard(
        remote_id=identity,
        url=text_of(kept, "url", 2000),
        author=acct if "@" in acct else f"{acct}@{host}",
        text="\n".join(filter(None, words)),
        created_at=at,
        language=text_of(kept, "language", 3),
        likes=number_of(kept, "favourites_count"),
        shares=number_of(kept, "reblogs_count"),
    )


def _tag(name: str, label: Any, text: Any, needs: Needs) -> MastodonTimeline:
    way = Way(name, label, gettext_lazy("Hashtag"), text, needs)
    return MastodonTimeline(way, "/api/v1/timelines/tag/{}", {})


def _public(name: str, label: Any, text: Any, needs: Needs) -> MastodonTimeline:
    return MastodonTimeline(Way(name, label, "", text, needs), "/api/v1/timelines/public", {"local": "true"})


LISTENERS = (
    _tag("hashtag", gettext_lazy("Hashtag"), SERVER, Needs.SERVER),
    _tag("hashtag_signed_in", gettext_lazy("Hashtag, signed in"), SIGNED_IN, Needs.ACCOUNT),
    _public("public", gettext_lazy("All public posts of a server"), SERVER, Needs.SERVER),
    _public("public_signed_in", gettext_lazy("All public posts of a server, signed in"), SIGNED_IN, Needs.ACCOUNT),
    MastodonTimeline(
        Way(
            "replies",
            gettext_lazy("Answers to an account of yours"),
            "",
            gettext_lazy("What people write publicly below its posts, or to it."),
            Needs.ACCOUNT,
        ),
        "/api/v1/notifications",
        {"types[]": "mention"},
        wrapped="status",
    ),
)
