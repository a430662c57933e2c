"""The videos of the stub of Facebook: uploaded by the Resumable Upload API, published by a Page, worked on for a while.

From developers.facebook.com, as of November 2026: "Publish with the Video API" and "Resumable Upload API" (sessions
called upload:..., the token in a header, file_offset, a handle `h` at the end; MP4 among the types), the references
"Video" and "Video Status" (video_status: processing, ready, error), "Video API: Error Codes" (2 GB). The description
shows a person's token for the upload; that a Page's does as well, from public reports of 2026 (`takes_page_tokens`).
"""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from servers.graph import APP_ID, GraphServer, Problem, missing, proof_of, wanted
from servers.stub import Asked, Said

PUBLISHING = {"description", "title", "fbuploader_video_file_chunk", "published", "file_url", "scheduled_publish_time"}
TYPES = {"application/pdf", "image/jpeg", "image/jpg", "image/png", "video/mp4"}
VIDEO = {"id", "status", "post_id", "permalink_url", "description", "created_time", "length"}
LONGEST, LARGEST = 63_206, 2_000_000_000


@dataclass
class PagePost:
    """A post of a Page."""

    number: str
    page: str
    message: str
    created_at: datetime
    link: str = ""
    photos: tuple[str, ...] = ()
    video: str = ""


@dataclass
class Session:
    """An upload: how large it is to be, and what arrived."""

    size: int
    content: bytes = b""
    used: bool = False


@dataclass
class PageVideo:
    """A video of a Page: `left` is how many looks Facebook still works on it."""

    page: str
    description: str
    content: bytes
    left: int
    reason: str
    post: str = ""


@dataclass
class PageVideos(GraphServer):
    """The part of the stub's state that is about videos; `takes` is how much of the next upload it takes."""

    posts: list[PagePost] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(122_100_000_001))
    sessions: dict[str, Session] = field(default_factory=dict)
    videos: dict[str, PageVideo] = field(default_factory=dict)
    working: int = 0
    fails_with: str = ""
    takes: int | None = None
    takes_page_tokens: bool = True
    tells_post: bool = True

    def _as_page(self, given: Mapping[str, str], number: str, scopes: set[str]) -> Any:
        raise NotImplementedError

    def _may_upload(self, text: str, given: Mapping[str, str]) -> None:
        self._check_proof(given, text)
        pages: Mapping[str, Any] = getattr(self, "page_tokens")  # noqa: B009  what the other half of the stub has
        if text in pages and self.takes_page_tokens:
            return
        self._token({"access_token": text, **given}, set())

    def begin_upload(self, asked: Asked, app: str) -> Said:
        """Begin an upload."""
        names = {"file_name", "file_length", "file_type"}
        given, _files = self._given(asked, names, names)
        if app != APP_ID:
            raise missing(app, "post")
        self._may_upload(given.get("access_token", ""), {k: v for k, v in given.items() if k == "appsecret_proof"})
        if given["file_type"] not in TYPES or not 0 < int(given["file_length"]) <= LARGEST:
            raise Problem(100, "Invalid file type or length", subcode=1_363_023)
        number = f"upload:MTph{next(self.numbers)}"
        self.sessions[number] = Session(int(given["file_length"]))
        return Said({"id": f"{number}?sig=ARZ{number[-6:]}"})

    def _session(self, asked: Asked, number: str) -> Session:
        scheme, _space, token = asked.headers.get("authorization", "").partition(" ")
        if scheme != "OAuth" or asked.query.get("sig") != f"ARZ{number[-6:]}" or number not in self.sessions:
            raise Problem(100, "The upload session or its signature is unknown")
        if set(asked.query) - {"sig", "appsecret_proof"} or asked.query.get("appsecret_proof") not in {
            None,
            proof_of(token),
        }:
            raise Problem(100, "Unknown parameter, or a wrong proof")
        self._may_upload(token, {k: v for k, v in asked.query.items() if k == "appsecret_proof"})
        return self.sessions[number]

    def take(self, asked: Asked, number: str) -> Said:
        """Take the rest of a file, or a part of it where the line breaks."""
        session = self._session(asked, number)
        if asked.headers.get("file_offset") != str(len(session.content)):
            raise Problem(100, "Invalid start offset", subcode=1_363_037)
        session.content += asked.body[: self.takes]
        if self.takes is not None:
            self.takes = None
            return Said(b"<h1>Bad gateway</h1>", 502)
        if len(session.content) != session.size:
            raise Problem(1, "Partial upload", subcode=1_363_019, transient=True)
        return Said({"h": f"4:{number}"})

    def arrived(self, asked: Asked, number: str) -> Said:
        """Tell how much arrived."""
        return Said({"id": number, "file_offset": len(self._session(asked, number).content)})

    def film(self, asked: Asked, number: str) -> Said:
        """Publish a video that was uploaded."""
        given, _files = self._given(asked, PUBLISHING, {"fbuploader_video_file_chunk"})
        page = self._as_page(given, number, {"pages_manage_posts", "pages_read_engagement", "pages_show_list"})
        if "CREATE_CONTENT" not in page.tasks:
            raise Problem(200, "The user has no permission to create content on the page", status=403)
        session = self.sessions.get(given["fbuploader_video_file_chunk"].removeprefix("4:"))
        if session is None or session.used or len(session.content) != session.size:
            raise Problem(100, "Invalid file handle")
        if len(given.get("description", "")) > LONGEST:
            raise Problem(100, "Param description is too long")
        session.used = True
        video = PageVideo(number, given.get("description", ""), session.content, self.working, self.fails_with)
        key = str(next(self.numbers))
        self.videos[key] = video
        self._go_on(key, video)
        return Said({"id": key})

    def _go_on(self, key: str, video: PageVideo) -> None:
        if video.left > 0 or video.reason or video.post:
            return
        video.post, now = str(next(self.numbers)), datetime.now(UTC).replace(microsecond=0)
        self.posts.insert(0, PagePost(f"{video.page}_{video.post}", video.page, video.description, now, video=key))

    def video(self, given: Mapping[str, str], number: str) -> Said:
        """Show a video: each look is one step of Facebook's work on it."""
        video, names = self.videos[number], wanted(given, VIDEO)
        self._as_page(given, video.page, {"pages_read_engagement"})
        video.left -= 1
        self._go_on(number, video)
        status: dict[str, Any] = {"video_status": "ready" if video.post else "processing"}
        if video.left <= 0 and video.reason:
            status = {"video_status": "error", "uploading_phase": {"status": "complete"}}
            status["processing_phase"] = {"status": "error", "errors": [{"code": 1_363_024, "message": video.reason}]}
        told = {"id": number, "status": status, "permalink_url": f"/KabarUji/videos/{number}/"}
        told |= {"post_id": video.post} if video.post and self.tells_post else {}
        return Said({name: value for name, value in told.items() if name in names})

    def delete_video(self, asked: Asked, number: str) -> Said:
        """Delete a video, and its post with it."""
        given, _files = self._given(asked, set())
        video = self.videos.get(number)
        if video is None:
            raise missing(number, "delete")
        self._as_page(given, video.page, {"pages_manage_posts"})
        del self.videos[number]
        self.posts[:] = [post for post in self.posts if post.video != number]
        return Said({"success": True})
