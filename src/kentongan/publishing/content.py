"""What goes out: fixed when it is scheduled, so that every attempt sends the same bytes."""

from collections.abc import Sequence
from typing import Any

from kentongan.channels.contract import Media, Post, Video
from kentongan.core import files
from kentongan.core.models.files import StoredFile
from kentongan.planning.models import ContentItem, ItemAsset, Rendition
from kentongan.publishing import public_media
from kentongan.publishing.models import Delivery


def fixed(item: ContentItem, rendition: Rendition, assets: Sequence[ItemAsset]) -> dict[str, Any]:
    """Return the content of a delivery as it is stored."""
    return {
        "item_title": item.title,
        "title": rendition.title or item.title,
        "text": rendition.text,
        "link": rendition.link,
        "language": item.language,
        "images": [{"file": asset.file_id, "alt": asset.alt} for asset in assets if asset.file.is_image],
        "videos": [
            {"file": asset.file_id, "alt": asset.alt, "synthetic": asset.ai_generated}
            for asset in assets
            if asset.file.is_video
        ],
    }


def _images(delivery: Delivery) -> tuple[Media, ...]:
    stored = delivery.content["images"]
    kept = StoredFile.objects.in_bulk([image["file"] for image in stored])
    media = []
    for image in stored:
        file = kept[image["file"]]
        with files.open(file) as content:
            media.append(Media(content.read(), file.media_type, image["alt"], url=public_media.address(delivery, file)))
    return tuple(media)


def _videos(stored: list[dict[str, Any]]) -> tuple[Video, ...]:
    kept = StoredFile.objects.in_bulk([video["file"] for video in stored])
    return tuple(_video(kept[video["file"]], video["alt"], video.get("synthetic", False)) for video in stored)


def _video(file: StoredFile, alt: str, synthetic: bool) -> Video:
    return Video(files.path(file), file.media_type, file.sha256, file.size, alt=alt, synthetic=synthetic)


def post_of(delivery: Delivery) -> Post:
    """Return the post that a delivery's every attempt sends; raises Unavailable when a picture or video was lost."""
    content = delivery.content
    return Post(
        key=delivery.key,
        text=content["text"],
        created_at=delivery.due_at,
        title=content["title"],
        link=content["link"],
        language=content["language"],
        images=_images(delivery),
        videos=_videos(content.get("videos", [])),
    )
