"""Signing in to a Mastodon server with an access token; tokens do not expire, they are withdrawn."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels.contract import (
    ChannelError,
    Credentials,
    CredentialsExpired,
    Health,
    Limits,
    Rejected,
)
from kentongan.channels.mastodon.api import call
from kentongan.channels.mastodon.manifest import MANIFEST


def _positive(document: Any, *path: str) -> int | None:
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, int) and document > 0 else None


def limits(instance: Any) -> Limits:
    """Return the limits a server states; what its document (v1, v2 or a relative's) leaves out stays as usual."""
    usual = MANIFEST.limits
    return replace(
        usual,
        text=_positive(instance, "configuration", "statuses", "max_characters")
        or _positive(instance, "max_toot_chars")
        or usual.text,
        link=_positive(instance, "configuration", "statuses", "characters_reserved_per_url") or usual.link,
        images=_positive(instance, "configuration", "statuses", "max_media_attachments") or usual.images,
        image_bytes=_positive(instance, "configuration", "media_attachments", "image_size_limit") or usual.image_bytes,
        video_bytes=_positive(instance, "configuration", "media_attachments", "video_size_limit") or usual.video_bytes,
    )


def _instance(credentials: Credentials, client: httpx.Client) -> Any:
    for version in ("v2", "v1"):
        try:
            return call(client, credentials, "GET", f"/api/{version}/instance")
        except Rejected:
            continue
    return {}


class MastodonConnector:
    """`/api/v1/accounts/verify_credentials` and the instance document."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Check the token a person entered and learn whose it is."""
        service = entered["service"].strip().rstrip("/")
        credentials = Credentials("", service, {"access_token": entered["access_token"].strip()})
        try:
            account = call(client, credentials, "GET", "/api/v1/accounts/verify_credentials")
        except CredentialsExpired as error:
            raise Rejected(str(_("The server does not accept this access token.")), error.response) from error
        if not isinstance(account, dict) or not account.get("id"):
            raise Rejected(str(_("This is not a Mastodon server.")))
        handle = str(account.get("acct") or account.get("username"))
        domain = urlsplit(service).hostname or ""
        return replace(
            credentials,
            handle=handle if "@" in handle else f"{handle}@{domain}",
            values={**credentials.values, "account_id": str(account["id"])},
        )

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return the same credentials: a token of Mastodon's holds until somebody withdraws it."""
        return credentials

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask the server whether the token is good and the account may post, and for its limits."""
        try:
            account = call(client, credentials, "GET", "/api/v1/accounts/verify_credentials")
            instance = _instance(credentials, client)
        except CredentialsExpired:
            return Health(False, _("The access token was withdrawn. Connect the account again."))
        except ChannelError as error:
            return Health.failed(error)
        if account.get("suspended") or account.get("limited") is True:
            return Health(False, _("The server's moderators have restricted this account."))
        return Health(
            True,
            name=str(account.get("display_name") or account.get("username") or ""),
            url=str(account.get("url") or ""),
            limits=limits(instance),
        )
