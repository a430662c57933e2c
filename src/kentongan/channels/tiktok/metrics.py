"""Counts of our videos."""

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from kentongan.channels.contract import Counts, Credentials, Rejected
from kentongan.channels.tiktok import upload
from kentongan.channels.tiktok.api import call
from kentongan.channels.tiktok.publisher import number_of

AT_ONCE = 20
FIELDS = {"fields": "id,view_count,like_count,share_count,comment_count"}


def _number(video: Mapping[str, Any], name: str) -> int | None:
    value = video.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


class TikTokMetrics:
    """`video/query`, twenty at a time."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return views, likes, shares and comments; what is not public, or not there, is left out."""
        known = {_known(one, credentials, client): one for one in remote_ids}
        numbers, counts = [number for number in known if number], {}
        for some in (numbers[start : start + AT_ONCE] for start in range(0, len(numbers), AT_ONCE)):
            body = {"filters": {"video_ids": some}}
            rows = call(client, credentials, "POST", "/v2/video/query/", params=FIELDS, json=body).get("videos")
            for row in rows if isinstance(rows, list) else ():
                if isinstance(row, dict) and str(row.get("id")) in known:
                    counts[known[str(row["id"])]] = _counts(row)
        return counts


def _counts(video: Mapping[str, Any]) -> Counts:
    return Counts(
        _number(video, "view_count"),
        _number(video, "like_count"),
        _number(video, "share_count"),
        _number(video, "comment_count"),
    )


def _known(remote_id: str, credentials: Credentials, client: httpx.Client) -> str:
    """Return a video's number: also of an address that a person gave, or of a post whose number came later."""
    last = remote_id.partition("?")[0].rstrip("/").rpartition("/")[2]
    if last.isdigit():
        return last
    try:
        return number_of(upload.status(remote_id, credentials, client))
    except Rejected:
        return ""
