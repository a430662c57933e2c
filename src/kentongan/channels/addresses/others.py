"""X, YouTube, TikTok, Telegram."""

import re
from urllib.parse import quote

from kentongan.channels.addresses.common import PAGE, POST, PRIVATE, SHORT, bare, matching, no_account
from kentongan.channels.addresses.contract import Address, Form, Identity


class X:
    """Handles and numbers of X."""

    platform = "x"
    words = ("x", "twitter", "tw")
    hosts = frozenset({"x.com", "twitter.com"})
    NAME = re.compile(r"[A-Za-z0-9_]{1,15}")
    NUMBER = re.compile(r"[1-9][0-9]{0,19}")
    OWN = frozenset(
        {
            "about",
            "compose",
            "download",
            "explore",
            "hashtag",
            "home",
            "i",
            "intent",
            "jobs",
            "login",
            "logout",
            "messages",
            "notifications",
            "privacy",
            "search",
            "settings",
            "share",
            "signup",
            "tos",
            "who_to_follow",
        }
    )

    def from_address(self, address: Address) -> Identity:
        """Read a profile, or a post: its address names its author."""
        first = address.part(0)
        if first == "i" and address.part(1) == "user":
            return self._numbered(address.part(2))
        if first == "intent" and address.part(1) in {"user", "follow"}:
            known = address.query
            return (
                self.from_handle(known["screen_name"])
                if "screen_name" in known
                else self._numbered(known.get("user_id", ""))
            )
        if first == "i" and address.part(1) in {"web", "status"}:
            raise no_account(POST)
        if not first or first.lower() in self.OWN:
            raise no_account(PAGE)
        return self.from_handle(first)

    def _numbered(self, number: str) -> Identity:
        matching(self.NUMBER, number)
        url = f"https://x.com/i/user/{number}"
        return Identity(self.platform, f"i/{number}", url, number=number, form=Form.PROFILE)

    def from_handle(self, text: str) -> Identity:
        """Read a handle."""
        name = matching(self.NAME, bare(text))
        return Identity(self.platform, name.lower(), f"https://x.com/{name}", handle=name, form=Form.PROFILE)


class YouTube:
    """Channels of YouTube: by handle, by number, and by the names of before."""

    platform = "youtube"
    words = ("youtube", "yt")
    hosts = frozenset({"youtube.com", "youtu.be", "youtube-nocookie.com", "studio.youtube.com"})
    NAME = re.compile(r"(?![._·-])[\w.·-]{3,30}(?<![._·-])")
    NUMBER = re.compile(r"UC[A-Za-z0-9_-]{22}")
    FORMER = re.compile(r"[\w.-]{1,100}")
    POSTS = frozenset({"watch", "shorts", "live", "embed", "v", "clip", "playlist", "post"})

    def from_address(self, address: Address) -> Identity:
        """Read a channel."""
        first = address.part(0)
        if first.startswith("@"):
            return self.from_handle(first)
        if first == "channel":
            return self._numbered(address.part(1))
        if first in {"c", "user"}:
            name = matching(self.FORMER, address.part(1))
            url = f"https://www.youtube.com/{first}/{quote(name)}"
            return Identity(self.platform, f"{first}/{name.lower()}", url, handle=f"{first}/{name}", form=Form.CHANNEL)
        if address.host == "youtu.be" or first in self.POSTS:
            raise no_account(POST)
        raise no_account(PAGE)

    def _numbered(self, number: str) -> Identity:
        matching(self.NUMBER, number)
        url = f"https://www.youtube.com/channel/{number}"
        return Identity(self.platform, number, url, number=number, form=Form.CHANNEL)

    def from_handle(self, text: str) -> Identity:
        """Read a handle, or the number of a channel."""
        name = bare(text)
        if self.NUMBER.fullmatch(name):
            return self._numbered(name)
        matching(self.NAME, name)
        url = f"https://www.youtube.com/@{quote(name)}"
        return Identity(self.platform, f"@{name.lower()}", url, handle=name, form=Form.CHANNEL)


class TikTok:
    """Handles of TikTok."""

    platform = "tiktok"
    words = ("tiktok", "tik tok", "tt")
    hosts = frozenset({"tiktok.com", "vm.tiktok.com", "vt.tiktok.com"})
    NAME = re.compile(r"[a-z0-9_.]{1,23}[a-z0-9_]")

    def from_address(self, address: Address) -> Identity:
        """Read a profile, or a video: its address names its author."""
        first = address.part(0)
        if address.host != "tiktok.com" or first == "t":
            raise no_account(SHORT)
        if not first.startswith("@"):
            raise no_account(POST if first in {"v", "embed", "video"} else PAGE)
        return self.from_handle(first)

    def from_handle(self, text: str) -> Identity:
        """Read a handle."""
        name = matching(self.NAME, bare(text).lower())
        return Identity(self.platform, name, f"https://www.tiktok.com/@{name}", handle=name, form=Form.PROFILE)


class Telegram:
    """Public names of Telegram: people, groups, channels and bots share one set of names."""

    platform = "telegram"
    words = ("telegram", "tele", "tg")
    hosts = frozenset({"t.me", "telegram.me", "telegram.dog"})
    NAME = re.compile(r"[A-Za-z](?:_?[A-Za-z0-9]){4,31}")
    INVITED = frozenset({"joinchat", "c"})
    OWN = frozenset({"addstickers", "addemoji", "share", "proxy", "socks", "setlanguage", "iv", "login", "boost"})

    def from_address(self, address: Address) -> Identity:
        """Read a public name."""
        first = address.part(0)
        if first.startswith("+") or first in self.INVITED:
            raise no_account(PRIVATE)
        if not first or first.lower() in self.OWN:
            raise no_account(PAGE)
        return self.from_handle(address.part(1) if first == "s" else first)

    def from_handle(self, text: str) -> Identity:
        """Read a public name."""
        name = matching(self.NAME, bare(text))
        return Identity(self.platform, name.lower(), f"https://t.me/{name}", handle=name)
