"""Connecting a channel: a bot's token, and the channel in which it is an administrator."""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses, services
from kentongan.channels.contract import ChannelError, Credentials, CredentialsExpired, Health, Rejected
from kentongan.channels.telegram.api import call
from kentongan.channels.telegram.manifest import MANIFEST, SERVICE
from kentongan.channels.telegram.publisher import channel_url, post_url

TOKEN = re.compile(r"[0-9]{5,20}:[A-Za-z0-9_-]{30,100}")
NUMBER = re.compile(r"-?[0-9]{5,20}")


def _chat(entered: str) -> str:
    """Return what Telegram calls the channel: `@name` of whatever was pasted, or its number."""
    text = entered.strip()
    if NUMBER.fullmatch(text):
        return text
    try:
        return f"@{addresses.parse(text, MANIFEST.kind).handle}"
    except addresses.Unreadable as error:
        raise Rejected(str(error)) from error


def _dict(said: Any) -> Mapping[str, Any]:
    return said if isinstance(said, dict) else {}


def _channel(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    return _dict(call(client, credentials, "getChat", json={"chat_id": credentials.get("chat_id")}))


class TelegramConnector:
    """`getMe`, `getChat` and `getChatMember`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Check the token, and learn which channel the bot is to post in."""
        token = entered["token"].strip()
        if not TOKEN.fullmatch(token):
            raise Rejected(str(_("This is not the token of a bot: it has a number, a colon and 35 letters or digits.")))
        service = services.address(entered.get("service") or SERVICE).geturl()
        values = {"token": token, "chat_id": _chat(entered["handle"])}
        credentials = Credentials("", service, values)
        try:
            bot = _dict(call(client, credentials, "getMe"))
        except CredentialsExpired as error:
            raise Rejected(
                str(_("Telegram does not accept this token: copy it again from @BotFather.")), error.response
            ) from error
        return self._to(credentials, bot, client)

    def _to(self, credentials: Credentials, bot: Mapping[str, Any], client: httpx.Client) -> Credentials:
        try:
            channel = _channel(credentials, client)
        except CredentialsExpired as error:
            raise Rejected(
                str(_("The bot sees no such channel: check its name, and make the bot an administrator of it.")),
                error.response,
            ) from error
        if channel.get("type") != "channel" or not channel.get("id") or not bot.get("id"):
            raise Rejected(str(_("This is a group, a person or a bot: only channels can be published to.")))
        number = str(channel["id"])
        known = {
            "chat_id": number,
            "bot_id": str(bot["id"]),
            "bot": str(bot.get("username") or ""),
        }
        return Credentials(str(channel.get("username") or number), credentials.service, {**credentials.values, **known})

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return the same credentials: a token holds until it is revoked at @BotFather."""
        return credentials

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask whether the token is good, the channel is there, and the bot may post in it."""
        who = {"chat_id": credentials.get("chat_id"), "user_id": int(credentials.get("bot_id") or 0)}
        bot = {"bot": f"@{credentials.get('bot')}"}
        try:
            call(client, credentials, "getMe")
            channel = _channel(credentials, client)
            member = _dict(call(client, credentials, "getChatMember", json=who))
        except Rejected as error:
            return Health(False, _not_there(bot) if _inaccessible(error) else error.message)
        except ChannelError as error:
            return Health.failed(error)
        if member.get("status") != "administrator":
            return Health(False, _not_there(bot))
        if not member.get("can_post_messages"):
            return Health(
                False, str(_("In the channel the bot %(bot)s lacks the right to post messages: give it there.") % bot)
            )
        lacking = (
            ""
            if member.get("can_delete_messages")
            else str(
                _("Without the right to delete messages %(bot)s can take back only its own posts of the last 48 hours.")
                % bot
            )
        )
        name = channel.get("username")
        # A private channel has no page of its own: its first message opens it for its members.
        url = channel_url(str(name)) if name else post_url(channel, "1", credentials.get("chat_id"))
        return Health(True, lacking, str(channel.get("title") or ""), url)


def _inaccessible(error: ChannelError) -> bool:
    """Whether Telegram hides the members of the channel from the bot: it is no administrator."""
    return "member list is inaccessible" in str(error.response.get("error", "")).lower()


def _not_there(bot: Mapping[str, str]) -> str:
    return str(
        _("The bot %(bot)s is not an administrator of the channel: add it there, with the right to post messages.")
        % bot
    )
