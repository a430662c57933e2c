"""Mandates through the API: who must have what, who has it, who is missing."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import actions
from kentongan.registry.actions.mandates import NewMandate
from kentongan.registry.api.units import JobOut
from kentongan.registry.models import Mandate, Unit
from kentongan.registry.queries import mandates as reads

router = Router(tags=["registry"])

Name = Annotated[str, Field(min_length=1, max_length=200)]
Some = Annotated[list[str], Field(max_length=40)]


class LetterIn(Schema):
    """The letter on which a mandate rests; its scan is added on the screen."""

    number: Annotated[str, Field(min_length=1, max_length=120)]
    dated: date
    about: Annotated[str, Field(max_length=300)] = ""


class MandateIn(Schema):
    """A mandate to be given at a unit; empty `levels`, `kinds` and `titles` narrow nothing."""

    unit_id: int
    name: Name
    subject: Mandate.Subject
    platforms: Annotated[list[str], Field(min_length=1, max_length=40)]
    due_on: date
    counts: Mandate.Counts = Mandate.Counts.PROVEN
    levels: list[Unit.Level] = []
    kinds: list[Unit.Kind] = []
    titles: Some = []
    letter: LetterIn | None = None


class MandateChangeIn(Schema):
    """What of a mandate can be corrected."""

    name: Name
    due_on: date
    letter: LetterIn | None = None


class MandateOut(Schema):
    """A mandate."""

    id: int
    unit_id: int
    name: str
    subject: str
    platforms: list[str]
    counts: str
    levels: list[str]
    kinds: list[str]
    titles: list[str]
    due_on: date
    letter_number: str
    letter_dated: date | None
    created_at: datetime
    ended_at: datetime | None


class ShareOut(Schema):
    """So many of `total` have it; `change` is since a week ago, null when there is nothing to compare with."""

    total: int
    done: int
    missing: int
    change: int | None


class LineOut(Schema):
    """A unit of the matrix with all below it."""

    unit_id: int
    code: str
    name: str
    complete: ShareOut
    platforms: dict[str, ShareOut]


class MatrixOut(Schema):
    """A mandate at a unit: the whole subtree, the unit itself, the units right below it."""

    mandate_id: int
    whole: LineOut
    own: LineOut | None
    below: list[LineOut]
    overdue: bool
    counting: bool


class BearerOut(Schema):
    """Who must have accounts; `person_id` is null where a unit must."""

    unit_id: int
    unit: str
    person_id: int | None
    name: str
    title: str
    has: dict[str, bool]


class RemindIn(Schema):
    """At which unit and below; with a platform only those who lack that one."""

    unit_id: int
    platform: str = ""


def _out(given: Mandate) -> dict[str, Any]:
    letter = given.letter
    own = {name: getattr(given, name) for name in MandateOut.model_fields if not name.startswith("letter")}
    return own | {"letter_number": letter.number if letter else "", "letter_dated": letter.dated if letter else None}


def _share(share: reads.Share) -> dict[str, Any]:
    return {"total": share.total, "done": share.done, "missing": share.missing, "change": share.change}


def _line(line: reads.Line) -> dict[str, Any]:
    return {
        "unit_id": line.unit.pk,
        "code": line.unit.code,
        "name": line.unit.name,
        "complete": _share(line.complete),
        "platforms": {kind: _share(share) for kind, share in line.platforms.items()},
    }


def _letter(data: MandateIn | MandateChangeIn) -> dict[str, Any] | None:
    return data.letter.dict() | {"capability": Capability.INSTRUCT} if data.letter else None


@router.get("/mandates", response=Page[MandateOut], auth=scope("registry:read"))
def mandates(request: HttpRequest, paging: Query[Paging], *, ended: bool = False) -> dict[str, Any]:
    """List the mandates that bind, or were given in, what you see."""
    found = reads.mandates(actor_of(request)).filter(ended_at__isnull=not ended)
    return paginate(found, paging, _out)


@router.post("/mandates", response={201: MandateOut}, auth=scope("registry:write"))
def give(request: HttpRequest, data: MandateIn) -> Status[dict[str, Any]]:
    """Give a mandate to a unit's subtree."""
    values = data.dict(exclude={"unit_id", "letter"})
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    new = NewMandate(**values | lists)
    return Status(201, _out(actions.give_mandate(actor_of(request), data.unit_id, new, letter=_letter(data))))


