"""What waits for the reader: their own receipts and invitations."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kentongan.core import files, tables
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.models import StoredFile
from kentongan.missions import access
from kentongan.missions.actions import instructions as actions
from kentongan.missions.forms import AnswerForm
from kentongan.missions.models import Receipt
from kentongan.missions.queries import instructions as queries
from kentongan.missions.states import ReceiptState
from kentongan.missions.views.common import StaffRequest, form_page, page, put_errors
from kentongan.publishing.recalls import queries as recalls

LARGEST_PROOF = 12 * 1024 * 1024


def given(actor: Actor, receipt: Receipt, form: AnswerForm, *, done: bool) -> actions.Answer:
    """Return what the form says; a file is kept where the receipt's unit sees it."""
    data = form.cleaned_data
    proof: StoredFile | None = None
    if done and data["proof"]:
        proof = files.store(actor, data["proof"], data["proof"].name, unit_id=receipt.unit_id, max_bytes=LARGEST_PROOF)
    return actions.Answer(done=done, note=data["note"], link=data["link"], proof=proof, reason=data["reason"])


@page
def mine(request: StaffRequest) -> HttpResponse:
    """List what waits for the reader."""
    context = {
        "page": tables.page_of(request, queries.receipts_for(request.actor), 25),
        "invitations": list(queries.invitations_for(request.actor)[:20]),
        "waiting": queries.waiting_for(request.actor).count(),
        "recalls": recalls.waiting_count(request.actor),
    }
    return render(request, "missions/mine.html", context)


@form_page
def receipt(request: StaffRequest, receipt_id: int) -> HttpResponse:
    """Read one instruction and answer it; the person's own reading is what makes it seen."""
    if request.method == "POST":
        return _answer(request, receipt_id)
    found = access.receipt(request.actor, receipt_id)
    form = AnswerForm(initial={"note": found.note, "link": found.link, "reason": found.reason})
    return render(request, "missions/receipt.html", _context(request, found, form))


def _context(request: StaffRequest, found: Receipt, form: AnswerForm) -> dict[str, object]:
    may_answer = queries.wants_answer(found) and access.may_answer(request.actor, found)
    return {
        "receipt": found,
        "form": form,
        "may_answer": may_answer,
        "unread": found.state in (ReceiptState.PENDING, ReceiptState.DELIVERED),
    }


def _answer(request: StaffRequest, receipt_id: int) -> HttpResponse:
    intent = request.POST.get("intent", "")
    if intent == "seen":
        actions.see(request.actor, receipt_id)
        return redirect("missions:receipt", receipt_id)
    found = access.receipt(request.actor, receipt_id)
    form = AnswerForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            actions.answer(request.actor, receipt_id, given(request.actor, found, form, done=intent == "done"))
        except Invalid as error:
            put_errors(form, error)
        else:
            messages.success(request, _("Thank you. Your answer has arrived."))
            return redirect("missions:mine")
    return render(request, "missions/receipt.html", _context(request, found, form), status=422)
