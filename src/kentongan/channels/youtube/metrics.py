"""Counts of our videos."""

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from kentongan.channels.contract import Counts, Credentials
from kentongan.channels.youtube.api import call
from kentongan.channels.youtube.names import number_of

AT_ONCE = 50


def _number(statistics: Mapping[str, Any], name: str) -> int | None:
    """Return a count, which YouTube writes as a text; None where the channel hides it."""
    value = str(statistics.get(name) or "")
    return int(value) if value.isascii() and value.isdigit() else None


class YouTubeMetrics:
    """`videos.list`, fifty at a time."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return views, likes and comments; shares are not counted there, a video that is not listed is `gone`."""
        counts: dict[str, Counts] = {}
        wanted = list(remote_ids)
        for some in (wanted[start : start + AT_ONCE] for start in range(0, len(wanted), AT_ONCE)):
            asked = {"part": "statistics", "id": ",".join(map(number_of, some))}
            rows = call(client, credentials, "GET", "/youtube/v3/videos", params=asked).get("items")
            found = {
                row["id"]: row.get("statistics") or {} for row in rows or () if isinstance(row, dict) and "id" in row
            }
            for remote_id in some:
                counts[remote_id] = _counts(found.get(number_of(remote_id)))
        return counts


def _counts(statistics: Mapping[str, Any] | None) -> Counts:
    if statistics is None:
        return Counts(gone=True)
    return Counts(
        _number(statistics, "viewCount"), _number(statistics, "likeCount"), None, _number(statistics, "commentCount")
    )
