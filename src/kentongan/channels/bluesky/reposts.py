"""Reposting on Bluesky: a record under a key of our own that names the post, so that it is there once."""

from collections.abc import Mapping
from functools import partial
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.bluesky import publisher as posts
from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import (
    Absent,
    ChannelError,
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

COLLECTION = "app.bsky.feed.repost"


class BlueskyReposter:
    """`com.atproto.repo.createRecord` of a repost; on doubt `getRecord`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Create the record at the post's key."""
        origin = origin_of(post)
        record = {
            "$type": COLLECTION,
            "subject": {"uri": origin.remote_id, "cid": _cid(origin, client)},
            "createdAt": posts.moment(post),
        }
        look = partial(lookup, post, credentials, client)
        return posts.create(COLLECTION, post.key, record, look, origin.url, credentials, client)

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the record; the post of the other account stays."""
        posts.delete(COLLECTION, remote_id, credentials, client)

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the record by its key."""
        return lookup(sought.post, credentials, client)


def lookup(post: Post, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
    """Look the repost up by its key."""
    origin = origin_of(post)

    def same(value: Mapping[str, Any]) -> bool:
        subject = value.get("subject")
        return isinstance(subject, dict) and subject.get("uri") == origin.remote_id

    return posts.read(COLLECTION, post.key, same, origin.url, credentials, client)


def _cid(origin: Origin, client: httpx.Client) -> str:
    """Return the digest of the post that its server gave when it took it, or gives now to everybody."""
    told = origin.response.get("cid")
    if isinstance(told, str) and told:
        return told
    repo, collection, rkey = origin.remote_id.removeprefix("at://").split("/")
    params = {"repo": repo, "collection": collection, "rkey": rkey}
    try:
        said = call(client, origin.service, "com.atproto.repo.getRecord", params=params)
    except ChannelError as error:
        if error.response.get("error") == "RecordNotFound":
            raise Rejected(_("The post that is to be reposted is not there any more."), error.response) from error
        raise
    return str(said.get("cid") or "")
