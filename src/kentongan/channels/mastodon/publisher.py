"""Publishing to Mastodon, and finding out whether a status of doubtful fate arrived."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, BinaryIO

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
    RetryLater,
    Sought,
    Unsure,
    Video,
)
from kentongan.channels.mastodon import likeness
from kentongan.channels.mastodon.api import call
from kentongan.core import clock

PAGE = 40
PAGES = 10
CLOCK_SKEW = timedelta(minutes=10)
MEDIA_LOOKS, VIDEO_LOOKS = 20, 200
MEDIA_PAUSE_SECONDS = 0.5


def _published(said: Mapping[str, Any]) -> dict[str, Any]:
    return {name: said.get(name) for name in ("id", "uri", "url", "created_at")}


class MastodonPublisher:
    """`POST /api/v1/statuses` with the delivery's Idempotency-Key, `/api/v2/media`, `DELETE`."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Publish the status.

        A refusal is looked into before it is believed: a proxy may refuse what the server has already taken.
        """
        body = {
            "status": parts.with_link(post.text, post.link),
            "media_ids": self._all_media(post, credentials, client),
            "language": post.language,
            "visibility": "public",
        }
        post.confirm()
        began = clock.now()
        try:
            said = call(
                client,
                credentials,
                "POST",
                "/api/v1/statuses",
                json=body,
                headers={"Idempotency-Key": post.key},
                decides=True,
            )
        except Rejected as error:
            just_now = partial(find, margin=server_clock.UNCLEAR)
            found = server_clock.look(just_now, Sought(post, began), credentials, client)
            if isinstance(found, Found):
                return Published(found.remote_id, found.url, {**error.response, "looked up": found.response})
            raise
        if not isinstance(said, dict) or not said.get("id") or not said.get("url"):
            raise Ambiguous(_("The server's answer names no status."), {"body": said})
        return Published(str(said["id"]), str(said["url"]), _published(said))

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Delete the status; one that is gone already is a success.

        Where a person said that it is there, only its address is known: a server would say of it that there is none.
        """
        if "/" in remote_id:
            raise Rejected(_("Only its address is known, not its number there: a person has to delete it."))
        try:
            call(client, credentials, "DELETE", f"/api/v1/statuses/{remote_id}")
        except Rejected as error:
            if error.response.get("status") not in {404, 410}:
                raise

    def _all_media(self, post: Post, credentials: Credentials, client: httpx.Client) -> list[str]:
        ids = [self._media("image", image, image.content, credentials, client) for image in post.images]
        for video in post.videos:
            with video.open() as content:
                ids.append(self._media("video", video, content, credentials, client))
        return ids

    def _media(
        self,
        name: str,
        media: Media | Video,
        content: bytes | BinaryIO,
        credentials: Credentials,
        client: httpx.Client,
    ) -> str:
        sent: dict[str, Any] = {
            "files": {"file": (name, content, media.media_type)},
            "data": {"description": media.alt},
        }
        try:
            said = call(client, credentials, "POST", "/api/v2/media", **sent)
        except Rejected as error:
            if error.response.get("status") != 404:
                raise
            if not isinstance(content, bytes):
                content.seek(0)
            said = call(client, credentials, "POST", "/api/v1/media", **sent)
        return self._ready(said, VIDEO_LOOKS if isinstance(media, Video) else MEDIA_LOOKS, credentials, client)

    @staticmethod
    def _ready(said: Any, most: int, credentials: Credentials, client: httpx.Client) -> str:
        looks = 0
        # The server answers at once and works on; a status must not name a picture that is not ready.
        while said.get("url") is None:
            looks += 1
            if looks > most:
                raise RetryLater(_("The server is still working on a picture or video."), {"media": said.get("id")})
            time.sleep(MEDIA_PAUSE_SECONDS)
            said = call(client, credentials, "GET", f"/api/v1/media/{said['id']}")
        return str(said["id"])


def _moment(status: Mapping[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def own(
    credentials: Credentials, client: httpx.Client, since: datetime, *, reblogs: bool = False
) -> Iterator[Mapping[str, Any]]:
    """Yield the account's statuses down to `since`, each once; raises Ambiguous when that is too far."""
    seen: set[str] = set()
    params: dict[str, Any] = {"limit": PAGE} | ({} if reblogs else {"exclude_reblogs": "true"})
    for _page in range(PAGES):
        path = f"/api/v1/accounts/{credentials.get('account_id')}/statuses"
        page = call(client, credentials, "GET", path, params=params)
        if not isinstance(page, list):
            raise Ambiguous(_("The server's list could not be read."))
        fresh = [status for status in page if str(status.get("id")) not in seen]
        if not fresh:
            return
        seen.update(str(status["id"]) for status in fresh)
        yield from fresh
        moment = _moment(fresh[-1])
        if moment is not None and moment < since:
            return
        params["max_id"] = str(fresh[-1]["id"])
    raise Ambiguous(_("The account has published too much since to look through."))


def find(
    sought: Sought, credentials: Credentials, client: httpx.Client, *, margin: timedelta = CLOCK_SKEW
) -> Found | Absent | Unsure:
    """Look through the account's own statuses of that time for the same text."""
    since = sought.since - margin
    digest = likeness.of_text(parts.with_link(sought.post.text, sought.post.link))
    matches: dict[str, Mapping[str, Any]] = {}
    looked_at = 0
    try:
        for status in own(credentials, client, since - timedelta(seconds=1)):
            looked_at += 1
            remote_id, moment = str(status.get("id")), _moment(status)
            in_time = moment is None or moment >= since - timedelta(seconds=1)
            if in_time and remote_id not in sought.taken and likeness.of_html(str(status.get("content"))) == digest:
                matches[remote_id] = status
    except ChannelError as error:
        return Unsure(error.message, error.response)
    if len(matches) > 1:
        return Unsure(_("Several statuses of that time have this text."), {"ids": sorted(matches)})
    for remote_id, status in matches.items():
        return Found(remote_id, str(status.get("url") or status.get("uri") or ""), _published(status))
    return Absent({"statuses looked at": looked_at})


class MastodonFinder:
    """`/api/v1/accounts/{id}/statuses`."""

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through the account's own statuses of that time for the same text."""
        return find(sought, credentials, client)
