"""What was reached, through the API. A number that is null was not reported; it is never zero in disguise."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.insights import queries
from kentongan.insights.queries import deliveries as delivery_queries
from kentongan.insights.queries import last_days
from kentongan.publishing.models import Delivery

router = Router(tags=["insights"])
READ = scope("insights:read")


class SumsOut(Schema):
    """What deliveries gained in a period; `silent` of the `live` ones reported nothing in it."""

    posts: int
    live: int
    silent: int
    views: int | None
    likes: int | None
    shares: int | None
    replies: int | None


class RowOut(Schema):
    """One line of a roll-up beside the period before."""

    key: str
    label: str
    sums: SumsOut
    before: SumsOut


class ReachOut(Schema):
    """A period beside the period before."""

    start: datetime
    end: datetime
    sums: SumsOut
    before: SumsOut
    platforms: list[RowOut]


class NumbersOut(Schema):
    """The last known numbers of one delivery."""

    delivery_id: int
    item_id: int
    unit_id: int
    account_id: int
    url: str
    published_at: datetime
    views: int | None
    likes: int | None
    shares: int | None
    replies: int | None
    outcome: str
    read_at: datetime | None


def _sums(sums: queries.Sums) -> dict[str, int | None]:
    return {name: getattr(sums, name) for name in SumsOut.model_fields}


def _row(row: Any) -> dict[str, Any]:
    return {"key": str(row.key), "label": row.label, "sums": _sums(row.sums), "before": _sums(row.before)}


def _numbers(found: Delivery) -> dict[str, Any]:
    probe = getattr(found, "probe", None)
    names = ("item_id", "unit_id", "account_id", "url", "published_at", "views", "likes", "shares", "replies")
    return {name: getattr(found, name) for name in names} | {
        "delivery_id": found.pk,
        "outcome": probe.outcome if probe else "waiting",
        "read_at": probe.read_at if probe else None,
    }


class Span(Schema):
    """How many days back from now."""

    days: int = Field(7, ge=1, le=366)


@router.get("/reach", response=ReachOut, auth=READ)
def reach(request: HttpRequest, span: Query[Span]) -> dict[str, Any]:
    """Return what reached people in the last days, beside as many days before."""
    found = queries.reach(actor_of(request), last_days(span.days))
    return {
        "start": found.period.start,
        "end": found.period.end,
        "sums": _sums(found.sums),
        "before": _sums(found.before),
        "platforms": [_row(row) for row in found.platforms],
    }


@router.get("/units", response=list[RowOut], auth=READ)
def units(request: HttpRequest, span: Query[Span]) -> list[dict[str, Any]]:
    """Return the same by unit."""
    return [_row(row) for row in queries.by_unit(actor_of(request), last_days(span.days))]


@router.get("/items", response=list[RowOut], auth=READ)
def items(request: HttpRequest, span: Query[Span]) -> list[dict[str, Any]]:
    """Return the same by content item."""
    return [_row(row) for row in queries.by_item(actor_of(request), last_days(span.days))]


@router.get("/deliveries", response=Page[NumbersOut], auth=READ)
def deliveries(request: HttpRequest, paging: Query[Paging], item_id: int | None = None) -> dict[str, Any]:
    """List the published deliveries with their last known numbers."""
    where = {} if item_id is None else {"item": item_id}
    return paginate(delivery_queries.latest(actor_of(request), **where), paging, _numbers)
