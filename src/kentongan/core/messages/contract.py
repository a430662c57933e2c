"""What the outbox needs to know about people, and what messages are for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from django.utils.functional import Promise

from kentongan.core import secrets
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability

Text = str | Promise
Channel = Message.Channel


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to be queued: to a person (the directory knows the address) or to an address.

    `dedupe_key` makes it unique for ever: queued twice it is one message.
    """

    channel: str
    purpose: str
    body: str
    dedupe_key: str
    subject: str = ""
    link: str = ""
    person_id: int | None = None
    address: str = ""
    recipient: str = ""
    unit_id: int | None = None
    due_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach a person; `refusal` says why not (no consent, withdrawn), empty when it is all right."""

    name: str
    email: str = ""
    phone: str = ""
    refusal: Text = ""

    def address(self, channel: str) -> str:
        """Return the address for that channel, empty when there is none."""
        return self.email if channel == Channel.EMAIL else self.phone


class Directory(Protocol):
    """Knows people; registered by the registry."""

    def contacts(self, person_ids: Collection[int], purpose: str) -> Mapping[int, Contact]:
        """Return those who exist, with whether they agreed to messages of that purpose."""
        ...


_directory: Directory | None = None
_purposes: dict[str, Text] = {}
_guarded: dict[Capability, set[str]] = {}
_personal: dict[Capability, set[str]] = {}


def register_directory(directory: Directory) -> None:
    """Set who knows people; called once."""
    global _directory
    _directory = directory


def directory() -> Directory:
    """Return who knows people."""
    if _directory is None:
        raise LookupError("No directory of people is registered.")
    return _directory


def declare_purpose(
    name: str, label: Text, *, seen_with: Capability | None = None, handed_over_with: Capability | None = None
) -> None:
    """Give a purpose the name under which people opt out of it; `seen_with` is asked besides of who sees its messages.

    That is for messages that are for fewer eyes than those of everybody who may instruct. `handed_over_with` is asked
    of who hands them over: their link opens what is its reader's own; all others see that there is such a message.
    """
    _purposes[name] = label
    if seen_with is not None:
        _guarded.setdefault(seen_with, set()).add(name)
    if handed_over_with is not None:
        _personal.setdefault(handed_over_with, set()).add(name)


def guarded() -> dict[Capability, set[str]]:
    """Return by capability the purposes whose messages only those see who hold it."""
    return _guarded


def personal() -> dict[Capability, set[str]]:
    """Return by capability the purposes whose messages only those hand over who hold it."""
    return _personal


def purpose_label(name: str) -> str:
    """Return how people call a purpose."""
    return str(_purposes.get(name, name))


def purposes() -> list[tuple[str, str]]:
    """Return all declared purposes as (name, label)."""
    return [(name, str(label)) for name, label in sorted(_purposes.items())]


def address_hash(address: str) -> str:
    """Return what stands for an address where only equality counts."""
    return secrets.keyed_hash("address", address.strip().lower())
