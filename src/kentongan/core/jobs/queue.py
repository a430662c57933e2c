"""The door to procrastinate: one task runs every kind of job."""

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app

from kentongan.core.jobs import registry
from kentongan.core.models.jobs import Job

TASK = "core.run_job"
QUEUE = "jobs"


def enqueue(job: Job) -> bool:
    """Wake a worker for this job when the present transaction commits; False when it waits in the queue already."""
    handler = registry.find(job.kind)
    lock = f"core.jobs.{job.kind}" if handler is not None and handler.alone else None
    task = app.configure_task(TASK, queue=QUEUE, lock=lock, queueing_lock=f"core.job.{job.pk}")
    try:
        # AlreadyEnqueued is a violated unique index: without a savepoint it would end the caller's transaction.
        with transaction.atomic():
            task.defer(job_id=job.pk)
    except exceptions.AlreadyEnqueued:
        return False
    return True
