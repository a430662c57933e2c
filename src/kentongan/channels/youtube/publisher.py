"""Publishing a video to YouTube, and deleting it."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import text as parts
from kentongan.channels.contract import Credentials, Post, Published, Rejected, Video
from kentongan.channels.uploads import Deadline
from kentongan.channels.youtube import upload
from kentongan.channels.youtube.api import call
from kentongan.channels.youtube.manifest import MANIFEST, TAGS, TITLE
from kentongan.channels.youtube.names import number_of, url
from kentongan.channels.youtube.viewer import hidden, unaudited


def described(post: Post) -> str:
    """Return the description: the text, with the link below it."""
    return parts.with_link(post.text, post.link)


def _checked(post: Post) -> tuple[str, Video]:
    """Return title and video; Rejected for what YouTube would refuse."""
    title, video = " ".join(post.title.split()), next(iter(post.videos), None)
    if video is None:
        raise Rejected(_("YouTube takes videos only: add one to the item."))
    if not title or len(title) > TITLE or set("<>") & set(title):
        raise Rejected(
            _("YouTube takes titles of 1 to %(n)s characters, without < and >: write one for this version.")
            % {"n": TITLE}
        )
    if set("<>") & set(described(post)):
        raise Rejected(_("YouTube takes no < and > in a description."))
    return title, video


def _tags(post: Post) -> list[str]:
    """Return the tags, of the post or of its text, as many as YouTube takes."""
    kept: list[str] = []
    for tag in dict.fromkeys(post.tags or [span.value for span in parts.tags(post.text)]):
        if sum(len(one) + 2 * (" " in one) + 1 for one in [*kept, tag]) <= TAGS:
            kept.append(tag)
    return kept


def _body(post: Post, title: str, video: Video) -> Mapping[str, Any]:
    snippet: dict[str, Any] = {"title": title, "description": described(post), "defaultLanguage": post.language}
    if tags := _tags(post):
        snippet["tags"] = tags
    status: dict[str, Any] = {"privacyStatus": "public", "selfDeclaredMadeForKids": False}
    if video.synthetic:
        status["containsSyntheticMedia"] = True
    return {"snippet": snippet, "status": status}


class YouTubePublisher:
    """`videos.insert` by the resumable protocol, and `videos.delete`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Upload the post's video, public, with title and description; one that nobody sees comes back hidden."""
        title, video = _checked(post)
        deadline = Deadline(MANIFEST, post)
        address = upload.begin(video, _body(post, title, video), credentials, client)
        said = upload.carry(video, address, credentials, client, deadline)
        number, status = str(said["id"]), said.get("status")
        return Published(number, url(number), {"id": number, "status": status}, hidden(status), unaudited(status))

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the video; one that is gone already is a success."""
        try:
            call(client, credentials, "DELETE", "/youtube/v3/videos", params={"id": number_of(remote_id)})
        except Rejected as error:
            if error.response.get("status") != httpx.codes.NOT_FOUND:
                raise
