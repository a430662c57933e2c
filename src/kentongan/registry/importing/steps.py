"""Taking a whole import back, the last batch first."""

from collections.abc import Callable

from django.db.models import Sum

from kentongan.core.imports import ImportRun
from kentongan.core.jobs import Progress
from kentongan.registry.models import ImportStep


def take_back_all(run: ImportRun, progress: Progress, take_back: Callable[[int], None]) -> int:
    """Call `take_back` for each step that is not undone yet; return how many people were removed or restored."""
    steps = ImportStep.objects.filter(run=run)
    ids = list(steps.filter(undone_at=None).order_by("-start").values_list("pk", flat=True))
    progress.total(len(ids))
    for step_id in ids:
        progress.check()
        take_back(step_id)
        progress.advance()
    # Of all batches, for an earlier try may have taken some back before it was interrupted.
    sums = steps.aggregate(undone=Sum("undone", default=0), left=Sum("left", default=0))
    progress.result["left"] = sums["left"]
    return int(sums["undone"])
