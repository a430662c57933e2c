"""The two jobs of an import: bring in, take back."""

from typing import Any

from kentongan.core import clock, jobs
from kentongan.core.imports.contract import kind_of
from kentongan.core.imports.feed import RunFeed, counts
from kentongan.core.jobs.progress import Progress
from kentongan.core.models.imports import ImportRun
from kentongan.core.models.jobs import Job

APPLY, UNDO = "core.import", "core.import_undo"
APPLY_ENDS = {
    Job.State.DONE: ImportRun.State.DONE,
    Job.State.STOPPED: ImportRun.State.STOPPED,
    Job.State.FAILED: ImportRun.State.FAILED,
}


def _apply_ended(job: Job) -> None:
    """However the job ended (stopped, killed, done), the run says the same."""
    ImportRun.objects.filter(job=job, state=ImportRun.State.RUNNING).update(
        state=APPLY_ENDS[Job.State(job.state)], finished_at=clock.now()
    )


def _undo_ended(job: Job) -> None:
    """A half undone run stays in UNDOING: its page offers to go on."""
    if job.state == Job.State.DONE:
        ImportRun.objects.filter(job=job, state=ImportRun.State.UNDOING).update(
            state=ImportRun.State.UNDONE, finished_at=clock.now(), rows_undone=job.result["undone"]
        )


@jobs.handler(APPLY, resumable=True, on_end=_apply_ended)
def apply(progress: Progress, *, run_id: int) -> dict[str, Any]:
    """Bring a confirmed file in, from where the last try came to."""
    run = ImportRun.objects.select_related("file").get(pk=run_id)
    kind = kind_of(run.kind)
    try:
        kind.apply(run, RunFeed(run, kind, progress), progress)
    finally:
        run.refresh_from_db()
        progress.result = dict(counts(run))
    return dict(counts(run))


@jobs.handler(UNDO, resumable=True, on_end=_undo_ended)
def undo(progress: Progress, *, run_id: int) -> dict[str, Any]:
    """Take back what a run brought in."""
    run = ImportRun.objects.select_related("file").get(pk=run_id)
    undone = kind_of(run.kind).undo(run, progress)
    return {**progress.result, "undone": undone}
