"""Who visits their own pages: by a link that is bound to this phone, or signed in. One decorator for both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from kentongan.core import ids, links
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.links import CLOSED, GONE, MAY_ASK, STATUS, Door, unlisted
from kentongan.core.requests import spoken
from kentongan.registry import actions, queries
from kentongan.registry.models import Person, PersonInvitation


@dataclass(frozen=True, slots=True)
class Visit:
    """A person on their own pages; `token` is empty where they signed in."""

    actor: Actor
    person: Person
    token: str = ""

    def url(self, page: str, *args: object) -> str:
        """Return the address of another of these pages for the same visit."""
        if self.token:
            return reverse("phone:door" if page == "mine" else f"phone:link_{page}", args=(self.token, *args))
        return reverse("phone:mine" if page == "mine" else f"phone:mine_{page}", args=args)


Page = Callable[..., HttpResponseBase]


def visited(view: Callable[..., HttpResponse]) -> Page:
    """Make `view(request, visit, ...)` a page of one's own, for both ways in; reading a link never writes."""

    @wraps(view)
    def page(request: HttpRequest, token: str = "", **kwargs: object) -> HttpResponseBase:
        return unlisted(_by_link(request, token, kwargs) if token else signed_in(request, **kwargs))

    @login_required
    def signed_in(request: HttpRequest, **kwargs: object) -> HttpResponse:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        person = queries.person_of(actor)
        if person is None:
            return render(request, "registry/phone/nobody.html", status=404)
        return view(request, Visit(actor, person), **kwargs)

    def _by_link(request: HttpRequest, token: str, kwargs: dict[str, object]) -> HttpResponse:
        link = _find(token)
        door = links.of(link, request.COOKIES.get(links.cookie_name(token), "")) if link else Door.UNKNOWN
        if link is None:
            links.miss(request)
        elif request.method == "POST" and door in CLOSED:
            links.miss(request)  # somebody else's tries must not use up those of whom the link is for
        elif request.method == "POST":
            links.act(link)
        with spoken(request, link.person.language if link else ""):
            if link is None or door in CLOSED:
                return _closed(request, door, link)
            if door == Door.NEW:
                return _landing(request, link, token)
            actor = Actor.of_link(link.person_id, link.person.full_name)
            return view(request, Visit(actor, link.person, token), **kwargs)

    return never_cache(require_http_methods(["GET", "HEAD", "POST"])(page))


def _find(token: str) -> PersonInvitation | None:
    found = PersonInvitation.objects.filter(digest=ids.token_digest(token))
    return found.select_related("person", "unit").first()


def _closed(request: HttpRequest, door: Door, link: PersonInvitation | None) -> HttpResponse:
    asks = request.method == "POST" and request.POST.get("intent") == "ask" and door in MAY_ASK
    asked = bool(asks and link and link.ask_again())
    context = {"door": door.value, "unit": link and link.unit, "asked": asked, "may_ask": door in MAY_ASK}
    return render(request, "kentongan/link_closed.html", context, status=STATUS.get(door, GONE))


def _landing(request: HttpRequest, link: PersonInvitation, token: str) -> HttpResponse:
    """Show what the link opens; pressing the button binds it to this phone."""
    if request.method != "POST":
        context = {"unit": link.unit, "person": link.person, "link": link}
        return render(request, "registry/phone/landing.html", context)
    try:
        device = actions.bind_invitation(Actor.of_link(link.person_id, ""), link.pk)
    except Conflict:
        return _closed(request, Door.OTHER_DEVICE, link)
    home = reverse("phone:door", args=(token,))
    response = redirect(home)
    return links.keep(response, link, token, device, home)
