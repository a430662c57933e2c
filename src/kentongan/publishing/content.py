"""What goes out: fixed when it is scheduled, so that every attempt sends the same bytes."""

from typing import Any

from kentongan.channels.contract import Media, Post
from kentongan.core import files
from kentongan.core.models.files import StoredFile
from kentongan.planning.models import ContentItem, Rendition
from kentongan.publishing.models import Delivery


def fixed(item: ContentItem, rendition: Rendition) -> dict[str, Any]:
    """Return the content of a delivery as it is stored."""
    assets = item.assets.select_related("file").filter(file__media_type__startswith="image/")
    return {
        "item_title": item.title,
        "title": rendition.title or item.title,
        "text": rendition.text,
        "link": rendition.link,
        "language": item.language,
        "images": [{"file": asset.file_id, "alt": asset.alt} for asset in assets],
    }


def _images(stored: list[dict[str, Any]]) -> tuple[Media, ...]:
    kept = StoredFile.objects.in_bulk([image["file"] for image in stored])
    media = []
    for image in stored:
        file = kept[image["file"]]
        with files.open(file) as content:
            media.append(Media(content.read(), file.media_type, image["alt"]))
    return tuple(media)


def post_of(delivery: Delivery) -> Post:
    """Return the post that a delivery's every attempt sends; raises Unavailable when a picture was lost."""
    content = delivery.content
    return Post(
        key=delivery.key,
        text=content["text"],
        created_at=delivery.due_at,
        title=content["title"],
        link=content["link"],
        language=content["language"],
        images=_images(content["images"]),
    )
