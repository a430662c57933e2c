"""Screens for administrators: members' own accounts and their proofs, attesting one, two claims to one account."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kentongan.core.errors import Conflict, Invalid, NotFound, TooMany
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import page_of
from kentongan.registry import access, actions, proving, queries
from kentongan.registry.actions.proofs import prover
from kentongan.registry.forms.invitations import AttestForm, DecisionForm
from kentongan.registry.models import Account, Challenge
from kentongan.registry.views.common import around, unit_of

UNPROCESSABLE = 422


@login_required
def members(request: StaffRequest, pk: int) -> HttpResponse:
    """Members' own accounts under a unit, each with its proof; for its administrators."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    text, state = request.GET.get("q", "").strip(), request.GET.get("state", "")
    page = page_of(request, queries.members_accounts(request.actor, unit, text, state))
    rows = [(one, prover(one.platform) is None) for one in page]
    shown = ("claimed", "declared", "proven")
    states = [("", _("All")), *((value, label) for value, label in Account.State.choices if value in shown)]
    open_disputes = queries.disputes(request.actor, unit).count()
    context = around(request, unit, page=page, rows=rows, states=states, disputes=open_disputes)
    return render(request, "registry/members_accounts.html", context)


@login_required
def attest(request: StaffRequest, pk: int) -> HttpResponse:
    """Attest an account, with evidence."""
    account = access.get_account_to_attest(request.actor, pk)
    form = AttestForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload, data = form.cleaned_data.pop("file"), form.cleaned_data
        try:
            file = actions.keep_evidence(request.actor, pk, upload, upload.name) if upload else None
            actions.attest_account(request.actor, pk, note=data["note"], link=data["link"], file=file)
        except Invalid as error:
            for name, texts in (error.fields or {"file": [str(error)]}).items():
                form.add_error(name if name in form.fields else None, texts)
        except Conflict as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, _("Noted, with your name and the evidence."))
            own = account.kind == Account.Kind.ORGANIC
            return redirect("registry:members" if own else "registry:unit_accounts", pk=account.unit_id)
    context = around(request, account.unit, account=account, form=form)
    return render(request, "registry/attest.html", context, status=UNPROCESSABLE if form.errors else 200)


@login_required
def prove(request: StaffRequest, pk: int) -> HttpResponse:
    """Prove an official account by a code in its profile."""
    account = access.get_account_to_prove(request.actor, pk)
    if account.kind != Account.Kind.OFFICIAL:
        raise NotFound()
    problem: Conflict | TooMany | None = None
    if request.method == "POST":
        try:
            if request.POST.get("intent") == "check":
                proving.check(request.actor, pk)
            else:
                actions.issue_code(request.actor, pk)
            return redirect("registry:prove", pk=pk)
        except (Conflict, TooMany) as error:
            problem = error
    challenge = Challenge.objects.filter(account=account).first()
    live = challenge if challenge and not challenge.is_over else None
    reader = prover(account.platform)
    context = around(request, account.unit, account=account, challenge=live, problem=problem)
    context |= {"place": reader.place if reader else "", "link": proving.address(live.code) if live else ""}
    return render(request, "registry/prove.html", context, status=problem.status if problem else 200)


@login_required
def disputes(request: StaffRequest, pk: int) -> HttpResponse:
    """Accounts that two have proven: both sides, and the decision."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    status = 200
    form = DecisionForm()
    if request.method == "POST":
        form = DecisionForm(request.POST)
        status = UNPROCESSABLE
        if form.is_valid():
            number = request.POST.get("dispute", "")
            if not (number.isascii() and number.isdecimal() and len(number) < 18):
                raise NotFound()
            try:
                actions.resolve_dispute(request.actor, int(number), **form.cleaned_data)
            except Invalid as error:
                form.add_error(None, str(error))
            else:
                messages.success(request, _("Decided. Both sides see it."))
                return redirect("registry:disputes", pk=unit.pk)
    page = page_of(request, queries.disputes(request.actor, unit))
    mine = set(
        access.units_for(request.actor, Capability.ADMINISTER)
        .filter(pk__in={side.unit_id for one in page for side in (one.claimant, one.holder)})
        .values_list("pk", flat=True)
    )
    above = queries.deciders(list(page))
    rows = [
        (
            one,
            *(_side(side, mine) for side in (one.holder, one.claimant)),
            above[one.pk],
            {one.holder.unit_id, one.claimant.unit_id} <= mine,
            form if str(one.pk) == request.POST.get("dispute") else DecisionForm(auto_id=f"dispute{one.pk}_%s"),
        )
        for one in page
    ]
    settled = queries.disputes(request.actor, unit, settled=True)[:20]
    context = around(request, unit, page=page, rows=rows, settled=settled)
    return render(request, "registry/disputes.html", context, status=status)


def _side(account: Account, mine: set[int]) -> str:
    """Return who stands on a side; a member of a unit that is not one's own to administer stays unnamed."""
    if account.kind == Account.Kind.OFFICIAL:
        return account.unit.name
    if account.unit_id not in mine:
        return _("A member of another part of the organisation")
    return f"{account.person} · {account.unit.name}"
