"""What carries a message to one person: not publishing, and so another capability beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    import httpx

    from kentongan.channels.contract import Credentials


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to one phone (`to`, E.164); `mark` comes back with each receipt, `ending` is where to end such ones."""

    mark: str
    to: str
    text: str
    ending: str


class Fate(StrEnum):
    """What became of a letter, as the platform tells later."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform told of one letter; `remote_id` is its own name of it."""

    mark: str
    remote_id: str
    fate: Fate
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Somebody wrote back that they want no more; `sender` is their phone (E.164)."""

    sender: str


@runtime_checkable
class Messenger(Protocol):
    """Sends letters of at most `longest` characters, and reads what the platform calls back with."""

    longest: int

    def send(self, letter: Letter, credentials: Credentials, client: httpx.Client) -> str:
        """Send once and return the platform's name of it; raises the contract's four errors."""
        ...

    def challenge(self, query: Mapping[str, str], expected: str) -> str:
        """Return what proves to the platform that the address is ours; Rejected unless it knows `expected`."""
        ...

    def told(self, body: bytes, headers: Mapping[str, str], credentials: Credentials) -> Sequence[Receipt | Refusal]:
        """Return what a call back tells; Rejected for one that the platform did not sign."""
        ...
