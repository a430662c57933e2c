"""Who sees which jobs: who started one, and the administrators of its unit."""

from django.db.models import Q, QuerySet

from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.models.jobs import Job
from kentongan.core.permissions import Capability


def visible(actor: Actor) -> QuerySet[Job]:
    """Return the jobs `actor` may see, newest first."""
    jobs = Job.objects.select_related("created_by").order_by("-id")
    if actor.is_system:
        return jobs
    if actor.user_id is None:
        return jobs.none()
    administered = authority.unit_ids(actor, Capability.ADMINISTER)
    return jobs.filter(Q(created_by_id=actor.user_id) | Q(unit_id__in=administered))


def get(actor: Actor, job_id: int) -> Job:
    """Return one job; raises NotFound when `actor` may not see it."""
    job = visible(actor).filter(pk=job_id).first()
    if job is None:
        raise NotFound()
    return job
