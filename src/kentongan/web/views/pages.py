"""The front door, the state of things for the top bar, and the switches for language and appearance."""

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST, require_safe

from kentongan.channels.newsroom.caching import public
from kentongan.core.requests import StaffRequest
from kentongan.web import actions, queries, trust
from kentongan.web.context import THEME_COOKIE, THEMES, Shell

YEAR = 365 * 24 * 3600


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """Lead staff to the first room they see, and visitors to signing in."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    entries = [entry for group in Shell(request).navigation for entry in group.entries if entry.name != "wall"]
    # Whose first room is Gerak is a member, and comes for what is asked of them.
    return redirect("missions:mine" if entries[0].name == "missions" else entries[0].url)


@public
@require_safe
def trust_txt(request: HttpRequest) -> HttpResponse:
    """Tell everybody which accounts and sites are the organisation's own; made anew at most once in two minutes."""
    return HttpResponse(trust.cached(request.build_absolute_uri("/")), content_type="text/plain; charset=utf-8")


@never_cache
@login_required
@require_GET
def status(request: StaffRequest) -> HttpResponse:
    """Answer the top bar's question: are the channels well, and what needs a person now?"""
    return render(request, "web/status.html", {"status": queries.status(request.actor)})


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Change language, appearance or zone of the user; the first two of this browser where nobody is signed in."""
    wanted = {name: request.POST[name] for name in ("language", "theme", "timezone") if request.POST.get(name)}
    following = request.POST.get("next", "/")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts={request.get_host()}):
        following = "/"
    response = redirect(following)
    if request.user.is_authenticated:
        actions.change_profile(request.actor, **wanted)  # type: ignore[attr-defined]
    if wanted.get("language") in dict(settings.LANGUAGES):
        _remember(response, settings.LANGUAGE_COOKIE_NAME, wanted["language"])
    if wanted.get("theme") in THEMES:
        _remember(response, THEME_COOKIE, wanted["theme"])
    return response


def _remember(response: HttpResponse, cookie: str, value: str) -> None:
    response.set_cookie(cookie, value, max_age=YEAR, samesite="Lax", secure=settings.SECURE, httponly=True)
