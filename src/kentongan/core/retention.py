"""What is thrown away after a while: ended jobs, counts of tries, and the rows that an import rejected.

Of lists of people less is kept, and shorter: neither the file itself nor a rejected row stays longer than the people in
it may stay unconfirmed.
"""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet

from kentongan.core import clock, imports
from kentongan.core.models import ImportReject, ImportRun, Job, Tries

BATCH = 1000
ENDED = (ImportRun.State.DONE, ImportRun.State.UNDONE, ImportRun.State.DISCARDED)
INTERRUPTED = (ImportRun.State.STOPPED, ImportRun.State.FAILED)


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


def purge_lists() -> int:
    """Erase a batch of files and rejected rows of lists of people that ended KENTONGAN_UNCONFIRMED_DAYS ago.

    One that nobody confirmed in that time is discarded; one that stopped, failed or is half undone can be undone still.
    """
    before = clock.now() - timedelta(days=settings.KENTONGAN_UNCONFIRMED_DAYS)
    lists = ImportRun.objects.filter(kind__in=imports.about_people())
    lists.filter(state=ImportRun.State.DRAFT, created_at__lt=before).update(state=ImportRun.State.DISCARDED)
    over = Q(state__in=(*ENDED, *INTERRUPTED), finished_at__lt=before)
    over |= Q(state__in=(ImportRun.State.DISCARDED, ImportRun.State.UNDOING), created_at__lt=before)
    with transaction.atomic():
        erased = imports.erase_files(lists.filter(over, file__erased_at=None)[:BATCH])
    return erased + _delete(ImportReject.objects.filter(run__in=lists.filter(over)))


def _delete(rows: QuerySet[Job] | QuerySet[ImportReject]) -> int:
    """Race: two workers purge; rows that the other one deletes at this moment are skipped."""
    batch = rows.order_by("pk").select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:BATCH]
    with transaction.atomic():
        _all, counts = rows.model._default_manager.filter(pk__in=batch).delete()
    return counts.get(rows.model._meta.label, 0)
