"""What goes out: fixed when it is scheduled, so that every attempt sends the same bytes."""

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import Card, Media, Origin, Post, Video
from kentongan.channels.looks import address_of
from kentongan.core import files, media
from kentongan.core.errors import Unavailable
from kentongan.core.models.files import StoredFile
from kentongan.planning import media as planned
from kentongan.planning.models import ContentItem, ItemAsset, Rendition
from kentongan.publishing import public_media
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import Outcome


def fixed(item: ContentItem, rendition: Rendition, assets: Sequence[ItemAsset]) -> dict[str, Any]:
    """Return the content of a delivery as it is stored; by which recipes its media go out is a part of it."""
    manifest = channels.get(rendition.kind).manifest
    limits = manifest.limits
    facts = media.facts_of(asset.file for asset in assets)
    kept = [(asset.file, {"file": asset.file_id, "alt": asset.alt}) for asset in assets]
    return {
        "item_title": item.title,
        "title": rendition.title or item.title,
        "text": rendition.text,
        "link": rendition.link,
        "language": item.language,
        "images": [one | {"fit": planned.recipe(file, limits, facts)} for file, one in kept if file.is_image],
        "videos": [
            {
                "file": asset.file_id,
                "alt": asset.alt,
                "synthetic": asset.ai_generated,
                "fit": planned.recipe(asset.file, limits, facts),
            }
            for asset in assets
            if asset.file.is_video
        ],
        **_order(assets),
        **(_fixed_card(item, rendition) if manifest.look.card_sent and not kept else {}),
    }


def _order(assets: Sequence[ItemAsset]) -> dict[str, str]:
    """Return how pictures and videos follow one another, where it is not the videos that come last."""
    order = "".join(
        "v" if asset.file.is_video else "i" for asset in assets if asset.file.is_image or asset.file.is_video
    )
    return {"order": order} if "vi" in order else {}


def _fixed_card(item: ContentItem, rendition: Rendition) -> dict[str, Any]:
    """Return the card of the post's link as the approver saw it; nothing where there was none by then.

    It stands as it is for as long as the item is approved: nobody has it fetched again, and no answer is kept.
    """
    address = address_of(rendition.text, rendition.link)
    cards = item.cards.filter(url=address) if address else ()
    card = next((one for one in cards if one.is_known), None)
    if card is None:
        return {}
    said = {"url": card.url, "title": card.title, "description": card.description, "site": card.site}
    return {"card": said | {"file": card.picture_id}}


def _images(delivery: Delivery) -> tuple[Media, ...]:
    stored = delivery.content["images"]
    kept = StoredFile.objects.in_bulk([image["file"] for image in stored])
    return tuple(_image(delivery, kept[image["file"]], image) for image in stored)


def _image(delivery: Delivery, file: StoredFile, image: dict[str, Any]) -> Media:
    """Return the copy that was made for the platform; what was scheduled before there were any goes out as it is."""
    if "fit" not in image:
        with files.open(file) as content:
            url = public_media.address(delivery, file, file.media_type)
            return Media(content.read(), file.media_type, image["alt"], url=url)
    copy = media.fitted(file, image["fit"])
    content_bytes = files.content_path(copy.sha256).read_bytes()
    url = public_media.address(delivery, file, copy.media_type)
    return Media(content_bytes, copy.media_type, image["alt"], copy.width, copy.height, url)


def _videos(delivery: Delivery) -> tuple[Video, ...]:
    stored = delivery.content.get("videos", [])
    kept = StoredFile.objects.in_bulk([video["file"] for video in stored])
    return tuple(_video(delivery, kept[video["file"]], video) for video in stored)


def _video(delivery: Delivery, file: StoredFile, video: dict[str, Any]) -> Video:
    facts, copy = media.learn(file), media.fitted(file, video.get("fit", media.CLEAN))
    return Video(
        files.content_path(copy.sha256),
        copy.media_type,
        copy.sha256,
        copy.size,
        seconds=facts.seconds,
        alt=video["alt"],
        width=copy.width,
        height=copy.height,
        synthetic=video.get("synthetic", False),
        url=public_media.address(delivery, file, copy.media_type),
    )


def _card(stored: dict[str, Any] | None) -> Card | None:
    if stored is None:
        return None
    picture = None
    if stored["file"]:
        kept = StoredFile.objects.filter(pk=stored["file"]).first()
        if kept is None:
            raise Unavailable(_("The picture of the link card is gone."), remedy=_("Schedule it anew."))
        picture = Media(files.path(kept).read_bytes(), kept.media_type)
    return Card(stored["url"], stored["title"], stored["description"], picture)


def _origin(first: Delivery) -> Origin:
    """Return the post that is reposted; it is out by now, and its id never changes."""
    told = first.attempts.filter(outcome__in=(Outcome.PUBLISHED, Outcome.FOUND)).last()
    service = first.account.connection.service_url if hasattr(first.account, "connection") else ""
    return Origin(first.remote_id, first.url, service, told.response if told else {})


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
        videos=_videos(delivery),
        order=content.get("order", ""),
        card=_card(content.get("card")),
        origin=_origin(delivery.repost_of) if delivery.repost_of else None,
    )
