"""Sources through the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Schema, Status

from kentongan.core.api import Router, actor_of, scope
from kentongan.listening import access, actions, opening, queries, reading
from kentongan.listening.actions import complaints
from kentongan.listening.models import Source

router = Router()

READ, WRITE = scope("listening:read"), scope("listening:write")


class SourceOut(Schema):
    """A source of posts; `healthy` is None before the first reading, `resting` until when its budget is spent."""

    id: int
    unit_id: int
    name: str
    kind: str
    query: str
    service: str
    account_id: int | None
    state: str
    every_minutes: int
    retention_days: int | None
    budget_posts: int
    budget_requests: int
    posts: int
    healthy: bool | None
    failures: int
    last_error: str
    last_read_at: datetime | None
    last_new: int | None
    last_new_at: datetime | None
    last_post_at: datetime | None
    due_at: datetime | None
    resting: datetime | None


class SourceIn(Schema):
    """A source that is read: `kind` as in `channels.registry.listeners`, `query` what that kind asks for."""

    unit_id: int = Field(ge=1, le=2**62)
    kind: str = Field(max_length=40)
    name: str = Field(min_length=1, max_length=120)
    query: str = Field("", max_length=500)
    service: str = Field("", max_length=300)
    account_id: int | None = Field(None, ge=1, le=2**62)
    every_minutes: int = Field(15, ge=1, le=7 * 24 * 60)
    retention_days: int | None = Field(None, ge=1, le=36_500)
    budget_posts: int = Field(20_000, ge=1, le=10_000_000)
    budget_requests: int = Field(2_000, ge=1, le=10_000_000)

    def new(self) -> actions.NewSource:
        """Return what is to be read."""
        pace = actions.Pace(self.every_minutes, self.retention_days, self.budget_posts, self.budget_requests)
        return actions.NewSource(self.kind, self.name, self.query, self.service, self.account_id, pace)


class ReadOut(Schema):
    """What a reading brought."""

    added: int
    duplicates: int
    rejected: int


class EntranceOut(Schema):
    """Where posts are brought to."""

    entrance: str


class ItemOut(Schema):
    """An item that could not be read, and why; the item itself is shown on screen only."""

    id: int
    reason: str
    created_at: datetime


def _row(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in SourceOut.model_fields}


@router.get("/sources", response=list[SourceOut], auth=READ)
def sources(request: HttpRequest) -> list[dict[str, Any]]:
    """List the sources you see."""
    return [_row(source) for source in queries.sources(actor_of(request))]


@router.post("/sources", response={201: SourceOut}, auth=WRITE)
def add(request: HttpRequest, given: SourceIn) -> Status[dict[str, Any]]:
    """Add a source: one that is read from now on, a watched folder (`folder`), or a form for complaints (`form`)."""
    return Status(201, _row(opening.open_any(actor_of(request), given.unit_id, given.new())))


@router.get("/sources/{source_id}", response=SourceOut, auth=READ)
def source(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Show one source."""
    return _row(access.source(actor_of(request), source_id))


@router.delete("/sources/{source_id}", response={204: None}, auth=WRITE)
def remove(request: HttpRequest, source_id: int) -> Status[None]:
    """Remove a source; its posts stay."""
    actions.remove_source(actor_of(request), source_id)
    return Status(204, None)


@router.post("/sources/{source_id}/pause", response=SourceOut, auth=WRITE)
def pause(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Pause a source."""
    return _row(actions.pause_source(actor_of(request), source_id))


@router.post("/sources/{source_id}/resume", response=SourceOut, auth=WRITE)
def resume(request: HttpRequest, source_id: int) -> dict[str, Any]:
    """Resume a source."""
    return _row(actions.resume_source(actor_of(request), source_id))


@router.post("/sources/{source_id}/read", response=ReadOut, auth=WRITE)
def read(request: HttpRequest, source_id: int) -> actions.Counts:
    """Read a source now."""
    return reading.read_now(actor_of(request), source_id)


@router.get("/sources/{source_id}/entrance", response=EntranceOut, auth=READ)
def entrance(request: HttpRequest, source_id: int) -> dict[str, str]:
    """Say where posts are brought to: the address of a form, the path of a watched folder."""
    return {"entrance": opening.entrance(actor_of(request), source_id)}


@router.post("/sources/{source_id}/link", response=EntranceOut, auth=WRITE)
def renew_link(request: HttpRequest, source_id: int) -> dict[str, str]:
    """Give a form another link; the one before opens nothing any more."""
    actor = actor_of(request)
    return {"entrance": opening.entrance(actor, complaints.renew_link(actor, source_id).pk)}


@router.get("/sources/{source_id}/quarantine", response=list[ItemOut], auth=READ)
def quarantine(request: HttpRequest, source_id: int) -> list[dict[str, Any]]:
    """List what of a source could not be read, the latest hundred."""
    found = queries.quarantine(actor_of(request), source_id)[:100]
    return [{"id": one.pk, "reason": one.reason, "created_at": one.created_at} for one in found]


@router.post("/quarantine/{item_id}/retry", response=SourceOut, auth=WRITE)
def retry(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Read an item once more."""
    return _row(actions.retry_item(actor_of(request), item_id))


@router.post("/quarantine/{item_id}/discard", response=SourceOut, auth=WRITE)
def discard(request: HttpRequest, item_id: int) -> dict[str, Any]:
    """Discard an item."""
    return _row(actions.discard_item(actor_of(request), item_id))
