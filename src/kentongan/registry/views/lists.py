"""Screens that show the registry."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.channels import registry as channels
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import actions, panels, queries
from kentongan.registry.views.common import around, unit_of

ACCOUNT_COLUMNS = (
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Platform"), lambda account: channels.label(account.platform)),
    Column(gettext_lazy("Handle"), "handle", 28),
    Column(gettext_lazy("Name shown"), "display_name", 34),
    Column(gettext_lazy("Address"), "url", 40),
    Column(gettext_lazy("State"), "get_state_display"),
)


@login_required
def index(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A unit: the units below it, its accounts and its people at a glance."""
    unit = unit_of(request, pk)
    text = request.GET.get("q", "").strip()
    below = queries.units(request.actor, text) if text else queries.children(request.actor, unit)
    context = around(request, unit, page=page_of(request, below), text=text)
    return render(request, "registry/unit.html", context)


@login_required
def accounts(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """The official accounts in a unit's subtree."""
    unit = unit_of(request, pk)
    text = request.GET.get("q", "").strip()
    found = queries.accounts(request.actor, unit, text)
    if fmt := request.GET.get("format"):
        return export("accounts", ACCOUNT_COLUMNS, found, fmt)
    return render(request, "registry/accounts.html", around(request, unit, page=page_of(request, found), text=text))


@login_required
def account(request: StaffRequest, pk: int) -> HttpResponse:
    """One official account."""
    found = queries.account(request.actor, pk)
    manifest = channels.get(found.platform).manifest if found.platform in channels.kinds() else None
    context = around(request, found.unit, account=found, manifest=manifest, publishes=_publishes(found.platform))
    context["panels"] = panels.of(request.actor, found)
    return render(request, "registry/account.html", context)


def _publishes(platform: str) -> bool:
    return platform in {channel.kind for channel in channels.publishing()}


@login_required
def people(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """The people in a unit's subtree; for its administrators."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    text = request.GET.get("q", "").strip()
    found = page_of(request, queries.people(request.actor, unit, text))
    return render(request, "registry/people.html", around(request, unit, page=found, text=text))


@login_required
def roles(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """Who may do what at a unit; for its administrators."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    found = page_of(request, queries.grants(request.actor, unit))
    return render(request, "registry/roles.html", around(request, unit, page=found))


@login_required
@require_POST
def role_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    unit_id = actions.revoke_role(request.actor, pk)
    messages.success(request, _("The role was taken away."))
    return redirect("registry:unit_roles", pk=unit_id)
