"""Signing in at Instagram itself (Business Login for Instagram), for professional accounts; no Page is needed."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import App, ChannelError, Credentials, Health, Rejected
from kentongan.channels.graph import tokens
from kentongan.channels.graph.api import row_of
from kentongan.channels.graph.longlived import LongLived, of_account
from kentongan.channels.instagram.manifest import GRAPH

API, CODES, SITE = "https://graph.instagram.com", "https://api.instagram.com", "https://www.instagram.com"
SCOPES = ("instagram_business_basic", "instagram_business_content_publish")
TOKENS = LongLived("ig_exchange_token", "ig_refresh_token")
PROFESSIONAL = frozenset({"BUSINESS", "MEDIA_CREATOR", "CREATOR"})


def _me(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    said = row_of(GRAPH.call(client, credentials, "GET", "me", {"fields": "user_id,username,name,account_type"}))
    if not said.get("user_id") or not said.get("username"):
        raise Rejected(_("The platform does not say whose account this is."))
    return said


class InstagramSignIn:
    """`/oauth/authorize`, `/oauth/access_token` and `/access_token`."""

    service = API

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return the page of Instagram where the person allows us to post."""
        site = SITE if app.service == API else app.service
        return tokens.page(f"{site}/oauth/authorize", app, SCOPES, redirect=redirect, state=state)

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code into a token of sixty days, and learn whose account it is."""
        site = CODES if app.service == API else app.service
        form = {"redirect_uri": redirect, "code": code}
        credentials = TOKENS.first(app, f"{site}/oauth/access_token", form, client)
        me = _me(credentials, client)
        return of_account(credentials, str(me["username"]), str(me["user_id"]))

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the token need not be renewed yet."""
        return TOKENS.lasts(credentials)


class InstagramConnector:
    """Keeps the sign-in fresh; signing in itself is `InstagramSignIn`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Refuse: at Instagram a person signs in on Instagram's own page."""
        raise Rejected(_("Nothing can be entered here: sign in on the platform's own page, from Connections."))

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that last."""
        return TOKENS.renew(credentials, client)

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask Instagram whose account this is, of what kind, and whether it may publish."""
        try:
            me = _me(credentials, client)
            # Only who may publish is told how much is left.
            GRAPH.call(client, credentials, "GET", f"{me['user_id']}/content_publishing_limit")
        except ChannelError as error:
            return Health.failed(error)
        if str(me.get("account_type") or "").upper() not in PROFESSIONAL:
            text = _("This is a private account: make it a professional one (business or creator) in Instagram's app.")
            return Health(False, text)
        name, url = str(me.get("name") or ""), f"{SITE}/{me['username']}/"
        return Health(True, "", name, url, ends_at=TOKENS.ends_at(credentials))
