"""For which unit a list is, and taking it back as a whole, the last batch first."""

from collections import Counter
from collections.abc import Callable

from django.db.models import Sum

from kentongan.core.errors import NotFound
from kentongan.core.imports import ImportRun
from kentongan.core.jobs import Progress
from kentongan.registry.models import ImportStep, Unit


def unit_of(run: ImportRun) -> Unit:
    """Return the unit for which a list came in, the root for one that names none; raises NotFound."""
    unit = Unit.objects.filter(**({"parent": None} if run.unit_id is None else {"pk": run.unit_id})).first()
    if unit is None:
        raise NotFound()
    return unit


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
    reasons = Counter[str]()
    for counts in steps.exclude(left_for={}).values_list("left_for", flat=True).iterator():
        reasons.update(counts)
    progress.result |= {"left": sums["left"], "left_for": dict(reasons)}
    return int(sums["undone"])
