"""Screens of share missions: list, new, preview, board, and the acts."""

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.core import clock, files, tables
from kentongan.core.errors import Held, Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.sniff import IMAGES
from kentongan.core.tables import Column
from kentongan.missions import access
from kentongan.missions.actions import missions as actions
from kentongan.missions.forms import MissionForm
from kentongan.missions.queries import instructions as instruction_queries
from kentongan.missions.queries import missions as queries
from kentongan.missions.states import InvitationState, MissionState
from kentongan.missions.views.common import StaffRequest, act, form_page, page, put_errors, values
from kentongan.missions.views.instructions import _reason
from kentongan.registry import access as registry_access

DEFAULT_TERM = timedelta(days=3)
LARGEST_PICTURE = 8 * 1024 * 1024

COLUMNS = [
    Column(gettext_lazy("Unit"), "unit.name", 32),
    Column(gettext_lazy("Asked"), "counts.invited"),
    Column(gettext_lazy("Opened"), "counts.opened"),
    Column(gettext_lazy("Worded"), "counts.worded"),
    Column(gettext_lazy("Shared"), "counts.shared"),
    Column(gettext_lazy("Declined"), "counts.declined"),
]


@page
def index(request: StaffRequest) -> HttpResponse:
    """List the share missions."""
    listed = queries.listed(request.actor, request.GET.get("state", ""))
    found = tables.page_of(request, tables.sorted_by(request, listed, {"closes": "closes_at"}), 25)
    counts = queries.counts_of(found)
    context = {
        "page": found,
        "rows": [(one, counts.get(one.pk, queries.Counts())) for one in found],
        "states": [("", _("All")), *MissionState.choices],
        "can_instruct": Capability.INSTRUCT in registry_access.capabilities(request.actor),
    }
    return render(request, "missions/missions.html", context)


def _request(request: StaffRequest, form: MissionForm) -> actions.Request:
    data = form.cleaned_data
    picture = data["image"]
    image = picture and files.store(
        request.actor, picture, picture.name, unit_id=data["unit"].pk, allowed=IMAGES, max_bytes=LARGEST_PICTURE
    )
    return actions.Request(
        unit_id=data["unit"].pk,
        scope_id=data["scope"].pk,
        title=data["title"],
        text=data["text"],
        closes_at=data["closes_at"],
        form_key=data["form_key"],
        purpose=data["purpose"],
        starters=data["starters"],
        link=data["link"],
        title_filter=data["title_filter"],
        item_id=data["item"],
        image=image or None,
        image_alt=data["image_alt"],
    )


@form_page
def new(request: StaffRequest) -> HttpResponse:
    """Write a mission; nobody is invited before the next screen has said how many they are."""
    if Capability.INSTRUCT not in registry_access.capabilities(request.actor):
        raise NotAllowed()
    home = instruction_queries.issuing_units(request.actor).values_list("code", flat=True).first()
    initial = {"unit": home, "scope": home, "closes_at": clock.now() + DEFAULT_TERM}
    initial |= values(request, "title", "text", "link", "item")
    form = MissionForm(request.actor, request.POST or None, request.FILES or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.draft(request.actor, _request(request, form)))
        except Invalid as error:
            put_errors(form, error)
        except Held as error:
            form.add_error("purpose", str(error.message))
    return render(request, "missions/mission_new.html", {"form": form})


@page
def mission(request: StaffRequest, mission_id: int) -> HttpResponse:
    """Show a draft with whom it would invite, or the board of a running mission."""
    found = access.mission(request.actor, mission_id)
    context = {
        "mission": found,
        "may_change": registry_access.allows(request.actor, Capability.INSTRUCT, found.unit),
    }
    if found.state == MissionState.DRAFT:
        context |= {"preview": queries.preview(found), "verdict": queries.firing_verdict(found)}
        return render(request, "missions/mission_draft.html", context)
    context |= {
        "counts": queries.counts_of([found]).get(found.pk, queries.Counts()),
        "branches": queries.branches(found),
        "authenticity": queries.authenticity(found),
        "ending": queries.ending(found),
        "may_see_names": queries.may_see_names(request.actor, found.scope),
    }
    return render(request, "missions/mission.html", context)


@page
def invitations(request: StaffRequest, mission_id: int) -> HttpResponse:
    """Name the invited, to those who instruct them."""
    found = access.mission(request.actor, mission_id)
    if not queries.may_see_names(request.actor, found.scope):
        raise NotAllowed()
    rows = queries.invitations(request.actor, found, request.GET.get("show", ""))
    shown = [("", _("All")), *InvitationState.choices, ("asked", _("Wants a new link"))]
    context = {"mission": found, "page": tables.page_of(request, rows), "shown": shown}
    return render(request, "missions/invitations.html", context)


@page
def export(request: StaffRequest, mission_id: int) -> HttpResponseBase:
    """Give the board as a spreadsheet: counts by unit, never names."""
    found = access.mission(request.actor, mission_id)
    return tables.export(f"mission-{found.pk}", COLUMNS, queries.branches(found), request.GET.get("format", "xlsx"))


@act
def open_mission(request: StaffRequest, mission_id: int) -> HttpResponse:
    """Invite."""
    found = actions.open_mission(request.actor, mission_id)
    count = found.invitations.count()
    text = ngettext("%(n)d person is being invited.", "%(n)d people are being invited.", count) % {"n": count}
    messages.success(request, text)
    return redirect(found)


@act
def close(request: StaffRequest, mission_id: int) -> HttpResponse:
    """End a mission."""
    found = actions.close(request.actor, mission_id, _reason(request))
    messages.success(request, _("The mission is closed. Its pages say so."))
    return redirect(found)


@act
def relink(request: StaffRequest, mission_id: int, invitation_id: int) -> HttpResponse:
    """Send one person a new link."""
    actions.relink(request.actor, mission_id, invitation_id)
    messages.success(request, _("A new link waits in the outbox. The old one no longer works."))
    return redirect("missions:invitations", mission_id)
