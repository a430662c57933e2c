"""A stub of Telegram: its Bot API as far as channels are published to, and the public preview of a channel.

Written from the platform's own description before the adapter was: core.telegram.org/bots/api (methods getMe, getChat,
getChatMember, sendMessage, sendPhoto, sendVideo, sendMediaGroup, deleteMessage, forwardMessage, forwardMessages;
objects LinkPreviewOptions, InputMediaPhoto, ChatMemberAdministrator, ResponseParameters; "Making requests"),
core.telegram.org/bots/faq (rates),
and the words of errors from the published source of the API's server, github.com/tdlib/telegram-bot-api, all as of
November 2026. The preview, t.me/s/NAME, has no description of its own: its page as many readers of it describe it,
same date.

Stricter than the platform in one thing: it refuses parameters that a method does not have, which Telegram ignores.
"""

import html
import itertools
import json
import re
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from servers.stub import Asked, File, Said, serving

BOT_ID = 700100200
TOKEN = f"{BOT_ID}:{'Kentongan-Uji-Saja_' * 2}"[:46]
MEGABYTE = 1024 * 1024
COMMON = {
    "business_connection_id", "message_thread_id", "direct_messages_topic_id", "disable_notification",
    "protect_content", "allow_paid_broadcast", "message_effect_id", "reply_parameters",
}  # fmt: skip
SENDING = COMMON | {"suggested_post_parameters", "reply_markup", "parse_mode"}
CAPTIONED = SENDING | {"caption", "caption_entities", "show_caption_above_media", "has_spoiler"}
VIDEO = {"duration", "width", "height", "thumbnail", "cover", "start_timestamp", "supports_streaming"}
FORWARDING = COMMON - {"business_connection_id", "reply_parameters", "allow_paid_broadcast"}
# Each method's required and optional parameters.
METHODS: Mapping[str, tuple[set[str], set[str]]] = {
    "getMe": (set(), set()),
    "getChat": ({"chat_id"}, set()),
    "getChatMember": ({"chat_id", "user_id"}, set()),
    "sendMessage": ({"chat_id", "text"}, SENDING | {"entities", "link_preview_options"}),
    "sendPhoto": ({"chat_id", "photo"}, CAPTIONED),
    "sendVideo": ({"chat_id", "video"}, CAPTIONED | VIDEO),
    "sendMediaGroup": ({"chat_id", "media"}, COMMON),
    "deleteMessage": ({"chat_id", "message_id"}, set()),
    "forwardMessage": ({"chat_id", "from_chat_id", "message_id"}, FORWARDING | {"video_start_timestamp"}),
    "forwardMessages": ({"chat_id", "from_chat_id", "message_ids"}, FORWARDING),
}
PREVIEW = {"is_disabled", "url", "prefer_small_media", "prefer_large_media", "show_above_text"}
PHOTO = {"type", "media", "caption", "parse_mode", "caption_entities", "show_caption_above_media", "has_spoiler"}


class Refused(Exception):
    """What the API answers instead of a result."""

    def __init__(self, description: str, code: int = 400) -> None:
        super().__init__(description)
        self.code = code
        self.description = f"Bad Request: {description}" if code == 400 else description


@dataclass
class Message:
    """A message of a channel."""

    number: int
    date: datetime
    text: str = ""
    pictures: list[File] = field(default_factory=list)
    album: int | None = None
    preview: Mapping[str, Any] = field(default_factory=dict)
    video: File | None = None
    origin: tuple["Chat", int] | None = None


@dataclass
class Chat:
    """A chat as the bot meets it; `rights` are the bot's as an administrator, None where it is not even a member."""

    number: int
    title: str = "Kabar Kabupaten"
    name: str = ""
    kind: str = "channel"
    rights: set[str] | None = field(default_factory=lambda: {"can_post_messages", "can_delete_messages"})
    messages: list[Message] = field(default_factory=list)
    protected: bool = False

    def shown(self) -> dict[str, Any]:
        """Return the chat as an object of the API."""
        public = {"username": self.name} if self.name else {}
        return {"id": self.number, "type": self.kind, "title": self.title, **public}


def units(text: str) -> int:
    """Return the length that Telegram limits: UTF-16 code units, without the white space around that it drops."""
    return len(text.strip().encode("utf-16-le")) // 2


