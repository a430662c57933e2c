"""Signing in at Threads: a token of sixty days that renews itself."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import App, ChannelError, Credentials, Health, Rejected
from kentongan.channels.graph import tokens
from kentongan.channels.graph.longlived import LongLived, of_account
from kentongan.channels.threads.manifest import GRAPH

API, SITE = "https://graph.threads.net", "https://www.threads.com"
WINDOW = "https://threads.com"
SCOPES = ("threads_basic", "threads_content_publish", "threads_delete")
TOKENS = LongLived("th_exchange_token", "th_refresh_token")


def _me(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    said = GRAPH.call(client, credentials, "GET", "me", {"fields": "id,username,name"})
    if not said.get("id") or not said.get("username"):
        raise Rejected(_("The platform does not say whose account this is."))
    return said


class ThreadsSignIn:
    """`/oauth/authorize`, `/oauth/access_token` and `/access_token`."""

    service = API

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return the page of Threads where the person allows us to post."""
        site = WINDOW if app.service == API else app.service
        return tokens.page(f"{site}/oauth/authorize", app, SCOPES, redirect=redirect, state=state)

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code into a token of sixty days, and learn whose account it is."""
        form = {"redirect_uri": redirect, "code": code}
        credentials = TOKENS.first(app, f"{app.service}/oauth/access_token", form, client)
        me = _me(credentials, client)
        return of_account(credentials, str(me["username"]), str(me["id"]))

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the token need not be renewed yet."""
        return TOKENS.lasts(credentials)


class ThreadsConnector:
    """Keeps the sign-in fresh; signing in itself is `ThreadsSignIn`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Refuse: at Threads a person signs in on Threads' own page."""
        raise Rejected(_("Nothing can be entered here: sign in on the platform's own page, from Connections."))

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that last."""
        return TOKENS.renew(credentials, client)

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask Threads whose account this is, and whether it may publish."""
        try:
            me = _me(credentials, client)
            # Only who may publish is told how much is left.
            path = f"{me['id']}/threads_publishing_limit"
            GRAPH.call(client, credentials, "GET", path, {"fields": "quota_usage,config"})
        except ChannelError as error:
            return Health(False, error.message)
        name, url = str(me.get("name") or ""), f"{SITE}/@{me['username']}"
        return Health(True, "", name, url, ends_at=TOKENS.ends_at(credentials))
