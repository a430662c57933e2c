"""Making an item's pictures and videos ready for its platforms: jobs, since it takes seconds a piece, or minutes."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial

from django.utils.translation import gettext_lazy as _

from kentongan.core import jobs, media
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.jobs import Job, Progress
from kentongan.planning.media import to_convert, to_fit
from kentongan.planning.models import ContentItem, ItemAsset, Rendition

KIND = "planning.fit"
CONVERSION = "planning.convert"


@dataclass(frozen=True, slots=True)
class Conversion:
    """Videos of an item that have to be converted: their names, the job that does so, whether there is a program."""

    names: tuple[str, ...]
    job: Job | None
    possible: bool


def conversion(item_id: int, renditions: Iterable[Rendition], assets: Sequence[ItemAsset]) -> Conversion | None:
    """Return what there is to convert of an item; None where that is nothing."""
    if not any(asset.file.is_video for asset in assets):
        return None
    wanted = to_convert(renditions, assets)
    names = tuple(dict.fromkeys(file.name for file, _recipe in wanted))
    return Conversion(names, converting(item_id), media.converter() is not None) if names else None


def converting(item_id: int) -> Job | None:
    """Return the job that converts an item's videos at present."""
    live = Job.objects.filter(kind=CONVERSION, args__item_id=item_id).exclude(state__in=Job.FINAL)
    return live.order_by("-id").first()


@jobs.handler(KIND, resumable=True)
def fit(progress: Progress, *, item_id: int) -> dict[str, object]:
    """Make the copies that are missing; one that cannot be made is left to the delivery, which says why."""
    assets = list(ItemAsset.objects.filter(item=item_id).select_related("file"))
    wanted = to_fit(Rendition.objects.filter(item=item_id), assets)
    progress.total(len(wanted))
    failed = 0
    for file, recipe in wanted:
        progress.check()
        progress.say(file.name)
        try:
            media.fitted(file, recipe)
        except Invalid:
            failed += 1
        progress.advance()
    return {"made": len(wanted) - failed, "failed": failed}


@jobs.handler(CONVERSION, resumable=True, alone=True)
def convert(progress: Progress, *, item_id: int) -> dict[str, object]:
    """Convert the videos that the item's platforms do not take as they are; progress is in seconds of video."""
    assets = list(ItemAsset.objects.filter(item=item_id).select_related("file"))
    wanted = to_convert(Rendition.objects.filter(item=item_id), assets)
    facts = media.facts_of(file for file, _recipe in wanted)
    lengths = [math.ceil(facts[file.sha256].seconds or 0) for file, _recipe in wanted]
    progress.total(sum(lengths))
    before = 0
    for (file, recipe), length in zip(wanted, lengths, strict=True):
        progress.say(file.name)
        media.convert(file, recipe, partial(_tell, progress, before), f"convert-{progress.job.pk}")
        before += length
        progress.advance(before - progress.done)
    return {"made": len(wanted)}


def _tell(progress: Progress, before: int, seconds: float) -> None:
    progress.check()
    progress.advance(max(0, before + int(seconds) - progress.done))


def start(actor: Actor, item: ContentItem, assets: Sequence[ItemAsset]) -> Job | None:
    """Have the copies made that an item's platforms need; None where all are made. Part of an action.

    `assets` have their files at hand; without any nothing is asked of the database.
    """
    if not assets or not to_fit(item.renditions.all(), assets):
        return None
    # One that has not begun yet will see everything that is missing then.
    if waiting := Job.objects.filter(kind=KIND, state=Job.State.QUEUED, args__item_id=item.pk).first():
        return waiting
    label = _("Making the pictures of “%(title)s” ready") % {"title": item.title}
    return jobs.start(actor, KIND, label, unit_id=item.unit_id, link=item.get_absolute_url(), item_id=item.pk)
