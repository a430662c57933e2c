"""What the screens of the registry share."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.registry import access, queries
from kentongan.registry.models import Unit


def unit_of(request: StaffRequest, pk: int | None, capability: Capability = Capability.VIEW) -> Unit:
    """Return the unit on screen; without a number, where the person's own part of the tree begins."""
    if pk is not None:
        return access.get_unit(request.actor, capability, pk=pk)
    unit = queries.home_unit(request.actor)
    if unit is None:
        raise NotAllowed(
            _("You have no role at any unit yet."),
            remedy=_("Ask an administrator of your organisation for one."),
        )
    return unit


def unit_to_place(request: StaffRequest, pk: int) -> Unit:
    """Return a unit whose place in the tree the person may change."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    access.require_above(request.actor, unit)
    return unit


def around(request: StaffRequest, unit: Unit, **more: Any) -> dict[str, Any]:
    """Return what every screen of a unit shows."""
    return {
        "unit": unit,
        "above": queries.ancestors(request.actor, unit),
        "may": access.capabilities(request.actor, unit),
        **more,
    }


def blame(form: forms.Form, error: Invalid) -> None:
    """Show what an action refuses at the fields it names, or above them all."""
    for name, texts in (error.fields or {"": [str(error)]}).items():
        form.add_error(name if name in form.fields else None, texts)


def edit(
    request: StaffRequest,
    unit: Unit,
    form: forms.Form,
    save: Callable[[Actor, dict[str, Any]], object],
    *,
    title: str,
    lead: str,
    done: str,
    back: str,
    back_pk: int | None = None,
    yes: str = "",
) -> HttpResponse:
    """Show a form, or hand what it holds to an action and return to the list of the unit, or to `back_pk`'s page."""
    back_pk = unit.pk if back_pk is None else back_pk
    if request.method == "POST" and form.is_valid():
        try:
            save(request.actor, form.cleaned_data)
        except Invalid as error:
            blame(form, error)
        else:
            messages.success(request, done)
            return redirect(back, pk=back_pk)
    context = around(request, unit, form=form, title=title, lead=lead, back=back, back_pk=back_pk, yes=yes)
    return render(request, "registry/form.html", context, status=422 if form.errors else 200)
