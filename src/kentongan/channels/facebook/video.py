"""Videos of a Page: carried to Meta first, then published, then asked about.

From developers.facebook.com, 2026: "Publish with the Video API", "Resumable Upload API", "Video API: Error Codes", the
references "Video" and "Video Status". Until the second step nothing is published, and no public address is needed; its
answer names the video, so that Facebook itself says afterwards what became of it (decision 47).
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    ChannelError,
    Credentials,
    CredentialsExpired,
    Found,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    StillWorking,
    Unsure,
    Video,
)
from kentongan.channels.facebook.manifest import GRAPH, MANIFEST
from kentongan.channels.uploads import Deadline

API, VIDEO_API, SITE = "https://graph.facebook.com", "https://graph-video.facebook.com", "https://www.facebook.com"
BLOCK = 64 * 1024
TRIES = 2
"""How often an upload goes on where it broke."""
FIELDS = {"fields": "status,post_id,permalink_url"}
READY, OVER = "ready", frozenset({"error", "upload_failed", "expired"})


def publish(post: Post, text: str, credentials: Credentials, client: httpx.Client) -> Published:
    """Publish the post's video with that text; what Facebook still works on is in doubt, and asked about."""
    deadline = Deadline(MANIFEST, post)
    handle = _carried(post.videos[0], credentials, client, deadline)
    deadline.last_check()
    fields = {"description": text, "fbuploader_video_file_chunk": handle}
    there = replace(credentials, service=VIDEO_API if credentials.service == API else credentials.service)
    path = f"{credentials.get('user_id')}/videos"
    number = GRAPH.call(client, there, "POST", path, fields, decides=True).get("id")
    if not isinstance(number, str) or not number.isdigit():
        raise Ambiguous(_("The server's answer names no post."), {"body": number})
    return _out(number, credentials, client)


# ---- carrying it there ----


def _carried(video: Video, credentials: Credentials, client: httpx.Client, deadline: Deadline) -> str:
    """Send the whole file and return Meta's name of it, which is good for one post."""
    token, session = _begun(video, credentials, client)
    at = 0
    for failures in range(TRIES + 1):
        deadline.check()
        headers = {"file_offset": str(at), "Content-Length": str(video.size - at), "Content-Type": video.media_type}
        rest = _rest(video, at)
        try:
            said = GRAPH.with_header(client, credentials, "POST", session, token, headers=headers, content=rest)
        except RetryLater as error:
            if failures == TRIES or error.after is not None:
                raise
            at = _arrived(session, token, credentials, client)
            if at >= video.size:  # it is there, and only its name was lost
                token, session = _begun(video, credentials, client)
                at = 0
        else:
            return _named(said)
    raise RetryLater(_("The platform did not keep the video."))


def _begun(video: Video, credentials: Credentials, client: httpx.Client) -> tuple[str, str]:
    """Begin an upload; return the token that did and the session.

    The description wants the person's token, which ends after sixty days; the Page's, which does not, is taken as well.
    """
    app = credentials.app.client_id if credentials.app else ""
    fields = {"file_name": "video.mp4", "file_length": str(video.size), "file_type": video.media_type}
    refused: CredentialsExpired | None = None
    for token in filter(None, (credentials.get("person"), credentials.get("access"))):
        try:
            said = GRAPH.call(client, credentials, "POST", f"{app}/uploads", fields, token=token)
        except CredentialsExpired as error:
            refused = error
            continue
        session = said.get("id")
        if not isinstance(session, str) or not session.startswith("upload:") or "/" in session:
            raise RetryLater(_("The platform did not keep the video."), {"body": dict(said)})
        return token, session
    raise refused or CredentialsExpired(_("The sign-in at Facebook is over. Sign in again."))


def _rest(video: Video, at: int) -> Iterator[bytes]:
    with video.open() as file:
        file.seek(at)
        while block := file.read(BLOCK):
            yield block


def _arrived(session: str, token: str, credentials: Credentials, client: httpx.Client) -> int:
    """Return how much of the file Meta has; nothing where it does not say."""
    have = GRAPH.with_header(client, credentials, "GET", session, token).get("file_offset")
    return have if isinstance(have, int) and have > 0 else 0


def _named(said: Mapping[str, Any]) -> str:
    handle = said.get("h")
    if not isinstance(handle, str) or not handle:
        raise RetryLater(_("The platform did not keep the video."), {"body": dict(said)})
    return handle


# ---- waiting for it, and finding it ----


def _out(number: str, credentials: Credentials, client: httpx.Client) -> Published:
    """Ask once whether the video is out, or will not be; the finder goes on asking, by its number.

    Not waited for here: until this returns, nobody but this worker knows the number, and a worker may be killed.
    """
    try:
        said = GRAPH.call(client, credentials, "GET", number, FIELDS)
    except ChannelError as error:  # it was taken, whatever is wrong with asking
        raise Ambiguous(error.message, {**error.response, "receipt": number}) from error
    state = _state(said)
    if state in OVER:
        raise Rejected(_failed(said), {"state": state, "video": number})
    if state == READY:
        remote_id, url = _address(number, said, credentials)
        return Published(remote_id, url, {"id": remote_id, "video": number})
    raise StillWorking(_("Facebook is still working on the video."), number)


def found(sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure | None:
    """Return what Facebook says of the videos that earlier attempts left there; None where they left none.

    A failure counts only where it is the last attempt's: of an earlier one it says nothing about a later.
    """
    told: dict[str, Found | Absent | Unsure] = {}
    for number in filter(str.isdigit, sought.receipts):
        try:
            said = GRAPH.call(client, credentials, "GET", number, FIELDS)
        except ChannelError as error:
            told[number] = Unsure(error.message, error.response)
            continue
        state = _state(said)
        if state == READY:
            remote_id, url = _address(number, said, credentials)
            return Found(remote_id, url, {"id": remote_id, "video": number})
        still = Unsure(_("Facebook is still working on the video."), {"state": state, "video": number})
        told[number] = Absent({"state": state, "reason": _failed(said)}) if state in OVER else still
    unsure = next((one for one in told.values() if isinstance(one, Unsure)), None)
    return unsure or told.get(sought.last_receipt)


def _state(said: Mapping[str, Any]) -> str:
    status = said.get("status")
    return str(status.get("video_status") or "") if isinstance(status, dict) else ""


def _failed(said: Mapping[str, Any]) -> str:
    """Return why, in Facebook's words: the first error of its three phases."""
    status = said.get("status")
    phases = [one for one in status.values() if isinstance(one, dict)] if isinstance(status, dict) else []
    errors = [one for phase in phases for one in (phase.get("errors") or (phase.get("error"),))]
    words = next((str(one["message"]) for one in errors if isinstance(one, dict) and one.get("message")), "")
    return _("Facebook cannot use the video: %(why)s") % {"why": words or _("it gave no reason")}


def _address(number: str, said: Mapping[str, Any], credentials: Credentials) -> tuple[str, str]:
    """Return the number of the post, the video's own where Facebook does not tell it, and where people see it."""
    page, told = credentials.get("user_id"), str(said.get("post_id") or "")
    post = told.rpartition("_")[2]
    link = str(said.get("permalink_url") or "")
    url = f"{SITE}{link}" if link.startswith("/") and not link.startswith("//") else f"{SITE}/{page}/videos/{number}"
    return (f"{page}_{post}" if post.isdigit() else number), url
