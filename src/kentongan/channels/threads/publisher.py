"""Publishing to Threads, and finding out whether a post of doubtful fate arrived."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import text as parts
from kentongan.channels.contract import Absent, Credentials, Found, Post, Published, Rejected, Sought, Unsure
from kentongan.channels.graph import posts
from kentongan.channels.graph.api import NOT_THERE
from kentongan.channels.graph.containers import Containers
from kentongan.channels.threads.manifest import GRAPH, MANIFEST

CONTAINERS = Containers(
    GRAPH,
    make="threads",
    publish="threads_publish",
    quota="threads_publishing_limit",
    state="status",
    why="error_message",
    manifest=MANIFEST,
    picture={"media_type": "IMAGE"},
    describes_videos=True,
)
FIELDS = "id,text,timestamp,permalink,media_type"
REPOST = "REPOST_FACADE"


def _profile(credentials: Credentials) -> str:
    return f"https://www.threads.com/@{credentials.handle}"


def _text(post: Post) -> str:
    return parts.with_link(post.text, post.link)


class ThreadsPublisher:
    """`/threads`, then `/threads_publish`; `DELETE`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the post: text alone, one picture or video, or a carousel of up to twenty."""
        number = CONTAINERS.post({"media_type": "TEXT", "text": _text(post)}, post, credentials, client)
        url, kept = CONTAINERS.address(number, _profile(credentials), credentials, client)
        return Published(number, url, {"id": number, **kept})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the post; one that is gone already is a success."""
        if not remote_id.isdigit():
            raise Rejected(_("Which post it is is not known: delete it on the platform yourself."))
        path = remote_id
        try:
            GRAPH.call(client, credentials, "DELETE", path)
        except Rejected as error:
            # The same words are used for what may not be deleted: so it is asked whether it is still there.
            if error.response.get("error") != NOT_THERE or posts.is_there(GRAPH, client, credentials, path):
                raise


class ThreadsFinder:
    """`/me/threads`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through what the account has published since for the same text."""
        fields = {"fields": FIELDS, "since": posts.since(sought.since)}

        def rows() -> Iterator[Mapping[str, Any]]:
            listed = posts.rows_of(GRAPH, client, credentials, "me/threads", fields)
            return (row for row in listed if row.get("media_type") != REPOST)  # it has no text, as a picture may

        def address(row: Mapping[str, Any]) -> str:
            return str(row.get("permalink") or _profile(credentials))

        return posts.match(rows, _text(sought.post), "text", sought, address)
