"""Training through the API: series, who lacks it, waves, results."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.gatherings import access, actions
from kentongan.gatherings.models import Participant, Training, Wave
from kentongan.gatherings.models.trainings import MOST_PER_UNIT, MOST_SEATS
from kentongan.gatherings.queries import trainings as queries
from kentongan.registry.models import Unit

router = Router(tags=["gatherings"])
READ, WRITE = scope("gatherings:read"), scope("gatherings:write")

PerUnit = Annotated[int, Field(ge=1, le=MOST_PER_UNIT)]
Link = Annotated[str, Field(max_length=500, pattern=r"^(https?://\S+)?$")]


class TrainingOut(Schema):
    """A training: what, whom, how many a unit needs."""

    id: int
    unit_id: int
    title: str
    teaches: str
    wanted: str
    position: str
    levels: list[str]
    per_unit: int
    closed_at: datetime | None


class TrainingIn(Schema):
    """A training to be opened for a unit and all below it."""

    unit_id: int
    title: str = Field(max_length=160)
    teaches: str = Field(max_length=4000)
    wanted: Literal["custodians", "position", "anybody"] = "custodians"
    position: str = Field("", max_length=120)
    levels: list[str] = Field(default_factory=list, max_length=6)
    per_unit: PerUnit = 1


class StandingOut(Schema):
    """How the units at or under one unit stand: those that need it, those complete, people needed, trained, seated."""

    unit_id: int
    code: str
    name: str
    units: int
    complete: int
    needs: int
    has: int
    coming: int
    lacks: int


class LackingOut(Schema):
    """A unit that lacks trained people today."""

    unit_id: int
    code: str
    name: str
    has: int
    lacks: int
    coming: int
    could: int


class WaveIn(Schema):
    """When and where a wave is, its seats, and its groups of units; `fill` gives the seats at once."""

    title: str = Field(max_length=200)
    place: str = Field(max_length=200)
    starts_at: datetime
    ends_at: datetime
    groups: list[Annotated[int, Field(ge=1, lt=2**63)]] = Field(min_length=1, max_length=600)
    capacity: int = Field(ge=1, le=MOST_SEATS)
    seats_per_unit: PerUnit = 1
    link: Link = ""
    fill: bool = False


class WaveOut(Schema):
    """A wave with its counts; `id` is that of its gathering."""

    id: int
    training_id: int
    number: int
    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    state: str
    capacity: int
    seats_per_unit: int
    seated: int
    attended: int
    passed: int


class ResultIn(Schema):
    """What a participant came out with; `passed` null takes a result back."""

    participant_id: int
    passed: bool | None
    score: Decimal | None = Field(None, ge=0, le=100, max_digits=5, decimal_places=2)
    certificate: str = Field("", max_length=60)


class AttendantOut(Schema):
    """Somebody who attended a wave, for those who run it."""

    participant_id: int
    name: str
    unit_id: int | None
    passed: bool | None
    score: Decimal | None
    certificate: str


class CountOut(Schema):
    """How many it did something to."""

    count: int


def _training(found: Training) -> dict[str, Any]:
    return {name: getattr(found, name) for name in TrainingOut.model_fields}


def _wave(found: Wave) -> dict[str, Any]:
    own = ("training_id", "number", "capacity", "seats_per_unit", "seated", "attended", "passed")
    when = ("title", "place", "starts_at", "ends_at", "state")
    return (
        {"id": found.pk}
        | {name: getattr(found, name) for name in own}
        | {name: getattr(found.gathering, name) for name in when}
    )


def _standing(row: queries.Branch) -> dict[str, Any]:
    counts = ("units", "complete", "needs", "has", "coming", "lacks")
    unit = {"unit_id": row.unit.pk, "code": row.unit.code, "name": row.unit.name}
    return unit | {name: getattr(row, name) for name in counts}


def _lacking(unit: Unit) -> dict[str, Any]:
    counts = ("has", "lacks", "coming", "could")
    return {"unit_id": unit.pk, "code": unit.code, "name": unit.name} | {name: getattr(unit, name) for name in counts}


def _attendant(one: Participant) -> dict[str, Any]:
    result = getattr(one, "result", None)
    return {
        "participant_id": one.pk,
        "name": str(one),
        "unit_id": one.unit_id,
        "passed": result.passed if result else None,
        "score": result.score if result else None,
        "certificate": result.certificate if result else "",
    }


@router.get("/trainings", response=Page[TrainingOut], auth=READ)
def trainings(request: HttpRequest, paging: Query[Paging], show: str = "") -> dict[str, Any]:
    """List the trainings you see: the running ones, or `show=closed`."""
    return paginate(queries.trainings(actor_of(request), show), paging, _training)


@router.post("/trainings", response={201: TrainingOut}, auth=WRITE)
def open_training(request: HttpRequest, body: TrainingIn) -> Status[dict[str, Any]]:
    """Open a training."""
    wanted = body.dict(exclude={"unit_id", "levels"})
    syllabus = actions.Syllabus(levels=tuple(body.levels), **wanted)
    return Status(201, _training(actions.open_training(actor_of(request), body.unit_id, syllabus)))


@router.get("/trainings/{training_id}", response=TrainingOut, auth=READ)
def training(request: HttpRequest, training_id: int) -> dict[str, Any]:
    """Return one training."""
    return _training(access.training(actor_of(request), training_id))


@router.get("/trainings/{training_id}/standing", response=list[StandingOut], auth=READ)
def standing(request: HttpRequest, training_id: int, unit: str = "") -> list[dict[str, Any]]:
    """Say how the unit with the code `unit` and each unit right below it stand."""
    found = access.training(actor_of(request), training_id)
    return [_standing(row) for row in queries.branches(found, queries.node(actor_of(request), found, unit))]


@router.get("/trainings/{training_id}/lacking", response=Page[LackingOut], auth=READ)
def lacking(request: HttpRequest, training_id: int, paging: Query[Paging], unit: str = "") -> dict[str, Any]:
    """List the units at or under the unit with the code `unit` that lack somebody."""
    found = access.training(actor_of(request), training_id)
    rows = queries.lacking(found, queries.node(actor_of(request), found, unit))
    return paginate(queries.with_people(found, rows), paging, _lacking)


@router.post("/trainings/{training_id}/remind", response=CountOut, auth=WRITE)
def remind(request: HttpRequest, training_id: int, unit: str = "") -> dict[str, int]:
    """Remind those who lack it at or under the unit with the code `unit`, once a day at most."""
    found = access.training(actor_of(request), training_id)
    node = queries.node(actor_of(request), found, unit)
    return {"count": actions.remind(actor_of(request), training_id, node.pk)}


@router.get("/trainings/{training_id}/waves", response=list[WaveOut], auth=READ)
def waves(request: HttpRequest, training_id: int) -> list[dict[str, Any]]:
    """List a training's waves."""
    return [_wave(row) for row in queries.waves(access.training(actor_of(request), training_id))]


