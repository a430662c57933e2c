"""What the screens of this room and the later rooms share."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core.errors import Invalid
from kentongan.core.requests import StaffRequest

View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    """Make a screen: signed in, GET only."""
    return login_required(require_GET(view))


def form_page(view: View) -> View:
    """Make a screen with a form: signed in, GET and POST."""
    return login_required(require_http_methods(["GET", "POST"])(view))


def act(view: View) -> View:
    """Make an act: signed in, POST only."""
    return login_required(require_POST(view))


def put_errors(form: forms.Form, error: Invalid) -> None:
    """Write an action's refusal to the form's fields, or above them."""
    for name, texts in error.fields.items():
        for text in texts:
            form.add_error(name if name in form.fields else None, text)
    if not error.fields:
        form.add_error(None, str(error))


def whole(text: str | None) -> int | None:
    """Return a number of a query string; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def values(request: HttpRequest, *names: str) -> dict[str, Any]:
    """Return the named parts of the query string that are present, as initial values of a form."""
    return {name: request.GET[name] for name in names if request.GET.get(name)}


__all__ = ["StaffRequest", "act", "form_page", "page", "put_errors", "values", "whole"]
