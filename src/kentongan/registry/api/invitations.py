"""Invitations and members' own accounts through the API."""

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, queries
from kentongan.registry.models import Account, PersonInvitation
from kentongan.registry.queries.invitations import Wanted

router = Router(tags=["registry"])
Who = Literal["invited", "unanswered", "all"]
Channel = Literal["", "email", "link"]


class InvitationOut(Schema):
    """An invitation; its link never leaves this way."""

    id: int
    person_id: int
    unit_id: int
    channel: str
    state: str
    created_at: datetime
    expires_at: datetime
    answered_at: datetime | None


class InviteIn(Schema):
    """Whom to invite under a unit: those with these ids, or those whom `who` and `title` describe."""

    person_ids: Annotated[list[int] | None, Field(max_length=1000)] = None
    who: Who = "invited"
    title: Annotated[str, Field(max_length=120)] = ""
    channel: Channel = ""


class ReachOut(Schema):
    """How many people are meant, and by which way they can be reached."""

    people: int
    phone: int
    email: int
    either: int


class InvitedOut(Schema):
    """What became of it; a whole selection is invited by a job."""

    invited: int | None = None
    unreachable: int | None = None
    job_id: int | None = None


class OwnAccountOut(Schema):
    """A member's own account, for the administrators of their unit."""

    id: int
    person_id: int
    unit_id: int
    platform: str
    handle: str
    url: str
    state: str
    proof: str
    proven_at: datetime | None


class AttestationOut(Schema):
    """An attestation, and the state of its account: not proven where somebody else holds it."""

    id: int
    account_id: int
    state: str
    attested_at: datetime


class AttestIn(Schema):
    """What was seen, and a link to it."""

    note: Annotated[str, Field(min_length=1, max_length=500)]
    link: Annotated[str, Field(max_length=500, pattern=r"^https?://\S+$")]


def _out(invitation: PersonInvitation) -> dict[str, Any]:
    return {name: getattr(invitation, name) for name in InvitationOut.model_fields}


def _account_out(account: Account) -> dict[str, Any]:
    return {name: getattr(account, name) for name in OwnAccountOut.model_fields}


@router.get("/invitations", response=Page[InvitationOut], auth=scope("registry:read"))
def invitations(request: HttpRequest, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """List the invitations of people in units that you administer, newest first."""
    return paginate(queries.invitations(actor_of(request), state=state), paging, _out)


@router.get("/units/{unit_id}/reach", response=ReachOut, auth=scope("registry:read"))
def reach(request: HttpRequest, unit_id: int, who: Who = "invited", title: str = "") -> dict[str, int]:
    """Say how many people an invitation would mean; nothing is written."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    return asdict(queries.reach(actor, unit, Wanted(who, title)))


@router.post("/units/{unit_id}/invitations", response={202: InvitedOut}, auth=scope("registry:write"))
def invite(request: HttpRequest, unit_id: int, data: InviteIn) -> Status[dict[str, Any]]:
    """Invite people to their own page."""
    actor = actor_of(request)
    if data.person_ids is not None:
        made = actions.invite(actor, unit_id, data.person_ids, channel=data.channel)
        return Status(202, {**asdict(made), "job_id": None})
    job = actions.start_inviting(actor, unit_id, Wanted(data.who, data.title), channel=data.channel)
    return Status(202, {"invited": None, "unreachable": None, "job_id": job.pk})


@router.post("/invitations/{invitation_id}/revoke", response={204: None}, auth=scope("registry:write"))
def revoke(request: HttpRequest, invitation_id: int) -> Status[None]:
    """End an invitation."""
    actions.revoke_invitation(actor_of(request), invitation_id)
    return Status(204, None)


@router.get("/units/{unit_id}/own-accounts", response=Page[OwnAccountOut], auth=scope("registry:read"))
def own_accounts(request: HttpRequest, unit_id: int, paging: Query[Paging], state: str = "") -> dict[str, Any]:
    """List members' own accounts under a unit that you administer; none without the member's consent."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    return paginate(queries.members_accounts(actor, unit, state=state), paging, _account_out)


@router.post("/accounts/{account_id}/attest", response=AttestationOut, auth=scope("registry:write"))
def attest(request: HttpRequest, account_id: int, data: AttestIn) -> dict[str, Any]:
    """Attest an account whose platform shows profiles to nobody who has not signed in."""
    made = actions.attest_account(actor_of(request), account_id, **data.dict())
    return {"id": made.pk, "account_id": made.account_id, "state": made.account.state, "attested_at": made.attested_at}
