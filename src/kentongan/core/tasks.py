"""What the worker does for the core."""

from procrastinate.contrib.django import app

from kentongan.core import jobs
from kentongan.core.jobs.queue import QUEUE, TASK


@app.task(name=TASK, queue=QUEUE)
def run_job(job_id: int) -> None:
    """Run one job of any kind."""
    jobs.run(job_id)
