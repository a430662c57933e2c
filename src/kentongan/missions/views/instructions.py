"""Screens of instructions: list, new, board with shares, names, export, and the acts."""

from datetime import timedelta

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from kentongan.core import clock, tables
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.tables import Column
from kentongan.missions import access
from kentongan.missions.actions import instructions as actions
from kentongan.missions.forms import InstructionForm, ReasonForm
from kentongan.missions.models import Instruction, Receipt
from kentongan.missions.queries import instructions as queries
from kentongan.missions.queries import missions as mission_queries
from kentongan.missions.states import InstructionState
from kentongan.missions.views.common import StaffRequest, act, form_page, page, put_errors, values, whole
from kentongan.registry import access as registry_access
from kentongan.registry.models import Unit

DEFAULT_TERM = timedelta(days=7)

COLUMNS = [
    Column(gettext_lazy("Unit"), "unit.name", 32),
    Column(gettext_lazy("Code"), "unit.code", 16),
    Column(gettext_lazy("Person"), "person.full_name", 28),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Delivered"), "delivered_at"),
    Column(gettext_lazy("Seen"), "seen_at"),
    Column(gettext_lazy("Answered"), "answered_at"),
    Column(gettext_lazy("Answered by"), "answered_by", 28),
    Column(gettext_lazy("Report"), "note", 40),
    Column(gettext_lazy("Link"), "link", 32),
    Column(gettext_lazy("Reason"), "reason", 40),
]


@page
def index(request: StaffRequest) -> HttpResponse:
    """List instructions and share missions, with what waits for the reader."""
    state = request.GET.get("state", "")
    found = tables.page_of(request, queries.listed(request.actor, state), 25)
    shares = queries.shares_of(request.actor, found)
    missions = list(mission_queries.listed(request.actor)[:6])
    counts = mission_queries.counts_of(missions)
    context = {
        "page": found,
        "rows": [(one, shares.get(one.pk, queries.Shares())) for one in found],
        "missions": [(one, counts.get(one.pk, mission_queries.Counts())) for one in missions],
        "states": [("", _("All")), *InstructionState.choices],
        "waiting": queries.waiting_for(request.actor).count(),
        "can_instruct": Capability.INSTRUCT in registry_access.capabilities(request.actor),
    }
    return render(request, "missions/index.html", context)


def _order(form: InstructionForm) -> actions.Order:
    data = form.cleaned_data
    return actions.Order(
        unit_id=data["unit"].pk,
        scope_id=data["scope"].pk,
        title=data["title"],
        text=data["text"],
        due_at=data["due_at"],
        form_key=data["form_key"],
        audience=data["audience"],
        level=data["level"],
        title_filter=data["title_filter"],
        evidence=data["evidence"],
        item_id=data["item"],
        issue_id=data["issue"],
    )


@form_page
def new(request: StaffRequest) -> HttpResponse:
    """Write an instruction; nobody gets it before the next screen has said how many they are."""
    if Capability.INSTRUCT not in registry_access.capabilities(request.actor):
        raise NotAllowed()
    home = queries.issuing_units(request.actor).values_list("code", flat=True).first()
    initial = {"unit": home, "scope": home, "due_at": clock.now() + DEFAULT_TERM}
    initial |= values(request, "title", "text", "issue", "item", "scope")
    form = InstructionForm(request.actor, request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect(actions.draft(request.actor, _order(form)))
        except Invalid as error:
            put_errors(form, error)
    return render(request, "missions/instruction_new.html", {"form": form})


@page
def instruction(request: StaffRequest, instruction_id: int) -> HttpResponse:
    """Show a draft with whom it would reach, or the board of a running one at a node of the tree."""
    found = access.instruction(request.actor, instruction_id)
    may_change = registry_access.allows(request.actor, Capability.INSTRUCT, found.unit)
    if found.state == InstructionState.DRAFT:
        context = {"instruction": found, "preview": queries.preview(found), "may_change": may_change}
        return render(request, "missions/instruction_draft.html", context)
    node = queries.node(request.actor, found, whole(request.GET.get("node")))
    board = queries.board(request.actor, found, node)
    context = {
        "instruction": found,
        "board": board,
        "nodes": list(queries.nodes(request.actor, found)[:20]),
        "may_change": may_change,
        "may_see_names": _may_see_names(request, found, node),
    }
    return render(request, "missions/instruction.html", context)


def _may_see_names(request: StaffRequest, found: Instruction, node: Unit) -> bool:
    """Units are named to everybody who sees the board, people only to those who instruct them."""
    return not queries.is_for_people(found) or registry_access.allows(request.actor, Capability.INSTRUCT, node)


def _names(request: StaffRequest, instruction_id: int) -> tuple[Instruction, Unit, QuerySet[Receipt]]:
    found = access.instruction(request.actor, instruction_id)
    node = queries.node(request.actor, found, whole(request.GET.get("node")))
    if not _may_see_names(request, found, node):
        raise NotAllowed()
    rows = queries.receipts(found, node, request.GET.get("show", ""), request.GET.get("q", "").strip()[:100])
    return found, node, rows


@page
def receipts(request: StaffRequest, instruction_id: int) -> HttpResponse:
    """Name the recipients behind a share."""
    found, node, rows = _names(request, instruction_id)
    shown = [
        ("", _("All")),
        ("waiting", _("Without an answer")),
        ("pending", _("Not delivered yet")),
        ("done", _("Done")),
        ("declined", _("Declined")),
        ("asked", _("Wants a new link")),
    ]
    context = {
        "instruction": found,
        "node": node,
        "page": tables.page_of(request, rows),
        "shown": shown,
        "may_change": registry_access.allows(request.actor, Capability.INSTRUCT, found.unit),
    }
    return render(request, "missions/receipts.html", context)


@page
def export(request: StaffRequest, instruction_id: int) -> HttpResponseBase:
    """Give the recipients as a spreadsheet."""
    found, _node, rows = _names(request, instruction_id)
    return tables.export(f"instruction-{found.pk}", COLUMNS, rows, request.GET.get("format", "xlsx"))


@act
def send(request: StaffRequest, instruction_id: int) -> HttpResponse:
    """Send a draft."""
    found = actions.send(request.actor, instruction_id)
    count = found.receipts.count()
    text = ngettext("Sent to %(n)d recipient.", "Sent to %(n)d recipients.", count) % {"n": count}
    messages.success(request, text)
    return redirect(found)


@act
def remind(request: StaffRequest, instruction_id: int) -> HttpResponse:
    """Remind those who have not answered."""
    return redirect(actions.remind(request.actor, instruction_id))


@act
def close(request: StaffRequest, instruction_id: int) -> HttpResponse:
    """End an instruction."""
    found = actions.close(request.actor, instruction_id, _reason(request))
    messages.success(request, _("The instruction is closed. The board stays."))
    return redirect(found)


@act
def recall(request: StaffRequest, instruction_id: int) -> HttpResponse:
    """Take an instruction back."""
    found = actions.recall(request.actor, instruction_id, _reason(request))
    messages.success(request, _("The instruction is recalled. Recipients see your reason."))
    return redirect(found)


@act
def relink(request: StaffRequest, instruction_id: int, receipt_id: int) -> HttpResponse:
    """Send one person a new link."""
    actions.relink(request.actor, instruction_id, receipt_id)
    messages.success(request, _("A new link waits in the outbox. The old one no longer works."))
    return redirect("missions:receipts", instruction_id)


def _reason(request: StaffRequest) -> str:
    form = ReasonForm(request.POST)
    return str(form.cleaned_data["reason"]) if form.is_valid() else ""
