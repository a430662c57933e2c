"""Sending a video to TikTok in chunks, by the rules of its Video Transfer Guide.

Only the last chunk makes a post. TikTok is asked what has arrived when an answer is lost: nothing is sent twice.
"""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, ChannelError, Credentials, RetryLater, Video
from kentongan.channels.tiktok.api import call
from kentongan.channels.uploads import Deadline

CHUNK = 10_000_000
"""In bytes; TikTok takes 5 to 64 MB, and a last one of up to 128 MB. What is smaller goes as a whole."""
TRIES = 2


def sizes(size: int) -> tuple[int, int]:
    """Return the size of a chunk, and how many there are; the last one takes what is over."""
    return (size, 1) if size < 2 * CHUNK else (CHUNK, size // CHUNK)


def status(publish_id: str, credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    """Return what TikTok says of a post on its way."""
    return call(client, credentials, "POST", "/v2/post/publish/status/fetch/", json={"publish_id": publish_id})


def carry(
    video: Video, address: str, publish_id: str, credentials: Credentials, client: httpx.Client, deadline: Deadline
) -> None:
    """Send the whole video. Raises RetryLater while nothing can have been posted, else Ambiguous."""
    chunk, count = sizes(video.size)
    at, furthest, failures, ended = 0, 0, 0, False
    while at < video.size:
        last = at // chunk >= count - 1
        if not ended and last:
            deadline.last_check()
        elif not ended:
            deadline.check()
        ended = ended or last
        try:
            ends = video.size if last else at + chunk
            _put(video, at, ends, address, client)
            at = ends
        except ChannelError as error:
            failures += 1
            if error.response.get("status") == httpx.codes.TOO_MANY_REQUESTS or failures > TRIES:
                raise _as_known(error, ended) from error
            at = _arrived(publish_id, credentials, client, ended)
        # Only what is new counts as progress: what TikTok says has arrived may lag behind, and go back.
        if at > furthest:
            failures, furthest = 0, at


def _put(video: Video, at: int, ends: int, address: str, client: httpx.Client) -> None:
    content = video.part(at, ends - at)
    headers = {"Content-Range": f"bytes {at}-{ends - 1}/{video.size}", "Content-Type": video.media_type}
    answer = outcomes.send(client, client.build_request("PUT", address, headers=headers, content=content), decides=True)
    if answer.status_code not in {httpx.codes.CREATED, httpx.codes.PARTIAL_CONTENT}:
        outcomes.refuse(answer, None, decides=True)


def _arrived(publish_id: str, credentials: Credentials, client: httpx.Client, ended: bool) -> int:
    """Return how many bytes TikTok has."""
    try:
        have = status(publish_id, credentials, client).get("uploaded_bytes")
    except ChannelError as error:
        raise _as_known(error, ended) from error
    if not isinstance(have, int):
        raise _as_known(RetryLater(_("TikTok does not say how much of the video has arrived.")), ended)
    return have


def _as_known(error: ChannelError, ended: bool) -> ChannelError:
    """Return the error as what it means for the post: in doubt once the last chunk was on its way, whatever it says."""
    if ended:
        return Ambiguous(error.message, error.response)
    if error.response.get("status") == httpx.codes.TOO_MANY_REQUESTS:
        return error
    return RetryLater(error.message, error.response)
