"""Sending a video to X in segments: begun, appended, finished, and waited for while X works on it.

From docs.x.com, November 2026: "Initialize, Append, Finalize media upload", "Get media upload status". Nothing of this
makes a post: an upload that is lost is begun anew by the next attempt, and X forgets the first one within a day.
"""

import time
from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import Credentials, Rejected, RetryLater, Video
from kentongan.channels.uploads import Deadline
from kentongan.channels.x.api import call

UPLOAD = "/2/media/upload"
SEGMENT = 4 * 1024 * 1024
"""In bytes; X counts up to a thousand segments."""
TRIES = 2
"""How often one segment is sent again: X lets each be repeated by itself."""
SHORTEST, USUAL, LONGEST = 1.0, 5.0, 30.0
"""Seconds between two looks: at least, where X does not say, and at most."""


def carry(video: Video, credentials: Credentials, client: httpx.Client, deadline: Deadline) -> str:
    """Send the whole video and return X's number of it, once a post may name it.

    Raises RetryLater for all that may pass, Rejected where X cannot use the video: there is no post either way.
    """
    begin = {"media_type": video.media_type, "total_bytes": video.size, "media_category": "tweet_video"}
    said = _told(call(client, credentials, "POST", f"{UPLOAD}/initialize", json=begin))
    number = str(said["id"])
    for index, part in enumerate(video.parts(SEGMENT)):
        deadline.check()
        _append(number, index, part, credentials, client)
    said = _told(call(client, credentials, "POST", f"{UPLOAD}/{number}/finalize"))
    while (pause := _pause(said)) is not None:
        deadline.check()
        time.sleep(pause)
        asked = {"command": "STATUS", "media_id": number}
        said = _told(call(client, credentials, "GET", UPLOAD, params=asked))
    return number


def _told(said: Mapping[str, Any]) -> Mapping[str, Any]:
    data = said.get("data")
    if not isinstance(data, dict) or not str(data.get("id") or "").isdigit():
        raise RetryLater(_("X did not keep the video."), {"body": dict(said)})
    return data


def _append(number: str, index: int, part: bytes, credentials: Credentials, client: httpx.Client) -> None:
    path, given = f"{UPLOAD}/{number}/append", {"segment_index": str(index)}
    for failures in range(TRIES + 1):
        files = {"media": ("segment", part, "application/octet-stream")}
        try:
            call(client, credentials, "POST", path, data=given, files=files)
        except RetryLater as error:
            if failures == TRIES or error.response.get("status") == httpx.codes.TOO_MANY_REQUESTS:
                raise
        else:
            return


def _pause(said: Mapping[str, Any]) -> float | None:
    """Return in how many seconds to look again; None once the video is ready, which X may not even mention."""
    told = said.get("processing_info")
    work: Mapping[str, Any] = told if isinstance(told, dict) else {"state": "succeeded"}
    if work.get("state") == "succeeded":
        return None
    if work.get("state") == "failed":
        raise Rejected(_("X cannot use the video: %(why)s") % {"why": _why(work)}, {"processing_info": dict(work)})
    after = work.get("check_after_secs")
    return min(max(float(after), SHORTEST), LONGEST) if isinstance(after, int) else USUAL


def _why(work: Mapping[str, Any]) -> str:
    error = work.get("error")
    told = (error.get("message"), error.get("name")) if isinstance(error, dict) else ()
    return next((one for one in told if isinstance(one, str) and one), _("it gave no reason"))
