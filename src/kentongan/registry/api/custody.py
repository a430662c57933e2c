"""Changing official accounts through the API."""

from datetime import date
from typing import Annotated, Any, Literal

from django.http import HttpRequest
from ninja import Field, Schema

from kentongan.core.api import Router, actor_of, scope
from kentongan.registry import actions
from kentongan.registry.actions.custody import Correction, GivenLetter
from kentongan.registry.api.accounts import AccountOut, account_out

router = Router(tags=["registry"])


class LetterIn(Schema):
    """The decision letter; a scan is added on the screen."""

    number: Annotated[str, Field(min_length=1, max_length=120)]
    dated: date


class CorrectionIn(Schema):
    """What is to be true of the account; what is left out stays. A person is given by number, for an empty place."""

    handle: Annotated[str | None, Field(max_length=1000)] = None
    display_name: Annotated[str | None, Field(max_length=200)] = None
    form: Literal["", "profile", "page", "channel", "group", "site"] | None = None
    custodian_id: int | None = None
    deputy_id: int | None = None
    letter: LetterIn | None = None


class MoveIn(Schema):
    """A change of state, with its reason."""

    move: Literal["retire", "lost", "revive", "found"]
    reason: Annotated[str, Field(min_length=1, max_length=300)]


@router.patch("/accounts/{account_id}/facts", response=AccountOut, auth=scope("registry:write"))
def correct(request: HttpRequest, account_id: int, data: CorrectionIn) -> dict[str, Any]:
    """Correct what is written about an official account; its identity only while it is not connected."""
    values = data.dict(exclude_unset=True)
    letter = values.pop("letter", None)
    wanted = Correction(**values, letter=GivenLetter(**letter) if letter else None)
    return account_out(actions.correct_account(actor_of(request), account_id, wanted))


@router.post("/accounts/{account_id}/state", response=AccountOut, auth=scope("registry:write"))
def move(request: HttpRequest, account_id: int, data: MoveIn) -> dict[str, Any]:
    """Retire an account, report it lost, or take either back."""
    return account_out(actions.move_account(actor_of(request), account_id, data.move, reason=data.reason))
