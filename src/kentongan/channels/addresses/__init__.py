"""What people paste for an account, read in one place: addresses of app, mobile and share pages, handles, numbers.

    identity = addresses.parse("https://m.facebook.com/profile.php?id=100064&refid=17")
    identity.platform, identity.key, identity.url      # one key however it was pasted

What cannot be read is refused with what it is and what to paste instead (`Unreadable`); nothing is guessed in silence.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from kentongan.channels.addresses.common import OPEN_IT, SHORT
from kentongan.channels.addresses.contract import Address, AddressReader, Form, Identity, PlatformNeeded, Unreadable
from kentongan.channels.addresses.meta import Facebook, Instagram, Threads, WhatsApp
from kentongan.channels.addresses.open import Bluesky, Mastodon, Website, is_machine
from kentongan.channels.addresses.others import Telegram, TikTok, X, YouTube

__all__ = ["Form", "Identity", "PlatformNeeded", "Unreadable", "parse", "platforms", "words"]

_mastodon, _website = Mastodon(), Website()
READERS: Mapping[str, AddressReader] = {
    reader.platform: reader
    for reader in (
        Facebook(),
        Instagram(),
        Threads(),
        X(),
        YouTube(),
        TikTok(),
        WhatsApp(),
        Telegram(),
        Bluesky(),
        _mastodon,
        _website,
    )
}
HOSTS = {host: reader for reader in READERS.values() for host in reader.hosts}
SHORTENERS = frozenset(
    {"bit.ly", "s.id", "t.co", "tinyurl.com", "goo.gl", "lnkd.in", "cutt.ly", "shorturl.at", "rb.gy"}
)
COLLECTIONS = frozenset({"linktr.ee", "lynk.id", "beacons.ai", "msha.ke", "campsite.bio", "linkin.bio", "carrd.co"})
PREFIXES = ("www.", "m.", "mobile.", "web.", "id-id.", "mbasic.", "touch.", "l.", "lm.", "music.", "business.")
PLATFORM_OF = {word: reader.platform for reader in READERS.values() for word in reader.words}
SAID = re.compile(
    rf"({'|'.join(sorted(PLATFORM_OF, key=len, reverse=True))})"
    r"(?:\s*[:=](?!//)\s*|\s+(?=@|https?:))",
    re.IGNORECASE,
)
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad]")
SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
AROUND = "<>\"'“”‘’()[]{},; "
LONGEST = 1000
LONGEST_KEY, LONGEST_SHOWN = 260, 200


def platforms() -> list[str]:
    """Return the platforms whose accounts can be read."""
    return list(READERS)


def words(platform: str) -> tuple[str, ...]:
    """Return what people call a platform, the commonest first."""
    return READERS[platform].words


def parse(text: str, platform: str = "") -> Identity:
    """Return the account that `text` names; `platform` says on which one a bare handle is.

    Raises Unreadable with what the text is instead, and NotFound never: an unknown platform is Unreadable too.
    """
    clean = _clean(text)
    said = SAID.match(clean)
    if said:
        named = PLATFORM_OF[said[1].lower()]
        if platform and platform != named:
            raise _other(named, platform)
        platform, clean = named, clean[said.end() :].strip()
    if platform and platform not in READERS:
        raise Unreadable(_("Accounts of this platform cannot be read yet."), remedy=_("Choose another platform."))
    if not clean:
        raise Unreadable(_("There is nothing to read."))
    address = _address(clean)
    found = _from_address(address, platform) if address else _from_handle(clean, platform)
    if len(found.key) > LONGEST_KEY or len(found.shown) > LONGEST_SHOWN:
        raise Unreadable(_("This is too long for an address or a handle."))
    return found


def _clean(text: str) -> str:
    """Return the text without what a copy brings along: spaces, quotes, brackets, marks nobody sees."""
    if len(text) > LONGEST:
        raise Unreadable(_("This is too long for an address or a handle."))
    shown = INVISIBLE.sub("", text).replace("\x00", "")
    return " ".join(shown.split()).lstrip(AROUND).rstrip(AROUND + ".").strip()


def _address(text: str) -> Address | None:
    """Return the address in parts, or None where the text is no web address."""
    if text.lower().startswith(("tg://resolve?", "fb://profile/", "instagram://user?")):
        return _app_address(text)
    if text.startswith(("at://", "did:")) or " " in text:
        return None
    if not SCHEME.match(text):
        host, slash, _path = text.partition("/")
        known = _short_host(host.lower()) in HOSTS
        if not (known or (slash and "." in host and "@" not in host)):
            return None
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, _port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError as error:
        raise Unreadable(_("This is not a web address.")) from error
    if parts.scheme.lower() not in {"http", "https"} or not host or parts.username or is_machine(host):
        raise Unreadable(_("This is not an address of a site that everybody can open."))
    path = tuple(unquote(part).strip() for part in parts.path.split("/") if part.strip())
    if any(not sign.isprintable() or sign in "?#" for part in path for sign in part):
        raise Unreadable(_("This is not a web address."))
    query = dict(reversed(parse_qsl(parts.query)))
    return _unwrapped(Address(_short_host(host), path, query, text))


def _app_address(text: str) -> Address:
    """Return the web address of what an app's own scheme opens."""
    scheme, _sign, rest = text.partition("://")
    query = dict(parse_qsl(rest.partition("?")[2]))
    if scheme.lower() == "tg":
        return Address("t.me", (query.get("domain", ""),), {}, text)
    if scheme.lower() == "fb":
        return Address("facebook.com", ("profile.php",), {"id": rest.removeprefix("profile/")}, text)
    return Address("instagram.com", (query.get("username", ""),), {}, text)


