"""YouTube's list of comment threads, as the Data API v3 describes `commentThreads.list` (November 2026).

Parameters that it does not know are refused, and so is a request without exactly one filter.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from servers.stub import Asked, Said, serving

PATH = "/youtube/v3/commentThreads"
KNOWN = {
    "part", "allThreadsRelatedToChannelId", "id", "videoId", "maxResults", "moderationStatus", "order", "pageToken",
    "searchTerms", "textFormat",
}  # fmt: skip
FILTERS = {"allThreadsRelatedToChannelId", "id", "videoId"}
TOKEN, CHANNEL = "token-kanal", "UCkanalresmikabupaten0001"


def _refused(status: int, reason: str) -> Said:
    error = {"code": status, "message": reason, "errors": [{"reason": reason, "message": reason}]}
    return Said({"error": error}, status)


@dataclass
class Comments:
    """The address, and the threads below the channel's videos, the newest first."""

    url: str = ""
    threads: list[dict[str, Any]] = field(default_factory=list)
    answer: Said | None = None

    def comment(self, text: str, at: datetime | None = None) -> dict[str, Any]:
        """Return a comment by somebody new."""
        number = sum(1 + len(one.get("replies", {}).get("comments", ())) for one in self.threads)
        return {
            "kind": "youtube#comment",
            "id": f"Ugz{number}",
            "snippet": {
                "textDisplay": text,
                "textOriginal": text,
                "authorDisplayName": f"@warga{number}",
                "authorChannelId": {"value": f"UCwarga{number}"},
                "videoId": "v1",
                "likeCount": 2,
                "publishedAt": (at or datetime.now(UTC)).isoformat(),
            },
        }

    def add(self, text: str, at: datetime | None = None) -> dict[str, Any]:
        """Put a thread on top."""
        thread = {"id": "t", "snippet": {"videoId": "v1", "topLevelComment": self.comment(text, at)}}
        self.threads.insert(0, thread)
        return thread

    def say(self, asked: Asked) -> Said:
        """Answer a request."""
        if self.answer is not None:
            return self.answer
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return _refused(401, "authError")
        query = dict(asked.query)
        if asked.path != PATH or query.keys() - KNOWN or len(query.keys() & FILTERS) != 1 or "part" not in query:
            return _refused(400, "badRequest")
        limit = int(query.get("maxResults", "20"))
        if not 1 <= limit <= 100 or query["allThreadsRelatedToChannelId"] != CHANNEL:
            return _refused(400, "invalidValue")
        start = int(query.get("pageToken", "0"))
        following = {"nextPageToken": str(start + limit)} if len(self.threads) > start + limit else {}
        return Said({"kind": "x", "items": self.threads[start : start + limit], **following})


@contextmanager
def serve() -> Iterator[Comments]:
    """Run it."""
    comments = Comments()
    with serving(comments.say) as url:
        comments.url = url
        yield comments
