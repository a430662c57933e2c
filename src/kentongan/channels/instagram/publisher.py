"""Publishing to Instagram, and finding out whether a post of doubtful fate arrived."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import text as parts
from kentongan.channels.contract import Absent, Credentials, Found, Post, Published, Rejected, Sought, Unsure
from kentongan.channels.graph import posts
from kentongan.channels.graph.containers import Containers
from kentongan.channels.instagram.manifest import GRAPH, MANIFEST, TAGS

CONTAINERS = Containers(
    GRAPH,
    make="media",
    publish="media_publish",
    quota="content_publishing_limit",
    state="status_code",
    why="status",
    manifest=MANIFEST,
    video={"media_type": "REELS"},
)
FIELDS = "id,caption,timestamp,permalink"


def _profile(credentials: Credentials) -> str:
    return f"https://www.instagram.com/{credentials.handle}/"


def _caption(post: Post) -> str:
    return parts.with_link(post.text, post.link)


class InstagramPublisher:
    """`/media`, then `/media_publish`. Nothing on Instagram can be deleted through its interface."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the post: one picture, a video as a reel, or a carousel of up to ten."""
        caption = _caption(post)
        if not (post.images or post.videos):
            raise Rejected(_("Instagram takes no post without a picture or video."))
        if len(parts.tags(caption)) > TAGS:
            raise Rejected(_("Instagram takes at most %(n)s hashtags.") % {"n": TAGS})
        number = CONTAINERS.post({"caption": caption}, post, credentials, client)
        url, kept = CONTAINERS.address(number, _profile(credentials), credentials, client)
        return Published(number, url, {"id": number, **kept})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Refuse: only a person can delete a post, in the app."""
        raise Rejected(_("Instagram lets nobody delete through its interface: delete the post in the app."))


class InstagramFinder:
    """`/{account}/media`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through what the account has published since for the same caption."""
        fields = {"fields": FIELDS, "since": posts.since(sought.since)}

        def rows() -> Iterator[Mapping[str, Any]]:
            return posts.rows_of(GRAPH, client, credentials, CONTAINERS.path(credentials, "media"), fields)

        def address(row: Mapping[str, Any]) -> str:
            return str(row.get("permalink") or _profile(credentials))

        return posts.match(rows, _caption(sought.post), "caption", sought, address)
