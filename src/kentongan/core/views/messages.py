"""Screens of the outbox: what left and what did not, what is to be handed over, and the way out for recipients."""

from django.contrib import messages as notes
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from kentongan.core import authority, messages
from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed
from kentongan.core.messages import queries
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import page_of
from kentongan.core.views.common import act, page


def _require(request: StaffRequest) -> None:
    if not authority.allows_anywhere(request.actor, Capability.INSTRUCT):
        raise NotAllowed()


@page
def index(request: StaffRequest) -> HttpResponse:
    """List messages with what became of each."""
    _require(request)
    state = request.GET.get("state", "")
    found = messages.visible(request.actor)
    if state in Message.State.values:
        found = found.filter(state=state)
    rows = page_of(request, found, 50)
    context = {
        "page": rows,
        "rows": [(row, messages.masked(row.address), messages.purpose_label(row.purpose)) for row in rows],
        "states": [("", _("All")), *Message.State.choices],
        "waiting": messages.to_hand_over(request.actor).count(),
    }
    return render(request, "core/messages.html", context)


@page
def hand_over_list(request: StaffRequest) -> HttpResponse:
    """List what the operator sends from their own phone."""
    _require(request)
    rows = page_of(request, messages.to_hand_over(request.actor), 25)
    context = {
        "page": rows,
        "rows": [(row, messages.hand_over_url(row), messages.purpose_label(row.purpose)) for row in rows],
        "others": messages.waiting_for_others(request.actor),
        "done": messages.visible(request.actor).filter(
            state=Message.State.HANDED_OVER, handed_over_by_id=request.actor.user_id
        )[:5],
    }
    return render(request, "core/hand_over.html", context)


@act
def hand_over(request: StaffRequest, pk: int) -> HttpResponse:
    """Mark one as handed over."""
    message = messages.hand_over(request.actor, pk)
    if message.state == Message.State.SUPPRESSED:
        notes.warning(request, message.reason)
    return redirect("core:hand_over_list")


@act
def take_back(request: StaffRequest, pk: int) -> HttpResponse:
    """Unmark one."""
    messages.take_back(request.actor, pk)
    return redirect("core:hand_over_list")


@act
def send_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Send a failed or doubtful one once more."""
    messages.send_again(request.actor, pk)
    notes.success(request, _("The message is queued again."))
    return redirect("core:messages")


@act
def settle(request: StaffRequest, pk: int) -> HttpResponse:
    """Say whether a doubtful one arrived."""
    messages.settle(request.actor, pk, arrived=request.POST.get("arrived") == "yes")
    return redirect("core:messages")


# Mail programs press the button for the reader (RFC 8058): without cookies, so without a token; the link is signed.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def opt_out(request: HttpRequest, token: str) -> HttpResponse:
    """End messages to an address: GET shows what would end (scanners follow links), POST ends it."""
    message = queries.by_opt_out_token(token)
    context = {
        "purpose": messages.purpose_label(message.purpose),
        "address": messages.masked(message.address),
        "ended": False,
    }
    if request.method == "POST":
        everything = request.POST.get("what") == "everything"
        messages.opt_out(Actor("link", _("recipient"), person_id=message.person_id), message, everything=everything)
        context |= {"ended": True, "everything": everything}
    response = render(request, "core/opt_out.html", context)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response
