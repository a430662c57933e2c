"""Screens that put something on the list of a unit."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.registry import actions
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.forms.accounts import AccountForm
from kentongan.registry.forms.people import ColleagueForm, PersonForm
from kentongan.registry.forms.units import UnitForm
from kentongan.registry.views.common import edit, unit_of


@login_required
def unit_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Add a unit."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    return edit(
        request,
        unit,
        UnitForm(request.POST or None),
        lambda actor, data: actions.add_unit(actor, unit.pk, **data),
        title=_("Add a unit"),
        lead=_("It is placed below %(unit)s; roles given there hold here too.") % {"unit": unit.name},
        done=_("The unit was added."),
        back="registry:unit",
    )


@login_required
def account_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Put an official account on the list."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    return edit(
        request,
        unit,
        AccountForm(request.POST or None),
        lambda actor, data: actions.declare_account(actor, unit.pk, **data),
        title=_("Add an official account"),
        lead=_("It goes on the list of %(unit)s as declared; connecting it is the next step.") % {"unit": unit.name},
        done=_("The account is on the list."),
        back="registry:unit_accounts",
    )


@login_required
def person_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Put a person on the list."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    return edit(
        request,
        unit,
        PersonForm(request.POST or None),
        lambda actor, data: actions.add_person(actor, NewPerson(unit_id=unit.pk, **data)),
        title=_("Add a person"),
        lead=_("Only the least is kept until they confirm it themselves; what nobody confirms is removed."),
        done=_("The person is on the list, as invited."),
        back="registry:unit_people",
    )


@login_required
def colleague_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Let a colleague sign in, with a role."""
    unit = unit_of(request, pk, Capability.ADMINISTER)

    def save(actor: Actor, data: dict[str, Any]) -> None:
        role = data.pop("role")
        with transaction.atomic():
            user = actions.add_user(actor, unit.pk, **data)
            actions.grant_role(actor, user.pk, unit.pk, role)

    return edit(
        request,
        unit,
        ColleagueForm(request.POST or None),
        save,
        title=_("Add a colleague"),
        lead=_("Their role holds at %(unit)s and everywhere below it.") % {"unit": unit.name},
        done=_("Your colleague can sign in now."),
        back="registry:unit_roles",
    )
