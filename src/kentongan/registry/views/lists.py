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
from kentongan.core.tables import Column, export, page_of, sorted_by, sorted_page
from kentongan.registry import actions, panels, queries, states
from kentongan.registry.actions import proofs, visits
from kentongan.registry.forms.custody import ReasonForm
from kentongan.registry.models import Account, Person
from kentongan.registry.views.common import around, unit_of


def _positions(person: Person) -> str:
    return "; ".join(f"{one.title} · {one.unit.name}" for one in person.memberships.all())


UNIT_COLUMNS = (
    Column(gettext_lazy("Code"), "code"),
    Column(gettext_lazy("Unit"), "name", 34),
    Column(gettext_lazy("Level"), lambda unit: unit.label or unit.get_level_display()),
    Column(gettext_lazy("Units below"), "below", 12),
    Column(gettext_lazy("People"), "people", 12),
    Column(gettext_lazy("Official accounts"), "official", 12),
)
UNIT_SORTS = {"name": "name", "code": "code"}
COUNT_SORTS = {"below": "below", "people": "people", "accounts": "official"}
PEOPLE_SORTS = {"name": "full_name", "added": "created_at"}
PEOPLE_COLUMNS = (
    Column(gettext_lazy("Name"), "full_name", 34),
    Column(gettext_lazy("Position and unit"), _positions, 60),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("E-mail"), "email", 30),
    Column(gettext_lazy("Phone"), "phone"),
)
ROLE_COLUMNS = (
    Column(gettext_lazy("Name"), "user.name", 30),
    Column(gettext_lazy("E-mail"), "user.email", 30),
    Column(gettext_lazy("Role"), "get_role_display"),
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Since"), "granted_at", 22),
)
HANDOVERS_SHOWN = 10
ACCOUNT_SORTS = {"account": "display_name", "platform": "platform", "unit": "unit__name"}
ACCOUNT_COLUMNS = (
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Platform"), lambda account: channels.label(account.platform)),
    Column(gettext_lazy("Handle"), "handle", 28),
    Column(gettext_lazy("Name shown"), "display_name", 34),
    Column(gettext_lazy("Address"), "url", 40),
    Column(gettext_lazy("State"), "get_state_display"),
)


@login_required
def index(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """A unit: the units below it, its accounts and its people at a glance."""
    unit = unit_of(request, pk)
    text = request.GET.get("q", "").strip()
    below = queries.units(request.actor, text) if text else queries.children(request.actor, unit)
    sorts = UNIT_SORTS if text else UNIT_SORTS | COUNT_SORTS
    if fmt := request.GET.get("format"):
        return export("units", UNIT_COLUMNS, sorted_by(request, below, sorts), fmt)
    context = around(request, unit, page=sorted_page(request, below, sorts), text=text, counted=not text)
    return render(request, "registry/unit.html", context)


@login_required
def accounts(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """The official accounts in a unit's subtree."""
    unit = unit_of(request, pk)
    text = request.GET.get("q", "").strip()
    if fmt := request.GET.get("format"):
        rows = queries.accounts(request.actor, unit, text)
        return export("accounts", ACCOUNT_COLUMNS, sorted_by(request, rows, ACCOUNT_SORTS), fmt)
    if text:
        page = sorted_page(request, queries.search_accounts(request.actor, unit, text), ACCOUNT_SORTS)
    else:
        least = queries.official_in_use(unit)
        page = sorted_page(request, queries.accounts(request.actor, unit), ACCOUNT_SORTS, at_least=least)
    context = around(request, unit, page=page, text=text)
    if Capability.ADMINISTER in context["may"]:
        context["reported"] = queries.impostors.waiting(request.actor, unit)
    return render(request, "registry/accounts.html", context)


@login_required
def account(request: StaffRequest, pk: int) -> HttpResponse:
    """One official account."""
    found = queries.account(request.actor, pk)
    manifest = channels.get(found.platform).manifest if found.platform in channels.kinds() else None
    context = around(request, found.unit, account=found, manifest=manifest, publishes=_publishes(found.platform))
    context["panels"] = panels.of(request.actor, found)
    context |= {"audited": queries.latest_of(request.actor, found), "signed": queries.last_sign_off(found.unit)}
    context["provable"] = proofs.prover(found.platform) is not None
    context["reads_posts"] = visits.reader(found.platform) is not None
    context["visited"] = visits.are_made()
    context |= {"moves": _moves(found), "handovers": queries.handovers_of(found)[:HANDOVERS_SHOWN]}
    return render(request, "registry/account.html", context)


def _moves(account: Account) -> list[tuple[str, states.Move, ReasonForm]]:
    """Return the changes of state that a person may make, each with its form."""
    return [(name, move, ReasonForm(auto_id=f"{name}_%s")) for name, move in states.open_from(account.state)]


def _publishes(platform: str) -> bool:
    return platform in {channel.kind for channel in channels.connecting()}


@login_required
def people(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """The people in a unit's subtree; for its administrators."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    text = request.GET.get("q", "").strip()
    state = request.GET.get("state", "")
    if fmt := request.GET.get("format"):
        found = queries.people(request.actor, unit, text, state)
        actions.record_export(request.actor, unit.pk, found.count())
        return export("people", PEOPLE_COLUMNS, sorted_by(request, found, PEOPLE_SORTS), fmt)
    if text:
        page = sorted_page(request, queries.search_people(request.actor, unit, text, state), PEOPLE_SORTS)
    else:
        page = sorted_page(request, queries.people(request.actor, unit, state=state), PEOPLE_SORTS)
    context = around(request, unit, page=page, text=text, states=[("", _("All")), *Person.State.choices])
    return render(request, "registry/people.html", context)


@login_required
def roles(request: StaffRequest, pk: int | None = None) -> HttpResponseBase:
    """Who may do what at a unit; for its administrators."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    found = queries.grants(request.actor, unit)
    if fmt := request.GET.get("format"):
        actions.record_export(request.actor, unit.pk, found.count())
        return export("roles", ROLE_COLUMNS, found, fmt)
    return render(request, "registry/roles.html", around(request, unit, page=page_of(request, found)))


@login_required
@require_POST
def role_revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    unit_id = actions.revoke_role(request.actor, pk)
    messages.success(request, _("The role was taken away."))
    return redirect("registry:unit_roles", pk=unit_id)
