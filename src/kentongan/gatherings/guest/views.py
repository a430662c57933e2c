"""What a participant sees: the invitation, their answer, and their code for the door."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, NotFound
from kentongan.core.requests import spoken
from kentongan.core.secrets import BadSignature, SignatureExpired
from kentongan.gatherings import access, actions, links
from kentongan.gatherings.models import Participant


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the invitation, in the language of whom it is for; a POST says yes or no. Reading changes nothing."""
    try:
        participant = access.participant_by_link(links.participant_id(token))
    except (BadSignature, NotFound) as error:
        status = 410 if isinstance(error, SignatureExpired) else 404
        return render(request, "gatherings/guest/closed.html", {"expired": status == 410}, status=status)
    if participant.person is None:
        return _page(request, participant, token)
    with spoken(request, participant.person.language):
        return _page(request, participant, token)


def _page(request: HttpRequest, participant: Participant, token: str) -> HttpResponse:
    over = ""
    if request.method == "POST":
        actor = Actor("link", str(participant), person_id=participant.person_id)
        try:
            actions.answer(actor, participant.pk, coming=request.POST.get("coming") == "yes")
        except Conflict as error:
            over = str(error.message)
        else:
            return redirect("guest:page", token)
    gathering = participant.gathering
    context = {
        "participant": participant,
        "gathering": gathering,
        "unit": gathering.unit,
        "over": over,
        "open": gathering.is_planned and gathering.ends_at > clock.now(),
        "qr": links.qr(token),
    }
    response = render(request, "gatherings/guest/page.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    return response
