"""What our middleware adds to a request, for the type checker."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.http import HttpRequest
from django.utils import translation
from django_htmx.middleware import HtmxDetails

from kentongan.core.actor import Actor


class StaffRequest(HttpRequest):
    """A request after `actor_middleware` and `HtmxMiddleware`; views of signed-in people take it."""

    actor: Actor
    htmx: HtmxDetails


@contextmanager
def spoken(request: HttpRequest, language: str) -> Iterator[None]:
    """Speak the language that is stored of whom a page is for; the visitor's where none of ours is stored."""
    known = language if language in dict(settings.LANGUAGES) else translation.get_language() or settings.LANGUAGE_CODE
    with translation.override(known):
        request.LANGUAGE_CODE = known
        yield
