"""Screens of long work: the list, one job with its progress, and the way to stop it."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kentongan.core import jobs
from kentongan.core.models.jobs import Job
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import page_of
from kentongan.core.views.common import act, page


@page
def index(request: StaffRequest) -> HttpResponse:
    """List the jobs that one started, or administers."""
    state = request.GET.get("state", "")
    found = jobs.visible(request.actor)
    if state in Job.State.values:
        found = found.filter(state=state)
    states = [("", _("All")), *Job.State.choices]
    return render(request, "core/jobs.html", {"page": page_of(request, found, 25), "states": states})


@page
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """Show one job."""
    return render(request, "core/job.html", {"job": jobs.get(request.actor, pk)})


@page
def progress(request: StaffRequest, pk: int) -> HttpResponse:
    """Answer the page's question how far the job is; at its end the whole page is loaded anew."""
    job = jobs.get(request.actor, pk)
    response = render(request, "core/job_progress.html", {"job": job})
    if job.is_final:
        response["HX-Refresh"] = "true"
    return response


@act
def stop(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask a job to stop."""
    job = jobs.stop(request.actor, pk)
    if job.is_final:
        messages.success(request, _("The job was stopped before it began."))
    else:
        messages.success(request, _("The job stops at its next safe point; what is done stays done."))
    return redirect(job.link or job)
