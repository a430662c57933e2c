"""The pages for what Django itself refuses."""

import sys

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template import loader
from django.utils.translation import gettext_lazy as _

from kentongan.core import room
from kentongan.core.errors import KentonganError, NotAllowed, NotFound


class BadRequest(KentonganError):
    """The request makes no sense to us."""

    default_message = _("We could not understand that request.")
    default_remedy = _("Go back and try again.")


class ServerError(KentonganError):
    """Our own mistake."""

    status = 500
    code = "server_error"
    default_message = _("Something went wrong on our side.")
    default_remedy = _("It has been recorded. Try again; if it stays so, tell your administrator.")


def _page(request: HttpRequest, error: KentonganError) -> HttpResponse:
    return render(request, "kentongan/error.html", {"error": error}, status=error.status)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400."""
    return _page(request, BadRequest())


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403."""
    return _page(request, NotAllowed())


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404."""
    return _page(request, NotFound())


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500, or 503 for a full disk, without touching the database, which may be what is broken."""
    error = room.explained(sys.exception()) or ServerError()
    page = loader.render_to_string("kentongan/broken.html", {"error": error})
    return HttpResponse(page, status=error.status)
