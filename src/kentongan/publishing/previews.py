"""A delivery as its platform draws it: just what goes out, or went out, not what the item says by now."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from django.urls import reverse

from kentongan.channels import registry as channels
from kentongan.core import files, media
from kentongan.core.errors import NotFound
from kentongan.core.models.files import StoredFile
from kentongan.planning import preview
from kentongan.planning.models import LinkCard
from kentongan.planning.preview import Card, Piece, Preview, Written
from kentongan.publishing.models import Delivery


def _rows(delivery: Delivery) -> list[dict[str, Any]]:
    """Return what the delivery says of its files: pictures, videos, and last the picture of its link card."""
    card = delivery.content.get("card")
    media = [*delivery.content.get("images", []), *delivery.content.get("videos", [])]
    return [*media, card] if card and card["file"] else media


def _cards(delivery: Delivery) -> dict[str, Card]:
    """Return the card that goes out with it, else what is known of those that the platform makes itself; one query."""
    look = channels.get(delivery.account.platform).manifest.look
    if look.card_sent:
        sent = delivery.content.get("card")
        return {sent["url"]: _sent(delivery, sent)} if sent else _bare(delivery)
    return preview.cards_of(LinkCard.objects.filter(item=delivery.item_id).select_related("picture"))


def _sent(delivery: Delivery, card: dict[str, Any]) -> Card:
    url = reverse("publishing:sent", args=[delivery.pk, len(_rows(delivery)) - 1]) if card["file"] else ""
    state = LinkCard.State.KNOWN
    return Card(card["url"], state, card["title"], card["description"], card["site"], url)


def _bare(delivery: Delivery) -> dict[str, Card]:
    """Return the card of the link alone, with the headline: what goes out where its page was not read in time."""
    link = delivery.content["link"]
    return {link: Card(link, LinkCard.State.KNOWN, delivery.content["title"])} if link else {}


def of(delivery: Delivery) -> Preview:
    """Return a delivery as its platform draws it; three queries at most."""
    content = delivery.content
    rows = [row for row in _rows(delivery) if row is not content.get("card")]
    kept = StoredFile.objects.in_bulk([row["file"] for row in rows])
    facts = media.facts_of(kept.values())
    shown: list[Piece] = []
    for number, row in enumerate(rows):
        if (file := kept.get(row["file"])) is not None:
            url = reverse("publishing:sent", args=[delivery.pk, number])
            shown.append(preview.piece(file, row["alt"], facts.get(file.sha256), url))
    shown = _in_order(shown, content.get("order", ""))
    face = preview.face_of(delivery.account, delivery.unit)
    at = delivery.published_at or delivery.due_at
    written = Written(content["text"], content["title"], content["link"], face, content["language"], at)
    cards = _cards(delivery)
    drawn = preview.draw(delivery.account.platform, written, shown, cards)
    without = drawn.look.card_sent and drawn.card is not None and drawn.card.url not in cards
    return replace(drawn, card=None) if without else drawn


def _in_order(shown: list[Piece], order: str) -> list[Piece]:
    """Return pictures and videos, which are kept apart, as they follow one another."""
    parts = {kind: iter([one for one in shown if one.is_video is (kind == "v")]) for kind in "iv"}
    found = [piece for kind in order if (piece := next(parts[kind], None))]
    return [*found, *parts["i"], *parts["v"]]


def small_of(delivery: Delivery, number: int) -> tuple[Path, str]:
    """Return where a small copy of that picture is, and its type; what goes out, where none can be made."""
    sent, media_type = content_of(delivery, number)
    file = StoredFile.objects.get(pk=_rows(delivery)[number]["file"])
    copy = media.small(file)
    return (files.content_path(copy.sha256), copy.media_type) if copy else (sent, media_type)


def content_of(delivery: Delivery, number: int) -> tuple[Path, str]:
    """Return where its picture or video of that number is, and its type: the copy that goes out.

    Raises NotFound where there is none of that number, its content was erased, or the copy is not made yet: in what was
    uploaded may stand where it was taken, and with what.
    """
    rows = _rows(delivery)
    file = StoredFile.objects.filter(pk=rows[number]["file"]).first() if number < len(rows) else None
    if file is None:
        raise NotFound()
    original, recipe = files.path(file), rows[number].get("fit")
    if recipe is None:  # a card's picture, which is our own copy; or scheduled before there were copies
        return original, file.media_type
    copy = media.fits_of([file.sha256], [recipe]).get((file.sha256, recipe))
    if copy is None or not (made := files.content_path(copy.sha256)).exists():
        raise NotFound()
    return made, copy.media_type
