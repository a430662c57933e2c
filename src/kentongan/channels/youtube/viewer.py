"""Who sees a video: YouTube keeps those private that came through a project it has not audited."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import Absent, ChannelError, Credentials, Found, Unsure
from kentongan.channels.youtube.api import call
from kentongan.channels.youtube.names import number_of, url

REFUSED = frozenset({"rejected", "failed", "deleted"})


def hidden(status: object) -> str:
    """Return why nobody sees a video with that status (`videos#status`), and what to do; empty where everybody does."""
    said = status if isinstance(status, dict) else {}
    if said.get("uploadStatus") in REFUSED:
        reason = said.get("rejectionReason") or said.get("failureReason") or said["uploadStatus"]
        return _("YouTube does not show the video: %(reason)s. Look at it in YouTube Studio.") % {"reason": reason}
    if said.get("privacyStatus") == "public":
        return ""
    if said.get("privacyStatus") == "private":
        return _(
            "The video is at YouTube and private: nobody sees it. YouTube keeps private what comes from a project that "
            "it has not audited: ask it for the audit (see the guide). Make the video public in YouTube Studio if that "
            "lets you, or take it back."
        )
    return _("The video is at YouTube, and not public there: look at it in YouTube Studio.")


def unaudited(status: object) -> bool:
    """Whether that status is the one of a sound video from an unaudited project; a refused or unlisted one is not."""
    said = status if isinstance(status, dict) else {}
    return said.get("privacyStatus") == "private" and said.get("uploadStatus") not in REFUSED


class YouTubeViewer:
    """`videos.list`, one of the 10,000 units of a day."""

    def view(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Ask YouTube who may see the video."""
        number = number_of(remote_id)
        try:
            rows = call(client, credentials, "GET", "/youtube/v3/videos", params={"part": "status", "id": number})
        except ChannelError as error:
            return Unsure(error.message, error.response)
        return _seen(number, rows.get("items"))


def _seen(number: str, rows: object) -> Found | Absent | Unsure:
    if not isinstance(rows, list):
        return Unsure(_("The server's list could not be read."))
    row: Mapping[str, Any] | None = next(
        (one for one in rows if isinstance(one, dict) and one.get("id") == number), None
    )
    if row is None:
        return Absent({"asked for": number})
    status = row.get("status")
    if not (isinstance(status, dict) and status.get("privacyStatus")):
        return Unsure(_("The server did not say who sees it."), {"status": status})
    return Found(number, url(number), {"status": status}, hidden(status), unaudited(status))
