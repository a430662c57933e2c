"""What platforms with OAuth 2 have in common (RFC 6749, RFC 7636): the page to allow us on, and tokens that change."""

import base64
import hashlib
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import App, Credentials, CredentialsExpired, Rejected, RetryLater
from kentongan.core.clock import now

MARGIN = timedelta(minutes=2)
# A token that tells no length is renewed after an hour.
UNTOLD_SECONDS = 3_600
NO_TOKEN = frozenset({"", "refused"})
# What platforms call a code or a refresh token that is over. X answers `invalid_request` for it.
OVER = frozenset({"invalid_grant", "invalid_request", "expired_token"})
REFRESH_ENDS = "refresh_ends_at"
"""Under which name is stored when a refresh token ends that only a person renews."""
NOT_US = frozenset({"invalid_client", "unauthorized_client"})


def new_secret() -> str:
    """Return a random text, as a state or as PKCE's verifier: 64 characters of the URL-safe alphabet."""
    return secrets.token_urlsafe(48)


def challenge_of(verifier: str) -> str:
    """Return PKCE's challenge (S256) of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def page(
    address: str, app: App, scopes: Sequence[str], *, redirect: str, state: str, challenge: str, **more: str
) -> str:
    """Return the address where a person allows the app those scopes; `more` is what this platform asks for besides."""
    query = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": redirect,
        "scope": " ".join(scopes),
        "state": state,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
        **more,
    }
    return f"{address}?{urlencode(query)}"


def token(
    client: httpx.Client, address: str, app: App, form: Mapping[str, str], *, named: Mapping[str, str] | None = None
) -> Mapping[str, Any]:
    """Ask the token endpoint and return its answer, which holds an access token.

    `named` is how the app is named within the form, at platforms that do not take it as RFC 6749 says.

    Raises CredentialsExpired for a code or refresh token that is over, Rejected for an app that the platform does not
    accept, RetryLater for everything that may pass: nothing here publishes.
    """
    pair = base64.b64encode(f"{app.client_id}:{app.client_secret}".encode()).decode()
    signs = bool(app.client_secret) and named is None
    headers = {"Authorization": f"Basic {pair}"} if signs else {}
    body = dict(form) if signs else {**form, **(named or {"client_id": app.client_id})}
    answer = outcomes.send(client, client.build_request("POST", address, data=body, headers=headers), decides=False)
    said = outcomes.document(answer) or {}
    if not answer.is_success:
        _refuse(answer, said)
    if not isinstance(said.get("access_token"), str) or not said["access_token"]:
        raise RetryLater(_("The server answered a sign-in without tokens."), {"status": answer.status_code})
    return said


def _refuse(answer: httpx.Response, said: Mapping[str, Any]) -> None:
    name, told = said.get("error"), said.get("error_description")
    kept = {"status": answer.status_code, "error": name}
    if name in NOT_US:
        raise Rejected(_("The platform does not accept the organisation's app: check its client id and secret."), kept)
    if name in OVER and answer.status_code < 500:
        raise CredentialsExpired(_("The sign-in is over. Sign in again."), kept)
    outcomes.refuse(answer, str(told or name) if isinstance(name, str) else None, decides=False)


def renewed(credentials: Credentials, said: Mapping[str, Any]) -> Credentials:
    """Return the credentials with new tokens; what an answer leaves out, or leaves empty, stays as it was."""
    fresh = {
        "access": str(said["access_token"]),
        "refresh": str(said.get("refresh_token") or ""),
        "expires_at": ends(said.get("expires_in")) or ends(UNTOLD_SECONDS),
        "scope": str(said.get("scope") or ""),
        # Google's name for it, and TikTok's.
        REFRESH_ENDS: ends(said.get("refresh_token_expires_in")) or ends(said.get("refresh_expires_in")),
    }
    values = {**credentials.values, **{name: value for name, value in fresh.items() if value}}
    return replace(credentials, values=values)


def ends(seconds: object) -> str:
    """Return when something ends that lasts so many seconds from now; empty where that is no length."""
    if not isinstance(seconds, int) or isinstance(seconds, bool) or not 0 < seconds < 10**9:
        return ""
    return (now() + timedelta(seconds=seconds)).isoformat()


def lasts(credentials: Credentials, margin: timedelta = MARGIN) -> bool:
    """Whether the access token is one, and good for a while more: for as long as an attempt may take."""
    ends = moment_of(credentials, "expires_at")
    return credentials.get("access") not in NO_TOKEN and ends is not None and ends > now() + margin


def moment_of(credentials: Credentials, name: str) -> datetime | None:
    """Return a stored moment; None where there is none, or none that can be read."""
    try:
        moment = datetime.fromisoformat(credentials.get(name))
    except ValueError:
        return None
    return moment if moment.tzinfo else None
