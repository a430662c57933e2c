"""The door to procrastinate: one task runs every kind of job."""

from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app

TASK = "core.run_job"
QUEUE = "jobs"


def enqueue(job_id: int) -> bool:
    """Wake a worker for this job when the present transaction commits; False when it waits in the queue already."""
    task = app.configure_task(TASK, queue=QUEUE, queueing_lock=f"core.job.{job_id}")
    try:
        # AlreadyEnqueued is a violated unique index: without a savepoint it would end the caller's transaction.
        with transaction.atomic():
            task.defer(job_id=job_id)
    except exceptions.AlreadyEnqueued:
        return False
    return True
