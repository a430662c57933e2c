"""Signing in at Meta's platforms: a code becomes a token of an hour, that one a token of sixty days.

From developers.facebook.com, 2026: "Manually Build a Login Flow", "Business Login for Instagram", "Threads: Get Access
Tokens" and "Long-Lived Tokens". PKCE is not among what these pages know; the app's secret does its part.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import urlencode

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import App, ChannelError, CredentialsExpired, Rejected, RetryLater
from kentongan.channels.graph.api import PASSING, TOO_MANY, Refusal, refusal_of, row_of
from kentongan.core.clock import now

# What they say of an app that they do not know; everything else that is refused is a code or token that is over.
NOT_US = ("client secret", "client_id", "client id", "validating application", "platform app", "invalid app")


def page(address: str, app: App, scopes: Sequence[str], *, redirect: str, state: str, **more: str) -> str:
    """Return the address where a person allows the app those permissions."""
    query = {
        "client_id": app.client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": ",".join(scopes),
        "state": state,
        **more,
    }
    return f"{address}?{urlencode(query)}"


def ask(client: httpx.Client, verb: str, address: str, fields: Mapping[str, str]) -> Mapping[str, Any]:
    """Ask a token endpoint and return its answer, which holds an access token.

    Raises CredentialsExpired for a code or token that is over, Rejected for an app that the platform does not accept,
    RetryLater for everything that may pass: nothing here publishes.
    """
    place: dict[str, Any] = {"data": dict(fields)} if verb == "POST" else {"params": dict(fields)}
    try:
        return _read(outcomes.send(client, client.build_request(verb, address, **place), decides=False))
    except ChannelError as error:
        hidden = (fields.get(name, "") for name in ("client_secret", "code", "access_token", "fb_exchange_token"))
        raise outcomes.without(error, *hidden) from None


def _read(answer: httpx.Response) -> Mapping[str, Any]:
    said = outcomes.document(answer)
    words, passing = _explanation(said)
    if words is not None or not answer.is_success:
        _refuse(answer, words, passing, refusal_of(said))
    told = row_of(said or {})
    if not isinstance(told.get("access_token"), str) or not told["access_token"]:
        raise RetryLater(_("The server answered a sign-in without tokens."), {"status": answer.status_code})
    return told


def _explanation(said: Mapping[str, Any] | None) -> tuple[str | None, bool]:
    """Return the platform's words and whether it may pass: Graph's form, or that of the pages where a code is given."""
    refusal = refusal_of(said)
    if refusal is not None:
        # 1 is also what Facebook says of a wrong secret.
        passing = refusal.code in TOO_MANY or (refusal.code in PASSING and not _about_us(refusal.message))
        return refusal.message, passing or refusal.transient
    told = said.get("error_message") if said else None
    return (told, False) if isinstance(told, str) else (None, True)


def _about_us(words: str) -> bool:
    return any(one in words.lower() for one in NOT_US)


def _refuse(answer: httpx.Response, words: str | None, passing: bool, refusal: Refusal | None) -> NoReturn:
    kept = outcomes.summary(answer) | ({"code": refusal.code} if refusal else {})
    if words is None or passing or answer.status_code >= 500:
        outcomes.refuse(answer, None, decides=False)
    if _about_us(words):
        raise Rejected(_("The platform does not accept the organisation's app: check its client id and secret."), kept)
    raise CredentialsExpired(_("The sign-in is over. Sign in again."), kept)


def ends_within(moment: str, span: timedelta) -> bool:
    """Whether a stored moment lies within that span from now, is over, or cannot be read."""
    try:
        return datetime.fromisoformat(moment) <= now() + span
    except (ValueError, TypeError):
        return True
