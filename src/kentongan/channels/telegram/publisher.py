"""Publishing to a Telegram channel: as plain text, so that nothing of what was written is taken for markup.

Telegram knows no key of ours: a request that is sent twice is a second post. So nothing is ever sent again in doubt.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from kentongan.channels import text as parts
from kentongan.channels.contract import Ambiguous, Credentials, Post, Published, Rejected, Video
from kentongan.channels.telegram.api import call

EXTENSIONS = {"image/jpeg": "jpg", "image/png": "png"}
PRIVATE = "-100"


def channel_url(name: str) -> str:
    """Return the public address of a channel."""
    return f"{settings.KENTONGAN_TELEGRAM_URL}/{name}"


def numbers(remote_id: str) -> list[str]:
    """Return the messages of a post: several where it has several pictures; of an address that people gave, one."""
    return [part.rpartition("/")[2] for part in remote_id.rstrip("/").split(",")]


def post_url(channel: Mapping[str, Any], number: str, chat_id: str) -> str:
    """Return where people read a message; of a private channel only its members."""
    return channel_url(f"{channel.get('username') or 'c/' + chat_id.removeprefix(PRIVATE)}/{number}")


class TelegramPublisher:
    """`sendMessage`, `sendPhoto`, `sendVideo` or `sendMediaGroup`, and `deleteMessage`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the post; several pictures become one album, its text below the first."""
        with ExitStack() as opened:
            method, sent = self._request(post, credentials.get("chat_id"), opened)
            post.confirm()
            said = call(client, credentials, method, decides=True, **sent)
        messages = said if isinstance(said, list) else [said]
        ids = [str(one["message_id"]) for one in messages if isinstance(one, dict) and one.get("message_id")]
        if not ids:
            raise Ambiguous(_("The server's answer names no message."), {"body": said})
        channel = messages[0].get("chat") if isinstance(messages[0].get("chat"), dict) else {}
        url = post_url(channel, ids[0], credentials.get("chat_id"))
        return Published(
            ",".join(ids),
            url,
            {"message_ids": ids, "date": messages[0].get("date"), "chat_id": credentials.get("chat_id")},
        )

    def _request(self, post: Post, chat_id: str, opened: ExitStack) -> tuple[str, dict[str, Any]]:
        text = parts.with_link(post.text, post.link)
        if post.videos:
            return "sendVideo", _video(post.videos[0], chat_id, text, opened)
        if not post.images:
            preview = {"link_preview_options": {"url": post.link}} if post.link else {}
            return "sendMessage", {"json": {"chat_id": chat_id, "text": text, **preview}}
        files = {
            f"picture{number}": (f"{number}.{EXTENSIONS.get(one.media_type, 'img')}", one.content, one.media_type)
            for number, one in enumerate(post.images, 1)
        }
        if len(files) == 1:
            return "sendPhoto", {"data": {"chat_id": chat_id, "caption": text}, "files": {"photo": files["picture1"]}}
        media = json.dumps(_album(list(files), text), ensure_ascii=False)
        return "sendMediaGroup", {"data": {"chat_id": chat_id, "media": media}, "files": files}

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete every message of the post; one that is gone already is a success."""
        for number in numbers(remote_id):
            try:
                body = {"chat_id": credentials.get("chat_id"), "message_id": int(number)}
                call(client, credentials, "deleteMessage", json=body)
            except ValueError as error:
                raise Rejected(_("Which message it is is not known: delete it in Telegram yourself.")) from error
            except Rejected as error:
                said = str(error.response.get("error", "")).lower()
                if "message to delete not found" in said:
                    continue
                if "can't be deleted" in said:
                    text = _("Telegram lets a bot delete a post for 48 hours only: delete it in the channel yourself.")
                    raise Rejected(text, error.response) from error
                raise


def _video(video: Video, chat_id: str, text: str, opened: ExitStack) -> dict[str, Any]:
    known = {"width": video.width, "height": video.height, "duration": round(video.seconds or 0)}
    shape = {name: str(value) for name, value in known.items() if value}
    data = {"chat_id": chat_id, "caption": text, "supports_streaming": "true", **shape}
    return {"data": data, "files": {"video": ("video.mp4", opened.enter_context(video.open()), video.media_type)}}


def _album(names: Sequence[str], text: str) -> list[dict[str, str]]:
    media = [{"type": "photo", "media": f"attach://{name}"} for name in names]
    return [{**media[0], "caption": text}, *media[1:]]
