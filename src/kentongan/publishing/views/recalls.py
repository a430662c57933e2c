"""Recalls that people carry out, and taking back an item or a campaign as a whole."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.channels import registry as channels
from kentongan.core import jobs
from kentongan.core.errors import Conflict, Invalid, KentonganError
from kentongan.core.forms import complain, show_errors
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.planning import access as planning
from kentongan.publishing import access, actions
from kentongan.publishing.forms import ReasonForm
from kentongan.publishing.models import RecallTask
from kentongan.publishing.recalls import answering, links, queries
from kentongan.publishing.recalls.forms import GoneForm
from kentongan.publishing.recalls.queries import Fate
from kentongan.publishing.views.common import may_publish, reader
from kentongan.registry import access as rights

COLUMNS = (
    Column(gettext_lazy("Item"), "delivery.content.item_title", 40),
    Column(gettext_lazy("Platform"), lambda row: channels.label(row.delivery.account.platform)),
    Column(gettext_lazy("Account"), "delivery.account.known_as", 28),
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Address"), "url", 50),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Due by"), "due_at"),
    Column(gettext_lazy("Reason"), "reason", 40),
    Column(gettext_lazy("Answered"), "answered_at"),
    Column(gettext_lazy("Note"), "note", 40),
)


@login_required
@require_GET
def index(request: StaffRequest) -> HttpResponseBase:
    """The posts that people have to delete: those that wait for the reader, and those of their units."""
    actor, ask = request.actor, request.GET
    state = ask.get("state", "open")
    rows = queries.tasks(actor, state=state if state in ("open", *RecallTask.State.values) else "")
    if fmt := ask.get("format"):
        return export("penarikan", COLUMNS, rows, fmt)
    page = page_of(request, rows, 25)
    waiting = queries.waiting_for(page.object_list)
    context = {
        "page": page,
        "rows": [(task, waiting[task.pk]) for task in page],
        "states": [("open", _("Open")), ("", _("All")), ("done", _("Deleted there")), ("declined", _("Not deleted"))],
        "mine": queries.waiting_count(actor),
        "reads": access.READ in rights.capabilities(actor),
    }
    return render(request, "publishing/recalls.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def task(request: StaffRequest, pk: int) -> HttpResponse:
    """One post that people have to delete: what, why, for whom it waits; and their answer."""
    if request.method == "GET":
        return _screen(request, pk)
    intent = request.POST.get("intent", "")
    if intent == "seen":
        actions.see(request.actor, pk)
        return redirect("publishing:recall_task", pk)
    form = GoneForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            found = access.recall_task(request.actor, pk, answering=True)
            answering.answer(request.actor, found, form, deleted=intent == "done")
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Thank you. Your answer has arrived."))
            return redirect("publishing:recalls")
    return _screen(request, pk, form, status=422)


def _screen(request: StaffRequest, pk: int, form: GoneForm | None = None, status: int = 200) -> HttpResponse:
    found = access.recall_task(request.actor, pk)
    waiting = queries.waiting_for([found])[found.pk]
    context = {
        "task": found,
        "delivery": found.delivery,
        "manifest": channels.get(found.delivery.account.platform).manifest,
        "waiting": waiting,
        "wish": links.wish_of(found) if found.is_open else None,
        "form": form or GoneForm(),
        "may_answer": found.is_open and _may(access.recall_task, request.actor, pk, answering=True),
        "may_call_off": found.is_open and _may(access.delivery, request.actor, found.delivery_id, access.WRITE),
        "reads": access.READ in rights.capabilities(request.actor, found.unit),
        "reason_form": ReasonForm(auto_id="off_%s"),
    }
    return render(request, "publishing/recall_task.html", context, status=status)


def _may(ask: Callable[..., object], *args: Any, **more: Any) -> bool:
    """Whether access is given."""
    try:
        ask(*args, **more)
    except KentonganError:
        return False
    return True


@login_required
@require_POST
def call_off(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask nobody any more."""
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise complain(form)
    task = actions.call_off(reader(request), pk, reason=form.cleaned_data["reason"])
    messages.success(request, _("Called off: nobody is asked to delete it any more."))
    return redirect("publishing:delivery", task.delivery_id)


@login_required
@require_http_methods(["GET", "POST"])
def item(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back everything of an item."""
    found = planning.item(reader(request), pk)
    return _many(request, found.title, found.get_absolute_url(), item_id=pk)


@login_required
@require_http_methods(["GET", "POST"])
def campaign(request: StaffRequest, pk: int) -> HttpResponse:
    """Take back everything of a campaign."""
    found = planning.campaign(reader(request), pk)
    return _many(request, found.name, found.get_absolute_url(), campaign_id=pk)


LABELS = {
    Fate.STOP: gettext_lazy("not out yet: they never go out"),
    Fate.DELETE: gettext_lazy("out: deleted there in a moment"),
    Fate.ASK: gettext_lazy("out, and only people can delete them: custodians are asked"),
    Fate.ASKED: gettext_lazy("being taken back already"),
    Fate.SENDING: gettext_lazy("being sent at this moment: try again shortly"),
    Fate.UNKNOWN: gettext_lazy("of unknown fate: looked for, deleted if they are there, never sent again"),
}

ALONG = gettext_lazy("reposts by other units: taken back with the posts that they repost")


def _many(request: StaffRequest, name: str, back: str, **of: Any) -> HttpResponse:
    """Show what would be taken back, and do just that."""
    actor = reader(request)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            seen = request.POST.get("seen", "")
            done = actions.recall_many(actor, **of, reason=form.cleaned_data["reason"], seen=seen)
        except Conflict as error:
            messages.warning(request, str(error))
        else:
            if done.job:  # its progress stands on this very page
                return redirect(request.path)
            text = ngettext("%(n)s post is taken back.", "%(n)s posts are taken back.", done.total)
            messages.success(request, text % {"n": done.total})
            return redirect(back)
    one = (of.get("item_id"), of.get("campaign_id"))
    foreseen, job = queries.foresee(actor, queries.of(*one)), queries.latest(*one)
    waits = job is not None and not job.is_final
    mine = job is not None and job.created_by_id == actor.user_id
    context = {
        "job": job,
        "follows": job is not None and jobs.visible(actor).filter(pk=job.pk).exists(),
        "name": name,
        "back": back,
        "form": form,
        "foreseen": foreseen,
        "doing": [*((LABELS[fate], foreseen.counts.get(fate, 0)) for fate in queries.DONE), (ALONG, foreseen.along)],
        "staying": [(LABELS[fate], foreseen.counts.get(fate, 0)) for fate in LABELS if fate not in queries.DONE],
        "may": may_publish(actor) and not (waits and (mine or foreseen.takes_a_job)),
    }
    return render(request, "publishing/recall_many.html", context, status=422 if form.errors else 200)
