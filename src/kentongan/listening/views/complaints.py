"""The form on which people bring complaints: behind a link, or signed in."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from kentongan.core import limits, links
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.requests import StaffRequest
from kentongan.listening.actions import complaints
from kentongan.listening.forms.complaints import ComplaintForm
from kentongan.listening.models import Source

TRIES, WITHIN_SECONDS = 30, 600


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, token: str) -> HttpResponse:
    """The form behind its link, for people who do not sign in; reading changes nothing."""
    try:
        source = complaints.by_link(token)
    except NotFound:
        return links.unlisted(render(request, "listening/complaint_closed.html", status=404))
    if request.method == "POST":
        limits.visit(request, "listening.complaint", limit=TRIES, seconds=WITHIN_SECONDS)
    return links.unlisted(_page(request, source, Actor("link", f"listening.form.{source.pk}")))


@login_required
@require_http_methods(["GET", "POST"])
def bring(request: StaffRequest, pk: int) -> HttpResponse:
    """The same form for somebody of the office."""
    return _page(request, complaints.for_worker(request.actor, pk), request.actor)


def _page(request: HttpRequest, source: Source, actor: Actor) -> HttpResponse:
    form = ComplaintForm(request.POST or None, source=source)
    closed = source.state != Source.State.ACTIVE
    if request.method == "POST" and form.is_valid() and not closed:
        try:
            complaints.bring(actor, source, form.complaint())
            return redirect(f"{request.path}?done=1")
        except Invalid as error:
            for name, texts in error.fields.items():
                form.add_error({"happened_at": "day"}.get(name, name), texts)
        except Conflict:
            closed = True
    context = {"form": form, "unit": source.unit, "source": source, "closed": closed, "done": "done" in request.GET}
    return render(request, "listening/complaint.html", context, status=422 if form.errors else 200)


@login_required
@require_POST
def renew(request: StaffRequest, pk: int) -> HttpResponse:
    """Give the form another link."""
    source = complaints.renew_link(request.actor, pk)
    messages.success(request, _("The form has another link; the one before opens nothing any more."))
    return redirect(source)
