"""Publishing to WordPress, and finding out whether a post of doubtful fate arrived: by its slug, which holds our key.

WordPress takes the same slug twice and quietly makes the second one `-2`. So the slug is looked for before a post is
made, and a post that came back under another slug is a second one: it is taken away again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import httpx
from django.utils.html import escape
from django.utils.text import slugify
from django.utils.translation import gettext as _

from kentongan.channels import articles
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
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
from kentongan.channels.wordpress.api import call

ANY_STATE = "publish,future,draft,pending,private"
TITLE_IN_SLUG = 60
NO_BIN = "rest_trash_not_supported"
EXTENSIONS = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/gif": "gif",
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/quicktime": "mov",
}


def slug(post: Post) -> str:
    """Return the last part of the post's address: its title, then the key of the delivery."""
    title = slugify(post.title)[:TITLE_IN_SLUG].strip("-")
    return f"{title}-{post.key}" if title else post.key


def _summary(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said.get(name) for name in ("id", "slug", "status", "link", "date_gmt")}


def _known(kind: str, name: str, credentials: Credentials, client: httpx.Client) -> Mapping[str, Any] | None:
    """Return the post, or picture, with exactly this slug; of another user's drafts nothing is seen."""
    states = {"status": ANY_STATE} if kind == "posts" else {}
    rows = call(client, credentials, "GET", f"wp/v2/{kind}", params={"slug": name, "context": "edit", **states})
    if not isinstance(rows, list):
        raise RetryLater(_("The server's list could not be read."), {"body": rows})
    return next((row for row in rows if isinstance(row, dict) and row.get("slug") == name), None)


def _published(said: Mapping[str, Any]) -> Published:
    """Return what is public; Ambiguous for what the site keeps back (a plugin for review, a clock that is behind)."""
    if said.get("status") != "publish":
        raise Ambiguous(_kept_back(said), _summary(said))
    return Published(str(said["id"]), str(said["link"]), _summary(said))


def _kept_back(said: Mapping[str, Any]) -> str:
    state = {"state": said.get("status")}
    return str(_("The post is on the site, but not published: its state there is “%(state)s”.") % state)


def _figure(media: Mapping[str, Any], alt: str) -> str:
    return f'<figure><img src="{escape(media.get("source_url", ""))}" alt="{escape(alt)}"></figure>'


def _player(media: Mapping[str, Any], alt: str) -> str:
    address, label = escape(media.get("source_url", "")), escape(alt)
    return f'<figure><video controls preload="metadata" src="{address}" aria-label="{label}"></video></figure>'


def _shown(post: Post, pictures: Sequence[Mapping[str, Any]], videos: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the figures below the text, in the post's order; its first picture stands above it."""
    kept = iter(pictures), iter(videos)
    shown = []
    for each in post.media:
        media = next(kept[isinstance(each, Video)])
        shown.append(_player(media, each.alt) if isinstance(each, Video) else _figure(media, each.alt))
    first = next((number for number, each in enumerate(post.media) if isinstance(each, Media)), None)
    return [one for number, one in enumerate(shown) if number != first]


class WordPressPublisher:
    """`POST /wp/v2/posts` with a slug of ours, `/wp/v2/media`, `DELETE`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the post, unless it is there already; its first picture is the featured one.

        A refusal is looked into before it is believed: a proxy may refuse what the site has already taken.
        """
        name = slug(post)
        if known := _known("posts", name, credentials, client):
            return _published(known)
        body = self._body(post, name, *self._uploaded(post, credentials, client))
        post.confirm()
        try:
            said = call(client, credentials, "POST", "wp/v2/posts", json=body, decides=True)
        except Rejected as error:
            if known := self._there(name, credentials, client):
                return replace(_published(known), response={**error.response, "looked up": _summary(known)})
            raise
        if not isinstance(said, dict) or not said.get("id") or not said.get("link"):
            raise Ambiguous(_("The server's answer names no post."), {"body": said})
        return self._once(said, name, credentials, client)

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Put the post into the site's bin, or delete it where there is none; one that is gone is a success."""
        for force in ({}, {"force": "true"}):
            try:
                call(client, credentials, "DELETE", f"wp/v2/posts/{remote_id}", params=force)
            except ChannelError as error:
                if error.response.get("error") == NO_BIN and not force:
                    continue
                if error.response.get("status") not in {404, 410}:
                    raise
            return

    @staticmethod
    def _body(
        post: Post, name: str, pictures: list[Mapping[str, Any]], videos: list[Mapping[str, Any]]
    ) -> dict[str, Any]:
        link = post.link if post.link and post.link not in post.text else ""
        text = "\n\n".join(filter(None, (post.text, link)))
        more = _shown(post, pictures, videos)
        return {
            "status": "publish",
            "slug": name,
            "title": post.title or post.text.split("\n", 1)[0][:120],
            "content": "\n".join([articles.html(text) if text else "", *more]),
            "excerpt": post.summary,
            **({"featured_media": pictures[0]["id"]} if pictures else {}),
        }

    @staticmethod
    def _there(name: str, credentials: Credentials, client: httpx.Client) -> Mapping[str, Any] | None:
        try:
            return _known("posts", name, credentials, client)
        except ChannelError:
            return None

    def _once(self, said: Mapping[str, Any], name: str, credentials: Credentials, client: httpx.Client) -> Published:
        """Return the post, or the one that had its slug before it: then this second one is taken away."""
        if said.get("slug") == name or not str(said.get("slug", "")).startswith(f"{name}-"):
            return _published(said)
        first = self._there(name, credentials, client)
        if first is None:
            return _published(said)
        self.recall(str(said["id"]), credentials, client)
        return _published(first)

    def _uploaded(
        self, post: Post, credentials: Credentials, client: httpx.Client
    ) -> tuple[list[Mapping[str, Any]], list[Mapping[str, Any]]]:
        """Upload pictures and videos, each under a slug made of the post's key and its number."""
        pictures = [
            self._file(post, number, picture, picture.content, credentials, client)
            for number, picture in enumerate(post.images, 1)
        ]
        videos = []
        for number, video in enumerate(post.videos, len(pictures) + 1):
            with video.open() as content:
                videos.append(self._file(post, number, video, content, credentials, client))
        return pictures, videos

    @staticmethod
    def _file(
        post: Post,
        number: int,
        media: Media | Video,
        content: bytes | BinaryIO,
        credentials: Credentials,
        client: httpx.Client,
    ) -> Mapping[str, Any]:
        """Upload a file with what it shows in words, once: a further attempt finds it by its slug."""
        name = f"{post.key}-{number}"
        if known := _known("media", name, credentials, client):
            return known
        said = call(
            client,
            credentials,
            "POST",
            "wp/v2/media",
            files={"file": (f"{name}.{EXTENSIONS.get(media.media_type, 'img')}", content, media.media_type)},
            data={"alt_text": media.alt, "title": media.alt or post.title, "slug": name},
        )
        if not isinstance(said, dict) or not said.get("id"):
            raise Rejected(str(_("The site did not keep a picture or video.")), {"body": said})
        return said


class WordPressFinder:
    """`/wp/v2/posts?slug=`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look for the post with our slug; trouble on the way is Unsure."""
        try:
            known = _known("posts", slug(sought.post), credentials, client)
        except ChannelError as error:
            return Unsure(error.message, error.response)
        if known is None:
            return Absent({"slug": slug(sought.post)})
        if known.get("status") != "publish":
            return Unsure(_kept_back(known), _summary(known))
        return Found(str(known["id"]), str(known["link"]), _summary(known))
