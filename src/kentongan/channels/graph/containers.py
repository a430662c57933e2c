"""Posts that are made in two steps, as on Instagram and Threads: a container that the platform fills, then its post.

Nothing is published before the second step, so everything until then is safe to try again. Whether the second one was
taken is asked of the container itself whenever the answer says that it was not: Instagram is known to answer 400 to a
post that it has taken.
"""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import uploads
from kentongan.channels.contract import (
    Ambiguous,
    ChannelError,
    Credentials,
    Manifest,
    Media,
    Post,
    Rejected,
    RetryLater,
    Video,
)
from kentongan.channels.graph.api import SIGNED_OUT, Graph, row_of
from kentongan.channels.graph.patience import NOT_READY_WAIT, Patience

PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Seconds between two looks: a picture takes some, a video minutes, and each look counts against a limit of calls."""
LONGEST_ALT = 1_000
PART: Mapping[str, str] = {"is_carousel_item": "true"}
QUOTA_WAIT = timedelta(minutes=30)
READY, WORKING, TAKEN = "FINISHED", "IN_PROGRESS", "PUBLISHED"
# Of what the platform could not fetch nobody knows why; it may well be fetched next time.
UNFETCHED = ("2207003", "2207020", "2207032", "2207053", "FAILED_DOWNLOADING", "UNKNOWN")


@dataclass(frozen=True, slots=True)
class Containers:
    """What differs: version and names in the path, and the fields that tell the state.

    `picture` are the fields of a picture, `video` those of a video that goes alone; `describes_videos` says that a
    video goes out with what it shows in words.
    """

    graph: Graph
    make: str
    publish: str
    quota: str
    state: str
    why: str
    manifest: Manifest
    picture: Mapping[str, str] = field(default_factory=dict)
    video: Mapping[str, str] = field(default_factory=lambda: {"media_type": "VIDEO"})
    describes_videos: bool = False

    def path(self, credentials: Credentials, edge: str) -> str:
        """Return the path of a list of the account."""
        return f"{credentials.get('user_id')}/{edge}"

    def post(
        self,
        text: Mapping[str, str],
        post: Post,
        credentials: Credentials,
        client: httpx.Client,
    ) -> str:
        """Publish and return the number of the post: `text` alone, or with the post's pictures and videos."""
        patience = Patience.of(uploads.longest(self.manifest, post.video_size))
        self._check_quota(credentials, client)
        media = post.media
        if len(media) < 2:
            container = self._made({**text, **(self._alone(media[0]) if media else {})}, credentials, client)
        else:
            parts = []
            for each in media:
                patience.check()  # each picture is fetched by the platform before it answers
                parts.append(self._made({**PART, **self._shown(each)}, credentials, client))
                if isinstance(each, Video):  # one at a time: each is fetched from us, by however many connections
                    self._wait(parts[-1], patience, credentials, client)
            for part, each in zip(parts, media, strict=True):
                if isinstance(each, Media):
                    self._wait(part, patience, credentials, client)
            children = {"media_type": "CAROUSEL", "children": ",".join(parts)}
            container = self._made({**text, **children}, credentials, client)
        self._wait(container, patience, credentials, client)
        post.confirm()
        patience.check()
        return self._published(container, credentials, client)

    def _alone(self, media: Media | Video) -> dict[str, str]:
        return {**self._shown(media), **(self.video if isinstance(media, Video) else {})}

    def _shown(self, media: Media | Video) -> dict[str, str]:
        """Return the fields of a picture or video: where the platform fetches it, and what it shows."""
        if not media.url:
            raise Rejected(
                _("The platform fetches pictures and videos itself, and this installation has no public address.")
            )
        if isinstance(media, Video):
            shown, told = {"media_type": "VIDEO", "video_url": media.url}, media.alt if self.describes_videos else ""
        else:
            shown, told = {**self.picture, "image_url": media.url}, media.alt
        return {**shown, **({"alt_text": told[:LONGEST_ALT]} if told else {})}

    def _check_quota(self, credentials: Credentials, client: httpx.Client) -> None:
        """Raise RetryLater where the platform takes no more posts of this account today."""
        said = self.graph.call(
            client, credentials, "GET", self.path(credentials, self.quota), {"fields": "quota_usage,config"}
        )
        row = row_of(said)
        config = row.get("config")
        used, most = row.get("quota_usage"), config.get("quota_total") if isinstance(config, dict) else None
        if isinstance(used, int) and isinstance(most, int) and used >= most:
            text = _("The platform takes %(most)s posts of an account a day, and that many are out.") % {"most": most}
            raise RetryLater(text, {"quota": dict(row)}, QUOTA_WAIT)

    def _made(self, fields: Mapping[str, str], credentials: Credentials, client: httpx.Client) -> str:
        said = self.graph.call(client, credentials, "POST", self.path(credentials, self.make), fields)
        if not said.get("id"):
            raise RetryLater(_("The platform did not keep a picture or video."), {"body": dict(said)})
        return str(said["id"])

    def _state(self, container: str, credentials: Credentials, client: httpx.Client) -> tuple[str, str]:
        fields = {"fields": f"{self.state},{self.why}"}
        said = self.graph.call(client, credentials, "GET", container, fields)
        return str(said.get(self.state) or ""), str(said.get(self.why) or "")

    def _wait(self, container: str, patience: Patience, credentials: Credentials, client: httpx.Client) -> None:
        """Wait until the platform has filled the container; RetryLater where that takes too long."""
        for pause in _pauses():
            state, why = self._state(container, credentials, client)
            if state == READY:
                return
            if state != WORKING:
                _refuse(state, why)
            if not patience.lasts(pause):
                break
            time.sleep(pause)
        text = _("The platform is not done with the pictures and videos yet.")
        raise RetryLater(text, {"container": container}, NOT_READY_WAIT)

    def _published(self, container: str, credentials: Credentials, client: httpx.Client) -> str:
        path = self.path(credentials, self.publish)
        try:
            said = self.graph.call(client, credentials, "POST", path, {"creation_id": container}, decides=True)
        except Ambiguous:
            raise
        except ChannelError as error:
            if "status" in error.response and self._was_taken(container, credentials, client, error):
                raise Ambiguous(_("The platform refused a post that it has taken."), error.response) from error
            raise
        if not isinstance(said.get("id"), str) or not said["id"]:
            raise Ambiguous(_("The server's answer names no post."), {"body": dict(said)})
        return str(said["id"])

    def _was_taken(self, container: str, credentials: Credentials, client: httpx.Client, refusal: ChannelError) -> bool:
        try:
            state, _why = self._state(container, credentials, client)
        except ChannelError as error:
            # Only a token that is good for neither has published nothing; any other trouble with asking tells nothing.
            return not (_signed_out(refusal) and _signed_out(error))
        return state not in {READY, WORKING, "ERROR", "EXPIRED"}

    def address(
        self, number: str, otherwise: str, credentials: Credentials, client: httpx.Client
    ) -> tuple[str, Mapping[str, Any]]:
        """Return where people read a post; a side task, so that nothing that happens here matters for the post."""
        try:
            said = self.graph.call(client, credentials, "GET", number, {"fields": "permalink"})
        except ChannelError as error:
            return otherwise, {"permalink": error.message}
        told = said.get("permalink")
        return (told, {}) if isinstance(told, str) and told.startswith("https://") else (otherwise, {})


def _pauses() -> Iterator[float]:
    yield from PAUSES
    while True:
        yield PAUSES[-1]


def _signed_out(error: ChannelError) -> bool:
    return error.response.get("code") in SIGNED_OUT


def _refuse(state: str, why: str) -> None:
    kept = {"state": state, "why": why}
    if state == TAKEN:
        raise Ambiguous(_("The platform says that this is out already."), kept)
    if state != "ERROR" or not why or any(one in why.upper() for one in UNFETCHED):
        raise RetryLater(_("The platform could not take a picture or video: %(why)s") % {"why": why or state}, kept)
    raise Rejected(_("The platform could not take a picture or video: %(why)s") % {"why": why}, kept)
