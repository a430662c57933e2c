"""Screens that change an official account: what is written about it, its state, who keeps it."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.registry import actions, queries, states
from kentongan.registry.actions.custody import Correction, GivenLetter
from kentongan.registry.forms.custody import CorrectionForm
from kentongan.registry.models import Account
from kentongan.registry.views.common import around, blame

UNPROCESSABLE = 422


def account_of(request: StaffRequest, pk: int) -> Account:
    """Return the official account on screen, which the person administers."""
    return queries.account(request.actor, pk, Capability.ADMINISTER)


@login_required
def correct(request: StaffRequest, pk: int) -> HttpResponse:
    """Correct what is written about an official account."""
    account = account_of(request, pk)
    now = {"handle": account.handle, "display_name": account.display_name, "form": account.form}
    form = CorrectionForm(
        *((request.POST, request.FILES) if request.method == "POST" else ()),
        initial=now,
        account=account,
        people=queries.custodian_candidates(request.actor, account.unit),
    )
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct_account(request.actor, pk, _correction(request.actor, form, account))
        except Invalid as error:
            blame(form, error)
        else:
            messages.success(request, _("The account was corrected."))
            return redirect("registry:account", pk=pk)
    context = around(request, account.unit, account=account, form=form)
    return render(request, "registry/account_form.html", context, status=UNPROCESSABLE if form.errors else 200)


def _correction(actor: Actor, form: CorrectionForm, account: Account) -> Correction:
    letter = form.letter(actor, account.unit_id)
    data: dict[str, Any] = form.cleaned_data
    return Correction(
        handle=data.get("handle"),
        display_name=data["display_name"],
        form=data["form"],
        custodian_id=data["custodian"].pk if data.get("custodian") else None,
        deputy_id=data["deputy"].pk if data.get("deputy") else None,
        letter=GivenLetter(letter["number"], letter["dated"], letter["file"]),
    )


@login_required
@require_POST
def move(request: StaffRequest, pk: int, address: str) -> HttpResponse:
    """Retire an account, report it lost, or take either back."""
    account = actions.move_account(
        request.actor, pk, states.at(address), reason=request.POST.get("reason", "").replace("\0", "")
    )
    messages.success(request, _("The account is now “%(state)s”.") % {"state": account.get_state_display()})
    return redirect("registry:account", pk=pk)
