"""When an account last posted, by what everybody may read."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

import httpx


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What one look tells the next: the address of the feed, and what its server uses to say that nothing changed."""

    feed: str = ""
    etag: str = ""
    modified: str = ""


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest public post of an account: its moment and address, both empty where it has none yet.

    `unchanged` says that the server told us only that nothing changed since the look that left the bookmark.
    """

    at: datetime | None = None
    url: str = ""
    bookmark: Bookmark = Bookmark()
    unchanged: bool = False


@runtime_checkable
class PublicPosts(Protocol):
    """Tells from what everybody may read when an account last posted; reposts of others do not count."""

    def host(self, key: str) -> str:
        """Return the server that is asked about that identity: what is spared when it asks for patience."""
        ...

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return the newest post of the account with that identity (`addresses.Identity.key`).

        Raises NoSuchAccount, PostsHidden, RetryLater (not reached, or asked too often), or Rejected.
        """
        ...
