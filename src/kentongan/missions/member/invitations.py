"""A share mission on a phone: own words first, then where to share them; the same page for links and for users."""

from dataclasses import dataclass

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from kentongan.channels import registry as channels
from kentongan.core import files
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.missions import wording
from kentongan.missions.actions import missions as actions
from kentongan.missions.forms import CaptionForm, SharedForm
from kentongan.missions.models import MissionInvitation
from kentongan.missions.queries import missions as queries
from kentongan.missions.states import InvitationState


@dataclass(frozen=True, slots=True)
class Place:
    """Where this person's page is, the page of their data, and the mission's picture."""

    page: str
    data: str
    picture: str


def share_links(text: str, url: str) -> list[tuple[str, str, str]]:
    """Return (kind, label, address) of every platform's own share dialogue, filled in."""
    return [
        (channel.kind, str(channel.manifest.label), channel.share.link(text=text, url=url))
        for channel in channels.sharing()
        if channel.share is not None
    ]


def _context(invitation: MissionInvitation, place: Place) -> dict[str, object]:
    mission = invitation.mission
    return {
        "invitation": invitation,
        "mission": mission,
        "unit": mission.unit,
        "person": invitation.person,
        "place": place,
        "caption": invitation.caption,
        "min_words": wording.MIN_OWN_WORDS,
        "max_length": wording.MAX_LENGTH,
        "ending": queries.ending(mission),
        "links": share_links(invitation.caption, mission.link) if invitation.caption else [],
    }


def show(request: HttpRequest, invitation: MissionInvitation, place: Place, **extra: object) -> HttpResponse:
    """Render the page at the step where the person is."""
    context = _context(invitation, place) | extra
    declined = invitation.state == InvitationState.DECLINED
    writing = not invitation.caption or "ubah" in request.GET or bool(extra.get("problem"))
    context["step"] = "ended" if context["ending"] else "declined" if declined else "write" if writing else "share"
    return render(request, "missions/member/invitation.html", context, status=422 if extra.get("problem") else 200)


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"


def _word(request: HttpRequest, actor: Actor, invitation: MissionInvitation, place: Place) -> HttpResponse:
    form = CaptionForm(request.POST)
    caption = form.cleaned_data["caption"] if form.is_valid() else ""
    try:
        worded = actions.word(actor, invitation.pk, caption)
    except Invalid as error:
        problem = " ".join(error.fields.get("caption", [str(error.message)]))
        if _wants_json(request):
            return JsonResponse({"problem": problem}, status=422)
        return show(request, invitation, place, problem=problem, caption=caption)
    if _wants_json(request):
        links = {kind: url for kind, _label, url in share_links(worded.caption, worded.mission.link)}
        return JsonResponse({"text": worded.caption, "url": worded.mission.link, "links": links})
    return redirect(place.page)


def _shared(request: HttpRequest, actor: Actor, invitation: MissionInvitation, place: Place) -> HttpResponse:
    form = SharedForm(request.POST)
    if not form.is_valid():
        return show(request, invitation, place, link_problem=True)
    actions.share(actor, invitation.pk, via=form.cleaned_data["via"], proof_link=form.cleaned_data["proof_link"])
    return redirect(place.page)


def act(request: HttpRequest, actor: Actor, invitation: MissionInvitation, place: Place) -> HttpResponse:
    """Do what the pressed button says."""
    intent = request.POST.get("intent", "")
    try:
        match intent:
            case "decline":
                actions.decline(actor, invitation.pk)
            case "word":
                return _word(request, actor, invitation, place)
            case "shared":
                return _shared(request, actor, invitation, place)
            case _:
                actions.open_invitation(actor, invitation.pk)
    except Conflict as error:
        if _wants_json(request):
            return JsonResponse({"problem": str(error)}, status=409)
        return show(request, invitation, place, ending=str(error))
    return redirect(place.page)


def data(request: HttpRequest, actor: Actor, invitation: MissionInvitation, place: Place) -> HttpResponse:
    """Show everything that is stored about the person in this mission, and erase it."""
    if request.method == "POST":
        actions.erase(actor, invitation.pk, never_again=bool(request.POST.get("never_again")))
        return render(
            request,
            "missions/member/erased.html",
            {"unit": invitation.mission.unit, "never_again": bool(request.POST.get("never_again"))},
        )
    return render(request, "missions/member/data.html", _context(invitation, place))


def picture(invitation: MissionInvitation) -> HttpResponseBase:
    """Send the mission's picture."""
    image = invitation.mission.image
    if image is None or not image.is_image:
        raise NotFound()
    response = FileResponse(files.open(image), content_type=image.media_type)
    response["Cache-Control"] = "private, max-age=86400"
    response["X-Content-Type-Options"] = "nosniff"
    return response
