"""What every screen of planning asks first."""

from collections.abc import Callable
from functools import wraps

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.planning import access, queries
from kentongan.registry import access as rights
from kentongan.registry.models import Unit


def reader(request: HttpRequest) -> Actor:
    """Return who asks; NotAllowed for those who see no planning anywhere."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    authority.require_anywhere(actor, access.READ)
    return actor


def chosen_unit(request: HttpRequest, actor: Actor) -> Unit | None:
    """Return the unit that the list is narrowed to, if any."""
    number = request.GET.get("unit", "")
    return rights.get_unit(actor, access.READ, pk=number) if number.isdigit() else None


def searched(request: HttpRequest) -> str:
    """Return what the list is searched for; the null character, which no text holds, is left out."""
    return request.GET.get("q", "").replace("\x00", "").strip()[:200]


def number(value: str | None) -> int | None:
    """Return an id from a query string; None when it is not one."""
    return int(value) if value and value.isdigit() and len(value) < 19 else None


def electioneering_only(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Let a screen exist only where electioneering may exist; elsewhere it is not found, and says why."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not queries.may_electioneer():
            raise NotFound(
                _("There is no such screen here: this organisation is neutral by law and has no electioneering."),
                remedy=_("Public service content is under “Rancang”."),
                code="neutral",
            )
        return view(request, *args, **kwargs)

    return guarded
