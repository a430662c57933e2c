"""Contacts outside the tree through the API, for administrators of the units that keep them."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, contacting, queries
from kentongan.registry.models import Contact
from kentongan.registry.queries.contacts import ContactFilters

router = Router(tags=["registry"])
Kind = Literal["influencer", "community", "journalist", "agency"]
Source = Literal["published", "given", "list"]
Name = Annotated[str, Field(max_length=contacting.NAME_CHARS)]
Words = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=50)]


class StatedAccount(Schema):
    """A public account of a contact; `claimed` until they declare it themselves."""

    id: int
    platform: str
    handle: str
    url: str
    state: str


class ContactOut(Schema):
    """A contact; `agreed` are the purposes of the consents that they hold, `source` and `basis` where it came from."""

    id: int
    unit_id: int
    kind: str
    full_name: str
    organisation: str
    phone: str
    email: str
    topics: list[str]
    areas: list[str]
    notes: str
    source: str
    basis: str
    state: str
    days_left: int | None
    agreed: list[str]
    accounts: list[StatedAccount]
    created_at: datetime


class ContactIn(Schema):
    """What is noted; areas are codes or names, accounts are addresses as people copy them."""

    kind: Kind
    full_name: Name
    source: Source
    basis: Annotated[str, Field(max_length=contacting.BASIS_CHARS)]
    organisation: Name = ""
    phone: Annotated[str, Field(max_length=30)] = ""
    email: Annotated[str, Field(max_length=254)] = ""
    topics: Words = []
    areas: Words = []
    notes: Annotated[str, Field(max_length=contacting.NOTES_CHARS)] = ""
    accounts: Annotated[list[Annotated[str, Field(max_length=1000)]], Field(max_length=50)] = []


class NewContactIn(ContactIn):
    """A contact to be noted at a unit; `asked_back` for somebody who left before and asked for it themselves."""

    unit_id: int
    language: Literal["id", "en"] = "id"
    asked_back: bool = False


class ContactInviteIn(Schema):
    """Which contacts under a unit; without numbers those who have not confirmed and hold no link."""

    contact_ids: Annotated[list[int] | None, Field(max_length=1000)] = None
    channel: Literal["", "email", "link"] = ""


class ContactInvited(Schema):
    """How many were invited, and how many cannot be reached."""

    invited: int
    unreachable: int


class AlikeContacts(Schema):
    """Two contacts who may be one: `why` is phone, account or name."""

    one: ContactOut
    other: ContactOut
    why: str


class KeeperIn(Schema):
    """The unit that keeps the contact from now on."""

    unit_id: int


class MergedOut(Schema):
    """What a merge moved, and what it dropped because the one who stays has the same, by table."""

    moved: dict[str, int]
    dropped: dict[str, int]


def _account(account: Any) -> dict[str, Any]:
    return {name: getattr(account, name) for name in StatedAccount.model_fields}


def _out(contact: Contact) -> dict[str, Any]:
    person = contact.person
    noted = ("id", "unit_id", "kind", "organisation", "topics", "areas", "notes", "source", "created_at")
    said = ("full_name", "phone", "email", "basis", "state", "days_left")
    return {
        **{name: getattr(contact, name) for name in noted},
        **{name: getattr(person, name) for name in said},
        "agreed": [one.purpose for one in person.live],  # type: ignore[attr-defined]
        "accounts": [_account(one) for one in person.accounts.all()],
    }


def _one(request: HttpRequest, contact_id: int) -> dict[str, Any]:
    return _out(queries.contact(actor_of(request), contact_id))


@router.get("/contacts", response=Page[ContactOut], auth=scope("registry:read"))
def contacts(
    request: HttpRequest,
    paging: Query[Paging],
    unit_id: int | None = None,
    kind: str = "",
    area: str = "",
    topic: str = "",
    consent: str = "",
    state: str = "",
    q: str = "",
) -> dict[str, Any]:
    """List the contacts of units that you administer, the latest first; `consent=none`: who agreed to nothing yet."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id) if unit_id is not None else None
    found = queries.contacts(actor, unit, ContactFilters(kind, area, topic, consent, state, q.strip()))
    return paginate(found, paging, _out)


