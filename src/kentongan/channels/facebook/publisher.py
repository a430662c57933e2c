"""Publishing to a Page, and finding out whether a post of doubtful fate arrived.

Pictures go up unpublished first and are attached to the post: whatever breaks off before that has published nothing.
Videos are a post of their own (`video`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import server_clock
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    Credentials,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    Sought,
    Unsure,
)
from kentongan.channels.facebook import video
from kentongan.channels.facebook.manifest import GRAPH, MANIFEST
from kentongan.channels.graph import posts
from kentongan.channels.graph.api import DUPLICATE, NOT_THERE
from kentongan.channels.graph.patience import Patience

LONGEST_ALT = 1_000
POST = re.compile(r"\d+_\d+")
VIDEO = re.compile(r"/(?:videos|reel)/(?:[^/]+/)?(\d+)/?$", re.ASCII)


def _url(remote_id: str) -> str:
    return f"https://www.facebook.com/{remote_id.replace('_', '/posts/')}"


def _message(post: Post) -> str:
    """Return the text, with the link where that becomes no card."""
    return MANIFEST.written(post.text, post.link, beside=bool(post.images or post.videos))


def _number(remote_id: str, credentials: Credentials) -> str:
    """Return Graph's number of a post, or of a video; of an address that a person gave, where it tells one."""
    if remote_id.isdigit():
        return remote_id
    if found := _video_at(remote_id):
        return found
    last = urlsplit(remote_id).path.rstrip("/").rpartition("/")[2]
    found = last if POST.fullmatch(last) else f"{credentials.get('user_id')}_{last}"
    if not POST.fullmatch(found):
        raise Rejected(_("Which post it is is not known: delete it on the platform yourself."))
    return found


def _video_at(address: str) -> str:
    """Return the number of the video that an address shows: it stands for itself, not below the Page's."""
    split = urlsplit(address)
    if found := VIDEO.search(split.path):
        return found[1]
    shown = parse_qs(split.query).get("v", [""])[0] if split.path.rstrip("/").endswith("/watch") else ""
    return shown if shown.isdecimal() and shown.isascii() else ""


class FacebookPublisher:
    """`/{page}/feed`, `/{page}/photos`, `/{page}/videos`, `DELETE`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the post; when Facebook says that it is a repetition, the one that is out is looked for."""
        if post.videos:
            return video.publish(post, _message(post), credentials, client)
        patience, fields = Patience.of(MANIFEST.attempt), {"message": _message(post)}
        for number, image in enumerate(post.images):
            patience.check()
            attached = {"media_fbid": self._photo(image, credentials, client)}
            fields[f"attached_media[{number}]"] = json.dumps(attached)
        if post.link and not post.images:
            fields["link"] = post.link
        post.confirm()
        patience.check()
        try:
            said = GRAPH.call(client, credentials, "POST", _path(credentials, "feed"), fields, decides=True)
        except Rejected as error:
            if error.response.get("error") != DUPLICATE:
                raise
            return _out_already(post, credentials, client, error)
        remote_id = said.get("id")
        if not isinstance(remote_id, str) or not remote_id:
            raise Ambiguous(_("The server's answer names no post."), {"body": dict(said)})
        return Published(remote_id, _url(remote_id), {"id": remote_id})

    def _photo(self, image: Media, credentials: Credentials, client: httpx.Client) -> str:
        """Upload a picture without publishing it."""
        fields = {"published": "false", **({"alt_text_custom": image.alt[:LONGEST_ALT]} if image.alt else {})}
        files = {"source": ("picture", image.content, image.media_type)}
        said = GRAPH.call(client, credentials, "POST", _path(credentials, "photos"), fields, files=files)
        if not said.get("id"):
            raise Rejected(_("The platform did not keep a picture."), {"body": dict(said)})
        return str(said["id"])

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the post; one that is gone already is a success, unless a person's address may tell another number."""
        path = _number(remote_id, credentials)
        try:
            GRAPH.call(client, credentials, "DELETE", path)
        except Rejected as error:
            if error.response.get("error") == NOT_THERE and "://" in remote_id:
                text = _("Facebook knows no post at this address that we may delete: look there, and delete it there.")
                raise Rejected(text, error.response) from error
            # The same words are used for what may not be deleted: so it is asked whether it is still there.
            if error.response.get("error") != NOT_THERE or posts.is_there(GRAPH, client, credentials, path):
                raise


def _path(credentials: Credentials, edge: str) -> str:
    return f"{credentials.get('user_id')}/{edge}"


def _out_already(post: Post, credentials: Credentials, client: httpx.Client, error: Rejected) -> Published:
    """Return our own post of that text, of an attempt before this one; an older one of others is a refusal."""
    match server_clock.look(find, Sought(post, post.created_at), credentials, client):
        case Found(remote_id=remote_id, url=url):
            return Published(remote_id, url, {**error.response, "looked up": remote_id})
        case Unsure(reason=reason):
            raise Ambiguous(reason, error.response)
    text = _("Facebook refuses the same text twice in a row: say it in other words.")
    raise Rejected(text, error.response)


def find(sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
    """Look through what the Page has published since for the same text."""
    fields = {"fields": "id,message,created_time,permalink_url", "since": posts.since(sought.since)}

    def rows() -> Iterator[Mapping[str, Any]]:
        return posts.rows_of(GRAPH, client, credentials, _path(credentials, "published_posts"), fields)

    return posts.match(rows, _message(sought.post), "message", sought, lambda row: _url(str(row["id"])))


class FacebookFinder:
    """`/{page}/published_posts`; a video that an attempt left there is asked about by its number."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through what the Page has published since for the same text."""
        told = video.found(sought, credentials, client) if sought.post.videos else None
        return told or find(sought, credentials, client)
