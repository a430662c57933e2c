"""What a killed worker leaves behind: jobs in `running` without a sign of life, and procrastinate rows in `doing`."""

from datetime import timedelta

from asgiref.sync import async_to_sync
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob
from procrastinate.jobs import Status

from kentongan.core import clock
from kentongan.core.jobs import registry
from kentongan.core.jobs.ending import Outcome, end
from kentongan.core.jobs.queue import TASK, enqueue, lock_of
from kentongan.core.models.jobs import Job

SILENT_AFTER = timedelta(seconds=30)
WAITING_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 5
BATCH = 50


def free_stalled() -> int:
    """Run again, or end with a clear message, what no worker works on any more; returns how many jobs that were."""
    freed = _free_silent() + _wake_waiting()
    _drop_abandoned_tasks()
    return freed


def _free_silent() -> int:
    with transaction.atomic():
        # Race: several workers tick; a row that another one is freeing is skipped.
        silent = list(
            Job.objects.select_for_update(skip_locked=True).filter(
                state=Job.State.RUNNING, heartbeat_at__lt=clock.now() - SILENT_AFTER
            )[:BATCH]
        )
        for job in silent:
            _free(job)
    return len(silent)


def _free(job: Job) -> None:
    handler = registry.find(job.kind)
    if job.stop_requested_at is not None:
        end(job, Outcome(Job.State.STOPPED, job.result))
    elif handler is not None and handler.resumable and job.attempts < MAX_ATTEMPTS:
        # The old worker may only be slow: without its claim it can no longer write, and stops at its next check.
        job.state, job.claim, job.queued_at = Job.State.QUEUED, None, clock.now()
        job.save(update_fields=["state", "claim", "queued_at"])
        enqueue(job)
    else:
        end(
            job,
            Outcome(
                Job.State.FAILED,
                job.result,
                _("The worker that did this was ended from outside, in the middle."),
                _("What was already done is kept. Look at the result, then start it again."),
            ),
        )


def _wake_waiting() -> int:
    """Enqueue jobs whose call was lost: the worker died between taking the call and claiming the job.

    The oldest first; those whose call still waits are left out, so that however many they are none stands behind them.
    """
    calls = ProcrastinateJob.objects.filter(status=Status.TODO.value, queueing_lock=lock_of(OuterRef("pk")))
    waiting = Job.objects.filter(~Exists(calls), state=Job.State.QUEUED, queued_at__lt=clock.now() - WAITING_AFTER)
    return sum(map(enqueue, waiting.order_by("queued_at", "pk")[:BATCH]))


@async_to_sync
async def _drop_abandoned_tasks() -> None:
    stalled = await app.job_manager.get_stalled_jobs(
        task_name=TASK, seconds_since_heartbeat=SILENT_AFTER.total_seconds()
    )
    for task in stalled:
        if task.id is not None:
            await app.job_manager.finish_job_by_id_async(task.id, Status.FAILED, delete_job=True)
