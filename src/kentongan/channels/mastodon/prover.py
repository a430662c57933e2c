"""What a Mastodon profile shows to everybody."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import pages
from kentongan.channels.contract import (
    Credentials,
    CredentialsExpired,
    NoSuchAccount,
    Profile,
    Rejected,
    RetryLater,
    Text,
)
from kentongan.channels.mastodon.api import call

ABSENT = {404, 410}


def nobody(key: str) -> Credentials:
    """Return what calls the account's own server without signing in."""
    name, _at, server = key.partition("@")
    return Credentials(name, f"https://{server}")


def lookup(client: httpx.Client, key: str) -> Mapping[str, Any]:
    """Return the account `name@server` as its own server shows it to everybody."""
    who = nobody(key)
    try:
        said = call(client, who, "GET", "/api/v1/accounts/lookup", params={"acct": who.handle})
    except (Rejected, CredentialsExpired) as error:
        if error.response.get("status") in ABSENT:
            raise NoSuchAccount(_("This server knows no such account."), error.response) from error
        raise RetryLater(_("This server does not show profiles to everybody."), error.response) from error
    if not isinstance(said, dict) or str(said.get("username", "")).lower() != who.handle.lower():
        raise NoSuchAccount(_("This server knows no such account."))
    return said


class MastodonProver:
    """`/api/v1/accounts/lookup` of the account's own server: its note, and the links of its profile table."""

    place: Text = gettext_lazy("your Mastodon profile: the text about you, or a row of the table below it")

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return note, table and links of `name@server`."""
        said = lookup(client, key)
        rows = [row for row in said.get("fields") or [] if isinstance(row, dict)]
        markup = [str(said.get("note") or ""), *(str(row.get("value") or "") for row in rows)]
        links = [link for text in markup for link in pages.read(text).own_links]
        return Profile(tuple(markup), tuple(links), str(said.get("display_name") or ""))