@router.post("/trainings/{training_id}/waves", response={201: WaveOut}, auth=WRITE)
def plan_wave(request: HttpRequest, training_id: int, body: WaveIn) -> Status[dict[str, Any]]:
    """Plan the next wave; with `fill`, its seats go to those who lack the training."""
    actor = actor_of(request)
    when = actions.Plan(body.title, body.place, body.starts_at, body.ends_at)
    plan = actions.WavePlan(when, body.capacity, body.seats_per_unit, tuple(body.groups), body.link)
    made = actions.plan_wave(actor, training_id, plan)
    if body.fill:
        actions.fill_wave(actor, made.pk)
    return Status(201, _wave(queries.waves(made.training).get(pk=made.pk)))


@router.post("/waves/{gathering_id}/fill", response=CountOut, auth=WRITE)
def fill(request: HttpRequest, gathering_id: int) -> dict[str, int]:
    """Give the free seats of a wave to those in its groups who lack the training."""
    return {"count": actions.fill_wave(actor_of(request), gathering_id)}


@router.get("/waves/{gathering_id}/results", response=Page[AttendantOut], auth=READ)
def results(request: HttpRequest, gathering_id: int, paging: Query[Paging]) -> dict[str, Any]:
    """List those who attended, with what they came out with; for those who run the wave."""
    found = access.wave(actor_of(request), gathering_id, Capability.GATHER)
    return paginate(queries.results(found.gathering), paging, _attendant)


@router.post("/waves/{gathering_id}/results", response=CountOut, auth=WRITE)
def record_results(request: HttpRequest, gathering_id: int, body: list[ResultIn]) -> dict[str, int]:
    """Record results, all or none; returns how many changed."""
    outcomes = [actions.Outcome(one.participant_id, one.passed, one.score, one.certificate) for one in body]
    return {"count": actions.record_results(actor_of(request), gathering_id, outcomes)}
