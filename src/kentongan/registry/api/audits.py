"""Audits and routine checks through the API."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, queries, rules
from kentongan.registry.actions.audits import Finding
from kentongan.registry.models import Audit, AuditResult, SignOff
from kentongan.registry.queries.units import home_unit

router = Router(tags=["registry"])
LARGEST_ID = 2**63 - 1


class RuleOut(Schema):
    """A rule of audits as the organisation has set it; the texts are in your language."""

    id: str
    check: str
    severity: str
    title: str
    advice: str
    days: int | None
    enabled: bool


class RuleIn(Schema):
    """Whether a rule is in use, and its days where it has some."""

    enabled: bool
    days: Annotated[int | None, Field(ge=1, le=3650)] = None


class AuditIn(Schema):
    """Of which unit, and what it is called."""

    unit_id: int
    title: Annotated[str, Field(max_length=120)] = ""


class AuditOut(Schema):
    """An audit of a unit and all below it; `finished_at` is null while its job runs."""

    id: int
    unit_id: int
    title: str
    job_id: int | None
    created_at: datetime
    finished_at: datetime | None


class ShareOut(Schema):
    """How many accounts met one rule; `share` is null where nothing was decided."""

    rule: str
    passed: int
    failed: int
    open: int
    irrelevant: int
    share: float | None


class ResultOut(Schema):
    """What one rule gave for one account."""

    account_id: int
    rule: str
    verdict: str
    evidence: str
    link: str
    note: str
    checked_at: datetime


class FindingIn(Schema):
    """What a person saw about one rule of one account; a screenshot is added on the screen."""

    account_id: int
    rule: str
    verdict: Literal["passed", "failed", "open", "na"]
    link: Annotated[str, Field(max_length=500)] = ""
    note: Annotated[str, Field(max_length=500)] = ""


class MovementOut(Schema):
    """How one rule moved between two audits."""

    rule: str
    better: int
    worse: int
    same: int
    new: int


class SignOffOut(Schema):
    """A routine check of a unit's accounts."""

    id: int
    unit_id: int
    responsible_id: int
    due_on: date
    level: int
    signed_at: datetime | None
    remarks: str
    findings: dict[str, dict[str, int]]


class SignIn(Schema):
    """The superior's remarks; needed where something is not met."""

    remarks: Annotated[str, Field(max_length=1000)] = ""


def _audit(audit: Audit) -> dict[str, Any]:
    return {name: getattr(audit, name) for name in AuditOut.model_fields}


def _result(result: AuditResult) -> dict[str, Any]:
    return {name: getattr(result, name) for name in ResultOut.model_fields}


def _sign_off(row: SignOff) -> dict[str, Any]:
    return {name: getattr(row, name) for name in SignOffOut.model_fields}


def _rule(rule: rules.Rule) -> dict[str, Any]:
    return {name: getattr(rule, name) for name in RuleOut.model_fields}


@router.get("/rules", response=list[RuleOut], auth=scope("registry:read"))
def list_rules(request: HttpRequest) -> list[dict[str, Any]]:
    """List the rules of audits."""
    return [_rule(rule) for rule in rules.current().values()]


@router.put("/rules/{rule_id}", response=RuleOut, auth=scope("registry:write"))
def set_rule(request: HttpRequest, rule_id: str, data: RuleIn) -> dict[str, Any]:
    """Switch a rule on or off for the whole organisation, and set its days."""
    return _rule(actions.set_rule(actor_of(request), rule_id, enabled=data.enabled, days=data.days))


@router.get("/audits", response=Page[AuditOut], auth=scope("registry:read"))
def audits(request: HttpRequest, paging: Query[Paging], unit_id: int | None = None) -> dict[str, Any]:
    """List the audits that looked at a unit, by default the highest that you see."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.VIEW, pk=unit_id) if unit_id is not None else home_unit(actor)
    return paginate(queries.audits(actor, unit) if unit else Audit.objects.none(), paging, _audit)


@router.post("/audits", response={202: AuditOut}, auth=scope("registry:write"))
def begin(request: HttpRequest, data: AuditIn) -> Status[dict[str, Any]]:
    """Begin an audit of a unit and all below it; its job tells how far it is."""
    return Status(202, _audit(actions.begin_audit(actor_of(request), data.unit_id, title=data.title)))


@router.get("/audits/{audit_id}", response=list[ShareOut], auth=scope("registry:read"))
def shares(request: HttpRequest, audit_id: int) -> list[dict[str, Any]]:
    """Show how many accounts met each rule."""
    actor = actor_of(request)
    names = [name for name in ShareOut.model_fields if name != "rule"]
    found = queries.shares(actor, queries.audit(actor, min(audit_id, LARGEST_ID)))
    return [{"rule": one.rule.id} | {name: getattr(one, name) for name in names} for one in found]


@router.get("/audits/{audit_id}/results", response=Page[ResultOut], auth=scope("registry:read"))
def results(
    request: HttpRequest, audit_id: int, paging: Query[Paging], rule: str = "", verdict: str = ""
) -> dict[str, Any]:
    """List the results of an audit, narrowed to a rule and a verdict."""
    actor = actor_of(request)
    audit = queries.audit(actor, min(audit_id, LARGEST_ID))
    return paginate(queries.results(actor, audit, rule=rule, verdict=verdict), paging, _result)


@router.post("/audits/{audit_id}/results", response=ResultOut, auth=scope("registry:write"))
def check(request: HttpRequest, audit_id: int, data: FindingIn) -> dict[str, Any]:
    """Fill in a line of the check sheet."""
    finding = Finding(data.verdict, link=data.link, note=data.note)
    found = actions.check_result(
        actor_of(request), min(audit_id, LARGEST_ID), min(data.account_id, LARGEST_ID), data.rule, finding
    )
    return _result(found)


@router.get("/audits/{audit_id}/compared/{earlier_id}", response=list[MovementOut], auth=scope("registry:read"))
def compared(request: HttpRequest, audit_id: int, earlier_id: int) -> list[dict[str, Any]]:
    """Show how each rule moved from an earlier audit to this one."""
    actor = actor_of(request)
    later, earlier = (queries.audit(actor, min(pk, LARGEST_ID)) for pk in (audit_id, earlier_id))
    names = [name for name in MovementOut.model_fields if name != "rule"]
    moved = queries.movements(actor, earlier, later)
    return [{"rule": one.rule.id} | {name: getattr(one, name) for name in names} for one in moved]


@router.get("/sign-offs", response=Page[SignOffOut], auth=scope("registry:read"))
def sign_offs(request: HttpRequest, paging: Query[Paging], view: str = "", mine: bool = False) -> dict[str, Any]:
    """List the routine checks that wait (or due, late, risen, done) at units right below yours."""
    return paginate(queries.sign_offs(actor_of(request), view=view, mine=mine), paging, _sign_off)


@router.post("/sign-offs/{sign_off_id}", response=SignOffOut, auth=scope("registry:write"))
def sign(request: HttpRequest, sign_off_id: int, data: SignIn) -> dict[str, Any]:
    """Sign the accounts of a unit off."""
    return _sign_off(actions.sign(actor_of(request), min(sign_off_id, LARGEST_ID), remarks=data.remarks))
