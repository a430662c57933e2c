"""What every API endpoint shares: authentication, one error shape, paging.

An endpoint is in its room's `api.py`:

    router = Router(tags=["planning"])

    @router.get("/items", response=Page[ItemOut], auth=scope("planning:read"))
    def items(request, paging: Query[Paging]) -> Page[ItemOut]: ...
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Generic, TypeVar

from django.db import OperationalError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Field, NinjaAPI, Router, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.security import HttpBearer
from ninja.security.apikey import APIKeyCookie

from kentongan.core import room, tokens
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, KentonganError, NotAllowed
from kentongan.core.tables import Sought

__all__ = ["Page", "Paging", "Router", "actor_of", "new_api", "paginate", "scope"]

T = TypeVar("T")
M = TypeVar("M", bound=Model)


class Fault(Schema):
    """What went wrong and what to do about it."""

    code: str
    message: str
    remedy: str = ""
    fields: dict[str, list[str]] = Field(default_factory=dict)


class ErrorOut(Schema):
    """The one shape of every error."""

    error: Fault


class Paging(Schema):
    """Which part of a list."""

    page: int = Field(1, ge=1, le=100_000)
    per_page: int = Field(50, ge=1, le=200)


class Page(Schema, Generic[T]):
    """A part of a list; `total` counts the whole."""

    items: list[T]
    total: int
    page: int
    per_page: int


class _Bearer(HttpBearer):
    def __init__(self, required: str) -> None:
        super().__init__()
        self.required = required

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor = tokens.authenticate(token)
        if actor is not None and not actor.has_scope(self.required):
            raise NotAllowed(f"This token lacks the scope {self.required}.", code="scope_missing")
        return actor


class _Session(APIKeyCookie):
    param_name = "sessionid"

    def _get_key(self, request: HttpRequest) -> str | None:
        if self.param_name not in request.COOKIES:
            return None
        return super()._get_key(request)

    def authenticate(self, request: HttpRequest, key: str | None) -> Actor | None:
        if not request.user.is_authenticated:
            return None
        return Actor.of_user(request.user)


def scope(required: str) -> list[Callable[[HttpRequest], Any]]:
    """Return the ways into an endpoint: a token that holds `room:verb`, or the browser's session (CSRF checked)."""
    return [_Bearer(required), _Session(csrf=True)]


def actor_of(request: HttpRequest) -> Actor:
    """Return who calls; set by the endpoint's authentication."""
    actor = getattr(request, "auth", None)
    if not isinstance(actor, Actor):
        raise NotAllowed()
    return actor


def paginate(
    queryset: QuerySet[M] | Sought[M], paging: Paging, render: Callable[[M], Any], total: int | None = None
) -> dict[str, Any]:
    """Return one page of the rows, each passed through `render`; `total` where it is known without counting.

    Of a search it is a page of all that match, however many: a program turns every page.
    """
    first = (paging.page - 1) * paging.per_page
    last = first + paging.per_page
    if isinstance(queryset, Sought):
        rows, total = queryset.part(first, last)
    else:
        rows, total = queryset[first:last], queryset.count() if total is None else total
    return {"items": [render(row) for row in rows], "total": total, "page": paging.page, "per_page": paging.per_page}


def _fault(api: NinjaAPI, request: HttpRequest, status: int, fault: dict[str, Any]) -> HttpResponse:
    return api.create_response(request, {"error": {"remedy": "", "fields": {}} | fault}, status=status)


def _on_ours(api: NinjaAPI, request: HttpRequest, error: KentonganError) -> HttpResponse:
    fields = error.fields if isinstance(error, Invalid) else {}
    fault = {"code": error.code, "message": str(error.message), "remedy": str(error.remedy), "fields": fields}
    response = _fault(api, request, error.status, fault)
    for name, value in error.headers.items():
        response[name] = value
    return response


def _on_validation(api: NinjaAPI, request: HttpRequest, error: ValidationError) -> HttpResponse:
    fields: dict[str, list[str]] = {}
    for detail in error.errors:
        fields.setdefault(".".join(str(part) for part in detail["loc"][1:]) or "body", []).append(detail["msg"])
    invalid = Invalid(fields=fields)
    return _on_ours(api, request, invalid)


def _on_http(api: NinjaAPI, request: HttpRequest, error: HttpError) -> HttpResponse:
    return _fault(api, request, error.status_code, {"code": "http", "message": str(error)})


def _on_authentication(api: NinjaAPI, request: HttpRequest, error: AuthenticationError) -> HttpResponse:
    fault = {
        "code": "not_signed_in",
        "message": "This needs a token or a signed-in session.",
        "remedy": "Send `Authorization: Bearer ktg_...`; tokens are made in the settings.",
    }
    return _fault(api, request, 401, fault)


def _on_full_disk(api: NinjaAPI, request: HttpRequest, error: OSError | OperationalError) -> HttpResponse:
    if no_room := room.explained(error):
        return _on_ours(api, request, no_room)
    raise error


Renderer = Callable[[NinjaAPI, HttpRequest, Any], HttpResponse]

FAULTS: dict[type[Exception], Renderer] = {
    KentonganError: _on_ours,
    ValidationError: _on_validation,
    HttpError: _on_http,
    AuthenticationError: _on_authentication,
    OSError: _on_full_disk,
    OperationalError: _on_full_disk,
}


def new_api(**options: Any) -> NinjaAPI:
    """Return an API with the one error shape."""
    api = NinjaAPI(**options)
    for error, renderer in FAULTS.items():
        api.add_exception_handler(error, partial(renderer, api))
    return api
