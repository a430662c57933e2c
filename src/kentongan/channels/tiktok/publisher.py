"""Posting a video or pictures to TikTok: asked what the account may, begun, carried there, and waited for."""

import time
from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import text as parts
from kentongan.channels.contract import (
    Ambiguous,
    ChannelError,
    Credentials,
    Post,
    Published,
    Rejected,
    RetryLater,
    StillWorking,
    Video,
)
from kentongan.channels.tiktok import photos, upload
from kentongan.channels.tiktok.api import call
from kentongan.channels.tiktok.connector import PUBLIC, SITE, creator, options
from kentongan.channels.tiktok.manifest import MANIFEST
from kentongan.channels.uploads import Deadline
from kentongan.core import clock

LOOKS, PAUSE_SECONDS = 10, 3.0
"""How often, and how long apart, TikTok is asked whether a post is out; then the finder goes on asking."""
PASSING = frozenset({"internal", "photo_pull_failed"})
"""Failures after which TikTok advises to try again."""


def url(credentials: Credentials, number: str, post: Post) -> str:
    """Return where people see a post; the profile while TikTok does not tell its number."""
    profile, kind = f"{SITE}/@{credentials.handle}", "video" if post.videos else "photo"
    return f"{profile}/{kind}/{number}" if number.isdigit() else profile


def caption(post: Post) -> str:
    """Return the text as it goes out: the link below it."""
    return parts.with_link(post.text, post.link)


def number_of(said: Mapping[str, Any]) -> str:
    """Return the number of a post that everybody sees; empty before TikTok tells it. The field is spelled like this."""
    ids = said.get("publicaly_available_post_id")
    return str(ids[0]) if isinstance(ids, list) and ids else ""


class TikTokPublisher:
    """`video/init` and the upload, or `content/init`; `status/fetch`. TikTok lets nobody delete by program."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Post the video, or the pictures, to everybody; what takes longer than a while is in doubt, and looked for."""
        video = next(iter(post.videos), None)
        if video is None:
            return self._pictures(post, credentials, client)
        deadline = Deadline(MANIFEST, post)
        said = self._begun(post, video, credentials, client)
        publish_id, address = str(said.get("publish_id") or ""), str(said.get("upload_url") or "")
        if not publish_id or not address.startswith(("https://", credentials.service)):
            raise RetryLater(_("TikTok did not say where the video goes."), {"body": dict(said)})
        try:
            upload.carry(video, address, publish_id, credentials, client, deadline)
            return self._out(publish_id, post, credentials, client)
        except StillWorking:
            raise
        except Ambiguous as error:
            # With this name of it the finder can ask TikTok itself.
            raise Ambiguous(error.message, {**error.response, "receipt": publish_id}) from error

    def _pictures(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        if not post.images:
            raise Rejected(_("TikTok takes no post without a picture or video."))
        info = self._allowed(credentials, client)
        post.confirm()
        publish_id = photos.begin(post.images, caption(post), info, credentials, client)
        try:
            return self._out(publish_id, post, credentials, client)
        except StillWorking:
            raise
        except Ambiguous as error:
            raise Ambiguous(error.message, {**error.response, "receipt": publish_id}) from error

    def _allowed(self, credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
        """Return what the account may do now; Rejected where nobody would see a post."""
        info = creator(credentials, client)
        if PUBLIC not in options(info):
            raise Rejected(_("The account is private at TikTok: nobody would see its videos. Make it public there."))
        return info

    def _begun(self, post: Post, video: Video, credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
        info = self._allowed(credentials, client)
        longest = info.get("max_video_post_duration_sec")
        if isinstance(longest, int) and video.seconds is not None and video.seconds > longest:
            raise Rejected(_("TikTok takes videos of up to %(n)s seconds from this account.") % {"n": longest})
        chunk, count = upload.sizes(video.size)
        body = {
            "post_info": {
                "title": caption(post),
                "privacy_level": PUBLIC,
                "disable_comment": bool(info.get("comment_disabled")),
                "disable_duet": bool(info.get("duet_disabled")),
                "disable_stitch": bool(info.get("stitch_disabled")),
                "is_aigc": video.synthetic,
            },
            "source_info": {
                "source": "FILE_UPLOAD",
                "video_size": video.size,
                "chunk_size": chunk,
                "total_chunk_count": count,
            },
        }
        return call(client, credentials, "POST", "/v2/post/publish/video/init/", json=body)

    def _out(self, publish_id: str, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Wait until TikTok says that the post is out, or that it will not be.

        While it still fetches pictures that goes on longer: they can be fetched only while this attempt lasts.
        """
        said: Mapping[str, Any] = {}
        until, look = clock.now() + MANIFEST.attempt / 2, -1
        while look < LOOKS - 1:
            try:
                said = upload.status(publish_id, credentials, client)
            except ChannelError as error:  # the video is there by now, whatever is wrong with asking
                raise Ambiguous(error.message, error.response) from error
            if said.get("status") != photos.FETCHING or clock.now() > until:
                look += 1
            if said.get("status") == "FAILED":
                refusal = RetryLater if said.get("fail_reason") in PASSING else Rejected
                raise refusal(failed(said), {"state": "FAILED", "error": said.get("fail_reason")})
            if said.get("status") == "PUBLISH_COMPLETE" and (number_of(said) or look == LOOKS - 1):
                number = number_of(said) or publish_id
                return Published(number, url(credentials, number, post), {"publish_id": publish_id})
            time.sleep(PAUSE_SECONDS)
        raise StillWorking(_("TikTok is still working on the post."), publish_id, {"state": said.get("status")})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Refuse: only a person can delete there."""
        raise Rejected(_("TikTok lets no program delete: delete the video in TikTok yourself."))


def failed(said: Mapping[str, Any]) -> str:
    """Return why TikTok did not post, with its own word for it."""
    return _("TikTok did not post it: %(reason)s.") % {"reason": said.get("fail_reason") or _("it gave no reason")}
