"""The preview of a public channel, t.me/s/NAME, as it was described publicly in November 2026.

Not yet run against the live platform. It shows the newest messages, older ones with `?before=`.
"""

from dataclasses import dataclass, field
from datetime import datetime
from html.parser import HTMLParser
from urllib.parse import urlsplit

import httpx
from django.conf import settings

from kentongan.channels import feeds, pages

FORWARDED = "tgme_widget_message_forwarded_from_name"
TEXT = {"tgme_widget_message_text", "js-message_text"}


@dataclass
class Message:
    """One message, or one album: its numbers, when it was sent, its text with its line breaks.

    `forwarded` says that it came from elsewhere; `source` is that message, as NAME/NUMBER, where the page names it.
    """

    numbers: list[str]
    name: str
    at: datetime | None = None
    text: str = ""
    forwarded: bool = False
    source: str = ""


@dataclass
class Preview:
    """What a preview page shows: `shown` says that it is one, even with no message yet."""

    shown: bool = False
    messages: list[Message] = field(default_factory=list)


class _Reader(HTMLParser):
    """Walks once over the page; a message begins where `data-post` names one of the channel."""

    def __init__(self, name: str) -> None:
        super().__init__(convert_charrefs=True)
        self.name, self.page, self.depth = name.lower(), Preview(), 0
        self.message: Message | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        self.page.shown = self.page.shown or "tgme_channel_info" in classes
        if post := values.get("data-post", ""):
            self._begin(post)
        if self.message is None:
            return
        if tag == "time" and "datetime" in values:
            self.message.at = feeds.moment(values["datetime"])
        elif FORWARDED in classes:
            self.message.forwarded = True
            self.message.source = urlsplit(values.get("href", "")).path.strip("/")
        elif tag == "a" and values.get("href", "").endswith("?single"):
            self._add(values["href"].removesuffix("?single").rpartition("/")[2])
        elif self.depth and tag == "br":
            self.message.text += "\n"
        elif tag == "div" and (self.depth or classes >= TEXT):
            self.depth += 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "div" and self.depth:
            self.depth -= 1

    def handle_data(self, data: str) -> None:
        if self.depth and self.message is not None:
            self.message.text += data

    def _begin(self, post: str) -> None:
        name, _slash, number = post.partition("/")
        self.depth, self.message = 0, None
        if name.lower() == self.name and number.isdigit():
            self.message = Message([number], name)
            self.page.messages.append(self.message)

    def _add(self, number: str) -> None:
        if self.message is not None and number.isdigit() and number not in self.message.numbers:
            self.message.numbers.append(number)


def read(client: httpx.Client, name: str, before: str = "") -> Preview:
    """Return the newest messages of the channel, or those before a number, oldest first; raises as `pages.get`."""
    address = f"{settings.KENTONGAN_TELEGRAM_URL}/s/{name}"
    reader = _Reader(name)
    reader.feed(pages.get(client, f"{address}?before={before}" if before else address))
    reader.close()
    return reader.page
