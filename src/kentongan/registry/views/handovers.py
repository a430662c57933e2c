"""Screens of handovers: what waits in a subtree, beginning one, checking one off."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.channels import registry as channels
from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import access, actions, queries
from kentongan.registry.actions.custody import GivenLetter
from kentongan.registry.actions.handovers import Checklist
from kentongan.registry.forms.custody import ChecklistForm, HandoverForm
from kentongan.registry.models import Account, CustodyAlarm, Handover
from kentongan.registry.models.custody import CHECKS
from kentongan.registry.views.common import around, blame, unit_of
from kentongan.registry.views.custody import UNPROCESSABLE, account_of

USUAL_DAYS = 14
COLUMNS = (
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Platform"), lambda account: channels.label(account.platform)),
    Column(gettext_lazy("Handle"), "handle", 28),
    Column(gettext_lazy("Custodian"), "custodian.full_name", 28),
    Column(gettext_lazy("Second custodian"), "deputy_custodian.full_name", 28),
    Column(gettext_lazy("Custodians who serve"), "custodians_left", 12),
)


@login_required
def custody(request: StaffRequest, pk: int) -> HttpResponseBase:
    """Which accounts of a subtree have too few custodians, and which handovers wait."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    found = queries.in_alarm(request.actor, unit, request.GET.get("kind", ""))
    if fmt := request.GET.get("format"):
        actions.record_export(request.actor, unit.pk, found.count())
        return export("custodians", COLUMNS, found, fmt)
    context = around(
        request,
        unit,
        page=page_of(request, found),
        handovers=page_of(request, queries.handovers(request.actor, unit), 25, "handover_page"),
        kinds=[("", _("All")), *CustodyAlarm.Kind.choices],
    )
    return render(request, "registry/custody.html", context)


@login_required
def begin(request: StaffRequest, pk: int) -> HttpResponse:
    """Begin to hand an account over."""
    account = account_of(request, pk)
    people = queries.custodian_candidates(request.actor, account.unit)
    first = {"giver": request.GET.get("giver"), "due_on": clock.now().date() + timedelta(days=USUAL_DAYS)}
    form = HandoverForm(
        request.POST if request.method == "POST" else None, initial=first, account=account, people=people
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = actions.begin_handover(
                request.actor, pk, data["giver"].pk, data["receiver"].pk, due_on=data["due_on"]
            )
        except Invalid as error:
            blame(form, error)
        else:
            messages.success(request, _("The handover has begun: check off what is done."))
            return redirect(made)
    context = around(request, account.unit, account=account, form=form)
    return render(request, "registry/handover_form.html", context, status=UNPROCESSABLE if form.errors else 200)


@login_required
def handover(request: StaffRequest, pk: int) -> HttpResponse:
    """One handover: what is done of it, by the receiver or an administrator."""
    found = queries.handover(request.actor, pk)
    account = found.account
    administers = access.allows(request.actor, Capability.ADMINISTER, account.unit)
    form = ChecklistForm(
        *((request.POST, request.FILES) if request.method == "POST" else ()),
        handover=found,
        people=_receivers(request.actor, account),
        administers=administers,
    )
    if request.method == "POST" and form.is_valid():
        try:
            found = actions.check_handover(request.actor, pk, _checklist(request.actor, form, account))
        except Invalid as error:
            blame(form, error)
        else:
            messages.success(request, _told(found))
            return redirect(found)
    context = around(request, account.unit, handover=found, account=account, form=form, administers=administers)
    return render(request, "registry/handover.html", context, status=UNPROCESSABLE if form.errors else 200)


def _receivers(actor: Actor, account: Account) -> QuerySet[Any]:
    keepers = [one for one in (account.custodian_id, account.deputy_custodian_id) if one]
    return queries.custodian_candidates(actor, account.unit).exclude(pk__in=keepers)


def _checklist(actor: Actor, form: ChecklistForm, account: Account) -> Checklist:
    letter = form.letter(actor, account.unit_id)
    data = form.cleaned_data
    receiver = data.get("receiver")
    return Checklist(
        **{name: data[name] for name in CHECKS},
        receiver_id=receiver.pk if receiver else None,
        letter=GivenLetter(letter["number"], letter["dated"], letter["file"]),
    )


def _told(handover: Handover) -> str:
    if handover.done_at:
        return _("The handover is complete: %(name)s keeps the account now.") % {"name": handover.receiver}
    return _("What is done was noted.")


@login_required
@require_POST
def cancel(request: StaffRequest, pk: int) -> HttpResponse:
    """Call a handover off."""
    handover = actions.cancel_handover(request.actor, pk)
    messages.success(request, _("The handover was called off."))
    return redirect("registry:account", pk=handover.account_id)
