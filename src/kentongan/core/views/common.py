"""What the core's screens share."""

from collections.abc import Callable

from django.contrib.auth.decorators import login_required
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST, require_safe

View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    """Make a screen: signed in, only read."""
    return login_required(require_safe(view))


def form_page(view: View) -> View:
    """Make a screen with a form: signed in, GET and POST."""
    return login_required(require_http_methods(["GET", "HEAD", "POST"])(view))


def act(view: View) -> View:
    """Make an act: signed in, POST only."""
    return login_required(require_POST(view))
