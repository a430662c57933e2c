"""Writes of the files that go out with an item."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.planning import access
from kentongan.planning.actions.items import content_changed
from kentongan.planning.models import ContentItem, ItemAsset

ALT_LENGTH = 5


@action("planning.asset.add")
def add_asset(actor: Actor, item_id: int, file: StoredFile, *, alt: str, ai_generated: bool) -> ItemAsset:
    """Add a stored file to an item, with its description in words and whether AI made or changed it."""
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    if len(alt.strip()) < ALT_LENGTH:
        raise Invalid(fields={"alt": [_("Describe the picture in a few words, for people who cannot see it.")]})
    content_changed(actor, item)
    item.save()
    try:
        with transaction.atomic():
            asset = ItemAsset.objects.create(
                item=item, file=file, alt=alt.strip(), ai_generated=ai_generated, position=item.assets.count()
            )
    except IntegrityError as error:
        raise Conflict(_("This file is already part of the item.")) from error
    audit.record(actor, item, after=_picture(asset))
    return asset


@action("planning.asset.remove")
def remove_asset(actor: Actor, item_id: int, asset_id: int) -> ContentItem:
    """Take a file out of an item; the file itself stays in the store."""
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    asset = item.assets.select_related("file").filter(pk=asset_id).first()
    if asset is None:
        raise NotFound()
    content_changed(actor, item)
    item.save()
    before = _picture(asset)
    asset.delete()
    audit.record(actor, item, before=before, after=dict.fromkeys(before))
    return item


def _picture(asset: ItemAsset) -> dict[str, object]:
    return {"file": asset.file.name, "alt": asset.alt, "ai_generated": asset.ai_generated}
