"""Accounts that pretend to be ours, through the API: the cases, the decision, the evidence."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from ninja import Field, Query, Schema

from kentongan.core import printing
from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, evidence
from kentongan.registry.models import ImpostorCase, ImpostorReport
from kentongan.registry.queries import impostors

router = Router(tags=["registry"])
State = Literal["new", "looking", "impostor", "genuine", "not_ours", "duplicate"]


class CaseOut(Schema):
    """All that was reported about one account; `told` counts the reports, `later` says that one came after the
    decision."""

    id: int
    unit_id: int
    platform: str
    handle: str
    url: str
    state: str
    reason: str
    same_as_id: int | None
    imitates_id: int | None
    opened_at: datetime
    decided_at: datetime | None
    told: int


class ReportOut(Schema):
    """What one person told; how to reach them never leaves this way, and a screenshot is opened on the screen."""

    reference: str
    pasted: str
    what: str
    has_screenshot: bool
    reported_at: datetime


class OneCaseOut(CaseOut):
    """A case with its reports."""

    later: bool
    reports: list[ReportOut]


class DecisionIn(Schema):
    """The decision; `seen` is the state in which you saw the case, `same_as` the other case of a duplicate."""

    state: State
    seen: State
    reason: Annotated[str, Field(max_length=500)] = ""
    same_as: int | None = None


class ReferIn(Schema):
    """The unit to which a case goes."""

    unit_id: int
    seen: State


def _case(case: ImpostorCase) -> dict[str, Any]:
    return {name: getattr(case, name) for name in CaseOut.model_fields}


def _report(report: ImpostorReport) -> dict[str, Any]:
    values = {name: getattr(report, name) for name in ("reference", "pasted", "what", "reported_at")}
    return values | {"has_screenshot": report.screenshot_id is not None}


def _whole(request: HttpRequest, case_id: int) -> dict[str, Any]:
    case = impostors.case(actor_of(request), case_id)
    told = [_report(one) for one in impostors.reports(case)]
    case.told = len(told)  # type: ignore[attr-defined]
    return _case(case) | {"later": impostors.is_later(case), "reports": told}


@router.get("/impostors", response=Page[CaseOut], auth=scope("registry:read"))
def cases(
    request: HttpRequest, paging: Query[Paging], unit_id: int | None = None, state: str = "", q: str = ""
) -> dict[str, Any]:
    """List the reported accounts that you decide about, newest first; `state=open`: those that wait for a person."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id) if unit_id is not None else None
    return paginate(impostors.cases(actor, unit, state, q.strip()), paging, _case)


@router.get("/impostors/{case_id}", response=OneCaseOut, auth=scope("registry:read"))
def case(request: HttpRequest, case_id: int) -> dict[str, Any]:
    """Show one case with what was told."""
    return _whole(request, case_id)


@router.post("/impostors/{case_id}/decide", response=OneCaseOut, auth=scope("registry:write"))
def decide(request: HttpRequest, case_id: int, data: DecisionIn) -> dict[str, Any]:
    """Decide about a case, or look at it again; a confirmed impostor is warned of on the public page at once."""
    actions.decide(actor_of(request), case_id, data.state, seen=data.seen, reason=data.reason, same_as=data.same_as)
    return _whole(request, case_id)


@router.post("/impostors/{case_id}/refer", response=OneCaseOut, auth=scope("registry:write"))
def refer(request: HttpRequest, case_id: int, data: ReferIn) -> dict[str, Any]:
    """Hand a case to another unit; you administer both."""
    actions.refer(actor_of(request), case_id, data.unit_id, seen=data.seen)
    return _whole(request, case_id)


PDF = {"responses": {200: {"description": "OK", "content": {"application/pdf": {}}}}}


@router.post("/impostors/{case_id}/evidence", auth=scope("registry:write"), openapi_extra=PDF)
def pack(request: HttpRequest, case_id: int) -> HttpResponseBase:
    """Make the evidence of a case as a PDF; that you took it along is written down."""
    actor = actor_of(request)
    found = impostors.case(actor, case_id)
    actions.record_pack(actor, found.pk)
    return printing.response(f"bukti-{found.pk}", evidence.pdf(found, actor.label))
