"""What an account is called on a platform, and what its readers promise."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Invalid


class Form(StrEnum):
    """What kind of presence an address names, as far as it tells: a Facebook vanity name may be page or profile."""

    PROFILE = "profile"
    PAGE = "page"
    CHANNEL = "channel"
    GROUP = "group"
    SITE = "site"
    UNTOLD = ""


@dataclass(frozen=True, slots=True)
class Identity:
    """One account: `handle` as the platform writes it, `number` where the platform counts, `key` for comparing.

    Two addresses of one account have the same platform and key. An address that carries only a number has no handle.
    """

    platform: str
    key: str
    url: str
    handle: str = ""
    number: str = ""
    form: Form = Form.UNTOLD

    @property
    def shown(self) -> str:
        """What people call it."""
        return self.handle or self.number


@dataclass(frozen=True, slots=True)
class Address:
    """A web address in parts: the host without `www.` and the like, the path's parts, the first value of each query."""

    host: str
    path: Sequence[str]
    query: Mapping[str, str]
    url: str

    def part(self, position: int) -> str:
        """Return a part of the path, or an empty text."""
        return self.path[position] if position < len(self.path) else ""


class Unreadable(Invalid):
    """No account can be read from this; the message says what it is, the remedy what to paste instead."""

    code = "unreadable"
    default_message = _("We cannot read an account from this.")
    default_remedy = _("Open the account in the app, choose “Share” or “Copy link”, and paste that.")

    def __init__(self, message: str | Promise = "", *, remedy: str | Promise = "") -> None:
        super().__init__(message, remedy=remedy, fields={"account": [message or self.default_message]})


class PlatformNeeded(Unreadable):
    """A bare handle, which could be on several platforms."""

    code = "platform_needed"
    default_message = _("This is a handle; on which platform is it?")
    default_remedy = _("Choose the platform, or paste the whole address.")


class AddressReader(Protocol):
    """Reads the addresses and handles of one platform."""

    platform: str
    hosts: frozenset[str]

    @property
    def words(self) -> tuple[str, ...]:
        """What people write before a handle of it, as in "IG: name"."""
        ...

    def from_address(self, address: Address) -> Identity:
        """Return whose address it is; raises Unreadable for a page that names no account."""
        ...

    def from_handle(self, text: str) -> Identity:
        """Return the account with this handle or number; raises Unreadable where none can be called so."""
        ...
