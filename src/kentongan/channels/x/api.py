"""Calls of X's API v2: one request, one classified outcome."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, Credentials, RetryLater

DUPLICATE = "duplicate"
NO_CREDIT_WAIT = timedelta(hours=1)


def _explanation(said: Mapping[str, Any]) -> str | None:
    """Return X's own words: its problem's detail, or the first of its errors; None when it is not in X's form."""
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors and isinstance(errors[0], dict) else {}
    found = (said.get("detail"), first.get("detail"), first.get("message"), said.get("title"))
    return next((text for text in found if isinstance(text, str) and text), None)


def call(
    client: httpx.Client, credentials: Credentials, verb: str, path: str, *, decides: bool = False, **sent: Any
) -> Mapping[str, Any]:
    """Send one request for the account and return the JSON object that came back.

    Raises the four outcomes of the contract; `response["error"]` is DUPLICATE for a text that is out already.
    """
    headers = {"Authorization": f"Bearer {credentials.get('access')}"}
    request = client.build_request(verb, f"{credentials.service}{path}", headers=headers, **sent)
    answer = outcomes.send(client, request, decides=decides)
    said = outcomes.document(answer)
    if not answer.is_success:
        message = _explanation(said or {})
        if answer.status_code == 402 and message:
            raise RetryLater(
                _("The organisation has no credit left at X: buy some in X's developer console."),
                outcomes.summary(answer),
                NO_CREDIT_WAIT,
            )
        name = DUPLICATE if "duplicate content" in (message or "").lower() else ""
        outcomes.refuse(answer, message, decides=decides, name=name)
    if answer.status_code == httpx.codes.NO_CONTENT:
        return {}
    if said is None:
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer))
    return said
