"""What is thrown away after a while: ended jobs and counts of tries, and the rows that an import rejected."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from kentongan.core import clock
from kentongan.core.models import ImportReject, ImportRun, Job, Tries

BATCH = 1000
ENDED = (ImportRun.State.DONE, ImportRun.State.UNDONE, ImportRun.State.DISCARDED)


def purge() -> int:
    """Delete a batch of what is older than KENTONGAN_KEEP_DAYS; return how many rows that were, 0 when none is left."""
    ended = Tries.objects.filter(ends_at__lt=clock.now()).delete()[0]
    if not settings.KENTONGAN_KEEP_DAYS:
        return ended
    before = clock.now() - timedelta(days=settings.KENTONGAN_KEEP_DAYS)
    # An import that stopped or failed can still go on, with its job and its rejected rows.
    unfinished = ImportRun.objects.exclude(state__in=ENDED)
    jobs = Job.objects.filter(state__in=Job.FINAL, finished_at__lt=before).exclude(
        pk__in=unfinished.filter(job__isnull=False).values("job")
    )
    rejects = ImportReject.objects.filter(run__state__in=ENDED, run__finished_at__lt=before)
    return ended + _delete(jobs) + _delete(rejects)


def _delete(rows: QuerySet[Job] | QuerySet[ImportReject]) -> int:
    """Race: two workers purge; rows that the other one deletes at this moment are skipped."""
    batch = rows.order_by("pk").select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:BATCH]
    with transaction.atomic():
        _all, counts = rows.model._default_manager.filter(pk__in=batch).delete()
    return counts.get(rows.model._meta.label, 0)
