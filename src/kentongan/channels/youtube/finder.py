"""Finding out whether a video of doubtful fate arrived: in the channel's own list of uploads."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import feeds
from kentongan.channels.contract import Absent, Ambiguous, ChannelError, Credentials, Found, Sought, Unsure
from kentongan.channels.youtube.api import call
from kentongan.channels.youtube.names import number_of, url
from kentongan.channels.youtube.publisher import described
from kentongan.channels.youtube.viewer import hidden, unaudited

PAGES = 5
CLOCK_SKEW = timedelta(minutes=5)


class YouTubeFinder:
    """`playlistItems.list` of the uploads, the newest first."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through the uploads of that time for the same title and description."""
        taken, looked_at, matches = {number_of(one) for one in sought.taken}, 0, dict[str, object]()
        try:
            for snippet, status in _uploads(sought.since - CLOCK_SKEW, credentials, client):
                looked_at += 1
                number = str((snippet.get("resourceId") or {}).get("videoId") or "")
                if number and number not in taken and _same(snippet, sought):
                    matches[number] = status
        except ChannelError as error:
            return Unsure(error.message, error.response)
        if len(matches) > 1:
            return Unsure(_("Several videos of that time have this title and description."), {"ids": sorted(matches)})
        for number, status in matches.items():
            said = {"looked at": looked_at, "status": status}
            return Found(number, url(number), said, hidden(status), unaudited(status))
        return Absent({"looked at": looked_at})


def _same(snippet: Mapping[str, Any], sought: Sought) -> bool:
    title, description = str(snippet.get("title") or ""), str(snippet.get("description") or "")
    return (title.split(), description.split()) == (sought.post.title.split(), described(sought.post).split())


def _uploads(
    since: datetime, credentials: Credentials, client: httpx.Client
) -> Iterator[tuple[Mapping[str, Any], object]]:
    """Yield what was uploaded since then, and its status; raises Ambiguous when there is too much to look through."""
    asked = {"part": "snippet,status", "playlistId": credentials.get("uploads"), "maxResults": "50"}
    for _page in range(PAGES):
        said = call(client, credentials, "GET", "/youtube/v3/playlistItems", params=asked)
        rows = said.get("items")
        if not isinstance(rows, list):
            raise Ambiguous(_("The server's list could not be read."))
        for row in rows:
            snippet = row.get("snippet") if isinstance(row, dict) else None
            if not isinstance(snippet, dict):
                continue
            at = feeds.moment(str(snippet.get("publishedAt") or ""))
            if at is not None and at < since:
                return
            yield snippet, row.get("status")
        if not said.get("nextPageToken"):
            return
        asked["pageToken"] = str(said["nextPageToken"])
    raise Ambiguous(_("The channel has published too much since to look through."))
