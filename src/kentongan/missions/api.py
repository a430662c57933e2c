"""Instructions, answers and missions through the API."""

import uuid
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.missions import access
from kentongan.missions.actions import instructions as actions
from kentongan.missions.actions import missions as mission_actions
from kentongan.missions.models import Audience, Evidence, Instruction, Mission, Receipt
from kentongan.missions.queries import instructions as queries
from kentongan.missions.queries import missions as mission_queries
from kentongan.registry.models import Unit
from kentongan.safeguards.purposes import Purpose

router = Router(tags=["missions"])
READ, WRITE = scope("missions:read"), scope("missions:write")


class SharesOut(Schema):
    """How many receipts stand in each state."""

    total: int
    pending: int
    delivered: int
    seen: int
    done: int
    declined: int


class InstructionOut(Schema):
    """An instruction with its receipts as far as the caller sees them."""

    id: int
    unit_id: int
    scope_id: int
    title: str
    text: str
    due_at: datetime
    audience: str
    level: str
    title_filter: str
    evidence: str
    state: str
    issue_id: int | None
    item_id: int | None
    sent_at: datetime | None
    shares: SharesOut


class InstructionIn(Schema):
    """What an instruction says and to whom; `form_key` makes a repeated request harmless."""

    unit_id: int
    scope_id: int
    title: str = Field(max_length=200)
    text: str = Field(max_length=20_000)
    due_at: datetime
    audience: Audience = Audience.UNITS
    level: Unit.Level | None = None
    title_filter: str = Field("", max_length=100)
    evidence: Evidence = Evidence.NONE
    item_id: int | None = None
    issue_id: int | None = None
    form_key: uuid.UUID = Field(default_factory=uuid.uuid4)


class ReceiptOut(Schema):
    """One recipient; `person` is named only to those who instruct them."""

    id: int
    instruction_id: int
    unit_id: int
    unit: str
    person: str
    state: str
    note: str
    link: str
    reason: str
    delivered_at: datetime | None
    seen_at: datetime | None
    answered_at: datetime | None


class BranchOut(Schema):
    """The receipts of a child unit's whole subtree."""

    unit_id: int
    name: str
    shares: SharesOut


class BoardOut(Schema):
    """An instruction seen from one node of the tree."""

    unit_id: int
    name: str
    own: SharesOut
    total: SharesOut
    branches: list[BranchOut]


class ReasonIn(Schema):
    """Why something ends."""

    reason: str = Field("", max_length=300)


class AnswerIn(Schema):
    """Done, or declined with a reason."""

    done: bool
    note: str = Field("", max_length=2000)
    link: str = Field("", max_length=500, pattern=r"^(https?://\S+)?$")
    reason: str = Field("", max_length=1000)


class MissionIn(Schema):
    """What people are asked to share."""

    unit_id: int
    scope_id: int
    title: str = Field(max_length=120)
    text: str = Field(max_length=20_000)
    closes_at: datetime
    purpose: Purpose = Purpose.SERVICE
    starters: list[str] = Field(default_factory=list, max_length=8)
    link: str = Field("", max_length=500, pattern=r"^(https?://\S+)?$")
    title_filter: str = Field("", max_length=100)
    item_id: int | None = None
    form_key: uuid.UUID = Field(default_factory=uuid.uuid4)


class MissionOut(Schema):
    """A mission with its counts; never who did what."""

    id: int
    unit_id: int
    scope_id: int
    title: str
    text: str
    purpose: str
    link: str
    starters: list[str]
    closes_at: datetime
    state: str
    invited: int
    opened: int
    worded: int
    shared: int
    declined: int


def _shares(shares: queries.Shares) -> dict[str, int]:
    names = ("total", "pending", "delivered", "seen", "done", "declined")
    return {name: getattr(shares, name) for name in names}


def _one(request: HttpRequest, found: Instruction) -> dict[str, Any]:
    shares = queries.shares_of(actor_of(request), [found]).get(found.pk, queries.Shares())
    return _instruction(found, shares)


def _instruction(found: Instruction, shares: queries.Shares) -> dict[str, Any]:
    names = set(InstructionOut.model_fields) - {"shares"}
    return {name: getattr(found, name) for name in names} | {"shares": _shares(shares)}


def _receipt(found: Receipt) -> dict[str, Any]:
    names = set(ReceiptOut.model_fields) - {"unit", "person"}
    person = found.person.full_name if found.person else ""
    return {name: getattr(found, name) for name in names} | {"unit": found.unit.name, "person": person}


def _mission(found: Mission, counts: mission_queries.Counts) -> dict[str, Any]:
    counted = ("invited", "opened", "worded", "shared", "declined")
    names = set(MissionOut.model_fields) - set(counted)
    return {name: getattr(found, name) for name in names} | {name: getattr(counts, name) for name in counted}


def _counted(found: Mission) -> dict[str, Any]:
    return _mission(found, mission_queries.counts_of([found]).get(found.pk, mission_queries.Counts()))


