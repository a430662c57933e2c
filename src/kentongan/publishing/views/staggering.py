"""Spreading one item over the accounts of many units: first what would happen, then doing it."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.planning import access as planning
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions, planner, queries
from kentongan.publishing.actions.scheduling import LATE_MINUTES
from kentongan.publishing.forms import SpreadForm
from kentongan.publishing.models import Delivery
from kentongan.publishing.views.common import reader
from kentongan.registry import access as rights
from kentongan.registry.models import Account, Unit

SHOWN = 100


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the preview: what goes where, and when."""

    at: datetime
    account: Account
    unit: Unit


@login_required
@require_http_methods(["GET", "POST"])
def stagger(request: StaffRequest, pk: int) -> HttpResponse:
    """Spread an approved item over accounts: the first press shows the times, the second one does it."""
    actor = reader(request)
    item = planning.item(actor, pk)
    units = rights.units_for(actor, Capability.PUBLISH).filter(closed_at=None).order_by("path")
    given = request.POST if request.method == "POST" else None
    form = SpreadForm(given, units=units, initial=_initial(item, units.first()))
    context: dict[str, object] = {"item": item, "form": form, "shown": SHOWN}
    if given is not None and form.is_valid():
        try:
            posts = _posts(actor, item, form)
            lines = _lines(posts, form)
            digest = _digest(lines)
            if given.get("confirm") == digest:
                return _done(request, item, form, posts)
            if "confirm" in given:
                messages.warning(request, _("This is not what you saw before: look at the times, then press again."))
            if not form.cleaned_data["waiting"]:
                planned = planner.of_item(item, [line.account for line in lines], [line.at for line in lines])
                context["forecasts"] = planner.forecasts(planned, LATE_MINUTES)
            context |= {"lines": lines[:SHOWN], "count": len(lines), "last": lines[-1], "digest": digest}
        except Invalid as error:
            show_errors(form, error)
    return render(request, "publishing/stagger.html", context, status=422 if form.errors else 200)


def _initial(item: ContentItem, unit: Unit | None) -> dict[str, object]:
    hour = (clock.now() + timedelta(hours=1)).replace(minute=0, second=0, microsecond=0)
    start = max(item.planned_for or hour, hour)
    return {"unit": unit, "start": start, "end": start + timedelta(hours=8), "seed": secrets.randbelow(2**31)}


def _posts(actor: Actor, item: ContentItem, form: SpreadForm) -> Sequence[Account | Delivery]:
    unit = form.cleaned_data["unit"]
    if form.cleaned_data["waiting"]:
        return list(queries.waiting_of(actor, item, unit))
    return list(queries.accounts_to_spread_over(actor, item, unit))


def _lines(posts: Sequence[Account | Delivery], form: SpreadForm) -> list[Line]:
    """Return what would happen; Invalid where there is nothing to spread, or it does not fit."""
    if not posts:
        raise Invalid(fields={"unit": [_("No post of this item is left to spread there.")]})
    accounts = [one if isinstance(one, Account) else one.account for one in posts]
    units = [one.unit for one in posts]
    return [Line(*line) for line in zip(form.spread().times(len(posts)), accounts, units, strict=True)]


def _digest(lines: Sequence[Line]) -> str:
    """Return what stands for a preview: the same for the same accounts at the same times only."""
    shown = "\n".join(f"{line.account.pk} {line.at.isoformat()}" for line in lines)
    return hashlib.sha256(shown.encode()).hexdigest()


def _done(
    request: StaffRequest, item: ContentItem, form: SpreadForm, posts: Sequence[Account | Delivery]
) -> HttpResponse:
    numbers = [one.pk for one in posts]
    if form.cleaned_data["waiting"]:
        made = actions.respread(request.actor, numbers, form.spread())
    else:
        made = actions.stagger(request.actor, item.pk, numbers, form.spread())
    text = ngettext("%(n)s post is scheduled.", "%(n)s posts are scheduled, one after the other.", len(made))
    messages.success(request, text % {"n": len(made)})
    return redirect("planning:item", item.pk)