@router.post("/contacts", response={201: ContactOut}, auth=scope("registry:write"))
def add(request: HttpRequest, data: NewContactIn) -> Status[dict[str, Any]]:
    """Note a contact at a unit that you administer."""
    values = data.dict()
    unit_id, asked_back = values.pop("unit_id"), values.pop("asked_back")
    made = actions.add_contact(actor_of(request), unit_id, values, asked_back=asked_back)
    return Status(201, _one(request, made.pk))


@router.get("/contacts/{contact_id}", response=ContactOut, auth=scope("registry:read"))
def contact(request: HttpRequest, contact_id: int) -> dict[str, Any]:
    """Show a contact."""
    return _one(request, contact_id)


@router.put("/contacts/{contact_id}", response=ContactOut, auth=scope("registry:write"))
def correct(request: HttpRequest, contact_id: int, data: ContactIn) -> dict[str, Any]:
    """Correct what is noted; all of it is sent, accounts are added."""
    return _one(request, actions.correct_contact(actor_of(request), contact_id, data.dict()).pk)


@router.delete("/contacts/{contact_id}", response={204: None}, auth=scope("registry:write"))
def remove(request: HttpRequest, contact_id: int) -> Status[None]:
    """Remove a contact with all that is kept about them."""
    actions.remove_contact(actor_of(request), contact_id)
    return Status(204, None)


@router.delete("/contacts/{contact_id}/accounts/{account_id}", response={204: None}, auth=scope("registry:write"))
def drop_account(request: HttpRequest, contact_id: int, account_id: int) -> Status[None]:
    """Take a stated account off a contact."""
    actions.drop_contact_account(actor_of(request), contact_id, account_id)
    return Status(204, None)


@router.post("/contacts/{contact_id}/keeper", response=ContactOut, auth=scope("registry:write"))
def hand_on(request: HttpRequest, contact_id: int, data: KeeperIn) -> dict[str, Any]:
    """Let another unit keep a contact; you administer both."""
    return _one(request, actions.hand_contact_on(actor_of(request), contact_id, data.unit_id).pk)


@router.post("/units/{unit_id}/contacts/invitations", response={202: ContactInvited}, auth=scope("registry:write"))
def invite(request: HttpRequest, unit_id: int, data: ContactInviteIn) -> Status[dict[str, Any]]:
    """Invite contacts to their own page, at most a thousand at once."""
    made = actions.invite_contacts(actor_of(request), unit_id, data.contact_ids, channel=data.channel)
    return Status(202, asdict(made))


@router.get("/units/{unit_id}/contacts/duplicates", response=list[AlikeContacts], auth=scope("registry:read"))
def duplicates(request: HttpRequest, unit_id: int) -> list[dict[str, Any]]:
    """List pairs of contacts below a unit who may be one, at most fifty."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    pairs = queries.alike_contacts(actor, unit)
    return [{"one": _out(pair.one), "other": _out(pair.other), "why": pair.why[1:]} for pair in pairs]


@router.post("/contacts/{contact_id}/merge/{other_id}", response=MergedOut, auth=scope("registry:write"))
def merge(request: HttpRequest, contact_id: int, other_id: int) -> dict[str, Any]:
    """Make one of two contacts: the first stays."""
    return asdict(actions.merge_contacts(actor_of(request), contact_id, other_id))


@router.post("/contacts/{contact_id}/apart/{other_id}", response={204: None}, auth=scope("registry:write"))
def apart(request: HttpRequest, contact_id: int, other_id: int) -> Status[None]:
    """Remember that two contacts are not one."""
    actions.keep_contacts_apart(actor_of(request), contact_id, other_id)
    return Status(204, None)
