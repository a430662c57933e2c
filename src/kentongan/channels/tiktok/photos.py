"""Pictures on TikTok: one call that names their addresses, from which TikTok fetches them and posts them.

From developers.tiktok.com, 2026: "Content Posting API: Photo", "Media Transfer Guide". There is no upload for pictures:
the addresses have to be on a domain that the organisation has proven to TikTok to be its own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import Ambiguous, Credentials, Media, Rejected
from kentongan.channels.tiktok.api import call
from kentongan.channels.tiktok.connector import PUBLIC

FETCHING = "PROCESSING_DOWNLOAD"


def begin(
    images: Sequence[Media], caption: str, info: Mapping[str, Any], credentials: Credentials, client: httpx.Client
) -> str:
    """Have TikTok fetch and post the pictures, the first one in front; return TikTok's own name of the post.

    The one call that decides: an answer that is lost is a doubt, and TikTok lists no pictures to look through.
    """
    if not all(image.url for image in images):
        raise Rejected(
            _("The platform fetches pictures and videos itself, and this installation has no public address.")
        )
    body = {
        "media_type": "PHOTO",
        "post_mode": "DIRECT_POST",
        "post_info": {
            "description": caption,
            "privacy_level": PUBLIC,
            "disable_comment": bool(info.get("comment_disabled")),
            "auto_add_music": False,
        },
        "source_info": {
            "source": "PULL_FROM_URL",
            "photo_images": [image.url for image in images],
            "photo_cover_index": 0,
        },
    }
    said = call(client, credentials, "POST", "/v2/post/publish/content/init/", json=body, decides=True)
    if not isinstance(said.get("publish_id"), str) or not said["publish_id"]:
        raise Ambiguous(_("The server's answer names no post."), {"body": dict(said)})
    return str(said["publish_id"])
