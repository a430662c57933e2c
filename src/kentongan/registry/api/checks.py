"""Cek Akun through the API: the one endpoint that needs no token."""

from datetime import date
from typing import Annotated, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import conditional_page
from ninja import Field, Query, Schema
from ninja.decorators import decorate_view

from kentongan.core.api import Router
from kentongan.registry import queries
from kentongan.registry.check import limits
from kentongan.registry.queries.checks import Answer, Look, Verdict

router = Router(tags=["check"])


class LookOut(Schema):
    """An official account of ours."""

    platform: str
    handle: str
    url: str
    unit: str
    unit_url: str


class LetterOut(Schema):
    """The decision letter that makes an account official."""

    number: str
    dated: date


class CheckOut(Schema):
    """What we know of an account; `unknown` says nothing against it."""

    platform: str
    handle: str
    url: str
    verdict: Verdict
    account: LookOut | None = Field(None, description="Ours: for official, lost and retired ones.")
    above: list[str] = Field(description="The units above its unit, the highest first.")
    since: date | None = Field(None, description="On the list since; for retired and lost ones the day of that.")
    letter: LetterOut | None = None
    proven: bool | None = Field(None, description="Whether an official one is proven, or declared by its unit only.")
    proven_on: date | None = None
    resembles: list[LookOut] = Field(description="Official accounts that its name could be taken for.")


class CheckIn(Schema):
    """An account, as people paste it."""

    q: Annotated[str, Field(min_length=1, max_length=1000, description="An address, a handle or a number.")]
    platform: Annotated[str, Field(max_length=20, description="Needed for a bare handle only.")] = ""


def look(one: Look) -> dict[str, Any]:
    """Return an official account as plain values, with the address of its unit's page."""
    own = {name: getattr(one, name) for name in ("platform", "handle", "url", "unit")}
    return own | {"unit_url": f"{settings.PUBLIC_URL}{reverse('check:unit', args=(one.unit_slug,))}"}


def plain(answer: Answer) -> dict[str, Any]:
    """Return an answer as plain values, for the API and the command line."""
    same = ("platform", "handle", "url", "since", "proven", "proven_on")
    return {name: getattr(answer, name) for name in same} | {
        "verdict": answer.verdict.value,
        "account": look(answer.account) if answer.account else None,
        "above": list(answer.above),
        "letter": {"number": answer.letter_number, "dated": answer.letter_dated} if answer.letter_number else None,
        "resembles": [look(one) for one in answer.resembles],
    }


@router.get("/check", response=CheckOut, auth=None, summary="Check an account")
@decorate_view(conditional_page)
def check(request: HttpRequest, response: HttpResponse, asked: Query[CheckIn]) -> dict[str, Any]:
    """Say whether an account is official, retired, lost, a confirmed impostor, or not known here.

    Needs no token. 120 questions a minute from one address; beyond that 429 with `Retry-After`. A bare handle without
    a platform is answered 422 with the code `platform_needed`. Answers may be kept for a minute. Accounts of private
    persons are never part of the answer.
    """
    limits.ask(request)
    response["Access-Control-Allow-Origin"] = "*"
    response["Cache-Control"] = "public, max-age=60"  # an answer may be kept, a refusal may not
    return plain(queries.check(asked.q, asked.platform))
