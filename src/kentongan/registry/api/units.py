"""Units and the tree through the API."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, queries, trees
from kentongan.registry.models import Organisation, Unit, UnitChange

router = Router(tags=["registry"])


class UnitOut(Schema):
    """A unit of the tree."""

    id: int
    parent_id: int | None
    code: str
    name: str
    level: str
    kind: str
    label: str
    area_code: str
    constituency: str
    starts_on: date | None
    ends_on: date | None
    closed_at: datetime | None
    merged_into_id: int | None


class UnitIn(Schema):
    """A unit to be added."""

    parent_id: int
    code: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    level: Unit.Level
    kind: Unit.Kind = Unit.Kind.SPINE
    label: Annotated[str, Field(max_length=60)] = ""
    constituency: Annotated[str, Field(max_length=80)] = ""
    starts_on: date | None = None
    ends_on: date | None = None


Basis = Annotated[str, Field(max_length=200)]


class RenameIn(Schema):
    """What a unit is called from now on; what is left empty stays."""

    name: Annotated[str, Field(max_length=200)] = ""
    code: Annotated[str, Field(max_length=40)] = ""
    label: Annotated[str, Field(max_length=60)] = ""
    basis: Basis = ""


class OtherIn(Schema):
    """The other unit of a move (the new parent) or a merge (the one that takes over)."""

    other_id: int
    basis: Basis = ""


class SplitIn(Schema):
    """A new unit beside this one, and the units below this one that go along."""

    code: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=200)]
    children: list[int]
    basis: Basis = ""


class CloseIn(Schema):
    """Why a unit works no longer."""

    basis: Basis = ""


class ChangeOut(Schema):
    """A change of the tree."""

    id: int
    kind: str
    unit_id: int
    other_id: int | None
    before: str
    after: str
    basis: str
    made_at: datetime
    undone_at: datetime | None


class TreeIn(Schema):
    """Which part of the organisation's template; `labels` maps a level to what the organisation calls it."""

    template: Organisation.Kind
    scope: str = ""
    down_to: str = ""
    labels: dict[str, Annotated[str, Field(max_length=60)]] = {}
    starts_on: date | None = None
    ends_on: date | None = None


class TierOut(Schema):
    """What a template would make on one level."""

    level: str
    label: str
    new: int
    there: int
    examples: list[str]


class JobOut(Schema):
    """The job that makes the units; see /api/v1/jobs."""

    job_id: int


def _unit_out(unit: Unit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in UnitOut.model_fields}


@router.get("/units", response=Page[UnitOut], auth=scope("registry:read"))
def units(request: HttpRequest, paging: Query[Paging], q: str = "") -> dict[str, Any]:
    """List the units you see."""
    return paginate(queries.units(actor_of(request), q), paging, _unit_out)


@router.get("/units/{unit_id}", response=UnitOut, auth=scope("registry:read"))
def unit(request: HttpRequest, unit_id: int) -> dict[str, Any]:
    """Show one unit."""
    return _unit_out(access.get_unit(actor_of(request), Capability.VIEW, pk=unit_id))


@router.post("/units", response={201: UnitOut}, auth=scope("registry:write"))
def add_unit(request: HttpRequest, data: UnitIn) -> Status[dict[str, Any]]:
    """Add a unit below one that you administer."""
    values = data.dict()
    return Status(201, _unit_out(actions.add_unit(actor_of(request), values.pop("parent_id"), **values)))


def _change_out(change: UnitChange) -> dict[str, Any]:
    return {name: getattr(change, name) for name in ChangeOut.model_fields}


@router.get("/units/{unit_id}/changes", response=Page[ChangeOut], auth=scope("registry:read"))
def changes(request: HttpRequest, unit_id: int, paging: Query[Paging]) -> dict[str, Any]:
    """List how a unit came to be as it is, newest first."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.VIEW, pk=unit_id)
    return paginate(queries.changes(actor, unit), paging, _change_out)


@router.post("/units/{unit_id}/rename", response=ChangeOut, auth=scope("registry:write"))
def rename_unit(request: HttpRequest, unit_id: int, data: RenameIn) -> dict[str, Any]:
    """Give a unit another name, code or label; the old ones still find it."""
    return _change_out(actions.rename_unit(actor_of(request), unit_id, **data.dict()))


@router.post("/units/{unit_id}/move", response=ChangeOut, auth=scope("registry:write"))
def move_unit(request: HttpRequest, unit_id: int, data: OtherIn) -> dict[str, Any]:
    """Put a unit, with all below it, below another one."""
    return _change_out(actions.move_unit(actor_of(request), unit_id, data.other_id, basis=data.basis))


@router.post("/units/{unit_id}/merge", response=ChangeOut, auth=scope("registry:write"))
def merge_unit(request: HttpRequest, unit_id: int, data: OtherIn) -> dict[str, Any]:
    """Give all that a unit holds to another one and close it."""
    return _change_out(actions.merge_unit(actor_of(request), unit_id, data.other_id, basis=data.basis))


@router.post("/units/{unit_id}/split", response=ChangeOut, auth=scope("registry:write"))
def split_unit(request: HttpRequest, unit_id: int, data: SplitIn) -> dict[str, Any]:
    """Make a new unit beside this one and give it some of the units below this one."""
    return _change_out(actions.split_unit(actor_of(request), unit_id, **data.dict()))


@router.post("/units/{unit_id}/close", response=ChangeOut, auth=scope("registry:write"))
def close_unit(request: HttpRequest, unit_id: int, data: CloseIn) -> dict[str, Any]:
    """Close a unit that works no longer."""
    return _change_out(actions.close_unit(actor_of(request), unit_id, basis=data.basis))


@router.post("/changes/{change_id}/undo", response=ChangeOut, auth=scope("registry:write"))
def undo_change(request: HttpRequest, change_id: int) -> dict[str, Any]:
    """Take a change of the tree back."""
    return _change_out(actions.undo_change(actor_of(request), change_id))


def _wanted(data: TreeIn) -> trees.Wanted:
    values = data.dict()
    return trees.Wanted(**values | {"labels": values["labels"] or None})


@router.post("/tree/preview", response=list[TierOut], auth=scope("registry:write"))
def preview_tree(request: HttpRequest, data: TreeIn) -> list[dict[str, Any]]:
    """Say what loading a template would make; nothing is written."""
    return [asdict(tier) for tier in queries.tree_preview(actor_of(request), _wanted(data))]


@router.post("/tree", response={202: JobOut}, auth=scope("registry:write"))
def load_tree(request: HttpRequest, data: TreeIn) -> Status[dict[str, Any]]:
    """Start the job that makes the units of a template."""
    return Status(202, {"job_id": actions.load_tree(actor_of(request), _wanted(data)).pk})
