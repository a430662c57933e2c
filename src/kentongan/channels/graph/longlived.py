"""Tokens of sixty days that renew themselves, as Instagram and Threads give them: a token for a newer one.

A token is renewed once half of its time is over; one that could not be renewed is used as long as it is good, and its
end told: by then a person has to have signed in again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import oauth
from kentongan.channels.contract import App, ChannelError, Credentials, CredentialsExpired
from kentongan.channels.graph import tokens
from kentongan.channels.graph.api import SIGNED_OUT

RENEWED_BEFORE = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class LongLived:
    """What the platform calls the two exchanges: of a token of an hour, and of one of sixty days."""

    exchange: str
    refresh: str

    def first(self, app: App, code_address: str, form: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Turn a code into a token of sixty days."""
        us = {"client_id": app.client_id, "client_secret": app.client_secret, "grant_type": "authorization_code"}
        short = tokens.ask(client, "POST", code_address, {**us, **form})
        fields = {"grant_type": self.exchange, "client_secret": app.client_secret}
        fields["access_token"] = str(short["access_token"])
        said = tokens.ask(client, "GET", f"{app.service}/access_token", fields)
        # Not every platform says what was allowed; where it does, that is kept.
        allowed = short.get("permissions")
        scope = ",".join(map(str, allowed)) if isinstance(allowed, list) else str(allowed or "")
        return oauth.renewed(Credentials("", app.service, {}, app), {**said, "scope": scope})

    def lasts(self, credentials: Credentials) -> bool:
        """Whether the token is good for so long that it need not be renewed."""
        return oauth.lasts(credentials) and not tokens.ends_within(credentials.get("expires_at"), RENEWED_BEFORE)

    def ends_at(self, credentials: Credentials) -> datetime | None:
        """Return when a token ends that was due to be renewed and was not; None while we renew it ourselves."""
        return None if self.lasts(credentials) else oauth.moment_of(credentials, "expires_at")

    def renew(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return credentials that last; the same where renewing has to wait and the token is still good."""
        if self.lasts(credentials):
            return credentials
        if not oauth.lasts(credentials):
            raise CredentialsExpired(_("The sign-in is over. Sign in again."))
        fields = {"grant_type": self.refresh, "access_token": credentials.get("access")}
        try:
            said = tokens.ask(client, "GET", f"{credentials.service}/refresh_access_token", fields)
        except ChannelError as error:
            if error.response.get("code") in SIGNED_OUT:
                raise
            return credentials
        return oauth.renewed(credentials, said)


def of_account(credentials: Credentials, handle: str, number: str) -> Credentials:
    """Return the credentials with whose they are."""
    return replace(credentials, handle=handle, values={**credentials.values, "user_id": number})
