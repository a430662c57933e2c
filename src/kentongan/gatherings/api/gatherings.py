"""Gatherings through the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.gatherings import access, actions, queries
from kentongan.gatherings.models import Gathering, Question

router = Router()
READ, WRITE = scope("gatherings:read"), scope("gatherings:write")


class GatheringOut(Schema):
    """A gathering with its counts; never who takes part."""

    id: int
    unit_id: int
    issue_id: int | None
    title: str
    aim: str
    place: str
    starts_at: datetime
    ends_at: datetime
    state: str
    note: str
    follow_up: str
    listed: int
    confirmed: int
    attended: int


class GatheringIn(Schema):
    """What, where and when."""

    unit_id: int
    title: str = Field(max_length=200)
    place: str = Field(max_length=200)
    starts_at: datetime
    ends_at: datetime
    aim: str = Field("", max_length=10_000)
    issue_id: int | None = None


class GuestIn(Schema):
    """A guest by name, and how they agreed to be listed."""

    name: str = Field(max_length=200)
    consent_note: str = Field(max_length=300)
    community: str = Field("", max_length=200)
    contact: str = Field("", max_length=254, pattern=r"^([^@\s]+@[^@\s]+\.[^@\s]+)?$")


class NoteIn(Schema):
    """What came of it."""

    note: str = Field(max_length=20_000)
    follow_up: str = Field("", max_length=20_000)


class QuestionIn(Schema):
    """A question."""

    text: str = Field(max_length=2000)


class AnswerIn(Schema):
    """An answer with its source."""

    answer: str = Field(max_length=4000)
    source: str = Field(max_length=300)
    source_url: str = Field("", max_length=500, pattern=r"^(https?://\S+)?$")


class QuestionOut(Schema):
    """A question and its answer."""

    id: int
    text: str
    answer: str
    source: str
    source_url: str


def _gathering(found: Gathering) -> dict[str, Any]:
    counts = queries.attendance(found)
    counted = {name: getattr(counts, name) for name in ("listed", "confirmed", "attended")}
    return {name: getattr(found, name) for name in set(GatheringOut.model_fields) - set(counted)} | counted


def _listed(found: Gathering) -> dict[str, Any]:
    counted = {"listed": found.listed, "confirmed": found.coming, "attended": found.attended}  # type: ignore[attr-defined]
    return {name: getattr(found, name) for name in set(GatheringOut.model_fields) - set(counted)} | counted


def _question(found: Question) -> dict[str, Any]:
    return {name: getattr(found, name) for name in QuestionOut.model_fields}


@router.get("/gatherings", response=Page[GatheringOut], auth=READ)
def gatherings(request: HttpRequest, paging: Query[Paging], show: str = "") -> dict[str, Any]:
    """List gatherings: those to come, or `show=past`, or `show=cancelled`."""
    return paginate(queries.listed(actor_of(request), show), paging, _listed)


@router.post("/gatherings", response={201: GatheringOut}, auth=WRITE)
def plan(request: HttpRequest, body: GatheringIn) -> Status[dict[str, Any]]:
    """Plan a gathering."""
    wanted = actions.Plan(body.title, body.place, body.starts_at, body.ends_at, body.aim)
    made = actions.plan_gathering(actor_of(request), body.unit_id, wanted, issue_id=body.issue_id)
    return Status(201, _gathering(made))


@router.get("/gatherings/{gathering_id}", response=GatheringOut, auth=READ)
def gathering(request: HttpRequest, gathering_id: int) -> dict[str, Any]:
    """Return one gathering."""
    return _gathering(access.gathering(actor_of(request), gathering_id))


@router.post("/gatherings/{gathering_id}/guests", response=GatheringOut, auth=WRITE)
def add_guest(request: HttpRequest, gathering_id: int, body: GuestIn) -> dict[str, Any]:
    """Put a guest on the list."""
    return _gathering(actions.add_guest(actor_of(request), gathering_id, **body.dict()).gathering)


@router.post("/gatherings/{gathering_id}/invite", response=GatheringOut, auth=WRITE)
def invite(request: HttpRequest, gathering_id: int) -> dict[str, Any]:
    """Invite everybody on the list who was not invited yet."""
    actions.invite(actor_of(request), gathering_id)
    return _gathering(access.gathering(actor_of(request), gathering_id))


@router.post("/gatherings/{gathering_id}/record", response=GatheringOut, auth=WRITE)
def record(request: HttpRequest, gathering_id: int, body: NoteIn) -> dict[str, Any]:
    """Write what came of it; it then counts as held."""
    return _gathering(actions.record_held(actor_of(request), gathering_id, **body.dict()))


@router.get("/gatherings/{gathering_id}/questions", response=Page[QuestionOut], auth=READ)
def questions(request: HttpRequest, gathering_id: int, paging: Query[Paging]) -> dict[str, Any]:
    """List what was asked."""
    found = access.gathering(actor_of(request), gathering_id)
    return paginate(queries.questions(found), paging, _question)


@router.post("/gatherings/{gathering_id}/questions", response={201: QuestionOut}, auth=WRITE)
def ask(request: HttpRequest, gathering_id: int, body: QuestionIn) -> Status[dict[str, Any]]:
    """Write a question down."""
    return Status(201, _question(actions.ask(actor_of(request), gathering_id, body.text)))


@router.post("/questions/{question_id}/answer", response=QuestionOut, auth=WRITE)
def answer(request: HttpRequest, question_id: int, body: AnswerIn) -> dict[str, Any]:
    """Answer a question."""
    return _question(actions.answer_question(actor_of(request), question_id, **body.dict()))
