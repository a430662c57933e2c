"""Signing in at TikTok: OAuth 2 with PKCE in TikTok's own spelling, tokens of a day, refresh tokens that change."""

import base64
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels import oauth
from kentongan.channels.contract import App, ChannelError, Credentials, CredentialsExpired, Health, Rejected
from kentongan.channels.tiktok.api import call
from kentongan.channels.tiktok.manifest import MANIFEST

API, SITE = "https://open.tiktokapis.com", "https://www.tiktok.com"
SCOPES = ("user.info.basic", "user.info.profile", "video.publish", "video.list")
PUBLIC = "PUBLIC_TO_EVERYONE"


def creator(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    """Return what the account may do at this moment: TikTok wants it asked before each post."""
    return call(client, credentials, "POST", "/v2/post/publish/creator_info/query/", json={})


def options(info: Mapping[str, Any]) -> list[str]:
    """Return who may be shown a post of the account."""
    found = info.get("privacy_level_options")
    return [str(one) for one in found] if isinstance(found, list) else []


def _named(app: App) -> dict[str, str]:
    return {"client_key": app.client_id, "client_secret": app.client_secret}


class TikTokSignIn:
    """`/v2/auth/authorize/` and `/v2/oauth/token/`."""

    service = API

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return TikTok's page where the person allows us to post; its challenge is the same digest in hexadecimal."""
        digest = base64.urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4))
        query = {
            "client_key": app.client_id,
            "response_type": "code",
            "scope": ",".join(SCOPES),
            "redirect_uri": redirect,
            "state": state,
            "code_challenge": digest.hex(),
            "code_challenge_method": "S256",
        }
        return f"{SITE if app.service == API else app.service}/v2/auth/authorize/?{urlencode(query)}"

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code into tokens, and learn whose account it is."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        said = oauth.token(client, f"{app.service}/v2/oauth/token/", app, form, named=_named(app))
        credentials = oauth.renewed(Credentials("", app.service, {}, app), said)
        fields = {"fields": "open_id,display_name,username"}
        user = call(client, credentials, "GET", "/v2/user/info/", params=fields).get("user")
        if not isinstance(user, dict) or not user.get("username"):
            raise Rejected(str(_("TikTok does not say whose account this is.")))
        values = {**credentials.values, "user_id": str(user.get("open_id") or "")}
        return replace(credentials, handle=str(user["username"]), values=values)

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the access token is good for as long as an upload may take."""
        return oauth.lasts(credentials, MANIFEST.attempt)


class TikTokConnector:
    """Keeps the sign-in fresh; signing in itself is `TikTokSignIn`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Refuse: at TikTok a person signs in on TikTok's own page."""
        raise Rejected(str(_("Nothing can be entered here for TikTok: sign in on its own page, from Connections.")))

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that last; TikTok may give a new refresh token with each."""
        if oauth.lasts(credentials, MANIFEST.attempt):
            return credentials
        if credentials.app is None or not credentials.get("refresh"):
            raise CredentialsExpired(str(_("The sign-in at TikTok is over. Sign in again.")))
        form = {"grant_type": "refresh_token", "refresh_token": credentials.get("refresh")}
        app = credentials.app
        said = oauth.token(client, f"{credentials.service}/v2/oauth/token/", app, form, named=_named(app))
        return oauth.renewed(credentials, said)

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask TikTok whether the account could post a public video right now."""
        if missing := set(SCOPES) - set(credentials.get("scope").split(",")):
            rights = ", ".join(sorted(missing))
            text = _("At TikTok this was not allowed: %(rights)s. Sign in again and allow it.")
            return Health(False, text % {"rights": rights})
        try:
            info = creator(credentials, client)
        except ChannelError as error:
            return Health.failed(error)
        url = f"{SITE}/@{info.get('creator_username') or credentials.handle}"
        if PUBLIC not in options(info):
            return Health(
                False, _("The account is private at TikTok: nobody would see its videos. Make it public there.")
            )
        name, ends_at = str(info.get("creator_nickname") or ""), oauth.moment_of(credentials, oauth.REFRESH_ENDS)
        return Health(True, "", name, url, ends_at=ends_at)
