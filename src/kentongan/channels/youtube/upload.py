"""The resumable upload: begun once, sent in chunks, taken up again where the connection broke.

Only the last chunk makes a video. Until it is on its way, a failure has published nothing; after that YouTube is asked
what became of the upload, and where it does not say, nobody knows.
"""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import (
    Ambiguous,
    ChannelError,
    Credentials,
    CredentialsExpired,
    Rejected,
    RetryLater,
    Video,
)
from kentongan.channels.uploads import Deadline
from kentongan.channels.youtube.api import send

ADDRESS = "/upload/youtube/v3/videos"
CHUNK = 8 * 1024 * 1024
"""In bytes, a multiple of 256 KiB."""
TRIES = 3
HAVE = re.compile(r"bytes=0-(\d+)")


def begin(video: Video, body: Mapping[str, Any], credentials: Credentials, client: httpx.Client) -> str:
    """Say what is coming, and return the address that takes it; nothing is published yet."""
    headers = {"X-Upload-Content-Length": str(video.size), "X-Upload-Content-Type": video.media_type}
    params = {"uploadType": "resumable", "part": ",".join(body)}
    answer = send(
        client, credentials, "POST", f"{credentials.service}{ADDRESS}", headers=headers, params=params, json=body
    )
    address = str(answer.headers.get("location", ""))
    if not address.startswith(("https://", credentials.service)):
        raise RetryLater(_("YouTube did not say where the video goes."), outcomes.summary(answer))
    return address


def carry(
    video: Video, address: str, credentials: Credentials, client: httpx.Client, deadline: Deadline
) -> Mapping[str, Any]:
    """Send the whole video and return what YouTube made of it."""
    at, furthest, failures, ended = 0, 0, 0, False
    while True:
        if not ended and at + CHUNK >= video.size:
            deadline.last_check()
            ended = True
        elif not ended:
            deadline.check()
        answer = _step(video, at, address, credentials, client, ended, failures)
        if answer.is_success:
            return _made(answer)
        at = _next(answer)
        # Only what is new counts as progress: where YouTube has at times more and at times less, this ends too.
        failures, furthest = (0, at) if at > furthest else (failures + 1, furthest)
        if failures > TRIES:
            raise _as_known(RetryLater(_("YouTube does not take the video on."), outcomes.summary(answer)), ended)


def _step(
    video: Video, at: int, address: str, credentials: Credentials, client: httpx.Client, ended: bool, failures: int
) -> httpx.Response:
    """Send the next chunk; where that fails, or all has arrived, ask how much has."""
    if at >= video.size:
        return _where(video, address, credentials, client, ended)
    try:
        return _put(video, at, address, credentials, client)
    except ChannelError as error:
        if isinstance(error, Rejected | CredentialsExpired) and not ended:
            raise
        if failures >= TRIES or (_said_to_wait(error) and not ended):
            raise _as_known(error, ended) from error
        return _where(video, address, credentials, client, ended)


def _put(video: Video, at: int, address: str, credentials: Credentials, client: httpx.Client) -> httpx.Response:
    chunk = video.part(at, CHUNK)
    headers = {"Content-Range": f"bytes {at}-{at + len(chunk) - 1}/{video.size}", "Content-Type": video.media_type}
    return send(client, credentials, "PUT", address, decides=True, headers=headers, content=chunk)


def _where(video: Video, address: str, credentials: Credentials, client: httpx.Client, ended: bool) -> httpx.Response:
    """Ask how much has arrived."""
    headers = {"Content-Range": f"bytes */{video.size}"}
    try:
        return send(client, credentials, "PUT", address, decides=True, headers=headers)
    except ChannelError as error:
        raise _as_known(error, ended) from error


def _said_to_wait(error: ChannelError) -> bool:
    return isinstance(error, RetryLater) and error.response.get("status") in {429, 503}


def _as_known(error: ChannelError, ended: bool) -> ChannelError:
    """Return the error as what it means for the video: in doubt once the last chunk was on its way, whatever it says.

    A server that asks for patience, or refuses, may have taken that chunk all the same.
    """
    if ended:
        return Ambiguous(error.message, error.response)
    if _said_to_wait(error):
        return error
    return RetryLater(error.message, error.response)


def _next(answer: httpx.Response) -> int:
    """Return from where to go on; YouTube names what it has."""
    found = HAVE.fullmatch(answer.headers.get("range", ""))
    return int(found[1]) + 1 if found else 0


def _made(answer: httpx.Response) -> Mapping[str, Any]:
    said = outcomes.document(answer)
    if not said or not isinstance(said.get("id"), str):
        raise Ambiguous(_("The server's answer names no video."), outcomes.summary(answer))
    return said
