"""Starting and stopping jobs."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.jobs import queries, registry
from kentongan.core.jobs.ending import Outcome, end
from kentongan.core.jobs.queue import enqueue
from kentongan.core.models.jobs import Job


@action("core.job.start")
def start(
    actor: Actor,
    /,
    kind: str,
    label: str | Promise,
    *,
    unit_id: int | None = None,
    link: str = "",
    inline: bool = False,
    **args: Any,
) -> Job:
    """Queue a job; `link` is where its result is seen, `inline` leaves it to the caller's own `run_now`.

    Rights are checked by the action that calls this. Should an inline caller die before it runs the job, a worker
    takes it over.
    """
    if registry.find(kind) is None:
        raise LookupError(f"No handler for {kind}.")
    job = Job.objects.create(
        kind=kind,
        label=str(label)[:200],
        unit_id=unit_id,
        link=link,
        args=args,
        created_by_id=actor.user_id,
    )
    audit.record(actor, job, after={"kind": kind})
    if not inline:
        enqueue(job)
    return job


@action("core.job.stop")
def stop(actor: Actor, job_id: int) -> Job:
    """Ask a job to stop: a waiting one ends at once, a running one at its next safe point."""
    job = queries.get(actor, job_id)
    if job.is_final:
        raise Conflict(_("This job has already ended."))
    before = {"state": job.state}
    # Race: a worker may claim it between the read and this write; then it is running, and is asked to stop.
    if not (job.state == Job.State.QUEUED and end(job, Outcome(Job.State.STOPPED))):
        Job.objects.filter(pk=job_id, stop_requested_at=None).update(stop_requested_at=clock.now())
        job.refresh_from_db()
    audit.record(actor, job, before=before, after={"state": job.state, "stop_requested_at": job.stop_requested_at})
    return job
