"""The visits to official accounts through the API."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from ninja import Query, Schema

from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.permissions import Capability
from kentongan.registry import access, queries, visiting
from kentongan.registry.models import Account

router = Router(tags=["registry"])


class VisitOut(Schema):
    """When an official account last posted, and what the last visit to its public posts found; "" before the first."""

    account_id: int
    platform: str
    handle: str
    unit_id: int
    last_posted_at: datetime | None
    post_url: str
    finding: str
    said: str
    looked_at: datetime | None
    read_at: datetime | None


def _out(account: Account) -> dict[str, Any]:
    own = {name: getattr(account, name) for name in ("platform", "handle", "unit_id", "last_posted_at")}
    visit = {name: getattr(account.visit, name) for name in ("post_url", "finding", "said", "looked_at", "read_at")}
    return {"account_id": account.pk, **own, **visit}


@router.get("/visits", response=Page[VisitOut], auth=scope("registry:read"))
def visits(request: HttpRequest, unit_id: int, paging: Query[Paging], finding: str = "") -> dict[str, Any]:
    """List what the last visits to the official accounts of a subtree found; `finding` may be `failed`."""
    actor = actor_of(request)
    unit = access.get_unit(actor, Capability.VIEW, pk=unit_id)
    return paginate(queries.visited(actor, unit, finding), paging, _out)


@router.post("/accounts/{account_id}/visit", response=VisitOut, auth=scope("registry:write"))
def visit(request: HttpRequest, account_id: int) -> dict[str, Any]:
    """Read the public posts of an official account now; at most once in five minutes."""
    visiting.visit(actor_of(request), account_id)
    return _out(queries.account(actor_of(request), account_id))
