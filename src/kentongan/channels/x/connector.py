"""Signing in at X: OAuth 2 with PKCE, tokens of two hours, refresh tokens that change with each use."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels import oauth
from kentongan.channels.contract import App, ChannelError, Credentials, CredentialsExpired, Health, Rejected
from kentongan.channels.x.api import call

API, SITE = "https://api.x.com", "https://x.com"
SCOPES = ("tweet.read", "tweet.write", "users.read", "media.write", "offline.access")


def _me(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    said = call(client, credentials, "GET", "/2/users/me", params={"user.fields": "protected"}).get("data")
    if not isinstance(said, dict) or not said.get("id") or not said.get("username"):
        raise Rejected(str(_("X does not say whose account this is.")))
    return said


class XSignIn:
    """`/i/oauth2/authorize` and `/2/oauth2/token`."""

    service = API

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return the page of X where the person allows us to post."""
        site = SITE if app.service == API else app.service
        address = f"{site}/i/oauth2/authorize"
        return oauth.page(address, app, SCOPES, redirect=redirect, state=state, challenge=challenge)

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code into tokens, and learn whose account it is."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        said = oauth.token(client, f"{app.service}/2/oauth2/token", app, form)
        credentials = oauth.renewed(Credentials("", app.service, {}, app), said)
        me = _me(credentials, client)
        values = {**credentials.values, "user_id": str(me["id"])}
        return replace(credentials, handle=str(me["username"]), values=values)

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the access token is good for a while."""
        return oauth.lasts(credentials)


class XConnector:
    """Keeps the sign-in fresh; signing in itself is `XSignIn`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Refuse: at X a person signs in on X's own page."""
        raise Rejected(str(_("Nothing can be entered here for X: sign in on its own page, from Connections.")))

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that last; X gives a new refresh token with each, and the old one is over."""
        if oauth.lasts(credentials):
            return credentials
        if credentials.app is None or not credentials.get("refresh"):
            raise CredentialsExpired(str(_("The sign-in at X is over. Sign in again.")))
        form = {"grant_type": "refresh_token", "refresh_token": credentials.get("refresh")}
        said = oauth.token(client, f"{credentials.service}/2/oauth2/token", credentials.app, form)
        return oauth.renewed(credentials, said)

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask X whose account this is, and whether everything that publishing needs was allowed."""
        try:
            me = _me(credentials, client)
        except CredentialsExpired:
            return Health(False, _("X does not accept the sign-in any more. Sign in again."))
        except ChannelError as error:
            return Health.failed(error)
        missing = set(SCOPES) - set(credentials.get("scope").split())
        if missing:
            rights = ", ".join(sorted(missing))
            return Health(
                False, _("At X this was not allowed: %(rights)s. Sign in again and allow it.") % {"rights": rights}
            )
        closed = _("The account is protected: only its followers see the posts.") if me.get("protected") else ""
        return Health(True, closed, str(me.get("name") or ""), f"{SITE}/{me['username']}")