@router.get("/mandates/{mandate_id}", response=MandateOut, auth=scope("registry:read"))
def mandate(request: HttpRequest, mandate_id: int) -> dict[str, Any]:
    """Show one mandate."""
    return _out(reads.mandate(actor_of(request), mandate_id))


@router.post("/mandates/{mandate_id}/change", response=MandateOut, auth=scope("registry:write"))
def change(request: HttpRequest, mandate_id: int, data: MandateChangeIn) -> dict[str, Any]:
    """Correct a mandate's name, day and letter."""
    actor = actor_of(request)
    return _out(actions.change_mandate(actor, mandate_id, name=data.name, due_on=data.due_on, letter=_letter(data)))


@router.post("/mandates/{mandate_id}/end", response=MandateOut, auth=scope("registry:write"))
def end(request: HttpRequest, mandate_id: int) -> dict[str, Any]:
    """End a mandate; its numbers stay."""
    return _out(actions.end_mandate(actor_of(request), mandate_id))


@router.get("/mandates/{mandate_id}/matrix", response=MatrixOut, auth=scope("registry:read"))
def matrix(request: HttpRequest, mandate_id: int, unit_id: int | None = None) -> dict[str, Any]:
    """Show who keeps a mandate, at a unit and at each unit right below it."""
    actor = actor_of(request)
    given = reads.mandate(actor, mandate_id)
    found = reads.matrix(actor, given, reads.place(actor, given, unit_id))
    return {
        "mandate_id": given.pk,
        "whole": _line(found.whole),
        "own": _line(found.own) if found.own else None,
        "below": [_line(line) for line in found.below],
        "overdue": found.overdue,
        "counting": bool(found.waiting),
    }


@router.get("/mandates/{mandate_id}/missing", response=Page[BearerOut], auth=scope("registry:read"))
def missing(
    request: HttpRequest, mandate_id: int, paging: Query[Paging], unit_id: int | None = None, platform: str = ""
) -> dict[str, Any]:
    """List by name who lacks something at a unit and below; for those who audit it."""
    actor = actor_of(request)
    given = reads.mandate(actor, mandate_id)
    unit = reads.place(actor, given, unit_id, Capability.AUDIT)
    total = reads.counted(given, unit, platform)
    found = paginate(reads.missing(actor, given, unit, platform), paging, lambda row: row, total=total)
    found["items"] = [_bearer(given, row) for row in reads.with_held(given, found["items"])]
    if given.of_people:
        actions.record_export(actor, unit.pk, len(found["items"]), Capability.AUDIT)
    return found


def _bearer(given: Mandate, row: Any) -> dict[str, Any]:
    unit = row.unit if given.of_people else row
    return {
        "unit_id": unit.pk,
        "unit": unit.name,
        "person_id": row.person_id if given.of_people else None,
        "name": row.person.full_name if given.of_people else unit.name,
        "title": row.title if given.of_people else "",
        "has": {kind: getattr(row, reads.HAS + kind) for kind in given.platforms},
    }


@router.post("/mandates/{mandate_id}/remind", response={202: JobOut}, auth=scope("registry:write"))
def remind(request: HttpRequest, mandate_id: int, data: RemindIn) -> Status[dict[str, Any]]:
    """Write to everyone who lacks something at a unit and below."""
    job = actions.remind(actor_of(request), mandate_id, data.unit_id, platform=data.platform)
    return Status(202, {"job_id": job.pk})
