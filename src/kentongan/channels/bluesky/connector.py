"""Signing in to a Bluesky server with an app password, and staying signed in."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import (
    ChannelError,
    Credentials,
    CredentialsExpired,
    Health,
    Rejected,
    RetryLater,
)
from kentongan.core.clock import now

MARGIN_SECONDS = 60


def _expires(token: str) -> float:
    """Return when a JSON web token ends, as an epoch; 0 for one that cannot be read."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return 0.0


def _with_session(credentials: Credentials, session: Mapping[str, Any]) -> Credentials:
    """Store a new session; an answer without tokens never overwrites the ones we hold."""
    access, refresh = session.get("accessJwt"), session.get("refreshJwt")
    if not access or not refresh:
        raise RetryLater(_("The server answered a sign-in without tokens."))
    values = {
        **credentials.values,
        "access": str(access),
        "refresh": str(refresh),
        "did": str(session.get("did") or credentials.get("did")),
    }
    return replace(credentials, handle=str(session.get("handle") or credentials.handle), values=values)


class BlueskyConnector:
    """`com.atproto.server.createSession`, `refreshSession` and `getSession`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Sign in with what a person entered: service, handle, app_password."""
        handle = entered["handle"].strip().lstrip("@").lower()
        credentials = Credentials(
            handle, entered["service"].strip().rstrip("/"), {"app_password": entered["app_password"].strip()}
        )
        try:
            return self._sign_in(credentials, client)
        except CredentialsExpired as error:
            raise Rejected(_("The server does not accept this handle and app password."), error.response) from error

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials whose access token lasts at least a minute."""
        if _expires(credentials.get("access")) > now().timestamp() + MARGIN_SECONDS:
            return credentials
        try:
            session = call(
                client,
                credentials.service,
                "com.atproto.server.refreshSession",
                token=credentials.get("refresh"),
                post=True,
            )
        except (CredentialsExpired, Rejected):
            return self._sign_in(credentials, client)
        return _with_session(credentials, session)

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask the server whether the account is signed in and active."""
        try:
            fresh = self.refresh(credentials, client)
            session = call(client, fresh.service, "com.atproto.server.getSession", token=fresh.get("access"))
        except CredentialsExpired:
            return Health(False, _("The app password is no longer accepted. Connect the account again."))
        except ChannelError as error:
            return Health.failed(error)
        if session.get("active") is False:
            return Health(False, _("The server has switched this account off."))
        handle = str(session.get("handle") or fresh.handle)
        return Health(True, name=handle, url=f"https://bsky.app/profile/{handle}")

    def _sign_in(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        body = {"identifier": credentials.handle, "password": credentials.get("app_password")}
        session = call(client, credentials.service, "com.atproto.server.createSession", body=body)
        return _with_session(credentials, session)
