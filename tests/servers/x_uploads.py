"""The chunked upload of the stub of X: what was begun, which segments arrived, and how far X is with it.

From docs.x.com, as of November 2026: "Initialize, Append, Finalize media upload", "Get media upload status",
"Media best practices" (a video of a post: MP4 or MOV, up to 512 MB).
"""

from dataclasses import dataclass, field
from typing import Any

from servers.stub import Asked, Said

TYPES = {
    "video/mp4", "video/webm", "video/mp2t", "video/quicktime", "text/srt", "text/vtt", "image/jpeg", "image/gif",
    "image/bmp", "image/png", "image/webp", "image/pjpeg", "image/tiff", "model/gltf-binary", "model/vnd.usdz+zip",
}  # fmt: skip
LARGEST, SEGMENT = 512 * 1024 * 1024, 5 * 1024 * 1024


class Problem(Exception):
    """What X answers instead of data."""

    def __init__(self, status: int, title: str, detail: str = "", kind: str = "about:blank") -> None:
        super().__init__(detail or title)
        self.status = status
        self.body = {"title": title, "detail": detail or title, "type": kind, "status": status}


@dataclass
class Upload:
    """A video on its way: `left` is how many looks X still works on it."""

    number: str
    size: int
    segments: dict[int, bytes] = field(default_factory=dict)
    state: str = ""
    left: int = 0
    reason: str = ""

    @property
    def content(self) -> bytes:
        """Return what arrived, in order."""
        return b"".join(self.segments[index] for index in sorted(self.segments))

    def shown(self) -> dict[str, Any]:
        """Return the upload as X tells it."""
        told = {"id": self.number, "media_key": f"13_{self.number}", "expires_after_secs": 86_400}
        if not self.state:
            return told
        work: dict[str, Any] = {"state": self.state}
        if self.state in {"pending", "in_progress"}:
            work |= {"check_after_secs": 1, "progress_percent": 40}
        if self.state == "failed":
            work["error"] = {"code": 1, "name": "InvalidMedia", "message": self.reason}
        return {**told, "size": self.size, "processing_info": work}


def begun(number: str, asked: Asked) -> Upload:
    """Return a new upload; raises Problem for what X does not take."""
    body = asked.json()
    known = {"additional_owners", "media_category", "media_type", "shared", "total_bytes"}
    if not isinstance(body, dict) or set(body) - known or asked.media_type != "application/json":
        raise Problem(400, "Invalid Request", "One or more parameters to your request was invalid.")
    size = body.get("total_bytes")
    if body.get("media_type") not in TYPES or body.get("media_category") != "tweet_video":
        raise Problem(400, "Invalid Request", "The media type or category is not allowed.")
    if not isinstance(size, int) or not 0 < size <= LARGEST:
        raise Problem(400, "Invalid Request", "File size exceeds the limit of this category.")
    return Upload(number, size)


def appended(upload: Upload, asked: Asked) -> Said:
    """Take one segment; sent again it takes the place of the first."""
    fields, files = asked.form()
    index = fields.get("segment_index", "")
    if set(fields) != {"segment_index"} or set(files) != {"media"} or not index.isdigit() or int(index) > 999:
        raise Problem(400, "Invalid Request", "A segment has an index from 0 to 999 and a file.")
    if upload.state or not 0 < len(files["media"].content) <= SEGMENT:
        raise Problem(400, "Invalid Request", "Invalid segment.")
    upload.segments[int(index)] = files["media"].content
    return Said({"data": {"expires_at": 1_790_000_000}})


def finalized(upload: Upload, asked: Asked, working: int, fails_with: str) -> Said:
    """Close the upload: from then on X works on it."""
    if asked.body or sorted(upload.segments) != list(range(len(upload.segments))) or len(upload.content) != upload.size:
        raise Problem(400, "Invalid Request", "Segments do not add up to provided total file size.")
    upload.left, upload.reason = working, fails_with
    upload.state = "pending" if working or fails_with else "succeeded"
    return Said({"data": upload.shown()})


def looked_at(upload: Upload) -> Said:
    """Tell how far X is; each look is one step."""
    upload.left -= 1
    if upload.state in {"pending", "in_progress"}:
        done = "failed" if upload.reason else "succeeded"
        upload.state = "in_progress" if upload.left > 0 else done
    return Said({"data": upload.shown()})