@router.get("/instructions", response=Page[InstructionOut], auth=READ)
def instructions(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """List the instructions that the caller sees, the newest first."""
    rows = queries.listed(actor_of(request), state)
    page = paginate(rows, paging, lambda row: row)
    shares = queries.shares_of(actor_of(request), page["items"])
    page["items"] = [_instruction(row, shares.get(row.pk, queries.Shares())) for row in page["items"]]
    return page


@router.post("/instructions", response={201: InstructionOut}, auth=WRITE)
def draft_instruction(request: HttpRequest, body: InstructionIn) -> Status[dict[str, Any]]:
    """Write an instruction; nobody receives it before it is sent."""
    values = body.dict() | {"level": body.level or ""}
    return Status(201, _one(request, actions.draft(actor_of(request), actions.Order(**values))))


@router.get("/instructions/{instruction_id}", response=InstructionOut, auth=READ)
def instruction(request: HttpRequest, instruction_id: int) -> dict[str, Any]:
    """Return one instruction."""
    return _one(request, access.instruction(actor_of(request), instruction_id))


@router.post("/instructions/{instruction_id}/send", response=InstructionOut, auth=WRITE)
def send_instruction(request: HttpRequest, instruction_id: int) -> dict[str, Any]:
    """Send it; sent twice it is sent once."""
    return _one(request, actions.send(actor_of(request), instruction_id))


@router.post("/instructions/{instruction_id}/close", response=InstructionOut, auth=WRITE)
def close_instruction(request: HttpRequest, instruction_id: int, body: ReasonIn) -> dict[str, Any]:
    """End it; the board stays."""
    return _one(request, actions.close(actor_of(request), instruction_id, body.reason))


@router.post("/instructions/{instruction_id}/recall", response=InstructionOut, auth=WRITE)
def recall_instruction(request: HttpRequest, instruction_id: int, body: ReasonIn) -> dict[str, Any]:
    """Take it back, with a reason that the recipients read."""
    return _one(request, actions.recall(actor_of(request), instruction_id, body.reason))


@router.get("/instructions/{instruction_id}/board", response=BoardOut, auth=READ)
def board(request: HttpRequest, instruction_id: int, unit_id: int | None = None) -> dict[str, Any]:
    """Return the shares of each branch below a unit."""
    actor = actor_of(request)
    found = access.instruction(actor, instruction_id)
    seen = queries.board(actor, found, queries.node(actor, found, unit_id))
    branches = [{"unit_id": one.unit.pk, "name": one.unit.name, "shares": _shares(one.shares)} for one in seen.branches]
    return {
        "unit_id": seen.node.pk,
        "name": seen.node.name,
        "own": _shares(seen.own),
        "total": _shares(seen.total),
        "branches": branches,
    }


@router.get("/receipts", response=Page[ReceiptOut], auth=READ)
def my_receipts(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List what waits for the caller's own answer, or was answered by them."""
    return paginate(queries.receipts_for(actor_of(request)), paging, _receipt)


@router.post("/receipts/{receipt_id}/answer", response=ReceiptOut, auth=WRITE)
def answer(request: HttpRequest, receipt_id: int, body: AnswerIn) -> dict[str, Any]:
    """Answer an instruction."""
    return _receipt(actions.answer(actor_of(request), receipt_id, actions.Answer(**body.dict())))


@router.get("/missions", response=Page[MissionOut], auth=READ)
def missions(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """List the share missions that the caller sees."""
    page = paginate(mission_queries.listed(actor_of(request), state), paging, lambda row: row)
    counts = mission_queries.counts_of(page["items"])
    page["items"] = [_mission(row, counts.get(row.pk, mission_queries.Counts())) for row in page["items"]]
    return page


@router.post("/missions", response={201: MissionOut}, auth=WRITE)
def draft_mission(request: HttpRequest, body: MissionIn) -> Status[dict[str, Any]]:
    """Write a mission; nobody is invited before it is opened."""
    values = body.dict() | {"starters": tuple(body.starters)}
    return Status(201, _counted(mission_actions.draft(actor_of(request), mission_actions.Request(**values))))


@router.get("/missions/{mission_id}", response=MissionOut, auth=READ)
def mission(request: HttpRequest, mission_id: int) -> dict[str, Any]:
    """Return one mission."""
    return _counted(access.mission(actor_of(request), mission_id))


@router.post("/missions/{mission_id}/open", response=MissionOut, auth=WRITE)
def open_mission(request: HttpRequest, mission_id: int) -> dict[str, Any]:
    """Invite everybody under its scope who agreed to be invited."""
    return _counted(mission_actions.open_mission(actor_of(request), mission_id))


@router.post("/missions/{mission_id}/close", response=MissionOut, auth=WRITE)
def close_mission(request: HttpRequest, mission_id: int, body: ReasonIn) -> dict[str, Any]:
    """End it."""
    return _counted(mission_actions.close(actor_of(request), mission_id, body.reason))
