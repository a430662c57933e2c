"""When a public channel of Telegram last posted."""

from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from kentongan.channels import feeds
from kentongan.channels.contract import Bookmark, Newest, PostsHidden
from kentongan.channels.telegram import preview
from kentongan.channels.telegram.prover import TelegramProver
from kentongan.channels.telegram.publisher import channel_url


class TelegramPosts:
    """The preview of a public channel; groups and closed previews have none."""

    def host(self, key: str) -> str:
        """Return Telegram's site."""
        return urlsplit(settings.KENTONGAN_TELEGRAM_URL).hostname or ""

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return the newest message of the channel."""
        page = preview.read(client, key)
        if not page.messages and not page.shown:
            TelegramProver().look(key, client)  # tells one that is not there from one that shows no posts
            raise PostsHidden(_("This Telegram channel shows no preview of its messages."))
        return feeds.latest(
            (one.at, channel_url(f"{one.name}/{one.numbers[0]}")) for one in page.messages if not one.forwarded
        )
