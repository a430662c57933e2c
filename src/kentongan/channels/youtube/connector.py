"""Signing in at Google: OAuth 2 with PKCE; the refresh token comes once, so it is never let go."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels import oauth
from kentongan.channels.contract import App, ChannelError, Credentials, CredentialsExpired, Health, Rejected
from kentongan.channels.youtube.api import call
from kentongan.channels.youtube.manifest import MANIFEST

API, SITE, TOKENS = "https://youtube.googleapis.com", "https://accounts.google.com", "https://oauth2.googleapis.com"
# The narrowest one that also lets us delete what is recalled.
SCOPES = ("https://www.googleapis.com/auth/youtube.force-ssl",)


def _at(app: App, usual: str) -> str:
    """Return where Google is asked: its own hosts, or the one that stands for all of them."""
    return usual if app.service == API else app.service


def _channel(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    asked = {"part": "snippet,contentDetails", "mine": "true"}
    rows = call(client, credentials, "GET", "/youtube/v3/channels", params=asked).get("items")
    if not isinstance(rows, list) or not rows or not isinstance(rows[0], dict) or not rows[0].get("id"):
        raise Rejected(str(_("This Google account has no YouTube channel: choose the channel when you sign in.")))
    return rows[0]


def _part(row: Mapping[str, Any], *names: str) -> Any:
    for name in names:
        row = row.get(name) or {} if isinstance(row, dict) else {}
    return row or ""


class YouTubeSignIn:
    """`/o/oauth2/v2/auth` and `/token`."""

    service = API

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return Google's page where the person allows us to upload; consent is asked for anew, for a refresh token."""
        address = f"{_at(app, SITE)}/o/oauth2/v2/auth"
        more = {"access_type": "offline", "prompt": "consent"}
        return oauth.page(address, app, SCOPES, redirect=redirect, state=state, challenge=challenge, **more)

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code into tokens, and learn whose channel it is."""
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        said = oauth.token(client, f"{_at(app, TOKENS)}/token", app, form)
        credentials = oauth.renewed(Credentials("", app.service, {}, app), said)
        if not credentials.get("refresh"):
            raise Rejected(
                str(_("Google gave nothing to stay signed in with: remove the app there, then sign in again."))
            )
        channel = _channel(credentials, client)
        known = {
            "user_id": str(channel["id"]),
            "uploads": _part(channel, "contentDetails", "relatedPlaylists", "uploads"),
        }
        name = str(_part(channel, "snippet", "customUrl") or channel["id"]).removeprefix("@")
        return replace(credentials, handle=name, values={**credentials.values, **known})

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the access token is good for as long as an upload may take."""
        return oauth.lasts(credentials, MANIFEST.attempt)


class YouTubeConnector:
    """Keeps the sign-in fresh; signing in itself is `YouTubeSignIn`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Refuse: at YouTube a person signs in on Google's own page."""
        raise Rejected(str(_("Nothing can be entered here for YouTube: sign in on Google's page, from Connections.")))

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that last; the refresh token stays the same."""
        if oauth.lasts(credentials, MANIFEST.attempt):
            return credentials
        if credentials.app is None or not credentials.get("refresh"):
            raise CredentialsExpired(str(_("The sign-in at YouTube is over. Sign in again.")))
        form = {"grant_type": "refresh_token", "refresh_token": credentials.get("refresh")}
        return oauth.renewed(
            credentials, oauth.token(client, f"{_at(credentials.app, TOKENS)}/token", credentials.app, form)
        )

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask whose channel this is; say when its newest video is private, as those of unaudited projects are."""
        if missing := set(SCOPES) - set(credentials.get("scope").split()):
            names = ", ".join(sorted(scope.rpartition("/")[2] for scope in missing))
            text = _("At Google this was not allowed: %(rights)s. Sign in again and allow it.")
            return Health(False, text % {"rights": names})
        try:
            channel = _channel(credentials, client)
            hidden = _newest_is_private(credentials, client)
        except CredentialsExpired:
            return Health(False, _("YouTube does not accept the sign-in any more. Sign in again."))
        except ChannelError as error:
            return Health.failed(error)
        warning = _(
            "The newest video is private. Videos of projects that YouTube has not audited stay private: see the guide."
        )
        url = f"https://www.youtube.com/channel/{channel['id']}"
        name, ends_at = str(_part(channel, "snippet", "title")), oauth.moment_of(credentials, oauth.REFRESH_ENDS)
        return Health(True, warning if hidden else "", name, url, ends_at=ends_at)


def _newest_is_private(credentials: Credentials, client: httpx.Client) -> bool:
    asked = {"part": "status", "playlistId": credentials.get("uploads"), "maxResults": "1"}
    try:
        rows = call(client, credentials, "GET", "/youtube/v3/playlistItems", params=asked).get("items")
    except Rejected:  # a channel without a video has no list of them
        return False
    first = rows[0] if isinstance(rows, list) and rows else {}
    return bool(_part(first, "status", "privacyStatus") == "private")
