"""Calls of the AT protocol: one request, one classified outcome."""

from collections.abc import Mapping
from typing import Any, BinaryIO, NoReturn

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, Credentials, CredentialsExpired, RetryLater

STALE = {"ExpiredToken", "InvalidToken", "AuthMissing", "AuthenticationRequired", "BadJwt"}


def call(
    client: httpx.Client,
    service: str,
    method: str,
    *,
    token: str = "",
    params: Mapping[str, Any] | None = None,
    body: Mapping[str, Any] | None = None,
    content: bytes | BinaryIO | None = None,
    media_type: str = "",
    post: bool = False,
    decides: bool = False,
) -> Mapping[str, Any]:
    """Call `method` (an NSID) and return its answer; `body` and `content` make it a procedure.

    Raises the four outcomes of the contract. The error's name is in `response["error"]`.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if content is not None:
        headers["Content-Type"] = media_type
    verb = "POST" if post or body is not None or content is not None else "GET"
    url = f"{service}/xrpc/{method}"
    request = client.build_request(verb, url, params=params, json=body, content=content, headers=headers)
    answer = outcomes.send(client, request, decides=decides)
    said = outcomes.document(answer)
    if not answer.is_success:
        _refuse(answer, said, decides)
    if said is None and answer.content:
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer))
    return said or {}


def _refuse(answer: httpx.Response, said: Mapping[str, Any] | None, decides: bool) -> NoReturn:
    name = said.get("error") if said else None
    if said is None or not isinstance(name, str):
        outcomes.refuse(answer, None, decides=decides)
    message = str(said.get("message") or name)
    if name in STALE and answer.status_code < 500:
        raise CredentialsExpired(message, outcomes.summary(answer) | {"error": name})
    outcomes.refuse(answer, message, decides=decides, name=name)


def repository(credentials: Credentials) -> str:
    """Return the account's permanent identifier."""
    return credentials.get("did") or credentials.handle
