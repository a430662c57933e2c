"""Finding out whether a post of doubtful fate is out: by TikTok's own name of it, else among the public videos."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    ChannelError,
    Credentials,
    Found,
    Post,
    Rejected,
    Sought,
    Unsure,
)
from kentongan.channels.tiktok import upload
from kentongan.channels.tiktok.api import call
from kentongan.channels.tiktok.publisher import caption, failed, number_of, url

PAGES, PAGE = 5, 20
CLOCK_SKEW = timedelta(minutes=5)
FIELDS = {"fields": "id,create_time,video_description,title"}


class TikTokFinder:
    """`status/fetch` where an attempt left its `publish_id`, then `video/list`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the post; TikTok lists only what is public, so only its own word for a failure is absence."""
        try:
            told = {one: _told(one, sought.post, credentials, client) for one in sought.receipts}
            for kind in (Found, Unsure):
                if seen := next((one for one in told.values() if isinstance(one, kind)), None):
                    return seen
            # An attempt that failed says nothing of a later one.
            return told.get(sought.last_receipt) or _listed(sought, credentials, client)
        except ChannelError as error:
            return Unsure(error.message, error.response)


def _told(receipt: str, post: Post, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure | None:
    """Return what TikTok says of an upload; None for one that it has forgotten, or never got whole."""
    try:
        said = upload.status(receipt, credentials, client)
    except Rejected:
        return None
    state, number = said.get("status"), number_of(said)
    if state == "FAILED":
        return Absent({"state": state, "reason": failed(said)})
    if state == "PUBLISH_COMPLETE":
        return Found(number or receipt, url(credentials, number, post), {"publish_id": receipt})
    return Unsure(_("TikTok is still working on the post."), {"state": state, "publish_id": receipt})


def _listed(sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Unsure:
    taken = {one.partition("?")[0].rstrip("/").rpartition("/")[2] for one in sought.taken}
    text, since, looked_at, matches = caption(sought.post).split(), sought.since - CLOCK_SKEW, 0, set()
    for video in _videos(since, credentials, client):
        looked_at += 1
        if str(video.get("video_description") or video.get("title") or "").split() == text:
            matches.add(str(video.get("id")))
    matches -= taken
    if len(matches) > 1:
        return Unsure(_("Several videos of that time have this text."), {"ids": sorted(matches)})
    for number in matches:
        return Found(number, url(credentials, number, sought.post), {"looked at": looked_at})
    return Unsure(
        _("It is not among the public videos, which proves nothing: look into the account and say what you found."),
        {"looked at": looked_at},
    )


def _videos(since: datetime, credentials: Credentials, client: httpx.Client) -> Iterator[Mapping[str, Any]]:
    """Yield the public videos since then; raises Ambiguous when there are too many to look through."""
    body: dict[str, Any] = {"max_count": PAGE}
    for _page in range(PAGES):
        said = call(client, credentials, "POST", "/v2/video/list/", params=FIELDS, json=body)
        rows = said.get("videos")
        if not isinstance(rows, list):
            raise Ambiguous(_("The server's list could not be read."))
        for row in rows:
            made = row.get("create_time") if isinstance(row, dict) else None
            if not isinstance(made, int):
                continue
            if datetime.fromtimestamp(made, UTC) < since:
                return
            yield row
        if not said.get("has_more") or not isinstance(said.get("cursor"), int):
            return
        body["cursor"] = said["cursor"]
    raise Ambiguous(_("The account has published too much since to look through."))
