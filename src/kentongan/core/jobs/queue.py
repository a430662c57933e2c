"""The door to procrastinate: one task runs every kind of job."""

from django.db import transaction
from django.db.models import TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat
from procrastinate import exceptions
from procrastinate.contrib.django import app

from kentongan.core.jobs import registry
from kentongan.core.models.jobs import Job

TASK = "core.run_job"
QUEUE = "jobs"
LOCK = "core.job."
"""What the lock begins with by which a job's call waits once."""


def lock_of(pk: Combinable) -> Concat:
    """Return the lock of a job's call, in the database."""
    return Concat(Value(LOCK), Cast(pk, TextField()))


def enqueue(job: Job) -> bool:
    """Wake a worker for this job when the present transaction commits; False when it waits in the queue already."""
    handler = registry.find(job.kind)
    lock = f"core.jobs.{job.kind}" if handler is not None and handler.alone else None
    task = app.configure_task(TASK, queue=QUEUE, lock=lock, queueing_lock=f"{LOCK}{job.pk}")
    try:
        # AlreadyEnqueued is a violated unique index: without a savepoint it would end the caller's transaction.
        with transaction.atomic():
            task.defer(job_id=job.pk)
    except exceptions.AlreadyEnqueued:
        return False
    return True
