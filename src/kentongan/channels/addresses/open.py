"""Networks without one owner: Bluesky, Mastodon, and websites."""

import ipaddress
import re

from django.utils.translation import gettext_lazy as _

from kentongan.channels.addresses.common import PAGE, bare, matching, no_account
from kentongan.channels.addresses.contract import Address, Form, Identity, Unreadable

HOST = re.compile(r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})")


def host_of(text: str) -> str:
    """Return a host name in ASCII letters; raises Unreadable for an address of a machine or none at all."""
    try:
        name = text.strip().rstrip(".").lower().encode("idna").decode("ascii") if text.strip() else ""
    except UnicodeError:
        name = ""
    if not HOST.fullmatch(name):
        raise Unreadable(_("“%(text)s” is not the name of a site.") % {"text": text[:60]})
    return name


class Bluesky:
    """Handles (which are host names) and DIDs."""

    platform = "bluesky"
    words = ("bluesky", "bsky")
    hosts = frozenset({"bsky.app"})
    DID = re.compile(r"did:plc:[a-z2-7]{24}|did:web:[a-z0-9.-]{4,250}")

    def from_address(self, address: Address) -> Identity:
        """Read a profile, or a post: its address names its author."""
        if address.part(0) != "profile":
            raise no_account(PAGE)
        return self.from_handle(address.part(1))

    def from_handle(self, text: str) -> Identity:
        """Read a handle or a DID; a bare word is one of the network's own names."""
        name = bare(text.removeprefix("at://")).lower()
        if name.startswith("did:"):
            matching(self.DID, name)
            url = f"https://bsky.app/profile/{name}"
            return Identity(self.platform, name, url, number=name, form=Form.PROFILE)
        name = host_of(name if "." in name else f"{name}.bsky.social")
        return Identity(self.platform, name, f"https://bsky.app/profile/{name}", handle=name, form=Form.PROFILE)


class Mastodon:
    """`name@server`; a handle without its server names nobody."""

    platform = "mastodon"
    words = ("mastodon",)
    hosts: frozenset[str] = frozenset()
    NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,28}[A-Za-z0-9_])?")

    def claims(self, address: Address) -> bool:
        """Whether an address of a host that nobody else knows looks like a profile of this network."""
        first = address.part(1) if address.part(0) in {"web", "deck"} else address.part(0)
        return first.startswith("@") or (first == "users" and bool(address.part(1)))

    def from_address(self, address: Address) -> Identity:
        """Read a profile, or a post: its address names its author; one seen through another server too."""
        parts = address.path[1:] if address.part(0) in {"web", "deck"} else address.path
        name = parts[1] if parts and parts[0] == "users" and len(parts) > 1 else parts[0] if parts else ""
        if not name.startswith("@") and "users" not in parts[:1]:
            raise no_account(PAGE)
        name = bare(name)
        return self.from_handle(name if "@" in name else f"{name}@{address.host}")

    def from_handle(self, text: str) -> Identity:
        """Read name and server."""
        name, _at, server = bare(text).partition("@")
        if not server:
            raise Unreadable(
                _("On Mastodon a handle needs its server."),
                remedy=_("Write it as @name@server, for example @info@kab.social."),
            )
        matching(self.NAME, name)
        host = host_of(server)
        handle = f"{name}@{host}"
        return Identity(self.platform, handle.lower(), f"https://{host}/@{name}", handle=handle, form=Form.PROFILE)


class Website:
    """A site by its host and path."""

    platform = "website"
    words = ("website", "situs", "web", "laman")
    hosts: frozenset[str] = frozenset()

    def from_address(self, address: Address) -> Identity:
        """Read a site; what stands behind `?` and `#` belongs to one page."""
        host = host_of(address.host)
        path = "/".join(address.path)
        shown = f"{host}/{path}" if path else host
        return Identity(self.platform, shown, f"https://{shown}", handle=shown, form=Form.SITE)

    def from_handle(self, text: str) -> Identity:
        """Read a host name."""
        host, _slash, path = text.strip().rstrip("/").partition("/")
        with_path = Address(host.lower().removeprefix("www."), tuple(part for part in path.split("/") if part), {}, "")
        return self.from_address(with_path)


def is_machine(host: str) -> bool:
    """Whether a host is the number of a machine."""
    try:
        ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True
