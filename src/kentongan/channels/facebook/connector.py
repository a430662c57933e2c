"""Signing in at Facebook: a person allows the app, and names the Pages for which they do.

Which of those Pages is meant is said by the account on our list. Its own token does not end with the person's, which
lasts sixty days and is kept (encrypted) to fetch the Page's token again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import addresses, oauth
from kentongan.channels.contract import (
    App,
    ChannelError,
    Credentials,
    CredentialsExpired,
    Health,
    Rejected,
)
from kentongan.channels.facebook.manifest import GRAPH, MANIFEST
from kentongan.channels.graph import posts, tokens

API, SITE = "https://graph.facebook.com", "https://www.facebook.com"
SCOPES = ("pages_show_list", "pages_manage_posts", "pages_read_engagement")
# Without it Pages that a business portfolio owns are not listed (public reports of 2026); others do without it.
WISHED = "business_management"
TASK = "CREATE_CONTENT"
NAMED = 8


def _key(text: str) -> str:
    """Return what an address, name or number of a Page is compared by; nothing for what is none."""
    try:
        return addresses.parse(text, MANIFEST.kind).key
    except addresses.Unreadable:
        return ""


def _keys(page: Mapping[str, Any]) -> set[str]:
    """Return all that the Page is called by: its number, its name, its address."""
    told = (page.get("id"), page.get("username"), page.get("link"))
    return {_key(str(text)) for text in told if text} - {""}


class FacebookSignIn:
    """`/dialog/oauth`, `/oauth/access_token` and `/me/accounts`."""

    service = API

    def page(self, app: App, *, redirect: str, state: str, challenge: str) -> str:
        """Return the page of Facebook where the person allows us to post; what was declined before is asked again."""
        site = SITE if app.service == API else app.service
        address = f"{site}/{GRAPH.version}/dialog/oauth"
        asked = (*SCOPES, WISHED)
        return tokens.page(address, app, asked, redirect=redirect, state=state, auth_type="rerequest")

    def exchange(self, app: App, *, code: str, verifier: str, redirect: str, client: httpx.Client) -> Credentials:
        """Turn the code into the person's token of sixty days; which Page is meant is said by `pick`."""
        us = {"client_id": app.client_id, "client_secret": app.client_secret}
        address = f"{app.service}/{GRAPH.version}/oauth/access_token"
        short = tokens.ask(client, "GET", address, {**us, "redirect_uri": redirect, "code": code})
        longer = {**us, "grant_type": "fb_exchange_token", "fb_exchange_token": str(short["access_token"])}
        said = tokens.ask(client, "GET", address, longer)
        return Credentials("", app.service, {"person": str(said["access_token"])}, app)

    def pick(self, credentials: Credentials, handle: str, number: str, client: httpx.Client) -> Credentials:
        """Return what signs in for the Page of that handle, or of that number where it is known from before.

        Rejected, saying what to do, where the person did not tick it, or may not publish on it.
        """
        listed = {"fields": "id,name,username,link,tasks,access_token"}
        person = credentials.get("person")
        pages = list(posts.rows_of(GRAPH, client, credentials, "me/accounts", listed, token=person))
        wanted = {key for key in (_key(handle), number) if key}
        page = next((page for page in pages if _keys(page) & wanted), None)
        if page is None:
            raise Rejected(_not_ticked(handle, pages))
        if TASK not in (page.get("tasks") or ()) or not page.get("access_token"):
            text = _("You may not publish on the Page %(page)s: have its administrator give you the right to content.")
            raise Rejected(text % {"page": page.get("name") or handle})
        values = {**credentials.values, "access": str(page["access_token"]), "user_id": str(page["id"])}
        return replace(credentials, handle=str(page.get("username") or handle), values=values)

    def lasts(self, credentials: Credentials) -> bool:
        """Whether there is a Page's token: it has no end of its own."""
        return credentials.get("access") not in oauth.NO_TOKEN


def _not_ticked(handle: str, pages: Iterable[Mapping[str, Any]]) -> str:
    names = [str(page.get("name") or page["id"]) for page in pages]
    if not names:
        return _(
            "At Facebook no Page was ticked. Sign in again, choose “Edit settings” there, and tick the Page %(page)s; "
            "if it is not offered, you have no role on it. A Page of a business portfolio is shown only where you also "
            "allow access to the portfolio."
        ) % {"page": handle}
    shown = ", ".join(names[:NAMED]) + (" …" if len(names) > NAMED else "")
    return _(
        "At Facebook the Page %(page)s was not ticked, only: %(others)s. Sign in again, choose “Edit settings” there, "
        "and tick it; if it is not offered, you have no role on it."
    ) % {"page": handle, "others": shown}


class FacebookConnector:
    """Keeps the sign-in fresh; signing in itself is `FacebookSignIn`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Refuse: at Facebook a person signs in on Facebook's own page."""
        raise Rejected(_("Nothing can be entered here: sign in on the platform's own page, from Connections."))

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials with a Page's token; one that Facebook refused is fetched anew with the person's."""
        if credentials.get("access") not in oauth.NO_TOKEN:
            return credentials
        over = _("The sign-in at Facebook is over. Sign in again.")
        if credentials.app is None or not credentials.get("person"):
            raise CredentialsExpired(over)
        path = credentials.get("user_id")
        try:
            said = GRAPH.call(
                client, credentials, "GET", path, {"fields": "access_token"}, token=credentials.get("person")
            )
        except Rejected as error:  # the Page is not shown to this person any more
            raise CredentialsExpired(over, error.response) from error
        if not isinstance(said.get("access_token"), str) or not said["access_token"]:
            raise CredentialsExpired(over)
        return replace(credentials, values={**credentials.values, "access": said["access_token"]})

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask Facebook what the token is worth, and for the Page itself."""
        try:
            told = _worth(credentials, client)
            path, fields = credentials.get("user_id"), {"fields": "id,name,username,link,is_published"}
            page = GRAPH.call(client, credentials, "GET", path, fields)
        except ChannelError as error:
            return Health.failed(error)
        missing = sorted(set(SCOPES) - {str(scope) for scope in told.get("scopes") or ()})
        if missing:
            text = _("At Facebook this was not allowed: %(rights)s. Sign in again and allow it.")
            return Health(False, text % {"rights": ", ".join(missing)})
        url = str(page.get("link") or f"{SITE}/{page.get('id')}")
        return Health(True, _warning(page), str(page.get("name") or ""), url, ends_at=_ends(told))


def _worth(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    """Return what Facebook tells of the Page's token; it is asked with the app's own."""
    if credentials.app is None:
        raise CredentialsExpired(_("The organisation has no app at this platform any more."))
    own = f"{credentials.app.client_id}|{credentials.app.client_secret}"
    asked = replace(credentials, app=None)  # there is no proof of an app's own token
    said = GRAPH.call(client, asked, "GET", "debug_token", {"input_token": credentials.get("access")}, token=own).get(
        "data"
    )
    if not isinstance(said, dict) or said.get("is_valid") is not True:
        raise CredentialsExpired(_("The platform does not accept the sign-in any more. Sign in again."))
    return said


def _ends(told: Mapping[str, Any]) -> datetime | None:
    """Return when Facebook's permission to read ends, ninety days after the person was last there."""
    ends = told.get("data_access_expires_at")
    return datetime.fromtimestamp(ends, UTC) if isinstance(ends, int) and 0 < ends < 2**33 else None


def _warning(page: Mapping[str, Any]) -> str:
    if page.get("is_published") is False:
        return _("The Page is not published: only those who run it see the posts.")
    return ""
