"""Official accounts through the API."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Field, Query, Schema, Status

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.registry import actions, queries
from kentongan.registry.models import Account

router = Router(tags=["registry"])


class AccountOut(Schema):
    """An official account; secrets never leave."""

    id: int
    unit_id: int
    platform: str
    handle: str
    form: str
    display_name: str
    url: str
    state: str
    connected: bool
    healthy: bool | None


class AccountIn(Schema):
    """An official account to be put on the list."""

    unit_id: int
    handle: Annotated[str, Field(min_length=1, max_length=1000, description="An address, a handle or a number.")]
    platform: Annotated[str, Field(description="Needed for a bare handle only.")] = ""
    display_name: Annotated[str, Field(max_length=200)] = ""


def account_out(account: Account) -> dict[str, Any]:
    connection = getattr(account, "connection", None)
    own = {name: getattr(account, name) for name in AccountOut.model_fields if hasattr(account, name)}
    return own | {"connected": connection is not None, "healthy": connection.healthy if connection else None}


@router.get("/accounts", response=Page[AccountOut], auth=scope("registry:read"))
def accounts(request: HttpRequest, paging: Query[Paging], q: str = "") -> dict[str, Any]:
    """List the official accounts you see."""
    actor = actor_of(request)
    return paginate(queries.search_accounts(actor, None, q) if q else queries.accounts(actor), paging, account_out)


@router.get("/accounts/{account_id}", response=AccountOut, auth=scope("registry:read"))
def account(request: HttpRequest, account_id: int) -> dict[str, Any]:
    """Show one official account."""
    return account_out(queries.account(actor_of(request), account_id))


@router.post("/accounts", response={201: AccountOut}, auth=scope("registry:write"))
def add_account(request: HttpRequest, data: AccountIn) -> Status[dict[str, Any]]:
    """Put an official account on the list of a unit that you administer."""
    values = data.dict()
    return Status(201, account_out(actions.declare_account(actor_of(request), values.pop("unit_id"), **values)))
