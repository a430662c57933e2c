"""Making an item's pictures and videos ready for its platforms: a job, since it takes seconds a piece."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from kentongan.core import jobs, media
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.jobs import Job, Progress
from kentongan.planning.media import missing
from kentongan.planning.models import ContentItem, ItemAsset, Rendition

KIND = "planning.fit"


@jobs.handler(KIND, resumable=True)
def fit(progress: Progress, *, item_id: int) -> dict[str, object]:
    """Make the copies that are missing; one that cannot be made is left to the delivery, which says why."""
    assets = list(ItemAsset.objects.filter(item=item_id).select_related("file"))
    wanted = missing(Rendition.objects.filter(item=item_id), assets)
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


def start(actor: Actor, item: ContentItem, assets: Sequence[ItemAsset]) -> Job | None:
    """Have the copies made that an item's platforms need; None where all are made. Part of an action.

    `assets` have their files at hand; without any nothing is asked of the database.
    """
    if not assets or not missing(item.renditions.all(), assets):
        return None
    # One that has not begun yet will see everything that is missing then.
    if waiting := Job.objects.filter(kind=KIND, state=Job.State.QUEUED, args__item_id=item.pk).first():
        return waiting
    label = _("Making the pictures of “%(title)s” ready") % {"title": item.title}
    return jobs.start(actor, KIND, label, unit_id=item.unit_id, link=item.get_absolute_url(), item_id=item.pk)
