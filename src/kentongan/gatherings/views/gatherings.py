"""Screens of the room Temu."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.db.models import F, QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.core import clock, tables
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column
from kentongan.gatherings import access, actions, links, queries
from kentongan.gatherings.forms.gatherings import AnswerForm, GatheringForm, GuestForm, NoteForm, QuestionForm
from kentongan.gatherings.models import Gathering
from kentongan.gatherings.queries import audits, trainings
from kentongan.gatherings.views.forms import gathering_page
from kentongan.missions.views.common import act, form_page, page, put_errors, values, whole
from kentongan.registry import access as registry_access
from kentongan.registry import actions as registry_actions

COLUMNS = [
    Column(gettext_lazy("Name"), str, 30),
    Column(gettext_lazy("Unit or community"), lambda one: one.unit.name if one.unit else one.community, 34),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Invited"), "invited_at"),
    Column(gettext_lazy("Answered"), "answered_at"),
    Column(gettext_lazy("Attended"), "attended_at"),
]
OF_A_WAVE = [
    Column(gettext_lazy("Result"), lambda one: str(one.result) if hasattr(one, "result") else "", 14),
    Column(gettext_lazy("Score"), "result.score", 9),
    Column(gettext_lazy("Number of the certificate"), "result.certificate", 24),
]


@page
def index(request: StaffRequest) -> HttpResponse:
    """List the gatherings by day."""
    found = tables.page_of(request, queries.listed(request.actor, request.GET.get("show", "")), 25)
    context = {
        "page": found,
        "days": queries.by_day(found),
        "shown": [("", _("To come")), ("past", _("Past")), ("cancelled", _("Cancelled"))],
        "can_gather": Capability.GATHER in registry_access.capabilities(request.actor),
    }
    return render(request, "gatherings/index.html", context)


def _next_week() -> dict[str, object]:
    start = timezone.localtime(clock.now() + timedelta(days=7)).replace(hour=9, minute=0, second=0, microsecond=0)
    return {"starts_at": start, "ends_at": start + timedelta(hours=2)}


@form_page
def new(request: StaffRequest) -> HttpResponse:
    """Plan a gathering."""
    if Capability.GATHER not in registry_access.capabilities(request.actor):
        raise NotAllowed()
    home = queries.planning_units(request.actor).values_list("code", flat=True).first()
    initial = {"unit": home} | _next_week() | values(request, "title", "aim", "issue", "unit")
    form = GatheringForm(request.actor, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            return redirect(actions.plan_gathering(request.actor, data["unit"].pk, form.plan(), issue_id=data["issue"]))
        except Invalid as error:
            put_errors(form, error)
    return gathering_page(request, form)


@form_page
def change(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Change theme, place or time."""
    found = access.gathering(request.actor, gathering_id, Capability.GATHER)
    if found.is_wave:
        return redirect("gatherings:wave_change", gathering_id)
    initial = {name: getattr(found, name) for name in ("title", "aim", "place", "starts_at", "ends_at")}
    form = GatheringForm(request.actor, request.POST or None, initial=initial, changing=True)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.change(request.actor, gathering_id, form.plan()))
        except Invalid as error:
            put_errors(form, error)
    return gathering_page(request, form, found)


def _show(request: StaffRequest, found: Gathering, status: int = 200, **bound: forms.Form) -> HttpResponse:
    names = queries.may_see_names(request.actor, found)
    context: dict[str, Any] = {
        "gathering": found,
        "wave": (wave := trainings.wave_of(found)),
        "audits": audits.before_and_after(request.actor, wave) if wave else None,
        "seated": trainings.seated(found),
        "attendance": queries.attendance(found),
        "may_change": registry_access.allows(request.actor, Capability.GATHER, found.unit),
        "may_see_names": names,
        "page": tables.page_of(request, queries.participants(found), 25) if names else None,
        "questions": list(queries.questions(found)[:100]),
        "answer_form": AnswerForm(),
        "guest_form": GuestForm(),
        "question_form": QuestionForm(),
        "note_form": NoteForm(initial={"note": found.note, "follow_up": found.follow_up}),
        "begins_soon": queries.begins_soon(found, clock.now()),
    }
    return render(request, "gatherings/gathering.html", context | bound, status=status)


