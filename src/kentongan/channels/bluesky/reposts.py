"""Reposting on Bluesky: a record under a key of our own that names the post, so that it is there once."""

import re
from collections.abc import Mapping
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import reposts
from kentongan.channels.bluesky import publisher as posts
from kentongan.channels.bluesky.manifest import MANIFEST
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
RECORD = re.compile(r"at://(?P<repo>[^/]+)/(?P<collection>[^/]+)/(?P<rkey>[^/]+)")
PAGE = re.compile(r"/profile/(?P<repo>[^/]+)/post/(?P<rkey>[^/]+)/?")


class BlueskyReposter:
    """`com.atproto.repo.createRecord` of a repost; on doubt `getRecord`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Create the record at the post's key."""
        origin = origin_of(post)
        uri = _uri(origin, credentials, client)
        record = {
            "$type": COLLECTION,
            "subject": {"uri": uri, "cid": _cid(origin, uri, credentials, client)},
            "createdAt": posts.moment(post),
        }
        look = partial(lookup, post, uri, credentials, client)
        post.confirm()
        return posts.create(COLLECTION, post.key, record, look, origin.url, credentials, client)

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the record; the post of the other account stays."""
        if not RECORD.fullmatch(remote_id):
            raise reposts.only_its_address()
        posts.delete(COLLECTION, remote_id, credentials, client)

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the record by its key."""
        try:
            uri = _uri(origin_of(sought.post), credentials, client)
        except ChannelError as error:
            return Unsure(error.message, error.response)
        return lookup(sought.post, uri, credentials, client)


def lookup(post: Post, uri: str, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
    """Look the repost of the post at `uri` up by its key."""

    def same(value: Mapping[str, Any]) -> bool:
        subject = value.get("subject")
        return isinstance(subject, dict) and subject.get("uri") == uri

    return posts.read(COLLECTION, post.key, same, origin_of(post).url, credentials, client)


def _uri(origin: Origin, credentials: Credentials, client: httpx.Client) -> str:
    """Return the permanent address of the post; Rejected where the one that a person gave does not lead to it."""
    if RECORD.fullmatch(origin.remote_id):
        return origin.remote_id
    page = PAGE.fullmatch(urlsplit(origin.remote_id).path)
    if page is None:
        raise reposts.leads_nowhere(MANIFEST)
    repo = page["repo"]
    if not repo.startswith("did:"):
        service, method = origin.service or credentials.service, "com.atproto.identity.resolveHandle"
        repo = str(call(client, service, method, params={"handle": repo}).get("did") or "")
    if not repo:
        raise Rejected(_("Nobody knows the account whose post is to be reposted."))
    return f"at://{repo}/{posts.COLLECTION}/{page['rkey']}"


def _cid(origin: Origin, uri: str, credentials: Credentials, client: httpx.Client) -> str:
    """Return the digest of the post that its server gave when it took it, or gives now to everybody."""
    told = origin.response.get("cid")
    if isinstance(told, str) and told:
        return told
    repo, collection, rkey = uri.removeprefix("at://").split("/")
    params = {"repo": repo, "collection": collection, "rkey": rkey}
    try:
        said = call(client, origin.service or credentials.service, "com.atproto.repo.getRecord", params=params)
    except ChannelError as error:
        if error.response.get("error") == "RecordNotFound":
            raise Rejected(_("The post that is to be reposted is not there any more."), error.response) from error
        raise
    return str(said.get("cid") or "")
