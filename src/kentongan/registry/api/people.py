"""People through the API: one of them, who may be on the list twice, merging; for administrators of their units."""

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, queries
from kentongan.registry.api.contacts import MergedOut
from kentongan.registry.models import Membership, Person

router = Router(tags=["registry"])


class PositionOut(Schema):
    """A position at a unit that you administer; `denied_at` where the person said it is not theirs."""

    unit_id: int
    title: str
    starts_on: date | None
    ends_on: date | None
    denied_at: datetime | None


class PersonOut(Schema):
    """Somebody with a position at a unit that you administer; `days_left` until an unconfirmed record is removed."""

    id: int
    full_name: str
    phone: str
    email: str
    state: str
    basis: str
    days_left: int | None
    created_at: datetime
    positions: list[PositionOut]


class ConsentOut(Schema):
    """A consent with the text that was shown."""

    purpose: str
    channel: str
    text: str
    given_at: datetime
    revoked_at: datetime | None


class OnePersonOut(PersonOut):
    """A person with their consents."""

    consents: list[ConsentOut]


class AlikeOut(Schema):
    """Two people who may be one: `why` is phone, or name (and unit)."""

    one: PersonOut
    other: PersonOut
    why: str


def _position(post: Membership) -> dict[str, Any]:
    return {name: getattr(post, name) for name in PositionOut.model_fields}


def _out(person: Person) -> dict[str, Any]:
    values = {name: getattr(person, name) for name in PersonOut.model_fields if name != "positions"}
    return values | {"positions": [_position(post) for post in person.memberships.all()]}


@router.get("/people", response=Page[PersonOut], auth=scope("registry:read"))
def people(
    request: HttpRequest, paging: Query[Paging], unit_id: int | None = None, q: str = "", state: str = ""
) -> dict[str, Any]:
    """List the people of units that you administer, by any part of name, phone or e-mail, or an @handle."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id) if unit_id is not None else None
    text = q.strip()
    found = queries.search_people(actor, unit, text, state) if text else queries.people(actor, unit, state=state)
    return paginate(found, paging, _out)


@router.get("/people/{person_id}", response=OnePersonOut, auth=scope("registry:read"))
def person(request: HttpRequest, person_id: int) -> dict[str, Any]:
    """Show one person, with the consents they gave and ended."""
    found = queries.person(actor_of(request), person_id)
    consents = found.consents.order_by("purpose", "-given_at")
    given = [{name: getattr(one, name) for name in ConsentOut.model_fields} for one in consents]
    return _out(found) | {"consents": given}


@router.get("/units/{unit_id}/people/duplicates", response=list[AlikeOut], auth=scope("registry:read"))
def duplicates(request: HttpRequest, unit_id: int) -> list[dict[str, Any]]:
    """List pairs of people below a unit who may be one, at most fifty."""
    unit = access.get_unit(actor_of(request), Capability.ADMINISTER, pk=unit_id)
    pairs = queries.likenesses(unit)
    return [{"one": _out(pair.one), "other": _out(pair.other), "why": pair.why[1:]} for pair in pairs]


@router.post("/people/{person_id}/merge/{other_id}", response=MergedOut, auth=scope("registry:write"))
def merge(request: HttpRequest, person_id: int, other_id: int) -> dict[str, Any]:
    """Make one of two people: the first stays; you administer every unit of both."""
    return asdict(actions.merge_people(actor_of(request), person_id, other_id))


@router.post("/people/{person_id}/apart/{other_id}", response={204: None}, auth=scope("registry:write"))
def apart(request: HttpRequest, person_id: int, other_id: int) -> Status[None]:
    """Remember that two people are not one."""
    actions.keep_apart(actor_of(request), person_id, other_id)
    return Status(204, None)
