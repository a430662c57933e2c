"""Looking for a post of doubtful fate: a bot reads nothing of its channel, so only the public preview can tell.

What the preview shows is there. What it does not show is no proof of absence: it may lag, and leaves messages out. Then
a person looks, and is told where.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import text as parts
from kentongan.channels.contract import Absent, ChannelError, Credentials, Found, Sought, Unsure
from kentongan.channels.telegram import preview
from kentongan.channels.telegram.api import call
from kentongan.channels.telegram.publisher import channel_url, numbers

CLOCK_SKEW = timedelta(minutes=10)
PAGES = 5


def _same(text: str, other: str) -> bool:
    """Whether two texts are the same but for white space, which Telegram trims."""
    return text.split() == other.split()


def _since(name: str, since: datetime, client: httpx.Client) -> Iterator[preview.Message]:
    """Yield the channel's messages down to `since`, page by page, as far as it is worth looking."""
    before = ""
    for _page in range(PAGES):
        page = preview.read(client, name, before)
        yield from page.messages
        oldest = page.messages[0] if page.messages else None
        if oldest is None or oldest.at is None or oldest.at < since or oldest.numbers[0] == before:
            return
        before = oldest.numbers[0]


class TelegramFinder:
    """`getChat`, then t.me/s/NAME."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the text in the public preview of that time."""
        text = parts.with_link(sought.post.text, sought.post.link)

        def is_it(one: preview.Message) -> bool:
            return not one.forwarded and _same(one.text, text)

        return look(sought, credentials, client, is_it, _("Several messages of that time have this text."))


def look(
    sought: Sought,
    credentials: Credentials,
    client: httpx.Client,
    is_it: Callable[[preview.Message], bool],
    several: str,
) -> Found | Unsure:
    """Look in the public preview of that time for the only message that is it; `several` says that there are two."""
    try:
        channel = call(client, credentials, "getChat", json={"chat_id": credentials.get("chat_id")})
        name = str(channel.get("username") or "") if isinstance(channel, dict) else ""
        if not name:
            return Unsure(
                _("A bot reads nothing of a private channel: look there in Telegram, then say here what you found.")
            )
        messages = list(_since(name, sought.since - CLOCK_SKEW, client))
    except ChannelError as error:
        return Unsure(error.message, error.response)
    return _seen(sought, name, messages, is_it, several)


def _seen(
    sought: Sought,
    name: str,
    messages: list[preview.Message],
    is_it: Callable[[preview.Message], bool],
    several: str,
) -> Found | Unsure:
    since = sought.since - CLOCK_SKEW
    taken = {number for remote_id in sought.taken for number in numbers(remote_id)}
    matches: Mapping[str, Any] = {
        one.numbers[0]: one
        for one in messages
        if is_it(one) and taken.isdisjoint(one.numbers) and (one.at is None or one.at >= since)
    }
    if len(matches) > 1:
        return Unsure(several, {"ids": sorted(matches)})
    for number, one in matches.items():
        seen = {"preview": one.at.isoformat() if one.at else None}
        return Found(",".join(one.numbers), channel_url(f"{name}/{number}"), seen)
    where = {"address": channel_url(name).partition("://")[2]}
    return Unsure(
        _("The public preview does not show it, which proves nothing: look at %(address)s and say what you found.")
        % where,
        {"messages looked at": len(messages)},
    )
