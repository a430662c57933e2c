"""Calls of WordPress' REST interface: one request, one classified outcome."""

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, Credentials, CredentialsExpired, RetryLater

SIGN_IN_REFUSED = frozenset(
    {"incorrect_password", "invalid_username", "invalid_email", "application_passwords_disabled", "rest_not_logged_in"}
)


def _said(answer: httpx.Response) -> tuple[str | None, str]:
    """Return WordPress' own explanation and its name of the error; (None, "") when the answer is not in its form."""
    body = outcomes.document(answer) or {}
    name, message = body.get("code"), body.get("message")
    if not isinstance(name, str) or not isinstance(message, str):
        return None, ""
    return message or name, name


def _unsigned(body: Mapping[str, Any]) -> bool:
    """Whether WordPress took us for a visitor: some sites say so only in the details of what a visitor may not ask."""
    data = body.get("data")
    details = data.get("details") if isinstance(data, dict) else None
    told = [one.get("data") for one in details.values() if isinstance(one, dict)] if isinstance(details, dict) else []
    return any(isinstance(one, dict) and one.get("status") == 401 for one in told)


def address(root: str, path: str, params: Mapping[str, Any] | None = None) -> httpx.URL:
    """Return the address of a route: below `/wp-json/`, or as `?rest_route=` on a site without pretty addresses."""
    parts = urlsplit(root)
    query = dict(parse_qsl(parts.query))
    base = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
    if "rest_route" in query:
        return httpx.URL(base, params={**query, "rest_route": f"/{path}", **(params or {})})
    return httpx.URL(f"{base.rstrip('/')}/{path}", params={**query, **(params or {})})


def call(
    client: httpx.Client,
    credentials: Credentials,
    verb: str,
    path: str,
    *,
    params: Mapping[str, Any] | None = None,
    decides: bool = False,
    **sent: Any,
) -> Any:
    """Send one request as the user of the application password and return the JSON that came back.

    Raises the four outcomes of the contract; `sent` goes to httpx (json, files, data).
    """
    pair = f"{credentials.get('username')}:{credentials.get('password')}"
    headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}", "Accept": "application/json"}
    url = address(f"{credentials.service}{credentials.get('place')}", path, params)
    answer = outcomes.send(client, client.build_request(verb, url, headers=headers, **sent), decides=decides)
    if not answer.is_success:
        message, name = _said(answer)
        if name in SIGN_IN_REFUSED or _unsigned(outcomes.document(answer) or {}):
            raise CredentialsExpired(message or name, outcomes.summary(answer) | {"error": name})
        outcomes.refuse(answer, message, decides=decides, name=name)
    try:
        return answer.json()
    except ValueError as error:
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer)) from error
