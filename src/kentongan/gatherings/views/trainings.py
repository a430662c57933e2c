"""Screens of training: the series, who lacks it at any node, its waves."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.core import clock, printing, tables
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column
from kentongan.gatherings import access, actions
from kentongan.gatherings.forms.trainings import TrainingForm, WaveForm
from kentongan.gatherings.models import Training
from kentongan.gatherings.queries import trainings as queries
from kentongan.gatherings.views.common import MOST_PRINTED, paper
from kentongan.gatherings.views.forms import training_page, wave_page
from kentongan.missions.views.common import act, form_page, page, put_errors
from kentongan.registry import access as registry_access
from kentongan.registry import queries as registry_queries
from kentongan.registry.models import Unit

LACKING = [
    Column(gettext_lazy("Code"), "code", 16),
    Column(gettext_lazy("Unit"), "name", 44),
    Column(gettext_lazy("Has"), "has", 9),
    Column(gettext_lazy("Lacks"), "lacks", 9),
    Column(gettext_lazy("Has a seat"), "coming", 11),
    Column(gettext_lazy("Could be trained"), "could", 14),
]


@page
def index(request: StaffRequest) -> HttpResponse:
    """List the trainings."""
    context = {
        "page": tables.page_of(request, queries.trainings(request.actor, request.GET.get("show", "")), 25),
        "shown": [("", _("Running")), ("closed", _("Closed"))],
        "can_gather": Capability.GATHER in registry_access.capabilities(request.actor),
    }
    return render(request, "gatherings/trainings.html", context)


@form_page
def new(request: StaffRequest) -> HttpResponse:
    """Open a training."""
    if Capability.GATHER not in registry_access.capabilities(request.actor):
        raise NotAllowed()
    home = queries.organising_units(request.actor).values_list("code", flat=True).first()
    form = TrainingForm(request.actor, request.POST or None, initial={"unit": home})
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.open_training(request.actor, form.cleaned_data["unit"].pk, form.syllabus()))
        except Invalid as error:
            put_errors(form, error)
    return training_page(request, form)


@form_page
def change(request: StaffRequest, training_id: int) -> HttpResponse:
    """Change a training."""
    found = _to_run(request, training_id)
    initial = {name: getattr(found, name) for name in ("title", "teaches", "wanted", "position", "levels", "per_unit")}
    form = TrainingForm(request.actor, request.POST or None, initial=initial, changing=True)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.change_training(request.actor, training_id, form.syllabus()))
        except Invalid as error:
            put_errors(form, error)
    return training_page(request, form, found)


def _to_run(request: StaffRequest, training_id: int) -> Training:
    found = access.training(request.actor, training_id)
    if not registry_access.allows(request.actor, Capability.GATHER, found.unit):
        raise NotAllowed()
    return found


@page
def training(request: StaffRequest, training_id: int) -> HttpResponse:
    """Show a training: who lacks it under a node, and its waves."""
    found = access.training(request.actor, training_id)
    node = queries.node(request.actor, found, request.GET.get("unit", ""))
    rows = queries.branches(found, node)
    waves = list(queries.waves(found))
    context = {
        "training": found,
        "node": node,
        "above": registry_queries.ancestors(request.actor, node).filter(path__within=found.unit.path),
        "rows": rows,
        "total": queries.total(rows, node),
        "waves": waves,
        "may_run": registry_access.allows(request.actor, Capability.GATHER, found.unit),
        "may_remind": registry_access.allows(request.actor, Capability.GATHER, node),
        "may_open_waves": registry_access.allows(request.actor, access.READ, found.unit),
    }
    return render(request, "gatherings/training.html", context)


def _lacking_at(request: StaffRequest, training_id: int) -> tuple[Training, Unit]:
    found = access.training(request.actor, training_id)
    return found, queries.node(request.actor, found, request.GET.get("unit", ""))


@page
def lacking(request: StaffRequest, training_id: int) -> HttpResponseBase:
    """List the units that lack trained people under a node; as a spreadsheet with `?format=`."""
    found, node = _lacking_at(request, training_id)
    rows = queries.with_people(found, queries.lacking(found, node))
    text = request.GET.get("q", "").strip()[:100]
    if text:
        rows = rows.filter(name__icontains=text)
    if "format" in request.GET:
        return tables.export(f"lacking-{found.pk}-{node.code}", LACKING, rows, request.GET["format"])
    context = {"training": found, "node": node, "page": tables.page_of(request, rows, 50)}
    return render(request, "gatherings/lacking.html", context)


@page
def lacking_paper(request: StaffRequest, training_id: int) -> HttpResponse:
    """Print who lacks it under a node."""
    found, node = _lacking_at(request, training_id)
    units = list(queries.with_people(found, queries.lacking(found, node))[: MOST_PRINTED + 1])
    whole = queries.total(queries.branches(found, node), node)
    lead = _("%(complete)s of %(units)s units are complete; %(lacks)s people are still to be trained.") % {
        "complete": whole.complete,
        "units": whole.units,
        "lacks": whole.lacks,
    }
    part = {
        "columns": [str(column.label) for column in LACKING],
        "rows": [[str(column.of(unit)) for column in LACKING] for unit in paper(units)],
        "numbers": 4,
        "widths": [column.width for column in LACKING],
        "empty": _("No unit lacks anybody here."),
    }
    sheet = {
        "title": _("Who lacks the training: %(training)s") % {"training": found},
        "lead": f"{node}. {lead}",
        "organisation": found.unit.name,
        "printed": timezone.localtime(clock.now()).strftime("%d.%m.%Y %H.%M"),
        "parts": [part],
    }
    return printing.response(f"lacking-{found.pk}-{node.code}", printing.pdf("core/table.typ", sheet))


@act
def remind(request: StaffRequest, training_id: int) -> HttpResponse:
    """Remind those who lack it under a node."""
    found = access.training(request.actor, training_id)
    node = queries.node(request.actor, found, request.POST.get("unit", ""))
    count = actions.remind(request.actor, training_id, node.pk)
    if count:
        text = ngettext("%(n)d person is reminded.", "%(n)d people are reminded.", count) % {"n": count}
        messages.success(request, text)
    else:
        messages.info(request, _("Nobody new to remind: they were reminded today, have a seat, or are not known yet."))
    return redirect(f"{found.get_absolute_url()}?unit={node.code}")


@act
def close(request: StaffRequest, training_id: int) -> HttpResponse:
    """Close a training, or open it once more."""
    again = bool(request.POST.get("again"))
    found = actions.close_training(request.actor, training_id, again=again)
    messages.success(request, _("The training is open again.") if again else _("The training is closed."))
    return redirect(found)


def _next_wave(found: Training) -> dict[str, Any]:
    start = timezone.localtime(clock.now() + timedelta(days=14)).replace(hour=9, minute=0, second=0, microsecond=0)
    lacks = queries.lacking_by_group(found)
    title = _("%(training)s, wave %(number)s") % {"training": found, "number": queries.next_number(found)}
    return {
        "title": title[:200],
        "starts_at": start,
        "ends_at": start + timedelta(hours=6),
        "groups": [pk for pk, count in lacks.items() if count],
        "capacity": 40,
        "seats_per_unit": found.per_unit,
        "fill": True,
    }


@form_page
def new_wave(request: StaffRequest, training_id: int) -> HttpResponse:
    """Plan the next wave, and give its seats to those who lack the training."""
    found = _to_run(request, training_id)
    form = WaveForm(found, request.POST or None, initial=_next_wave(found))
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.plan_wave(request.actor, training_id, form.plan())
        except Invalid as error:
            put_errors(form, error)
        else:
            if form.cleaned_data["fill"]:
                say_filled(request, actions.fill_wave(request.actor, made.pk))
            return redirect(made.gathering)
    return wave_page(request, form, found)


def say_filled(request: StaffRequest, count: int) -> None:
    """Say how many seats were given."""
    if count:
        text = ngettext("%(n)d seat is given.", "%(n)d seats are given.", count) % {"n": count}
        messages.success(request, text + " " + _("Nobody is invited yet."))
    else:
        messages.info(request, _("Nobody in these groups lacks it without a seat already."))
