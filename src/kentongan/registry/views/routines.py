"""Screens of routine checks: what a superior has to sign off, one check, the routine itself."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import actions, queries
from kentongan.registry.actions.routines import day_after
from kentongan.registry.forms.audits import RoutineForm, SignOffForm
from kentongan.registry.models import AuditResult
from kentongan.registry.queries.routines import DONE, DUE, LATE, RISEN
from kentongan.registry.templatetags.registry_names import rule_title
from kentongan.registry.views.common import around, blame, unit_of
from kentongan.registry.views.custody import UNPROCESSABLE

USUAL = (
    "proven",
    "page_not_profile",
    "real_name",
    "two_custodians",
    "posted_lately",
)
VIEW_LABELS = (
    ("", gettext_lazy("Waiting")),
    (DUE, gettext_lazy("On time")),
    (LATE, gettext_lazy("Overdue")),
    (RISEN, gettext_lazy("Risen")),
    (DONE, gettext_lazy("Signed off")),
)
COLUMNS = (
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Due"), "due_on"),
    Column(gettext_lazy("Responsible"), "responsible.name", 34),
    Column(gettext_lazy("Levels risen"), "level", 12),
    Column(gettext_lazy("Signed off"), "signed_at", 22),
    Column(gettext_lazy("By"), "signed_by.name", 24),
    Column(gettext_lazy("Remarks"), "remarks", 60),
)


@login_required
@require_safe
def sign_offs(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """What waits for a superior's look: due, overdue, risen."""
    unit = unit_of(request, pk, Capability.AUDIT if pk is not None else Capability.VIEW)
    view, everything = request.GET.get("view", ""), request.GET.get("whose") == "all"
    found = queries.sign_offs(request.actor, unit, view, mine=not everything)
    if fmt := request.GET.get("format"):
        return export("routine-checks", COLUMNS, found, fmt)
    context = around(
        request,
        unit,
        page=page_of(request, found, 25),
        views=VIEW_LABELS,
        whose=(("", _("Mine to sign")), ("all", _("All below"))),
        routine=queries.routine_for(unit),
    )
    return render(request, "registry/sign_offs.html", context)


@login_required
def sign_off(request: StaffRequest, pk: int) -> HttpResponse:
    """One check: each account of the unit by the routine's rules, and the superior's signature."""
    found = queries.sign_off(request.actor, pk)
    form = SignOffForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.sign(request.actor, pk, remarks=form.cleaned_data["remarks"])
        except Invalid as error:
            blame(form, error)
        else:
            messages.success(request, _("The accounts of %(unit)s are signed off.") % {"unit": found.unit.name})
            return redirect("registry:sign_offs")
    context = around(request, found.unit, check=found, form=form)
    if found.signed_at is None:
        wanted = queries.wanted_rules(found.routine.rules)
        context |= {"wanted": wanted, "standings": queries.standings(found.unit, wanted)}
    else:
        context["findings"] = _findings(found.findings)
    return render(request, "registry/sign_off.html", context, status=UNPROCESSABLE if form.errors else 200)


def _findings(stored: dict[str, dict[str, int]]) -> list[tuple[str, list[tuple[str, int]]]]:
    labels: dict[str, Any] = dict(AuditResult.Verdict.choices)
    return [
        (rule_title(rule), [(str(labels.get(verdict, verdict)), n) for verdict, n in counts.items()])
        for rule, counts in stored.items()
    ]


@login_required
def routine(request: StaffRequest, pk: int) -> HttpResponse:
    """How often the accounts below a unit are looked at, by which rules."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    present = getattr(unit, "routine", None)
    own = present if present and present.stopped_at is None else None
    now = {
        "every_days": own.every_days if own else 30,
        "rises_days": own.rises_days if own else 7,
        "starts_on": own.starts_on if own else day_after(30),
        "rules": own.rules if own else USUAL,
    }
    form = RoutineForm(request.POST) if request.method == "POST" else RoutineForm(initial=now)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            actions.set_routine(request.actor, pk, chosen=data.pop("rules"), **data)
        except Invalid as error:
            blame(form, error)
        else:
            messages.success(request, _("The routine was set; the checks appear within a few minutes."))
            return redirect("registry:unit_sign_offs", pk=pk)
    context = around(request, unit, form=form, own=own)
    return render(request, "registry/routine.html", context, status=UNPROCESSABLE if form.errors else 200)


@login_required
@require_POST
def routine_stop(request: StaffRequest, pk: int) -> HttpResponse:
    """Stop a routine."""
    actions.stop_routine(request.actor, pk)
    messages.success(request, _("The routine was stopped; what was signed off stays."))
    return redirect("registry:unit_sign_offs", pk=pk)
