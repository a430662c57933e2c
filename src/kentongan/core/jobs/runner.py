"""Running one job: claim it, work, end it."""

import logging
from uuid import uuid4

from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext as _

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError, NotFound
from kentongan.core.jobs import registry
from kentongan.core.jobs.ending import Outcome, end
from kentongan.core.jobs.progress import ClaimLost, Listener, Progress, Stopped, reporting
from kentongan.core.models.jobs import Job

logger = logging.getLogger(__name__)


def _claim(job_id: int) -> Job | None:
    """Take the job; of several workers only one changes the row from queued."""
    moment, claim = clock.now(), uuid4()
    taken = Job.objects.filter(pk=job_id, state=Job.State.QUEUED).update(
        state=Job.State.RUNNING,
        claim=claim,
        attempts=F("attempts") + 1,
        started_at=moment,
        heartbeat_at=moment,
        done=0,
        total=None,
        rate=None,
    )
    return Job.objects.select_related("created_by").get(pk=job_id) if taken else None


def _actor(job: Job) -> Actor:
    """Return who the job works for; their rights are looked up anew, as they are now."""
    return Actor.of_user(job.created_by) if job.created_by else Actor.system(f"job.{job.kind}")


def _work(job: Job, progress: Progress) -> Outcome:
    handler = registry.find(job.kind)
    if handler is None:
        return Outcome(Job.State.FAILED, error=_("Nothing in this version knows how to do “%s”.") % job.kind)
    try:
        with reporting(progress):
            returned = handler.work(progress, **job.args)
    except Stopped:
        return Outcome(Job.State.STOPPED, progress.result)
    except KentonganError as error:
        return Outcome(Job.State.FAILED, progress.result, str(error.message), str(error.remedy))
    except ClaimLost:
        raise
    except Exception:
        logger.exception("Job %s (%s) failed", job.pk, job.kind)
        return Outcome(
            Job.State.FAILED,
            progress.result,
            _("An error that we had not foreseen ended this job."),
            _("Start it again; if it happens again, give your administrator the number of the job: %s.") % job.pk,
        )
    return Outcome(Job.State.DONE, {**progress.result, **(returned or {})})


def _figures(progress: Progress) -> dict[str, object]:
    return {
        "done": progress.done,
        "total": progress.expected,
        "rate": progress.average_rate,
        "message": progress.text,
    }


def run(job_id: int, listener: Listener | None = None) -> Job | None:
    """Run a job to its end; None when there was nothing to run (taken by another worker, stopped, already done)."""
    job = _claim(job_id)
    if job is None or job.claim is None:
        return None
    # What it writes down is read by whoever began it, whatever language its worker was started in.
    with translation.override(job.created_by.language if job.created_by else translation.get_language()):
        return _run(job, Progress(job, _actor(job), job.claim, listener))


def _run(job: Job, progress: Progress) -> Job | None:
    try:
        outcome = _work(job, progress)
    except ClaimLost:
        logger.warning("Job %s was given to another worker while this one was silent.", job.pk)
        return None
    except BaseException:
        # Ctrl-C, or the worker is being shut down: what is in stays in, and the row says so.
        end(job, Outcome(Job.State.STOPPED, progress.result, figures=_figures(progress)))
        raise
    end(job, Outcome(outcome.state, outcome.result, outcome.error, outcome.remedy, _figures(progress)))
    progress.tell()
    return job


def run_now(job: Job, listener: Listener | None = None) -> Job:
    """Run a job in this process and return it in its final state; for scripts that have no worker.

    If a worker was faster, its ending is not waited for: the job is returned as it is.
    """
    run(job.pk, listener)
    fresh = Job.objects.filter(pk=job.pk).first()
    if fresh is None:
        raise NotFound()
    return fresh
