"""Long work with progress, a rate, a way to stop, and an ending in every case.

    @jobs.handler("listening.import", resumable=True)
    def run(progress: jobs.Progress, *, run_id: int) -> dict[str, object]: ...

    job = jobs.start(actor, "listening.import", _("Import of posts.csv"), unit_id=7, run_id=3)   # inside an action

A worker picks the job up once the action has committed; a script without a worker calls `jobs.run_now(job)`.
"""

from kentongan.core.jobs.actions import start, stop
from kentongan.core.jobs.progress import ClaimLost, Listener, Progress, Stopped
from kentongan.core.jobs.queries import get, visible
from kentongan.core.jobs.registry import Handler, handler
from kentongan.core.jobs.rescue import free_stalled
from kentongan.core.jobs.runner import run, run_now
from kentongan.core.models.jobs import Job

__all__ = [
    "ClaimLost",
    "Handler",
    "Job",
    "Listener",
    "Progress",
    "Stopped",
    "free_stalled",
    "get",
    "handler",
    "run",
    "run_now",
    "start",
    "stop",
    "visible",
]
