"""Writes of the files that go out with an item, and the copies that are made of them."""

from collections.abc import Collection, Sequence

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, jobs, media, several
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.jobs import Job
from kentongan.core.models.files import StoredFile
from kentongan.core.permissions import Capability
from kentongan.planning import access, fitting
from kentongan.planning import media as planned
from kentongan.planning.actions.items import content_changed, save_content
from kentongan.planning.drafts import NewAsset
from kentongan.planning.models import ContentItem, ItemAsset
from kentongan.planning.states import EDITABLE

ALT_LENGTH = 5


@action("planning.asset.add")
def add_asset(actor: Actor, item_id: int, file: StoredFile, *, alt: str, ai_generated: bool) -> ItemAsset:
    """Add a stored file to an item, with its description in words and whether AI made or changed it."""
    with several.alone():
        (asset,) = add_assets(actor, [NewAsset(item_id, file, alt, ai_generated)])
    return asset


@action("planning.asset.add", may_do_nothing=True)
def add_assets(actor: Actor, wanted: Sequence[NewAsset]) -> list[ItemAsset]:
    """Add stored files to items, all of them or none, in a constant number of queries; raises Several."""
    found = access.items(actor, {one.item_id for one in wanted}, Capability.EDIT, lock=True)
    facts = media.facts_of(one.file for one in wanted if one.file.is_video)
    there: dict[int, list[int]] = {pk: [] for pk in found.rows}
    for item_id, file_id in ItemAsset.objects.filter(item__in=found.rows).values_list("item", "file"):
        there[item_id].append(file_id)
    refusals, made = several.Refusals(), []
    for position, one in enumerate(wanted):
        with refusals.of(position):
            item = found.get(one.item_id)
            _check_new(one, facts, there[item.pk])
            content_changed(actor, item)
            made.append(_asset(item, one, len(there[item.pk])))
            there[item.pk].append(one.file.pk)
    refusals.check()
    save_content(list(found.rows.values()))
    ItemAsset.objects.bulk_create(made)
    audit.record_each(actor, ((asset.item, None, _picture(asset)) for asset in made))
    return made


def _check_new(one: NewAsset, facts: planned.Facts, there: Collection[int]) -> None:
    if len(one.alt.strip()) < ALT_LENGTH:
        raise Invalid(fields={"alt": [_("Describe it in a few words, for people who cannot see it.")]})
    if one.file.is_video and one.file.sha256 not in facts:
        raise Invalid(fields={"file": [_("Nobody has looked into this video yet.")]}, remedy=_("Send it once more."))
    if one.file.pk in there:
        raise Conflict(_("This file is already part of the item."))


def _asset(item: ContentItem, one: NewAsset, position: int) -> ItemAsset:
    values = {"alt": one.alt.strip(), "ai_generated": one.ai_generated, "position": position}
    return ItemAsset(item=item, file=one.file, **values)


@action("planning.item.fit", may_do_nothing=True)
def fit_media(actor: Actor, item_id: int) -> Job | None:
    """Have copies made of an item's pictures and videos, as its platforms take them; None where all are made."""
    item = access.item(actor, item_id, Capability.EDIT)
    return fitting.start(actor, item, list(item.assets.select_related("file")))


@action("planning.item.convert", may_do_nothing=True)
def convert_media(actor: Actor, item_id: int) -> Job:
    """Have the videos converted that the item's platforms do not take as they are; the job that does so already, too.

    Raises Unavailable where there is no ffmpeg, Conflict where nothing needs it.
    """
    # Race: of two who ask at once, the second finds the job of the first.
    item = access.item(actor, item_id, Capability.EDIT, lock=True)
    if item.state not in EDITABLE:
        raise Conflict(_("A withdrawn item cannot be changed."), remedy=_("Take it up again first."))
    wanted = fitting.conversion(item.pk, item.renditions.all(), list(item.assets.select_related("file")))
    if wanted is None:
        raise Conflict(_("None of its videos has to be converted, or could be."), remedy=_("Look at the item anew."))
    if not wanted.possible:
        raise media.no_converter()
    if wanted.job is not None:
        return wanted.job
    label = _("Converting the videos of “%(title)s”") % {"title": item.title}
    link = item.get_absolute_url()
    job = jobs.start(actor, fitting.CONVERSION, label, unit_id=item.unit_id, link=link, item_id=item.pk)
    audit.record(actor, item, after={"files": list(wanted.names), "job": job.pk})
    return job


@action("planning.asset.remove")
def remove_asset(actor: Actor, item_id: int, asset_id: int) -> ContentItem:
    """Take a file out of an item; the file itself stays in the store."""
    with several.alone():
        (item,) = remove_assets(actor, [(item_id, asset_id)])
    return item


@action("planning.asset.remove", may_do_nothing=True)
def remove_assets(actor: Actor, wanted: Sequence[tuple[int, int]]) -> list[ContentItem]:
    """Take files out, each as (item, asset): all of them or none, in a constant number of queries; raises Several."""
    found = access.items(actor, {item_id for item_id, _asset_id in wanted}, Capability.EDIT, lock=True)
    rows = ItemAsset.objects.filter(item__in=found.rows, pk__in=[pk for _item_id, pk in wanted])
    assets = {(row.item_id, row.pk): row for row in rows.select_related("file")}
    refusals, gone = several.Refusals(), []
    for position, one in enumerate(wanted):
        with refusals.of(position):
            item = found.get(one[0])
            if one not in assets:
                raise NotFound()
            content_changed(actor, item)
            gone.append((item, _picture(assets[one])))
    refusals.check()
    save_content(list(found.rows.values()))
    rows.delete()
    audit.record_each(actor, ((item, before, dict.fromkeys(before)) for item, before in gone))
    return [found.get(item_id) for item_id, _asset_id in wanted]


def _picture(asset: ItemAsset) -> dict[str, object]:
    return {"file": asset.file.name, "alt": asset.alt, "ai_generated": asset.ai_generated}
