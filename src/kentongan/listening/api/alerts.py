"""Alerts and their rules through the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.listening import access, actions, queries
from kentongan.listening.alerts.wording import why
from kentongan.listening.models import Alert, AlertRule

router = Router()
READ, WRITE = scope("listening:read"), scope("listening:write")
MADE_UP = ("readers", "raised", "useful", "useless")


class RuleIn(Schema):
    """A rule; "" is any topic or area. `readers` are users told by e-mail; a change without them leaves them."""

    unit_id: int = Field(ge=1, le=2**62)
    name: str = Field(min_length=3, max_length=80)
    watches: str = Field("issues", pattern="^(issues|talk)$")
    topic: str = Field("", max_length=20)
    area_code: str = Field("", max_length=13)
    complaints_only: bool = False
    sensitivity: str = Field("usual", pattern="^(calm|usual|keen)$")
    least: int = Field(20, ge=3, le=1_000_000)
    readers: list[int] | None = Field(None, max_length=50)

    def wish(self) -> actions.AlertWish:
        """Return what is watched."""
        return actions.AlertWish(**self.dict(exclude={"unit_id", "readers"}))


class RuleOut(Schema):
    """A rule, how many alerts it raised, and how many of those were said to be of use or not."""

    id: int
    unit_id: int
    name: str
    watches: str
    topic: str
    area_code: str
    complaints_only: bool
    sensitivity: str
    least: int
    state: str
    readers: list[int]
    raised: int
    useful: int
    useless: int


class StateIn(Schema):
    """Whether a rule watches."""

    state: str = Field(pattern="^(active|paused|ended)$")


class AlertOut(Schema):
    """An alert: `observed` posts in an hour where `expected` are usual; `useful` is None until somebody said so."""

    id: int
    rule_id: int
    issue_id: int | None
    what: str
    why: str
    raised_at: datetime
    ended_at: datetime | None
    observed: int
    expected: float
    score: float
    useful: bool | None


class UsefulIn(Schema):
    """Whether it was of use."""

    useful: bool


class AlertFilter(Paging):
    """Which alerts: all, those that go on, those nobody judged yet."""

    show: str = Field("", pattern="^(open|unjudged)?$")


def _alert(alert: Alert) -> dict[str, Any]:
    own = {name: getattr(alert, name) for name in AlertOut.model_fields if name not in ("what", "why")}
    return own | {"what": str(alert), "why": why(alert)}


def _rule(rule: AlertRule, judged: queries.Judged | None = None) -> dict[str, Any]:
    own = {name: getattr(rule, name) for name in RuleOut.model_fields if name not in MADE_UP}
    own["readers"] = sorted(user.pk for user in rule.readers.all())
    worth = (judged.raised, judged.useful, judged.useless) if judged else (0, 0, 0)
    return own | dict(zip(("raised", "useful", "useless"), worth, strict=True))


@router.get("/alerts", response=Page[AlertOut], auth=READ)
def alerts(request: HttpRequest, chosen: Query[AlertFilter]) -> dict[str, Any]:
    """List alerts, the newest first."""
    return paginate(queries.alerts(actor_of(request), show=chosen.show), chosen, _alert)


@router.post("/alerts/{int:alert_id}/judge", response=AlertOut, auth=WRITE)
def judge(request: HttpRequest, alert_id: int, given: UsefulIn) -> dict[str, Any]:
    """Say whether an alert was of use."""
    return _alert(actions.judge_alert(actor_of(request), alert_id, useful=given.useful))


@router.get("/alert-rules", response=list[RuleOut], auth=READ)
def rules(request: HttpRequest) -> list[dict[str, Any]]:
    """List the rules that have not ended."""
    return [_rule(one.rule, one) for one in queries.judged(queries.rules(actor_of(request)))]


@router.post("/alert-rules", response={201: RuleOut}, auth=WRITE)
def add_rule(request: HttpRequest, given: RuleIn) -> Status[dict[str, Any]]:
    """Make a rule."""
    return Status(201, _rule(actions.save_alert_rule(actor_of(request), given.unit_id, given.wish(), given.readers)))


@router.put("/alert-rules/{int:rule_id}", response=RuleOut, auth=WRITE)
def change_rule(request: HttpRequest, rule_id: int, given: RuleIn) -> dict[str, Any]:
    """Change a rule; its unit stays."""
    actor = actor_of(request)
    unit_id = access.alert_rule(actor, rule_id).unit_id
    return _rule(actions.save_alert_rule(actor, unit_id, given.wish(), given.readers, rule_id))


@router.post("/alert-rules/{int:rule_id}/state", response=RuleOut, auth=WRITE)
def rule_state(request: HttpRequest, rule_id: int, given: StateIn) -> dict[str, Any]:
    """Pause a rule, let it go on, or end it."""
    return _rule(actions.set_alert_rule_state(actor_of(request), rule_id, given.state))