def _short_host(host: str) -> str:
    """Return the host without the names of its mobile and language versions."""
    for prefix in PREFIXES:
        shorter = host.removeprefix(prefix)
        if shorter != host and ("." in shorter) and (prefix == "www." or shorter in HOSTS):
            return _short_host(shorter)
    parts = host.split(".")
    for length in (2, 3):
        tail = ".".join(parts[-length:])
        if len(parts) == length + 1 and tail in HOSTS and re.fullmatch(r"[a-z]{2}(-[a-z]{2})?", parts[0]):
            return tail
    return host


def _unwrapped(address: Address) -> Address:
    """Return the address behind a platform's "you are leaving" page; the address itself for all others."""
    leaving = {("facebook.com", "l.php"): "u", ("instagram.com", ""): "u", ("youtube.com", "redirect"): "q"}
    behind = address.query.get(leaving.get((address.host, address.part(0)), ""), "")
    if behind.startswith(("http://", "https://")) and behind != address.url:
        return _address(behind) or address
    return address


def _from_address(address: Address, platform: str) -> Identity:
    if address.host in SHORTENERS:
        raise Unreadable(SHORT, remedy=OPEN_IT)
    if address.host in COLLECTIONS:
        raise Unreadable(
            _("This is a page with links to several accounts."), remedy=_("Open it and paste each account by itself.")
        )
    name, _dot, rest = address.host.partition(".")
    if rest == "t.me":
        address = Address("t.me", (name,), {}, address.url)
    reader = HOSTS.get(address.host)
    if reader is None:
        shared = _mastodon.claims(address) and platform in {"", _mastodon.platform}
        reader = _mastodon if shared else _website
    if platform and reader.platform != platform:
        raise _other(reader.platform, platform)
    return reader.from_address(address)


def _other(found: str, wanted: str) -> Unreadable:
    names = {"found": found.capitalize(), "wanted": wanted.capitalize()}
    return Unreadable(
        _("This is an account of %(found)s, not of %(wanted)s.") % names,
        remedy=_("Put it into the field of that platform."),
    )


def _from_handle(text: str, platform: str) -> Identity:
    if platform:
        return READERS[platform].from_handle(text)
    plain = text.removeprefix("@")
    if text.startswith(("did:", "at://")) or plain.endswith(".bsky.social"):
        return READERS["bluesky"].from_handle(text)
    if re.fullmatch(r"[\w.-]+@[\w-]+(\.[\w-]+)+", plain) and text.startswith("@"):
        return _mastodon.from_handle(text)
    if "." in text and not text.startswith("@") and "@" not in text and " " not in text:
        return _website.from_handle(text)
    raise PlatformNeeded()
