"""Facebook, Instagram, Threads, WhatsApp."""

import re

from django.utils.translation import gettext_lazy as _

from kentongan.channels.addresses.common import PAGE, POST, PRIVATE, SHORT, bare, matching, no_account
from kentongan.channels.addresses.contract import Address, Form, Identity, Unreadable

NUMBER = re.compile(r"[1-9][0-9]{4,19}")
NAME_AND_NUMBER = re.compile(r".*-([1-9][0-9]{7,19})")


class Facebook:
    """Vanity names, pages, people and groups by number; Facebook reads names without dots and case."""

    platform = "facebook"
    words = ("facebook", "fb", "fanpage", "fp")
    hosts = frozenset({"facebook.com", "fb.com", "fb.me", "fb.watch", "m.me", "messenger.com"})
    NAME = re.compile(r"[A-Za-z0-9](?:\.?[A-Za-z0-9]){4,49}")
    NUMBERED = frozenset({"profile.php", "story.php", "permalink.php"})
    ABOVE = frozenset({"pg", "pages", "people", "p"})
    OWN = frozenset(
        {
            "ads",
            "business",
            "dialog",
            "events",
            "gaming",
            "hashtag",
            "help",
            "home.php",
            "login",
            "login.php",
            "marketplace",
            "messages",
            "notifications",
            "plugins",
            "policies",
            "privacy",
            "search",
            "settings",
            "sharer",
            "sharer.php",
            "stories",
            "watch",
        }
    )
    POSTS = frozenset({"photo", "photo.php", "photos", "reel", "reels", "video", "video.php", "videos", "media"})

    def from_address(self, address: Address) -> Identity:
        """Read a page, profile or group."""
        first = address.part(0).lower()
        if address.host == "fb.watch" or first == "share":
            raise no_account(SHORT)
        if first in self.NUMBERED:
            return self._numbered(address.query.get("id", ""), Form.UNTOLD)
        if first == "groups":
            return self._group(address.part(1))
        if first in self.ABOVE:
            return self._below(address)
        if first == "t" and address.host == "messenger.com":
            return self.from_handle(address.part(1))
        if first in self.POSTS:
            raise no_account(POST)
        if not first or first in self.OWN:
            raise no_account(PAGE)
        return self.from_handle(address.part(0))

    def _below(self, address: Address) -> Identity:
        """Read /pages/Name/123, /pages/category/Kind/Name-123, /people/Name/123, /p/Name-123, /pg/name."""
        form = Form.UNTOLD if address.part(0).lower() == "people" else Form.PAGE
        if address.part(0).lower() == "pg":
            return self.from_handle(address.part(1))
        last = next((part for part in reversed(address.path) if NUMBER.fullmatch(part)), "")
        found = NAME_AND_NUMBER.fullmatch(address.path[-1])
        return self._numbered(last or (found[1] if found else ""), form)

    def _group(self, name: str) -> Identity:
        if not name:
            raise no_account(PAGE)
        number = name if NUMBER.fullmatch(name) else ""
        handle = "" if number else matching(self.NAME, name)
        return Identity(
            self.platform,
            f"groups/{(number or handle).lower()}",
            f"https://www.facebook.com/groups/{number or handle}",
            handle=handle,
            number=number,
            form=Form.GROUP,
        )

    def _numbered(self, number: str, form: Form) -> Identity:
        matching(NUMBER, number)
        url = f"https://www.facebook.com/profile.php?id={number}"
        return Identity(self.platform, number, url, number=number, form=form)

    def from_handle(self, text: str) -> Identity:
        """Read a vanity name, or a number."""
        name = bare(text)
        found = NUMBER.fullmatch(name) or NAME_AND_NUMBER.fullmatch(name)
        if found:
            return self._numbered(found[found.lastindex or 0], Form.UNTOLD)
        matching(self.NAME, name)
        return Identity(self.platform, name.lower().replace(".", ""), f"https://www.facebook.com/{name}", handle=name)


class Instagram:
    """Handles of Instagram."""

    platform = "instagram"
    words = ("instagram", "ig", "insta")
    hosts = frozenset({"instagram.com", "instagr.am", "ig.me"})
    NAME = re.compile(r"(?!.*\.\.)[a-z0-9_](?:[a-z0-9._]{0,28}[a-z0-9_])?")
    POSTS = frozenset({"p", "reel", "reels", "tv"})
    OWN = frozenset({"accounts", "about", "developer", "direct", "explore", "legal", "web", "emails", "challenge"})
    ABOVE = frozenset({"_u", "m", "n"})

    def from_address(self, address: Address) -> Identity:
        """Read a profile, a story, or a post whose address names its author."""
        first = address.part(0).lower()
        if first == "share":
            raise no_account(SHORT)
        if first in self.ABOVE or (first == "stories" and address.part(1).lower() != "highlights"):
            return self.from_handle(address.part(1))
        if first in self.POSTS or first in {"s", "stories"}:
            raise no_account(POST)
        if not first or first in self.OWN:
            raise no_account(PAGE)
        return self.from_handle(first)

    def from_handle(self, text: str) -> Identity:
        """Read a handle."""
        name = matching(self.NAME, bare(text).lower())
        return Identity(self.platform, name, f"https://www.instagram.com/{name}/", handle=name, form=Form.PROFILE)


class Threads:
    """Handles of Threads, which are Instagram's."""

    platform = "threads"
    words = ("threads",)
    hosts = frozenset({"threads.net", "threads.com"})

    def from_address(self, address: Address) -> Identity:
        """Read a profile, or a post: its address names its author."""
        first = address.part(0)
        if not first.startswith("@"):
            raise no_account(POST if first == "t" else PAGE)
        return self.from_handle(first)

    def from_handle(self, text: str) -> Identity:
        """Read a handle."""
        name = matching(Instagram.NAME, bare(text).lower())
        return Identity(self.platform, name, f"https://www.threads.com/@{name}", handle=name, form=Form.PROFILE)


class WhatsApp:
    """Channels of WhatsApp; numbers and groups of people are not accounts of an organisation."""

    platform = "whatsapp"
    words = ("whatsapp channel", "saluran whatsapp", "saluran wa", "whatsapp", "wa")
    hosts = frozenset({"whatsapp.com", "wa.me", "chat.whatsapp.com", "api.whatsapp.com"})
    CODE = re.compile(r"0029[A-Za-z0-9_-]{16,24}")
    PHONE = _("This is a phone number on WhatsApp, not a channel.")
    COPY = _("Open the channel, choose “Share” and “Copy link”: it begins with whatsapp.com/channel/.")

    def from_address(self, address: Address) -> Identity:
        """Read a channel."""
        if address.part(0).lower() == "channel":
            return self.from_handle(address.part(1))
        if address.host == "chat.whatsapp.com":
            raise Unreadable(PRIVATE, remedy=self.COPY)
        raise Unreadable(self.PHONE, remedy=self.COPY)

    def from_handle(self, text: str) -> Identity:
        """Read the code of a channel."""
        code = bare(text)
        if code.lstrip("+").replace(" ", "").replace("-", "").isdigit() and not self.CODE.fullmatch(code):
            raise Unreadable(self.PHONE, remedy=self.COPY)
        matching(self.CODE, code)
        url = f"https://whatsapp.com/channel/{code}"
        return Identity(self.platform, code, url, number=code, form=Form.CHANNEL)
