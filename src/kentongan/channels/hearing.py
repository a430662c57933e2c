"""What reads public posts: one listener for each way in which a platform lets us, and what a reading gives.

A listener keeps nothing itself. What it has to know the next time goes into the cursor, which is stored together with
the posts that were read before it; so a reading that gets lost is simply made again.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from django.utils.functional import Promise

if TYPE_CHECKING:
    import httpx

    from kentongan.channels.contract import Credentials

Text = str | Promise
LONGEST_CURSOR = 4000
LONGEST_RAW = 20_000


class Needs(StrEnum):
    """What a listener needs besides what it looks for."""

    NOTHING = "nothing"
    SERVER = "server"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Way:
    """What people are told of a listener.

    `name` is unique within its channel; `asks` is what a person enters ("" where nothing is), `costs_usd` what one post
    that is read costs, `keep_days` for how long the platform's terms let its posts be kept.
    """

    name: str
    label: Text
    asks: Text = ""
    help: Text = ""
    needs: Needs = Needs.NOTHING
    costs_usd: float | None = None
    keep_days: int | None = None


class Unreadable(Exception):
    """An item that is no post as far as we can tell; `reason` is a sentence for the person who looks at it."""

    def __init__(self, reason: Text) -> None:
        self.reason = str(reason)
        super().__init__(self.reason)


@dataclass(frozen=True, slots=True)
class Heard:
    """One public post as a platform gives it; `likes` and `shares` are None where it does not say.

    `remote_id` is the same wherever on the platform the post is met; `author` is the handle as it is shown.
    """

    remote_id: str
    url: str
    author: str
    text: str
    created_at: datetime
    language: str = ""
    likes: int | None = None
    shares: int | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """An item that could not be read: why, and itself as it came (`Listener.again` takes it)."""

    reason: str
    raw: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What to read: what is looked for, the cursor of the last reading ("" for the first), how many posts at most."""

    query: str
    cursor: str = ""
    most: int = 1000


@dataclass(frozen=True, slots=True)
class Batch:
    """What one reading gave, and the cursor that continues after it.

    `gone` are the remote ids of posts that the platform says were deleted, `requests` how many calls it took, `more`
    says that the platform has further ones which fit into no reading of this size.
    """

    heard: Sequence[Heard] = ()
    cursor: str = ""
    unread: Sequence[Unread] = ()
    gone: Sequence[str] = ()
    requests: int = 1
    more: bool = False


@runtime_checkable
class Listener(Protocol):
    """Reads public posts in one way: what a feed holds, what bears a hashtag, what answers an account."""

    @property
    def way(self) -> Way:
        """Return what people are told of it."""
        ...

    def normal(self, query: str) -> str:
        """Return what a person entered in the form in which it is kept; raises Rejected with a readable reason."""
        ...

    def host(self, query: str, credentials: Credentials) -> str:
        """Return the server that is asked: what is spared when it asks for patience."""
        ...

    def read(self, asked: Asked, credentials: Credentials, client: httpx.Client) -> Batch:
        """Return what is new after the cursor; for the first reading, back as far as the platform goes.

        Raises the contract's errors; never for one item, which is Unread.
        """
        ...

    def again(self, raw: str) -> Heard:
        """Read an item once more that could not be read; raises Unreadable."""
        ...


@runtime_checkable
class Absences(Protocol):
    """Tells by their public addresses which posts are there no more, without signing in."""

    most: int

    def gone(self, urls: Collection[str], client: httpx.Client) -> frozenset[str]:
        """Return those of at most `most` addresses whose posts were deleted; doubt is not absence.

        Raises RetryLater where the platform asks for patience or does not answer.
        """
        ...
