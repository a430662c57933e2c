"""What our middleware adds to a request, for the type checker."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from kentongan.core.actor import Actor


class StaffRequest(HttpRequest):
    """A request after `actor_middleware` and `HtmxMiddleware`; views of signed-in people take it."""

    actor: Actor
    htmx: HtmxDetails