@page
def gathering(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Show one gathering."""
    return _show(request, access.gathering(request.actor, gathering_id))


@page
def candidates(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Find people to put on the list."""
    found = access.gathering(request.actor, gathering_id, Capability.GATHER)
    text = request.GET.get("q", "").strip()[:100]
    wave = trainings.wave_of(found)
    people: QuerySet[Any] = queries.candidates(request.actor, found, text)
    if wave is not None:
        people = trainings.choices(wave, text)
    context = {"gathering": found, "wave": wave, "page": tables.page_of(request, people, 25)}
    return render(request, "gatherings/candidates.html", context)


@act
def add_person(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Put somebody on the list."""
    made = actions.add_person(request.actor, gathering_id, whole(request.POST.get("person")) or 0)
    messages.success(request, _("%(name)s is on the list.") % {"name": made})
    return redirect("gatherings:candidates", gathering_id)


@act
def add_guest(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Put a guest on the list."""
    form = GuestForm(request.POST)
    if form.is_valid():
        actions.add_guest(request.actor, gathering_id, **form.cleaned_data)
        return redirect("gatherings:gathering", gathering_id)
    return _show(request, access.gathering(request.actor, gathering_id), 422, guest_form=form)


@act
def remove(request: StaffRequest, participant_id: int) -> HttpResponse:
    """Take somebody off the list."""
    return redirect(actions.remove(request.actor, participant_id))


@act
def invite(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Invite those who were not invited yet."""
    count = actions.invite(request.actor, gathering_id)
    text = ngettext("%(n)d person was invited.", "%(n)d people were invited.", count) % {"n": count}
    messages.success(request, text)
    return redirect("gatherings:gathering", gathering_id)


@page
def attendance(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Check people in by hand, with a search; the QR codes lead to `scan`."""
    found = access.gathering(request.actor, gathering_id, Capability.GATHER)
    rows = queries.participants(found)
    text = request.GET.get("q", "").strip()[:100]
    if text:
        rows = rows.filter(name__icontains=text) | rows.filter(person__full_name__icontains=text)
    context = {
        "gathering": found,
        "attendance": queries.attendance(found),
        "page": tables.page_of(request, rows.order_by(F("attended_at").asc(nulls_first=True), "pk"), 50),
    }
    return render(request, "gatherings/attendance.html", context)


@act
def check_in(request: StaffRequest, participant_id: int) -> HttpResponse:
    """Check somebody in, or take it back."""
    if request.POST.get("undo"):
        found = actions.undo_check_in(request.actor, participant_id)
    else:
        found = actions.check_in(request.actor, participant_id)
        messages.success(request, _("%(name)s is here.") % {"name": found})
    return redirect("gatherings:attendance", found.gathering_id)


@page
def scan(request: StaffRequest, token: str) -> HttpResponse:
    """Show whose code was scanned; the check-in itself is a button, so that a preview changes nothing."""
    participant = access.participant_to_show(request.actor, links.participant_id(token))
    return render(request, "gatherings/scan.html", {"participant": participant, "gathering": participant.gathering})


@act
def ask(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Write a question down."""
    form = QuestionForm(request.POST)
    if form.is_valid():
        actions.ask(request.actor, gathering_id, form.cleaned_data["text"], asked_by_id=form.cleaned_data["asked_by"])
        return redirect("gatherings:gathering", gathering_id)
    return _show(request, access.gathering(request.actor, gathering_id), 422, question_form=form)


@form_page
def question(request: StaffRequest, question_id: int) -> HttpResponse:
    """Answer one question."""
    found = access.question(request.actor, question_id)
    initial = {"answer": found.answer, "source": found.source, "source_url": found.source_url}
    form = AnswerForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        actions.answer_question(request.actor, question_id, **form.cleaned_data)
        return redirect("gatherings:gathering", found.gathering_id)
    return render(request, "gatherings/question.html", {"question": found, "gathering": found.gathering, "form": form})


@act
def record(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Write what came of it."""
    form = NoteForm(request.POST)
    if form.is_valid():
        actions.record_held(request.actor, gathering_id, **form.cleaned_data)
        messages.success(request, _("The note is kept. The gathering counts as held."))
        return redirect("gatherings:gathering", gathering_id)
    return _show(request, access.gathering(request.actor, gathering_id), 422, note_form=form)


@act
def cancel(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Call it off."""
    actions.cancel(request.actor, gathering_id, request.POST.get("reason", "").replace("\0", ""))
    messages.success(request, _("The gathering is cancelled; those who were invited are told why."))
    return redirect("gatherings:gathering", gathering_id)


@page
def export(request: StaffRequest, gathering_id: int) -> HttpResponseBase:
    """Give the list of participants as a spreadsheet."""
    found = access.gathering(request.actor, gathering_id, Capability.GATHER)
    rows = queries.participants(found)
    columns = COLUMNS + OF_A_WAVE if found.is_wave else COLUMNS
    registry_actions.record_export(request.actor, found.unit_id, rows.count(), Capability.GATHER)
    return tables.export(f"gathering-{found.pk}", columns, rows, request.GET.get("format", "xlsx"))
