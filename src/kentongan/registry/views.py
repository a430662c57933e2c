"""Screens of the registry."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import access, actions, panels, queries
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.forms import AccountForm, ColleagueForm, PersonForm, UnitForm
from kentongan.registry.models import Unit

ACCOUNT_COLUMNS = (
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Platform"), lambda account: channels.label(account.platform)),
    Column(gettext_lazy("Handle"), "handle", 28),
    Column(gettext_lazy("Name shown"), "display_name", 34),
    Column(gettext_lazy("Address"), "url", 40),
    Column(gettext_lazy("State"), "get_state_display"),
)


def _unit(request: StaffRequest, pk: int | None, capability: Capability = Capability.VIEW) -> Unit:
    if pk is not None:
        return access.get_unit(request.actor, capability, pk=pk)
    unit = queries.home_unit(request.actor)
    if unit is None:
        raise NotAllowed(
            _("You have no role at any unit yet."),
            remedy=_("Ask an administrator of your organisation for one."),
        )
    return unit


def _around(request: StaffRequest, unit: Unit, **more: Any) -> dict[str, Any]:
    return {
        "unit": unit,
        "above": queries.ancestors(request.actor, unit),
        "may": access.capabilities(request.actor, unit),
        **more,
    }


@login_required
def index(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A unit: the units below it, its accounts and its people at a glance."""
    unit = _unit(request, pk)
    text = request.GET.get("q", "").strip()
    below = queries.units(request.actor, text) if text else queries.children(request.actor, unit)
    context = _around(request, unit, page=page_of(request, below), text=text)
    return render(request, "registry/unit.html", context)


@login_required
def accounts(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """The official accounts in a unit's subtree."""
    unit = _unit(request, pk)
    text = request.GET.get("q", "").strip()
    found = queries.accounts(request.actor, unit, text)
    if fmt := request.GET.get("format"):
        return export("accounts", ACCOUNT_COLUMNS, found, fmt)
    return render(request, "registry/accounts.html", _around(request, unit, page=page_of(request, found), text=text))


@login_required
def account(request: StaffRequest, pk: int) -> HttpResponse:
    """One official account."""
    found = queries.account(request.actor, pk)
    manifest = channels.get(found.platform).manifest if found.platform in channels.kinds() else None
    context = _around(request, found.unit, account=found, manifest=manifest, publishes=_publishes(found.platform))
    context["panels"] = panels.of(request.actor, found)
    return render(request, "registry/account.html", context)


def _publishes(platform: str) -> bool:
    return platform in {channel.kind for channel in channels.publishing()}


@login_required
def people(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """The people in a unit's subtree; for its administrators."""
    unit = _unit(request, pk, Capability.ADMINISTER)
    text = request.GET.get("q", "").strip()
    found = page_of(request, queries.people(request.actor, unit, text))
    return render(request, "registry/people.html", _around(request, unit, page=found, text=text))


@login_required
def roles(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """Who may do what at a unit; for its administrators."""
    unit = _unit(request, pk, Capability.ADMINISTER)
    found = page_of(request, queries.grants(request.actor, unit))
    return render(request, "registry/roles.html", _around(request, unit, page=found))


def _add(
    request: StaffRequest,
    unit: Unit,
    form: forms.Form,
    save: Callable[[Actor, dict[str, Any]], object],
    *,
    title: str,
    lead: str,
    done: str,
    back: str,
) -> HttpResponse:
    """Show a form, or hand what it holds to an action and return to the list."""
    if request.method == "POST" and form.is_valid():
        try:
            save(request.actor, form.cleaned_data)
        except Invalid as error:
            for name, texts in error.fields.items():
                form.add_error(name if name in form.fields else None, texts)
        else:
            messages.success(request, done)
            return redirect(back, pk=unit.pk)
    context = _around(request, unit, form=form, title=title, lead=lead, back=back)
    return render(request, "registry/form.html", context, status=422 if form.errors else 200)


@login_required
def unit_add(request: StaffRequest, pk: int) -> HttpResponse:
    """Add a unit."""
    unit = _unit(request, pk, Capability.ADMINISTER)
    return _add(
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
    unit = _unit(request, pk, Capability.ADMINISTER)
    return _add(
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
    unit = _unit(request, pk, Capability.ADMINISTER)
    return _add(
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
    unit = _unit(request, pk, Capability.ADMINISTER)

    def save(actor: Actor, data: dict[str, Any]) -> None:
        role = data.pop("role")
        with transaction.atomic():
            user = actions.add_user(actor, unit.pk, **data)
            actions.grant_role(actor, user.pk, unit.pk, role)

    return _add(
        request,
        unit,
        ColleagueForm(request.POST or None),
        save,
        title=_("Add a colleague"),
        lead=_("Their role holds at %(unit)s and everywhere below it.") % {"unit": unit.name},
        done=_("Your colleague can sign in now."),
        back="registry:unit_roles",
    )


@login_required
@require_POST
def role_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    unit_id = actions.revoke_role(request.actor, pk)
    messages.success(request, _("The role was taken away."))
    return redirect("registry:unit_roles", pk=unit_id)
