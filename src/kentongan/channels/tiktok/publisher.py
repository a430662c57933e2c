"""Posting a video to TikTok: asked what the account may, begun, carried there, and waited for."""

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
    Video,
)
from kentongan.channels.tiktok import upload
from kentongan.channels.tiktok.api import call
from kentongan.channels.tiktok.connector import PUBLIC, SITE, creator, options
from kentongan.channels.tiktok.manifest import MANIFEST
from kentongan.channels.uploads import Deadline

LOOKS, PAUSE_SECONDS = 10, 3.0
"""How often, and how long apart, TikTok is asked whether a post is out; then the finder goes on asking."""


def url(credentials: Credentials, number: str) -> str:
    """Return where people watch a video; the profile while TikTok does not tell its number."""
    profile = f"{SITE}/@{credentials.handle}"
    return f"{profile}/video/{number}" if number.isdigit() else profile


def caption(post: Post) -> str:
    """Return the text as it goes out: the link below it."""
    return parts.with_link(post.text, post.link)


def number_of(said: Mapping[str, Any]) -> str:
    """Return the number of a post that everybody sees; empty before TikTok tells it. The field is spelled like this."""
    ids = said.get("publicaly_available_post_id")
    return str(ids[0]) if isinstance(ids, list) and ids else ""


class TikTokPublisher:
    """`video/init`, the upload, `status/fetch`; TikTok lets nobody delete by program."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Post the video to everybody; what TikTok still works on after a while is in doubt, and looked for."""
        video = next(iter(post.videos), None)
        if video is None:
            raise Rejected(_("TikTok takes videos only: add one to the item."))
        deadline = Deadline(MANIFEST, video.size)
        said = self._begun(post, video, credentials, client)
        publish_id, address = str(said.get("publish_id") or ""), str(said.get("upload_url") or "")
        if not publish_id or not address.startswith(("https://", credentials.service)):
            raise RetryLater(_("TikTok did not say where the video goes."), {"body": dict(said)})
        try:
            upload.carry(video, address, publish_id, credentials, client, deadline)
            return self._out(publish_id, credentials, client)
        except Ambiguous as error:
            # With this name of it the finder can ask TikTok itself.
            raise Ambiguous(error.message, {**error.response, "receipt": publish_id}) from error

    def _begun(self, post: Post, video: Video, credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
        info = creator(credentials, client)
        if PUBLIC not in options(info):
            raise Rejected(_("The account is private at TikTok: nobody would see its videos. Make it public there."))
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

    def _out(self, publish_id: str, credentials: Credentials, client: httpx.Client) -> Published:
        """Wait until TikTok says that the post is out, or that it will not be."""
        said: Mapping[str, Any] = {}
        for look in range(LOOKS):
            try:
                said = upload.status(publish_id, credentials, client)
            except ChannelError as error:  # the video is there by now, whatever is wrong with asking
                raise Ambiguous(error.message, error.response) from error
            if said.get("status") == "FAILED":
                raise Rejected(failed(said), {"status": "FAILED", "error": said.get("fail_reason")})
            if said.get("status") == "PUBLISH_COMPLETE" and (number_of(said) or look == LOOKS - 1):
                number = number_of(said) or publish_id
                return Published(number, url(credentials, number), {"publish_id": publish_id})
            time.sleep(PAUSE_SECONDS)
        raise Ambiguous(_("TikTok is still working on the video."), {"state": said.get("status")})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Refuse: only a person can delete there."""
        raise Rejected(_("TikTok lets no program delete: delete the video in TikTok yourself."))


def failed(said: Mapping[str, Any]) -> str:
    """Return why TikTok did not post, with its own word for it."""
    return _("TikTok did not post the video: %(reason)s.") % {
        "reason": said.get("fail_reason") or _("it gave no reason")
    }
