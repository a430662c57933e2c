"""The registry through the API."""

from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, actions, queries
from kentongan.registry.models import Account, Unit

router = Router(tags=["registry"])


class UnitOut(Schema):
    """A unit of the tree."""

    id: int
    parent_id: int | None
    code: str
    name: str
    level: str
    kind: str
    area_code: str


class UnitIn(Schema):
    """A unit to be added."""

    parent_id: int
    code: str
    name: str
    level: Unit.Level
    kind: Unit.Kind = Unit.Kind.SPINE


class AccountOut(Schema):
    """An official account; secrets never leave."""

    id: int
    unit_id: int
    platform: str
    handle: str
    display_name: str
    url: str
    state: str
    connected: bool
    healthy: bool | None


class AccountIn(Schema):
    """An official account to be put on the list."""

    unit_id: int
    platform: str
    handle: str
    display_name: str = ""
    url: str = ""


def _unit_out(unit: Unit) -> dict[str, Any]:
    return {name: getattr(unit, name) for name in UnitOut.model_fields}


def _account_out(account: Account) -> dict[str, Any]:
    connection = getattr(account, "connection", None)
    own = {name: getattr(account, name) for name in AccountOut.model_fields if hasattr(account, name)}
    return own | {"connected": connection is not None, "healthy": connection.healthy if connection else None}


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


@router.get("/accounts", response=Page[AccountOut], auth=scope("registry:read"))
def accounts(request: HttpRequest, paging: Query[Paging], q: str = "") -> dict[str, Any]:
    """List the official accounts you see."""
    return paginate(queries.accounts(actor_of(request), text=q), paging, _account_out)


@router.get("/accounts/{account_id}", response=AccountOut, auth=scope("registry:read"))
def account(request: HttpRequest, account_id: int) -> dict[str, Any]:
    """Show one official account."""
    return _account_out(queries.account(actor_of(request), account_id))


@router.post("/accounts", response={201: AccountOut}, auth=scope("registry:write"))
def add_account(request: HttpRequest, data: AccountIn) -> Status[dict[str, Any]]:
    """Put an official account on the list of a unit that you administer."""
    values = data.dict()
    return Status(201, _account_out(actions.declare_account(actor_of(request), values.pop("unit_id"), **values)))
