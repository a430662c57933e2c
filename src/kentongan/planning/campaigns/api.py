"""Campaigns through the API: the same rights and rules as on the screens."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.planning import access, actions
from kentongan.planning.campaigns import queries
from kentongan.planning.drafts import CampaignDraft
from kentongan.planning.models import Campaign
from kentongan.safeguards.purposes import Purpose

router = Router(tags=["planning"])
READ, WRITE = scope("planning:read"), scope("planning:write")
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))]


def _text(most: int, least: int = 0) -> Any:
    return Field(max_length=most, min_length=least, pattern=r"^[^\x00]*$")


class CampaignIn(Schema):
    """A campaign as written; without `ends_on` its end is open. Hashtags with or without their sign."""

    name: Annotated[str, _text(200, 1)]
    purpose: Purpose
    starts_on: Day
    ends_on: Day | None = None
    summary: Annotated[str, _text(2000)] = ""
    hashtags: list[Annotated[str, _text(61, 1)]] = Field(default_factory=list, max_length=10)
    themes: list[Annotated[str, _text(120, 1)]] = Field(default_factory=list, max_length=20)


class NewCampaignIn(CampaignIn):
    """A campaign at a unit."""

    unit_id: Id


class CampaignOut(Schema):
    """A campaign; `items` counts its content that is not withdrawn."""

    id: int
    unit_id: int
    name: str
    purpose: str
    summary: str
    starts_on: date
    ends_on: date | None
    hashtags: list[str]
    themes: list[str]
    state: str
    closed_at: datetime | None
    close_reason: str


class ListedCampaignOut(CampaignOut):
    """A campaign in a list, with its numbers of items; those withdrawn are left out."""

    items: int
    approved: int


class CampaignFilter(Paging):
    """Which campaigns."""

    state: Campaign.State | None = None
    purpose: Purpose | None = None
    text: Annotated[str, _text(200)] = ""


class CloseIn(Schema):
    """Why it ends."""

    reason: Annotated[str, _text(300, 1)]


def _reader(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    authority.require_anywhere(actor, access.READ)
    return actor


def _draft(body: CampaignIn) -> CampaignDraft:
    values = body.dict(exclude={"unit_id", "hashtags", "themes"})
    return CampaignDraft(**values, hashtags=tuple(body.hashtags), themes=tuple(body.themes))


def _campaign(row: Campaign) -> dict[str, Any]:
    return {name: getattr(row, name) for name in CampaignOut.model_fields}


def _listed(row: Campaign) -> dict[str, Any]:
    return _campaign(row) | {"items": row.item_count, "approved": row.approved_count}  # type: ignore[attr-defined]


@router.get("", response=Page[ListedCampaignOut], auth=READ)
def campaigns(request: HttpRequest, chosen: Query[CampaignFilter]) -> dict[str, Any]:
    """List campaigns, running ones first, the latest first."""
    found = queries.campaigns(
        _reader(request), state=chosen.state or "", purpose=chosen.purpose or "", text=chosen.text
    )
    return paginate(found, chosen, _listed)


@router.post("", response={201: CampaignOut}, auth=WRITE)
def open_campaign(request: HttpRequest, body: NewCampaignIn) -> Status[dict[str, Any]]:
    """Open a campaign; one of a neutral organisation is public service."""
    return Status(201, _campaign(actions.open_campaign(actor_of(request), body.unit_id, _draft(body))))


@router.get("/{pk}", response=CampaignOut, auth=READ)
def campaign(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Return a campaign."""
    return _campaign(access.campaign(_reader(request), pk))


@router.put("/{pk}", response=CampaignOut, auth=WRITE)
def change(request: HttpRequest, pk: Id, body: CampaignIn) -> dict[str, Any]:
    """Replace what a running campaign says."""
    return _campaign(actions.change_campaign(actor_of(request), pk, _draft(body)))


@router.post("/{pk}/close", response=CampaignOut, auth=WRITE)
def close(request: HttpRequest, pk: Id, body: CloseIn) -> dict[str, Any]:
    """Close a campaign: no content is added any more."""
    return _campaign(actions.close_campaign(actor_of(request), pk, body.reason))


@router.post("/{pk}/reopen", response=CampaignOut, auth=WRITE)
def reopen(request: HttpRequest, pk: Id) -> dict[str, Any]:
    """Open a closed campaign again."""
    return _campaign(actions.reopen_campaign(actor_of(request), pk))
