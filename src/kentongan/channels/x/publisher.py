"""Publishing to X, and finding out whether a post of doubtful fate arrived."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import server_clock
from kentongan.channels import text as parts
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
    Sought,
    Unsure,
)
from kentongan.channels.uploads import Deadline
from kentongan.channels.x import likeness, upload
from kentongan.channels.x.api import DUPLICATE, call
from kentongan.channels.x.manifest import MANIFEST

PAGE, PAGES = 100, 5
CLOCK_SKEW = timedelta(minutes=2)
LONGEST_ALT = 1_000


def _url(credentials: Credentials, remote_id: str) -> str:
    return f"https://x.com/{credentials.handle}/status/{remote_id}"


class XPublisher:
    """`POST /2/tweets`, `/2/media/upload` (in segments for a video), `/2/media/metadata`, `DELETE`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the post; when X says that this text is out already, the one that is out is looked for."""
        body: dict[str, Any] = {"text": parts.with_link(post.text, post.link)}
        deadline = Deadline(MANIFEST, post)
        ids = [self._media(image, credentials, client) for image in post.images]
        ids += [upload.carry(video, credentials, client, deadline) for video in post.videos]
        if ids:
            body["media"] = {"media_ids": ids}
        if any(video.synthetic for video in post.videos):
            body["made_with_ai"] = True
        deadline.last_check()
        try:
            said = call(client, credentials, "POST", "/2/tweets", json=body, decides=True).get("data")
        except Rejected as error:
            if error.response.get("error") != DUPLICATE:
                raise
            return self._out_already(post, credentials, client, error)
        if not isinstance(said, dict) or not said.get("id"):
            raise Ambiguous(_("The server's answer names no post."), {"body": said})
        return Published(str(said["id"]), _url(credentials, str(said["id"])), {"id": said["id"]})

    def _out_already(self, post: Post, credentials: Credentials, client: httpx.Client, error: Rejected) -> Published:
        """Return our own post of that text, of an attempt before this one; an older one of others is a refusal."""
        match server_clock.look(find, Sought(post, post.created_at), credentials, client):
            case Found(remote_id=remote_id, url=url):
                return Published(remote_id, url, {**error.response, "looked up": remote_id})
            case Unsure(reason=reason):
                raise Ambiguous(reason, error.response)
        text = _("X refuses a text that this account posted lately: say it in other words.")
        raise Rejected(text, error.response)

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the post; one that is gone already is a success."""
        number = remote_id.rstrip("/").rpartition("/")[2]
        try:
            call(client, credentials, "DELETE", f"/2/tweets/{quote(number, safe='')}")
        except Rejected as error:
            if error.response.get("status") not in {404, 410}:
                raise

    def _media(self, media: Media, credentials: Credentials, client: httpx.Client) -> str:
        """Upload a picture, then say what it shows."""
        said = call(
            client,
            credentials,
            "POST",
            "/2/media/upload",
            files={"media": ("picture", media.content, media.media_type)},
            data={"media_category": "tweet_image", "media_type": media.media_type},
        ).get("data")
        if not isinstance(said, dict) or not said.get("id"):
            raise Rejected(_("X did not keep a picture."), {"body": said})
        if media.alt:
            body = {"id": str(said["id"]), "metadata": {"alt_text": {"text": media.alt[:LONGEST_ALT]}}}
            call(client, credentials, "POST", "/2/media/metadata", json=body)
        return str(said["id"])


def own(
    credentials: Credentials, client: httpx.Client, since: datetime, fields: str, **more: str
) -> Iterator[Mapping[str, Any]]:
    """Yield the account's posts since then; raises Ambiguous when there are too many to look through.

    `fields` are those that X is asked for, `more` further parameters.
    """
    params: dict[str, Any] = {
        "max_results": PAGE,
        "start_time": (since - CLOCK_SKEW).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "tweet.fields": fields,
        **more,
    }
    path = f"/2/users/{quote(credentials.get('user_id'), safe='')}/tweets"
    for _page in range(PAGES):
        said = call(client, credentials, "GET", path, params=params)
        rows, meta = said.get("data", []), said.get("meta")
        if not isinstance(rows, list) or not isinstance(meta, dict):
            raise Ambiguous(_("The server's list could not be read."))
        yield from (row for row in rows if isinstance(row, dict) and row.get("id"))
        if not meta.get("next_token"):
            return
        params["pagination_token"] = meta["next_token"]
    raise Ambiguous(_("The account has published too much since to look through."))


def find(sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
    """Look through the account's own posts of that time for the same text."""
    text, matches, looked_at = parts.with_link(sought.post.text, sought.post.link), set(), 0
    taken = {remote_id.rstrip("/").rpartition("/")[2] for remote_id in sought.taken}
    try:
        for tweet in own(credentials, client, sought.since, "created_at,entities", exclude="retweets"):
            looked_at += 1
            if likeness.same(tweet, text) and str(tweet["id"]) not in taken:
                matches.add(str(tweet["id"]))
    except ChannelError as error:
        return Unsure(error.message, error.response)
    if len(matches) > 1:
        return Unsure(_("Several posts of that time have this text."), {"ids": sorted(matches)})
    for remote_id in matches:
        return Found(remote_id, _url(credentials, remote_id), {"id": remote_id})
    return Absent({"posts looked at": looked_at})


class XFinder:
    """`/2/users/{id}/tweets`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through the account's own posts of that time for the same text."""
        return find(sought, credentials, client)
