"""Writes of the files that go out with an item, and the copies that are made of them."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, jobs, media
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.jobs import Job
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.planning import access, fitting
from kentongan.planning import media as planned
from kentongan.planning.actions.items import content_changed
from kentongan.planning.models import ContentItem, ItemAsset

ALT_LENGTH = 5


@action("planning.asset.add")
def add_asset(actor: Actor, item_id: int, file: StoredFile, *, alt: str, ai_generated: bool) -> ItemAsset:
    """Add a stored file to an item, with its description in words and whether AI made or changed it."""
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    if len(alt.strip()) < ALT_LENGTH:
        raise Invalid(fields={"alt": [_("Describe it in a few words, for people who cannot see it.")]})
    if file.is_video and file.sha256 not in media.facts_of([file]):
        raise Invalid(fields={"file": [_("Nobody has looked into this video yet.")]}, remedy=_("Send it once more."))
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


@action("planning.item.fit", may_do_nothing=True)
def fit_media(actor: Actor, item_id: int) -> Job | None:
    """Have copies made of an item's pictures and videos, as its platforms take them; None where all are made."""
    item = access.item(actor, item_id, Capability.EDIT)
    if not planned.missing(item.renditions.all(), list(item.assets.select_related("file"))):
        return None
    label = _("Making the pictures of “%(title)s” ready") % {"title": item.title}
    return jobs.start(actor, fitting.KIND, label, unit_id=item.unit_id, link=item.get_absolute_url(), item_id=item.pk)


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
