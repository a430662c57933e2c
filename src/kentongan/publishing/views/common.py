"""What the screens share."""

from collections.abc import Callable
from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.publishing import access
from kentongan.publishing.queries import Filter
from kentongan.publishing.states import State
from kentongan.registry import access as rights
from kentongan.registry.models import Unit

View = Callable[..., HttpResponse]


def reader(request: StaffRequest) -> Actor:
    """Return who looks; NotAllowed for those without a role that reads deliveries anywhere."""
    if access.READ not in rights.capabilities(request.actor):
        return _refuse(request.actor)
    return request.actor


def _refuse(actor: Actor) -> Actor:
    rights.get_unit(actor, access.READ, parent=None)
    return actor


def may_publish(actor: Actor) -> bool:
    """Whether the actor publishes anywhere."""
    return Capability.PUBLISH in rights.capabilities(actor)


def number(text: str | None) -> int | None:
    """Return a positive number of a query string; None for anything else."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else None


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def chosen(request: StaffRequest) -> Filter:
    """Return the filter of a request; what makes no sense is left out."""
    ask = request.GET
    state = ask.get("state", "")
    return Filter(
        state=state if state in (*State.values, "to_come") else "",
        account_id=number(ask.get("account")),
        item_id=number(ask.get("item")),
        unit=_unit(request.actor, number(ask.get("unit"))),
        since=_day(ask.get("since")),
        until=_day(ask.get("until")),
        timezone=timezone.get_current_timezone_name(),
        campaign_id=number(ask.get("campaign")),
    )


def _unit(actor: Actor, pk: int | None) -> Unit | None:
    if pk is None:
        return None
    try:
        return rights.get_unit(actor, access.READ, pk=pk)
    except NotFound:
        return None


def form_page(request: StaffRequest, **context: object) -> HttpResponse:
    """Draw a form on a page of its own; 422 when it came back with errors."""
    form = context["form"]
    status = 422 if getattr(form, "errors", None) else 200
    return render(request, "publishing/form.html", context, status=status)


def after_connecting(actor: Actor) -> str:
    """Return where somebody goes once an account is connected: a custodian who reads nothing here goes home."""
    return reverse("publishing:accounts") if access.READ in rights.capabilities(actor) else "/"
