"""What a member's link does. Reading never writes: a messenger's preview must not use the link up."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from kentongan.core import links
from kentongan.core.errors import Conflict, NotFound
from kentongan.core.links import CLOSED, GONE, MAY_ASK, STATUS, Door, unlisted
from kentongan.core.requests import spoken
from kentongan.missions.actions import links as actions
from kentongan.missions.member import invitations, receipts
from kentongan.missions.member.invitations import Place
from kentongan.missions.queries import links as queries
from kentongan.missions.queries.links import Entry


def _enter(request: HttpRequest, token: str) -> Entry:
    entry = queries.enter(token, request.COOKIES.get(links.cookie_name(token), ""))
    if entry.door == Door.UNKNOWN:
        links.miss(request)
    elif request.method == "POST" and entry.link is not None:
        links.act(entry.link)
    return entry


def _place(token: str) -> Place:
    return Place(*(reverse(f"member:{name}", args=(token,)) for name in ("door", "data", "picture")))


def _closed(request: HttpRequest, entry: Entry, *, asked: bool = False) -> HttpResponse:
    context = {"door": entry.door.value, "unit": entry.unit, "asked": asked, "may_ask": entry.door in MAY_ASK}
    return render(request, "kentongan/link_closed.html", context, status=STATUS.get(entry.door, GONE))


def _show(request: HttpRequest, entry: Entry, token: str) -> HttpResponse:
    if entry.door in CLOSED:
        return _closed(request, entry)
    if entry.door == Door.NEW:
        subject = entry.receipt.instruction if entry.receipt else entry.invitation and entry.invitation.mission
        context = {"entry": entry, "unit": entry.unit, "person": entry.link and entry.link.person, "subject": subject}
        return render(request, "missions/member/landing.html", context)
    if entry.receipt is not None:
        return receipts.show(request, entry.receipt, _place(token).page)
    if entry.invitation is None:
        raise NotFound()
    return invitations.show(request, entry.invitation, _place(token))


def _bind(entry: Entry, token: str) -> str:
    if entry.link is None:
        raise NotFound()
    return actions.bind(entry.actor, entry.link.pk)


def _keep(response: HttpResponse, entry: Entry, token: str, device: str) -> HttpResponse:
    if entry.link is None:
        raise NotFound()
    return links.keep(response, entry.link, token, device, _place(token).page)


def _act(request: HttpRequest, entry: Entry, token: str) -> HttpResponse:
    if entry.door in CLOSED:
        asked = entry.door in MAY_ASK and request.POST.get("intent") == "ask" and entry.link is not None
        return _closed(request, entry, asked=bool(asked and entry.link and entry.link.ask_again()))
    device = ""
    if entry.door == Door.NEW:
        try:
            device = _bind(entry, token)
        except Conflict:
            return _closed(request, Entry(Door.OTHER_DEVICE, entry.link))
    place = _place(token)
    if entry.receipt is not None:
        response = receipts.act(request, entry.actor, entry.receipt, place.page)
    elif entry.invitation is not None:
        response = invitations.act(request, entry.actor, entry.invitation, place)
    else:
        raise NotFound()
    return _keep(response, entry, token, device) if device else response


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def door(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link."""
    entry = _enter(request, token)
    with spoken(request, entry.language):
        return unlisted(_act(request, entry, token) if request.method == "POST" else _show(request, entry, token))


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def data(request: HttpRequest, token: str) -> HttpResponse:
    """What is stored about the person, and how to erase it."""
    entry = _enter(request, token)
    with spoken(request, entry.language):
        if entry.door in CLOSED:
            return unlisted(_closed(request, entry))
        if entry.door == Door.NEW or entry.invitation is None:
            return redirect("member:door", token)
        return unlisted(invitations.data(request, entry.actor, entry.invitation, _place(token)))


@require_safe
def picture(request: HttpRequest, token: str) -> HttpResponseBase:
    """The mission's picture, for whoever holds a working link."""
    entry = _enter(request, token)
    if entry.door in CLOSED or entry.invitation is None:
        raise NotFound()
    return invitations.picture(entry.invitation)
