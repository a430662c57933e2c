"""Cek Akun: one form, one answer; a unit's page, its badge and its code."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page, require_safe

from kentongan.channels import addresses
from kentongan.channels import registry as channels
from kentongan.channels.addresses import PlatformNeeded, Unreadable
from kentongan.channels.newsroom.caching import View, public
from kentongan.registry import queries
from kentongan.registry.check import drawing, limits

UNSEEN = "noindex, nofollow, noarchive"


def _answers(view: View) -> View:
    """Let the asker's own browser keep an answer, and ask each time whether it still holds: a warning must not wait."""
    return gzip_page(conditional_page(cache_control(private=True, no_cache=True)(view)))


@_answers
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Ask for a link or handle, and say whether it is ours."""
    asked = request.GET.get("q", "").strip()
    platform = request.GET.get("platform", "").strip()
    if not asked:
        return render(request, "registry/check/page.html", {"asked": ""})
    limits.ask(request)
    context = {"asked": asked, "platform": platform, **_answer(asked, platform)}
    response = render(request, "registry/check/page.html", context, status=422 if "fault" in context else 200)
    response["X-Robots-Tag"] = UNSEEN
    return response


def _answer(asked: str, platform: str) -> dict[str, object]:
    try:
        answer = queries.check(asked, platform)
    except PlatformNeeded:
        return {"platforms": _platforms()}
    except Unreadable as error:
        return {"fault": error}
    # A handle with dots reads like the name of a site; where it is none of ours, it may be either.
    either = answer.platform == "website" and answer.verdict == "unknown" and not platform and "/" not in asked
    return {"answer": answer, "platforms": _platforms() if either else []}


def _platforms() -> list[tuple[str, str]]:
    return [(kind, channels.label(kind)) for kind in addresses.platforms() if kind != "website"]


@public
@require_safe
def unit(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the official accounts of one unit."""
    found = queries.public_unit(slug)
    context = {"unit": found, "above": queries.place(found), "accounts": queries.unit_accounts(found)}
    return render(request, "registry/check/unit.html", context)


def _picture(content: bytes, media_type: str) -> HttpResponse:
    response = HttpResponse(content, content_type=media_type)
    # It stands on other sites.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _lasting(view: View) -> View:
    return conditional_page(cache_control(public=True, max_age=3600)(view))


@_lasting
@require_safe
def badge(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the badge that a unit puts on its own site."""
    found = queries.public_unit(slug)
    # It speaks the installation's language, whoever asks: it is kept and shown to others.
    with translation.override(settings.LANGUAGE_CODE):
        name, title = drawing.short(found.name), _("Check our official accounts")
        context = {"name": name, "title": title, "width": drawing.width(name, title)}
        context |= {"name_line": drawing.line(name), "title_line": drawing.line(title)}
        picture = render(request, "registry/check/badge.svg", context)
    return _picture(picture.content, "image/svg+xml; charset=utf-8")


@_lasting
@require_safe
def code_svg(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the code that leads to a unit's page, for any size of print."""
    return _picture(drawing.qr_svg(queries.public_unit(slug)), "image/svg+xml; charset=utf-8")


@_lasting
@require_safe
def code_png(request: HttpRequest, slug: str) -> HttpResponse:
    """Draw the code that leads to a unit's page, as a picture."""
    return _picture(drawing.qr_png(queries.public_unit(slug)), "image/png")
