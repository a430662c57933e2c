"""An instruction on a phone: read it, then say done with its evidence, or no with a reason."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.missions.actions import instructions as actions
from kentongan.missions.forms import AnswerForm
from kentongan.missions.models import Receipt
from kentongan.missions.queries import instructions as queries
from kentongan.missions.views.common import put_errors
from kentongan.missions.views.mine import given


def show(
    request: HttpRequest, receipt: Receipt, here: str, form: AnswerForm | None = None, status: int = 200
) -> HttpResponse:
    """Render the page."""
    context = {
        "receipt": receipt,
        "instruction": receipt.instruction,
        "unit": receipt.instruction.unit,
        "person": receipt.person,
        "here": here,
        "form": form or AnswerForm(initial={"note": receipt.note, "link": receipt.link, "reason": receipt.reason}),
        "may_answer": queries.wants_answer(receipt),
        "changing": "ubah" in request.GET or not receipt.is_answered or form is not None,
    }
    return render(request, "missions/member/receipt.html", context, status=status)


def act(request: HttpRequest, actor: Actor, receipt: Receipt, here: str) -> HttpResponse:
    """Do what the pressed button says."""
    intent = request.POST.get("intent", "")
    if intent not in ("done", "decline"):
        actions.see(actor, receipt.pk)
        return redirect(here)
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return show(request, receipt, here, form, 422)
    try:
        actions.answer(actor, receipt.pk, given(actor, receipt, form, done=intent == "done"))
    except Invalid as error:
        put_errors(form, error)
        return show(request, receipt, here, form, 422)
    except Conflict:
        pass  # it ended meanwhile; the page itself says so
    return redirect(here)
