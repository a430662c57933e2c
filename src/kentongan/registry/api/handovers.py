"""Handovers of official accounts through the API."""

from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.registry import actions, queries
from kentongan.registry.actions.custody import GivenLetter
from kentongan.registry.actions.handovers import Checklist
from kentongan.registry.api.custody import LetterIn
from kentongan.registry.models import Handover

router = Router(tags=["registry"])


class HandoverOut(Schema):
    """An account that passes from one custodian to another; people are given by number."""

    id: int
    account_id: int
    giver_id: int | None
    receiver_id: int | None
    reason: str
    due_on: date
    password_changed: bool
    recovery_changed: bool
    second_factor_moved: bool
    done_at: datetime | None
    cancelled_at: datetime | None


class HandoverIn(Schema):
    """From which custodian to whom, and by when."""

    giver_id: int
    receiver_id: int
    due_on: date


class ChecklistIn(Schema):
    """What is done; nothing that was checked off is taken back."""

    password_changed: bool = False
    recovery_changed: bool = False
    second_factor_moved: bool = False
    receiver_id: int | None = None
    letter: LetterIn | None = None


def _out(handover: Handover) -> dict[str, Any]:
    return {name: getattr(handover, name) for name in HandoverOut.model_fields}


@router.get("/handovers", response=Page[HandoverOut], auth=scope("registry:read"))
def handovers(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List the handovers that wait, at the units that you administer."""
    return paginate(queries.handovers(actor_of(request)), paging, _out)


@router.post("/accounts/{account_id}/handovers", response={201: HandoverOut}, auth=scope("registry:write"))
def begin(request: HttpRequest, account_id: int, data: HandoverIn) -> Status[dict[str, Any]]:
    """Begin to hand an account over."""
    made = actions.begin_handover(actor_of(request), account_id, data.giver_id, data.receiver_id, due_on=data.due_on)
    return Status(201, _out(made))


@router.post("/handovers/{handover_id}/check", response=HandoverOut, auth=scope("registry:write"))
def check(request: HttpRequest, handover_id: int, data: ChecklistIn) -> dict[str, Any]:
    """Note what is done; with everything checked off the seat passes on."""
    values = data.dict()
    letter = values.pop("letter")
    wanted = Checklist(**values, letter=GivenLetter(**letter) if letter else GivenLetter())
    return _out(actions.check_handover(actor_of(request), handover_id, wanted))


@router.post("/handovers/{handover_id}/cancel", response=HandoverOut, auth=scope("registry:write"))
def cancel(request: HttpRequest, handover_id: int) -> dict[str, Any]:
    """Call a handover off."""
    return _out(actions.cancel_handover(actor_of(request), handover_id))
