"""Reposting on Threads: at once, without a container, and without a key against a second one.

From developers.facebook.com, November 2026: "Reposts" (updated December 2024), "Delete Posts". A repost is a media
object of the account, of the type REPOST_FACADE; that such an object is deleted like a post is not written anywhere, so
Threads is asked, and its refusal is for a person.
"""

from collections.abc import Iterator

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import reposts
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    Credentials,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    Sought,
    Unsure,
    origin_of,
)
from kentongan.channels.graph import posts
from kentongan.channels.threads.manifest import GRAPH
from kentongan.channels.threads.publisher import REPOST, ThreadsPublisher

FIELDS = "id,media_type,reposted_post,timestamp"


class ThreadsReposter:
    """`POST /{id of the post}/repost`, `DELETE /{id of the repost}`, `/me/threads`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Repost the post."""
        origin = origin_of(post)
        path = f"{_number(origin)}/repost"
        post.confirm()
        try:
            said = GRAPH.call(client, credentials, "POST", path, decides=True)
        except Rejected as error:
            return reposts.out_already(self, post, error, credentials, client)
        number = str(said.get("id") or "")
        if not number.isdigit():
            raise Ambiguous(_("The server's answer names no post."), {"body": dict(said)})
        return Published(number, origin.url, {"id": number})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the repost; the post of the other account stays."""
        if not remote_id.isdigit():
            raise reposts.only_its_address()
        ThreadsPublisher().recall(remote_id, credentials, client)

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through what the account has published since for the repost."""
        origin, untold = origin_of(sought.post), list[str]()
        fields = {"fields": FIELDS, "since": posts.since(sought.since)}

        def rows() -> Iterator[posts.Row]:
            _number(origin)
            return posts.rows_of(GRAPH, client, credentials, "me/threads", fields)

        def is_it(row: posts.Row) -> bool:
            named = row.get("reposted_post")
            if row.get("media_type") == REPOST and not isinstance(named, dict):
                untold.append(str(row["id"]))
            return isinstance(named, dict) and str(named.get("id")) == origin.remote_id

        several = _("The account reposted this post several times.")
        found = posts.only(rows, is_it, sought, lambda _row: origin.url, several)
        if isinstance(found, Absent) and untold:
            return Unsure(_("Threads does not say what the account reposted."), {"ids": untold})
        return found


def _number(origin: Origin) -> str:
    """Return Threads' number of the post; its address, which is all that a person gives, has none."""
    if not (origin.remote_id.isascii() and origin.remote_id.isdigit()):
        raise Rejected(
            _("Threads reposts by a post's number, and only the address of that post is known: repost it in the app.")
        )
    return origin.remote_id
