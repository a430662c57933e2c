"""Screens for the administrators who decide about reported accounts."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kentongan.channels import registry as channels
from kentongan.core import printing
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of, sorted_by
from kentongan.registry import actions, evidence
from kentongan.registry.forms.impostors import DecisionForm, ReferForm, ReportForm
from kentongan.registry.models import ImpostorCase
from kentongan.registry.queries import impostors
from kentongan.registry.views.common import around, unit_of

COLUMNS = (
    Column(gettext_lazy("Account"), "handle", 34),
    Column(gettext_lazy("Platform"), lambda case: channels.label(case.platform)),
    Column(gettext_lazy("Address"), "url", 40),
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Reports"), "told", 10),
    Column(gettext_lazy("First reported"), "opened_at", 22),
    Column(gettext_lazy("Last reported"), "latest", 22),
)
SORTS = {"account": "handle", "unit": "unit__name", "reports": "told", "latest": "latest"}
STATES = [("open", gettext_lazy("To decide")), *ImpostorCase.State.choices]


@login_required
@require_safe
def listed(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """The reported accounts that a unit, and those below it, have to decide about."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    state, text = request.GET.get("state", ""), request.GET.get("q", "").strip()
    found = sorted_by(request, impostors.cases(request.actor, unit, state, text), SORTS)
    if fmt := request.GET.get("format"):
        return export("impostors", COLUMNS, found, fmt)
    context = around(request, unit, page=page_of(request, found), text=text, states=STATES)
    return render(request, "registry/impostors.html", context)


def _screen(
    request: StaffRequest,
    case: ImpostorCase,
    form: DecisionForm,
    status: int = 200,
    refer_form: ReferForm | None = None,
) -> HttpResponse:
    context = around(
        request,
        case.unit,
        case=case,
        reports=impostors.reports(case),
        form=form,
        refer_form=refer_form or _refer_form(request, case),
        later=impostors.is_later(case),
        doubts=evidence.doubts(case.platform),
    )
    return render(request, "registry/impostor.html", context, status=status)


def _decision_form(request: StaffRequest, case: ImpostorCase, data: Any = None) -> DecisionForm:
    return DecisionForm(case, list(impostors.others(request.actor, case)), data)


def _refer_form(request: StaffRequest, case: ImpostorCase, data: Any = None) -> ReferForm | None:
    units = impostors.units_to_refer(request.actor, case)
    return ReferForm(case, units, data, prefix="refer") if units.exists() else None


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """One case: what was told, and the decision."""
    case = impostors.case(request.actor, pk)
    form = _decision_form(request, case, request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return _screen(request, case, form, 422 if form.errors else 200)
    data = form.cleaned_data
    try:
        actions.decide(
            request.actor,
            pk,
            data["state"],
            seen=data["seen"],
            reason=data["reason"],
            same_as=int(data["same_as"]) if data.get("same_as") else None,
        )
    except Invalid as error:
        for name, texts in error.fields.items():
            form.add_error(name if name in form.fields else None, texts)
        return _screen(request, case, form, 422)
    messages.success(request, _("The decision is noted."))
    return redirect("registry:impostor", pk=pk)


@login_required
@require_POST
def refer(request: StaffRequest, pk: int) -> HttpResponse:
    """Hand a case to another unit."""
    case = impostors.case(request.actor, pk)
    form = _refer_form(request, case, request.POST)
    if form is None or not form.is_valid():
        return _screen(request, case, _decision_form(request, case), 422, form)
    data = form.cleaned_data
    case = actions.refer(request.actor, pk, data["unit"].pk, seen=data["seen"])
    messages.success(request, _("The case is with %(unit)s now.") % {"unit": case.unit.name})
    return redirect("registry:unit_impostors", pk=case.unit_id)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report(request: StaffRequest, pk: int) -> HttpResponse:
    """Report an account that pretends to be this unit."""
    unit = unit_of(request, pk)
    form = ReportForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.take_in(request.actor, form.report(), form.cleaned_data["screenshot"], unit_id=unit.pk)
        except Invalid as error:
            place_errors(form, error)
        else:
            messages.success(request, _("The report is in, under %(reference)s.") % {"reference": made.reference})
            return redirect("registry:unit_accounts", pk=unit.pk)
    context = around(request, unit, form=form)
    return render(request, "registry/impostor_report.html", context, status=422 if form.errors else 200)


def place_errors(form: ReportForm, error: Invalid) -> None:
    """Put an action's refusal where the person can mend it: at the link, or at the picture."""
    if error.code.startswith("file_"):
        form.add_error("screenshot", f"{error.message} {error.remedy}")
    else:
        form.add_error("link", f"{error.message} {error.remedy}")


@login_required
@require_POST
def pack(request: StaffRequest, pk: int) -> HttpResponse:
    """Make the evidence of a case as a PDF, for the platform's and the authority's report."""
    case = impostors.case(request.actor, pk)
    actions.record_pack(request.actor, case.pk)
    return printing.response(f"bukti-{case.pk}", evidence.pdf(case, str(request.user)))
