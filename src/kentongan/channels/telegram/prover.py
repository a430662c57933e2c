"""What a public name of Telegram shows to everybody."""

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import pages
from kentongan.channels.contract import NoSuchAccount, Profile, Text
from kentongan.channels.telegram.publisher import channel_url


class TelegramProver:
    """The page of a public name, as it was described in November 2026; not yet run against the live platform."""

    place: Text = gettext_lazy("the description of your Telegram channel or group, or your bio")

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return what stands below the title of t.me/NAME."""
        page = pages.read(pages.get(client, channel_url(key)), "tgme_page_title", "tgme_page_description")
        title = page.parts.get("tgme_page_title", "").strip()
        if not title:
            raise NoSuchAccount(_("Telegram knows no such name."))
        return Profile((page.parts.get("tgme_page_description", ""),), name=title)
