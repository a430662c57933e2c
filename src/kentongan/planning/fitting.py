"""Making an item's pictures and videos ready for its platforms: a job, since it takes seconds a piece."""

from kentongan.core import jobs, media
from kentongan.core.errors import Invalid
from kentongan.core.jobs import Progress
from kentongan.planning.media import missing
from kentongan.planning.models import ItemAsset, Rendition

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
