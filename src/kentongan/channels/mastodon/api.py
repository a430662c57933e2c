"""Calls of Mastodon's API: one request, one classified outcome.

Plain HTTP rather than `Mastodon.py`: that client reads rate headers after the server has accepted and raises the same
error as for a refusal, turns an unreadable success into an API error, and drops Retry-After.
"""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, Credentials, RetryLater


def _explanation(answer: httpx.Response) -> str | None:
    said = (outcomes.document(answer) or {}).get("error")
    return said if isinstance(said, str) else None


def call(
    client: httpx.Client,
    credentials: Credentials,
    verb: str,
    path: str,
    *,
    decides: bool = False,
    headers: Mapping[str, str] | None = None,
    **sent: Any,
) -> Any:
    """Send one request with the account's token and return the JSON that came back.

    Raises the four outcomes of the contract; `sent` goes to httpx (params, json, files, data).
    """
    token = credentials.get("access_token")
    every = {**({"Authorization": f"Bearer {token}"} if token else {}), **(headers or {})}
    request = client.build_request(verb, f"{credentials.service}{path}", headers=every, **sent)
    answer = outcomes.send(client, request, decides=decides)
    if not answer.is_success:
        outcomes.refuse(answer, _explanation(answer), decides=decides)
    try:
        return answer.json()
    except ValueError as error:
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer)) from error