def pixels(content: bytes) -> tuple[int, int] | None:
    """Return width and height of a PNG; None for other pictures."""
    return struct.unpack(">II", content[16:24]) if content.startswith(b"\x89PNG") else None  # type: ignore[return-value]


@dataclass
class TelegramServer:
    """The stub's state; `url` is where it answers, for the API and for the public pages."""

    url: str = ""
    token: str = TOKEN
    bot: str = "kabar_uji_bot"
    chats: list[Chat] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(11))
    refused: list[str] = field(default_factory=list)
    reads_public: bool = True

    def channel(self, name: str = "", **more: Any) -> Chat:
        """Open a channel, public where it has a name."""
        chat = Chat(-1002000000000 - len(self.chats), name=name, **more)
        self.chats.append(chat)
        return chat

    def answer(self, asked: Asked) -> Said:
        """Answer as the API below /bot, as the public site elsewhere."""
        if not asked.path.startswith("/bot"):
            return self._page(asked)
        token, _slash, method = asked.path.removeprefix("/bot").partition("/")
        try:
            if ":" not in token:
                raise Refused("Not Found", 404)
            if token != self.token:
                raise Refused("Unauthorized", 401)
            return Said({"ok": True, "result": self._do(method, asked)})
        except Refused as error:
            self.refused.append(error.description)
            return Said({"ok": False, "error_code": error.code, "description": error.description}, error.code)

    def _do(self, method: str, asked: Asked) -> Any:
        if method not in METHODS:
            raise Refused("Not Found: method not found", 404)
        values, files = self._values(asked)
        required, optional = METHODS[method]
        if unknown := set(values) - required - optional:
            raise Refused(f"unknown parameter {sorted(unknown)}")
        if missing := required - set(values) - set(files):
            raise Refused(f"parameter {sorted(missing)} is required")
        return getattr(self, re.sub("([A-Z])", r"_\1", f"_{method}").lower())(values, files)

    @staticmethod
    def _values(asked: Asked) -> tuple[dict[str, Any], dict[str, File]]:
        if not asked.body:
            return dict(asked.query), {}
        if asked.media_type == "application/json":
            said = asked.json()
            if not isinstance(said, dict):
                raise Refused("can't parse the request: JSON object expected")
            return said, {}
        fields, files = asked.form()
        return dict(fields), files

    def _chat(self, values: Mapping[str, Any]) -> Chat:
        """Return the chat that is meant, as far as the bot can know of it."""
        wanted = str(values["chat_id"])
        for chat in self.chats:
            known = chat.rights is not None or bool(chat.name)
            if known and wanted in {str(chat.number), f"@{chat.name}"}:
                return chat
        raise Refused("chat not found")

    def _get_me(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        return {"id": BOT_ID, "is_bot": True, "first_name": "Kabar", "username": self.bot}

    def _get_chat(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        return {**self._chat(values).shown(), "accent_color_id": 1, "max_reaction_count": 11}

    def _get_chat_member(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        chat = self._chat(values)
        if not isinstance(values["user_id"], int):
            raise Refused("invalid user_id specified")
        if values["user_id"] != BOT_ID:
            raise Refused("user not found")
        if not chat.rights:
            raise Refused("member list is inaccessible")
        rights = {name: name in chat.rights for name in ("can_post_messages", "can_delete_messages")}
        return {"status": "administrator", "user": self._get_me({}, {}), "can_be_edited": False, **rights}

    def _postable(self, values: Mapping[str, Any]) -> Chat:
        chat = self._chat(values)
        if chat.rights is None:
            raise Refused("Forbidden: bot is not a member of the channel chat", 403)
        if "can_post_messages" not in chat.rights:
            raise Refused("need administrator rights in the channel chat")
        return chat

    def _send_message(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        chat = self._postable(values)
        text = str(values["text"]).strip()
        if not text:
            raise Refused("message text is empty")
        if units(text) > 4096:
            raise Refused("message is too long")
        preview = values.get("link_preview_options") or {}
        if not isinstance(preview, dict) or set(preview) - PREVIEW:
            raise Refused("can't parse link preview options JSON object")
        return self._keep(chat, Message(next(self.numbers), datetime.now(UTC), text, preview=preview))

    def _picture(self, file: File | None) -> File:
        if file is None:
            raise Refused("there is no photo in the request")
        if len(file.content) > 10 * MEGABYTE:
            raise Refused("Request Entity Too Large", 413)
        if not file.content.startswith((b"\x89PNG", b"\xff\xd8\xff")):
            raise Refused("IMAGE_PROCESS_FAILED")
        if size := pixels(file.content):
            width, height = size
            if width + height > 10_000 or max(size) > 20 * min(size):
                raise Refused("PHOTO_INVALID_DIMENSIONS")
        return file

    @staticmethod
    def _caption(values: Mapping[str, Any]) -> str:
        caption = str(values.get("caption", "")).strip()
        if units(caption) > 1024:
            raise Refused("message caption is too long")
        return caption

    def _send_photo(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        chat, picture, caption = self._postable(values), self._picture(files.get("photo")), self._caption(values)
        return self._keep(chat, Message(next(self.numbers), datetime.now(UTC), caption, [picture]))

    def _send_video(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        chat, video, caption = self._postable(values), files.get("video"), self._caption(values)
        if video is None:
            raise Refused("there is no video in the request")
        if len(video.content) > 50 * MEGABYTE:
            raise Refused("Request Entity Too Large", 413)
        for name in ("duration", "width", "height"):
            if not str(values.get(name, "1")).isdigit():
                raise Refused(f"can't parse {name}")
        return self._keep(chat, Message(next(self.numbers), datetime.now(UTC), caption, video=video))

    def _send_media_group(self, values: Mapping[str, Any], files: Mapping[str, File]) -> list[dict[str, Any]]:
        chat = self._postable(values)
        try:
            media = json.loads(str(values["media"]))
        except ValueError as error:
            raise Refused("can't parse media JSON object") from error
        if not isinstance(media, list) or not 2 <= len(media) <= 10:
            raise Refused("wrong number of media in the album: 2-10 are taken")
        parts = []
        for one in media:
            if one.get("type") != "photo" or set(one) - PHOTO:
                raise Refused("can't parse InputMedia: unknown field or type")
            picture = self._picture(files.get(str(one.get("media", "")).removeprefix("attach://")))
            parts.append((self._caption(one), picture))
        album = next(self.numbers)
        numbers = [album, *(next(self.numbers) for _part in parts[1:])]
        return [
            self._keep(chat, Message(number, datetime.now(UTC), caption, [picture], album))
            for number, (caption, picture) in zip(numbers, parts, strict=True)
        ]

    def _readable(self, values: Mapping[str, Any]) -> Chat:
        """Return the channel to forward from: a public one, by the source of the API's server, or one of the bot's."""
        chat = self._chat({"chat_id": values["from_chat_id"]})
        if chat.rights is None and not self.reads_public:
            raise Refused("Forbidden: bot is not a member of the channel chat", 403)
        return chat

    def _forwarded(self, there: Chat, number: int, album: int | None = None) -> Message | None:
        found = next((one for one in there.messages if one.number == number), None)
        if found is None:
            return None
        if there.protected:
            raise Refused("the message can't be forwarded")
        now, source = datetime.now(UTC), found.origin or (there, number)
        return Message(next(self.numbers), now, found.text, found.pictures, album, video=found.video, origin=source)

    def _forward_message(self, values: Mapping[str, Any], files: Mapping[str, File]) -> dict[str, Any]:
        there, number = self._readable(values), values["message_id"]
        if not isinstance(number, int):
            raise Refused("message identifier is not specified")
        message = self._forwarded(there, number)
        if message is None:
            raise Refused("message to forward not found")
        return self._keep(self._postable(values), message)

    def _forward_messages(self, values: Mapping[str, Any], files: Mapping[str, File]) -> list[dict[str, Any]]:
        there, wanted = self._readable(values), values["message_ids"]
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= 100 or wanted != sorted(set(wanted)):
            raise Refused("message identifiers must be in a strictly increasing order")
        chat = self._postable(values)
        album = next(self.numbers) if len(wanted) > 1 else None
        made = [message for number in wanted if (message := self._forwarded(there, number, album))]
        for message in made:
            message.album = made[0].number if album else None
            self._keep(chat, message)
        return [{"message_id": message.number} for message in made]

    @staticmethod
    def _keep(chat: Chat, message: Message) -> dict[str, Any]:
        chat.messages.append(message)
        shown = {"message_id": message.number, "date": int(message.date.timestamp()), "chat": chat.shown()}
        album = {"media_group_id": str(message.album)} if message.album else {}
        body = {"caption": message.text, "photo": [{"file_id": "x"}]} if message.pictures else {"text": message.text}
        if message.video:
            body = {"caption": message.text, "video": {"file_id": "x", "duration": 2}}
        if message.origin:
            there, number = message.origin
            body["forward_origin"] = {"type": "channel", "chat": there.shown(), "message_id": number, "date": 1}
        return {**shown, "sender_chat": chat.shown(), **album, **body}

    def _delete_message(self, values: Mapping[str, Any], files: Mapping[str, File]) -> bool:
        chat = self._chat(values)
        if not isinstance(values["message_id"], int):
            raise Refused("invalid message identifier specified")
        message = next((one for one in chat.messages if one.number == values["message_id"]), None)
        if message is None:
            raise Refused("message to delete not found")
        if not chat.rights or message.date < datetime.now(UTC) - timedelta(hours=48):
            raise Refused("message can't be deleted for everyone")
        chat.messages.remove(message)
        return True

    def _page(self, asked: Asked) -> Said:
        parts = asked.path.strip("/").split("/")
        chat = next((one for one in self.chats if one.name and one.name.lower() == parts[-1].lower()), None)
        if parts[0] != "s":
            title = f'<div class="tgme_page_title"><span>{html.escape(chat.title)}</span></div>' if chat else ""
            return Said(f'<div class="tgme_page">{title}</div>'.encode())
        if chat is None or chat.kind != "channel":
            return Said(status=302, headers={"Location": f"{self.url}/{parts[-1]}"})
        before = int(asked.query.get("before", 10**9))
        shown = [one for one in chat.messages if one.number < before and one.album in {None, one.number}][-20:]
        page = "".join(_shown(chat, one) for one in shown)
        return Said(f'<div class="tgme_channel_info"></div><section>{page}</section>'.encode())


def _shown(chat: Chat, message: Message) -> str:
    """Return a message, or an album, as the preview writes it: emoji in markup of their own, links as links."""
    album = [one for one in chat.messages if one.album == message.number] if message.album else []
    pictures = "".join(
        f'<a class="tgme_widget_message_photo_wrap grouped_media_wrap" href="https://t.me/{chat.name}/{one.number}?single">'
        '<div class="grouped_media_helper"></div></a>'
        for one in album
    )
    text = html.escape(message.text).replace("🔔", '<i class="emoji" style="x"><b>🔔</b></i>').replace("\n", "<br/>")
    body = f'<div class="tgme_widget_message_text js-message_text" dir="auto">{text}</div>' if text else ""
    return (
        '<div class="tgme_widget_message_wrap js-widget_message_wrap">'
        f'<div class="tgme_widget_message js-widget_message" data-post="{chat.name}/{message.number}">'
        '<div class="tgme_widget_message_text js-message_reply_text">Dikutip</div>'
        f"{_source(message)}{pictures}{body}"
        '<div class="tgme_widget_message_footer"><a class="tgme_widget_message_date">'
        f'<time datetime="{message.date.isoformat()}" class="time">10:00</time></a></div></div></div>'
    )


def _source(message: Message) -> str:
    """Return how the preview says whose a forwarded message is: by a link, or by its title where that is private."""
    if message.origin is None:
        return ""
    (there, number), kind = message.origin, 'class="tgme_widget_message_forwarded_from_name"'
    named = f'<span dir="auto">{html.escape(there.title)}</span>'
    name = (
        f'<a {kind} href="https://t.me/{there.name}/{number}">{named}</a>'
        if there.name
        else f"<span {kind}>{named}</span>"
    )
    return f'<div class="tgme_widget_message_forwarded_from accent_color">Forwarded from {name}</div>'


@contextmanager
def serve() -> Iterator[TelegramServer]:
    """Run the stub."""
    server = TelegramServer()
    with serving(server.answer) as server.url:
        yield server
