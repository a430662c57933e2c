"""What profiles show to everybody on platforms that are read as web pages: websites, YouTube.

The pages of YouTube as they were described publicly in November 2026; not yet run against the live platform. Only what
the holder alone can write counts: never a comment, a video's title or a recommended channel.
"""

import json
from typing import Any
from urllib.parse import quote, urljoin

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import pages
from kentongan.channels.contract import ChannelError, Profile, RetryLater, Text

WELL_KNOWN = "/.well-known/kentongan.txt"
LONGEST_NOTE = 2_000


def _joined(address: str, link: str) -> str:
    """Return a link of a page as a whole address; as it is where it is none."""
    try:
        return urljoin(address, link)
    except ValueError:
        return link


class WebsiteProver:
    """The page itself, and a file that only who runs the site can put there."""

    place: Text = gettext_lazy(
        "your site: in its description or title, as a rel=me link, or in the file /.well-known/kentongan.txt"
    )

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return title, descriptions, `rel=me` links and the well-known file of the site."""
        address = f"https://{key}"
        page = pages.read(pages.get(client, address))
        links = tuple(_joined(address, link) for link in page.own_links)
        texts = (page.title, *page.meta.values(), self._note(key, client))
        return Profile(texts, links, page.title.strip())

    def _note(self, key: str, client: httpx.Client) -> str:
        """Return the start of the file; it speaks for the whole site, so not for a path of it."""
        if "/" in key:
            return ""
        try:
            return pages.get(client, f"https://{key}{WELL_KNOWN}")[:LONGEST_NOTE]
        except ChannelError:
            return ""


class YouTubeProver:
    """The channel's page; its data is a JSON document inside."""

    place: Text = gettext_lazy("the description of your YouTube channel (Customise channel, Description)")
    MARK = '"channelMetadataRenderer":'
    # Visitors from some countries are sent to a page about cookies unless they have answered it.
    ANSWERED = {"Cookie": "SOCS=CAI", "Accept-Language": "en"}

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return the description of a channel: `@handle`, `UC…`, `c/name` or `user/name`."""
        path = f"channel/{key}" if key.startswith("UC") else quote(key, safe="@/")
        client.headers.update(self.ANSWERED)
        text = pages.get(client, f"https://www.youtube.com/{path}")
        said = self._data(text)
        number, name = str(said.get("externalId") or ""), str(said.get("title") or "")
        return Profile((str(said.get("description") or ""),), name=name, keys=(number,) if number else ())

    def _data(self, text: str) -> dict[str, Any]:
        at = text.find(self.MARK)
        if at < 0:
            raise RetryLater(_("YouTube showed another page than that of the channel."))
        try:
            said, _end = json.JSONDecoder().raw_decode(text[at + len(self.MARK) :].lstrip())
        except ValueError as error:
            raise RetryLater(_("The page of the channel could not be read.")) from error
        return said if isinstance(said, dict) else {}


WEBSITE, YOUTUBE = WebsiteProver(), YouTubeProver()
