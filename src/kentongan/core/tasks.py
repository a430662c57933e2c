"""What the worker does for the core."""

from procrastinate.contrib.django import app

from kentongan.core import files, jobs, messages, retention
from kentongan.core.jobs.queue import QUEUE, TASK
from kentongan.core.ticks import every


@app.task(name=TASK, queue=QUEUE)
def run_job(job_id: int) -> None:
    """Run one job of any kind."""
    jobs.run(job_id)


@every(seconds=10, name="core.jobs")
def free_stalled_jobs() -> int:
    """Free what killed workers left behind."""
    return jobs.free_stalled()


@every(seconds=2, name="core.messages")
def send_due_messages() -> int:
    """Send the e-mail that is due."""
    return messages.send_due()


@every(seconds=3600, name="core.retention")
def purge() -> int:
    """Throw away what was kept long enough."""
    return retention.purge() + retention.purge_lists() + files.discard_erased() + files.discard_drafts()
