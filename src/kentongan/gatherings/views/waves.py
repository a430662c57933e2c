"""Screens of one wave: its seats, its results, its list on paper. The rest is its gathering's page."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from kentongan.core import clock, printing, tables
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.gatherings import access, actions, links, queries
from kentongan.gatherings.forms.trainings import ResultSet, WaveForm
from kentongan.gatherings.models import Participant
from kentongan.gatherings.queries import trainings
from kentongan.gatherings.views.common import MOST_PRINTED, paper
from kentongan.gatherings.views.forms import wave_page
from kentongan.gatherings.views.trainings import say_filled
from kentongan.missions.views.common import act, form_page, page, put_errors
from kentongan.registry import actions as registry_actions

PER_PAGE = 50


@form_page
def change(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Change or move a wave."""
    found = access.wave(request.actor, gathering_id, Capability.GATHER)
    initial = {name: getattr(found.gathering, name) for name in ("title", "place", "starts_at", "ends_at")}
    initial |= {name: getattr(found, name) for name in ("capacity", "seats_per_unit", "link")}
    initial["groups"] = list(found.groups.values_list("pk", flat=True))
    form = WaveForm(found.training, request.POST or None, initial=initial, changing=True)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.change_wave(request.actor, gathering_id, form.plan()).gathering)
        except Invalid as error:
            put_errors(form, error)
    return wave_page(request, form, found.training, found.gathering)


@act
def fill(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Give the free seats to those who lack the training."""
    say_filled(request, actions.fill_wave(request.actor, gathering_id))
    return redirect("gatherings:gathering", gathering_id)


def _initial(one: Participant) -> dict[str, object]:
    result = getattr(one, "result", None)
    if result is None:
        return {"participant": one.pk}
    passed = "yes" if result.passed else "no"
    return {"participant": one.pk, "passed": passed, "score": result.score, "certificate": result.certificate}


@form_page
def results(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Note what those who attended came out with."""
    wave = access.wave(request.actor, gathering_id, Capability.GATHER)
    found = tables.page_of(request, trainings.results(wave.gathering), PER_PAGE)
    attended = {one.pk: one for one in found}
    forms = ResultSet(request.POST or None, initial=[_initial(one) for one in found])
    if request.method == "POST" and forms.is_valid():
        try:
            count = actions.record_results(request.actor, gathering_id, [form.outcome() for form in forms])
        except Invalid as error:
            messages.error(request, " ".join(text for texts in error.fields.values() for text in texts))
        else:
            text = ngettext("%(n)d result is noted.", "%(n)d results are noted.", count) % {"n": count}
            messages.success(request, text)
            return redirect(request.get_full_path())
    rows = [(attended[form["participant"].initial], form) for form in forms if form["participant"].initial in attended]
    context = {"wave": wave, "gathering": wave.gathering, "page": found, "forms": forms, "rows": rows}
    return render(request, "gatherings/results.html", context)


@page
def attendance_paper(request: StaffRequest, gathering_id: int) -> HttpResponse:
    """Print the list to be signed at the door."""
    found = access.gathering(request.actor, gathering_id, Capability.GATHER)
    rows = paper(list(queries.participants(found).order_by("unit__path", "pk")[: MOST_PRINTED + 1]))
    registry_actions.record_export(request.actor, found.unit_id, len(rows), Capability.GATHER)
    sheet = {
        "title": _("Attendance: %(title)s") % {"title": found},
        "lead": f"{links.moment(found)} · {found.place}",
        "organisation": found.unit.name,
        "printed": timezone.localtime(clock.now()).strftime("%d.%m.%Y %H.%M"),
        "columns": [_("No."), _("Name"), _("Unit or community"), _("State"), _("Signature")],
        "widths": [6, 30, 34, 16, 24],
        "rows": [
            [str(number), str(one), one.unit.name if one.unit else one.community, one.get_state_display(), ""]
            for number, one in enumerate(rows, start=1)
        ],
        "empty": _("Nobody on the list yet"),
    }
    return printing.response(f"attendance-{found.pk}", printing.pdf("gatherings/attendance.typ", sheet))
