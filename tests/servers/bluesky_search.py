"""An app view's search and notifications, as the lexicons of `@atproto/api` 0.19.19 describe them.

It refuses what the lexicon does not know, as a server does, and pages by an opaque cursor, the newest first.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

from servers.stub import Asked, Said, serving

SEARCH, NOTES = "/xrpc/app.bsky.feed.searchPosts", "/xrpc/app.bsky.notification.listNotifications"
KNOWN = {
    SEARCH: {"q", "sort", "since", "until", "mentions", "author", "lang", "domain", "url", "tag", "limit", "cursor"},
    NOTES: {"reasons", "limit", "priority", "cursor", "seenAt"},
}
TOKEN = "token-akun"


def _refused(status: int, error: str) -> Said:
    return Said({"error": error, "message": error}, status)


@dataclass
class AppView:
    """The address, and the posts it knows, the newest first."""

    url: str = ""
    posts: list[dict[str, Any]] = field(default_factory=list)
    answer: Said | None = None
    requests: int = 0

    def add(self, text: str, at: datetime | None = None, **author: Any) -> dict[str, Any]:
        """Put a post on top; its view as the app view shows it."""
        number = len(self.posts)
        moment = (at or datetime.now(UTC)).isoformat()
        view = {
            "uri": f"at://did:plc:warga{number}/app.bsky.feed.post/k{number}",
            "cid": f"cid{number}",
            "author": {"did": f"did:plc:warga{number}", "handle": f"warga{number}.test", **author},
            "record": {"$type": "app.bsky.feed.post", "text": text, "createdAt": moment, "langs": ["id-ID"]},
            "indexedAt": moment,
            "likeCount": 3,
            "repostCount": 1,
            "quoteCount": 1,
        }
        self.posts.insert(0, view)
        return view

    def say(self, asked: Asked) -> Said:
        """Answer a request."""
        self.requests += 1
        if self.answer is not None:
            return self.answer
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused(401, "AuthMissing")
        query = {unquote(name): value for name, value in asked.query.items()}
        if asked.path not in KNOWN or query.keys() - KNOWN[asked.path]:
            return _refused(400, "InvalidRequest")
        limit = int(query.get("limit", "25"))
        if not 1 <= limit <= 100 or (asked.path == SEARCH and not query.get("q")):
            return _refused(400, "InvalidRequest")
        return Said(self._page(query, limit, asked.path))

    def _page(self, query: Mapping[str, str], limit: int, path: str) -> dict[str, Any]:
        words, since = query.get("q", "").lower().split(), query.get("since", "")
        start = int(query.get("cursor", "0"))
        found = [one for one in self.posts if _fits(one, words, since)]
        following = {"cursor": str(start + limit)} if len(found) > start + limit else {}
        return {"posts" if path == SEARCH else "notifications": found[start : start + limit], **following}


def _fits(view: dict[str, Any], words: list[str], since: str) -> bool:
    record = view.get("record")
    text = record["text"].lower() if isinstance(record, dict) else " ".join(words)
    late = not since or datetime.fromisoformat(view.get("indexedAt", since)) >= datetime.fromisoformat(since)
    return late and all(word in text for word in words)


@contextmanager
def serve() -> Iterator[AppView]:
    """Run the app view."""
    view = AppView()
    with serving(view.say) as url:
        view.url = url
        yield view
