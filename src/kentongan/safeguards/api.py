"""Safeguards through the API: the law as rows, and the verdict that a program should ask for before it plans."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema
from pydantic import AwareDatetime

from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.safeguards import held, queries
from kentongan.safeguards.models import Election, QuietPeriod
from kentongan.safeguards.purposes import Purpose

router = Router(tags=["safeguards"])
READ = "safeguards:read"
# Far enough for any election, near enough that no date overflows.
EARLIEST, LATEST = datetime(1999, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


class StageOut(Schema):
    """A dated stage; both days belong to it."""

    kind: str
    name: str
    starts_on: date
    ends_on: date
    source: str
    verified: bool


class ElectionOut(Schema):
    """An election with its stages."""

    id: int
    name: str
    kind: str
    vote_on: date | None
    source: str
    verified: bool
    stages: list[StageOut]


class QuietPeriodOut(Schema):
    """Days without campaigning; an empty area is the whole country."""

    id: int
    election: str
    name: str
    starts_on: date
    ends_on: date
    area_code: str
    active: bool
    source: str
    verified: bool


class CheckIn(Schema):
    """What would go out, when and where."""

    purpose: Purpose
    at: Annotated[AwareDatetime, Field(ge=EARLIEST, le=LATEST)]
    area_code: str = ""
    neutral: bool = False


class VerdictOut(Schema):
    """Whether it may go out; `until` is when the hold ends."""

    allowed: bool
    reason: str
    until: datetime | None


class HeldOut(Schema):
    """How many things of this caller's units are held right now."""

    count: int


def _reader(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    authority.require_anywhere(actor, Capability.VIEW)
    return actor


def _election(row: Election) -> dict[str, Any]:
    return {
        "id": row.pk,
        "name": row.name,
        "kind": row.kind,
        "vote_on": row.vote_on,
        "source": row.source,
        "verified": row.verified,
        "stages": list(row.stages.all()),
    }


def _period(row: QuietPeriod) -> dict[str, Any]:
    names = ("name", "starts_on", "ends_on", "area_code", "active", "source", "verified")
    return {"id": row.pk, "election": row.election.name} | {name: getattr(row, name) for name in names}


@router.get("/elections", response=Page[ElectionOut], auth=scope(READ))
def elections(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List elections with their stages, the latest vote first."""
    _reader(request)
    return paginate(queries.elections(), paging, _election)


@router.get("/quiet-periods", response=Page[QuietPeriodOut], auth=scope(READ))
def quiet_periods(request: HttpRequest, paging: Query[Paging]) -> dict[str, Any]:
    """List quiet periods, the latest first."""
    _reader(request)
    return paginate(queries.quiet_periods(), paging, _period)


@router.post("/check", response=VerdictOut, auth=scope(READ))
def check(request: HttpRequest, body: CheckIn) -> dict[str, Any]:
    """Say whether something may go out at that moment and place."""
    _reader(request)
    verdict = queries.check_firing(body.purpose, body.at, body.area_code, body.neutral)
    return {"allowed": verdict.allowed, "reason": str(verdict.reason), "until": verdict.until}


@router.get("/held", response=HeldOut, auth=scope(READ))
def held_now(request: HttpRequest) -> dict[str, int]:
    """Count what is held right now."""
    return {"count": held.count(_reader(request))}
