"""Reposting on Telegram: the message is forwarded, so that readers see whose it is.

`copyMessage` would hide that and be the same text once more, which is what reposts stand in for. Several pictures are
forwarded together, so that they stay one album. Telegram knows no key: in doubt nothing is forwarded again.

From core.telegram.org/bots/api, November 2026: "forwardMessage", "forwardMessages". The bot reads public channels, and
private ones in which it is an administrator.
"""

import re
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import reposts
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    ChannelError,
    Credentials,
    CredentialsExpired,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    Sought,
    Unsure,
    origin_of,
)
from kentongan.channels.telegram import finder
from kentongan.channels.telegram.api import GONE, call, is_shut_out
from kentongan.channels.telegram.connector import TelegramConnector
from kentongan.channels.telegram.manifest import MANIFEST
from kentongan.channels.telegram.publisher import PRIVATE, TelegramPublisher, numbers, post_url

PLACE = re.compile(r"/(?:c/(?P<number>[0-9]+)|(?P<name>[A-Za-z][A-Za-z0-9_]{3,31}))/[0-9]+/?")


class TelegramReposter:
    """`forwardMessage`, or `forwardMessages` for an album, and `deleteMessage`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Forward the message, or all those of an album."""
        origin = origin_of(post)
        ids, chat_id = _messages(origin), credentials.get("chat_id")
        several = len(ids) > 1
        body = {"chat_id": chat_id, "from_chat_id": _chat(origin)}
        which = {"message_ids": ids} if several else {"message_id": ids[0]}
        post.confirm()
        try:
            said = call(client, credentials, f"forwardMessage{'s' if several else ''}", decides=True, json=body | which)
        except CredentialsExpired as error:
            raise _whose(error, credentials, client) from error
        if said == []:
            raise Rejected(str(GONE), {"body": said})
        rows = said if isinstance(said, list) else [said]
        made = [str(row["message_id"]) for row in rows if isinstance(row, dict) and row.get("message_id")]
        if not made:
            raise Ambiguous(_("The server's answer names no message."), {"body": said})
        channel = {} if credentials.handle.lstrip("-").isdigit() else {"username": credentials.handle}
        return Published(",".join(made), post_url(channel, made[0], chat_id), {"message_ids": made})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete what was forwarded; the message of the other channel stays."""
        TelegramPublisher().recall(remote_id, credentials, client)

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look in the public preview for what was forwarded from there; of private channels it does not say that."""
        try:
            origin = origin_of(sought.post)
            name = _place(origin)["name"] or ""
            places = {f"{name}/{number}".lower() for number in _messages(origin)}
        except ChannelError as error:
            return Unsure(error.message, error.response)
        several = _("Several messages of that time forward this post.")
        return finder.look(sought, credentials, client, lambda one: one.source.lower() in places, several)


def _place(origin: Origin) -> re.Match[str]:
    """Return the channel in the address of a message; Rejected where it is none of Telegram's."""
    found = PLACE.fullmatch(urlsplit(origin.url).path)
    if found is None:
        raise reposts.leads_nowhere(MANIFEST)
    return found


def _chat(origin: Origin) -> str:
    """Return what Telegram calls the channel: its number as it was told, which stays when the name changes."""
    told = origin.response.get("chat_id")
    if isinstance(told, str) and told.lstrip("-").isdigit():
        return told
    place = _place(origin)
    return f"@{place['name']}" if place["name"] else PRIVATE + place["number"]


def _messages(origin: Origin) -> list[int]:
    """Return the numbers of the messages, in the order that Telegram wants."""
    found = numbers(origin.remote_id)
    if not all(one.isascii() and one.isdigit() for one in found):
        raise reposts.leads_nowhere(MANIFEST)
    return sorted({int(one) for one in found})


def _whose(error: CredentialsExpired, credentials: Credentials, client: httpx.Client) -> ChannelError:
    """Return what was meant by a refusal that names no channel: where the bot is well in its own, the other one's."""
    if not is_shut_out(error) or not TelegramConnector().health(credentials, client).ready:
        return error
    return Rejected(
        _(
            "The bot @%(bot)s cannot read the channel whose post is to be forwarded: make it an administrator there "
            "too, then send it again."
        )
        % {"bot": credentials.get("bot")},
        error.response,
    )
