"""Publishing to Bluesky: one record under a key of our own, so that a repeated create can be recognised."""

import ipaddress
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, BinaryIO
from urllib.parse import urlencode, urlsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.bluesky.richtext import facets, link_below, with_link
from kentongan.channels.bluesky.xrpc import call, repository
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    Card,
    ChannelError,
    Credentials,
    Found,
    Media,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
    Video,
)

COLLECTION = "app.bsky.feed.post"


def _is_loopback(service: str) -> bool:
    host = urlsplit(service).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def public_url(credentials: Credentials, rkey: str) -> str:
    """Return where people read the post; a server on loopback has no app view, so its record is shown."""
    if _is_loopback(credentials.service):
        query = urlencode({"repo": repository(credentials), "collection": COLLECTION, "rkey": rkey})
        return f"{credentials.service}/xrpc/com.atproto.repo.getRecord?{query}"
    return f"https://bsky.app/profile/{repository(credentials)}/post/{rkey}"


def _resolve(client: httpx.Client, service: str, handle: str) -> str | None:
    try:
        said = call(client, service, "com.atproto.identity.resolveHandle", params={"handle": handle})
    except ChannelError:
        return None
    return str(said["did"]) if said.get("did") else None


class BlueskyPublisher:
    """`com.atproto.repo.createRecord`, `uploadBlob`, `deleteRecord`; on doubt `getRecord`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Create the record at the post's key.

        A repeated create answers 500, and a proxy may answer anything after acceptance: so whatever is not a clear
        success is looked up before it is believed.
        """
        record, look = self._record(post, credentials, client), partial(lookup, post, credentials, client)
        post.confirm()
        return create(COLLECTION, post.key, record, look, public_url(credentials, post.key), credentials, client)

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the record; the server answers a second deletion like the first."""
        delete(COLLECTION, remote_id, credentials, client)

    def _record(self, post: Post, credentials: Credentials, client: httpx.Client) -> dict[str, Any]:
        # Beside pictures or a video there is no card, so the link stands below the text.
        text, below = link_below(post.text, post.link if post.images or post.videos else "")
        record: dict[str, Any] = {
            "$type": COLLECTION,
            "text": text,
            "createdAt": moment(post),
            "langs": [post.language],
        }
        marks = [*facets(post.text, partial(_resolve, client, credentials.service)), *below]
        if marks:
            record["facets"] = marks
        if post.images:
            images = [self._image(media, credentials, client) for media in post.images]
            record["embed"] = {"$type": "app.bsky.embed.images", "images": images}
        elif post.videos:
            record["embed"] = {"$type": "app.bsky.embed.video", **self._video(post.videos[0], credentials, client)}
        elif post.card or post.link:
            card = post.card or Card(post.link, post.title, post.summary)
            record["embed"] = {"$type": "app.bsky.embed.external", "external": self._card(card, credentials, client)}
        return record

    def _card(self, card: Card, credentials: Credentials, client: httpx.Client) -> dict[str, Any]:
        said = {"uri": card.url, "title": card.title, "description": card.description}
        if card.picture is None:
            return said
        return said | {"thumb": self._blob(card.picture.content, card.picture.media_type, credentials, client)}

    @staticmethod
    def _blob(content: bytes | BinaryIO, media_type: str, credentials: Credentials, client: httpx.Client) -> Any:
        said = call(
            client,
            credentials.service,
            "com.atproto.repo.uploadBlob",
            token=credentials.get("access"),
            content=content,
            media_type=media_type,
        )
        if not isinstance(said.get("blob"), dict):
            raise RetryLater(_("The server's answer names no file."), dict(said))
        return said["blob"]

    def _video(self, video: Video, credentials: Credentials, client: httpx.Client) -> dict[str, Any]:
        with video.open() as content:
            blob = self._blob(content, video.media_type, credentials, client)
        return {"video": blob, "alt": video.alt, **_shape(video)}

    def _image(self, media: Media, credentials: Credentials, client: httpx.Client) -> dict[str, Any]:
        blob = self._blob(media.content, media.media_type, credentials, client)
        return {"alt": media.alt, "image": blob, **_shape(media)}


def _shape(media: Media | Video) -> dict[str, Any]:
    """Return the shape that is kept free for it while it is fetched."""
    known = media.width and media.height
    return {"aspectRatio": {"width": media.width, "height": media.height}} if known else {}


def moment(post: Post) -> str:
    """Return when a post was made, as records write it."""
    return post.created_at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def create(
    collection: str,
    key: str,
    record: Mapping[str, Any],
    look: Callable[[], Found | Absent | Unsure],
    url: str,
    credentials: Credentials,
    client: httpx.Client,
) -> Published:
    """Create a record at its key, and look it up where the answer is not a clear success."""
    body = {"repo": repository(credentials), "collection": collection, "rkey": key, "record": record}
    method, token = "com.atproto.repo.createRecord", credentials.get("access")
    try:
        said = call(client, credentials.service, method, token=token, body=body, decides=True)
        if not said.get("uri"):
            raise Ambiguous(_("The server's answer names no record."), dict(said))
    except (Ambiguous, Rejected) as error:
        found = look()
        if isinstance(found, Found):
            return Published(found.remote_id, found.url, {**error.response, "looked up": found.response})
        raise
    return Published(str(said["uri"]), url, dict(said))


def delete(collection: str, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
    """Delete a record; the server answers a second deletion like the first."""
    body = {"repo": repository(credentials), "collection": collection, "rkey": remote_id.rsplit("/", 1)[-1]}
    call(client, credentials.service, "com.atproto.repo.deleteRecord", token=credentials.get("access"), body=body)


def lookup(post: Post, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
    """Look the post up by its key: with the link below its text or, sent by an older version, without."""
    url, ours = public_url(credentials, post.key), {post.text, with_link(post.text, post.link)}
    return read(COLLECTION, post.key, lambda value: value.get("text") in ours, url, credentials, client)


def read(
    collection: str,
    key: str,
    same: Callable[[Mapping[str, Any]], bool],
    url: str,
    credentials: Credentials,
    client: httpx.Client,
) -> Found | Absent | Unsure:
    """Look a record up by its key: the server's own store, so absence is a fact once nothing is under way."""
    params = {"repo": repository(credentials), "collection": collection, "rkey": key}
    try:
        record = call(client, credentials.service, "com.atproto.repo.getRecord", params=params)
    except ChannelError as error:
        if error.response.get("error") == "RecordNotFound":
            return Absent(error.response)
        return Unsure(error.message, error.response)
    if not record.get("uri"):
        return Unsure(_("The server's answer names no record."), dict(record))
    value = record.get("value")
    if not isinstance(value, dict) or not same(value):
        return Unsure(_("Another text is stored under this post's key."), dict(record))
    return Found(str(record["uri"]), url, {"cid": record.get("cid")})


class BlueskyFinder:
    """`com.atproto.repo.getRecord`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the post by its key."""
        return lookup(sought.post, credentials, client)
