"""Calls of Google's APIs: one request, one classified outcome, by the reason that Google gives."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Credentials, CredentialsExpired, RetryLater
from kentongan.core.clock import now

PACIFIC = ZoneInfo("America/Los_Angeles")
USED_UP = frozenset({"quotaExceeded", "dailyLimitExceeded"})
TOO_FAST = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
NOT_ALLOWED = frozenset({"insufficientPermissions", "authError", "authorizationRequired", "youtubeSignupRequired"})
DAY = timedelta(hours=24)


def until_midnight() -> timedelta:
    """Return how long it is until Google counts its quotas anew: midnight on its own coast."""
    there = now().astimezone(PACIFIC)
    midnight = datetime.combine(there.date() + timedelta(days=1), time(), PACIFIC)
    return midnight - now()


def call(
    client: httpx.Client, credentials: Credentials, verb: str, path: str, *, decides: bool = False, **sent: Any
) -> Mapping[str, Any]:
    """Send one request for the channel and return the JSON object that came back; raises the contract's outcomes."""
    answer = send(client, credentials, verb, f"{credentials.service}{path}", decides=decides, **sent)
    said = outcomes.document(answer)
    if said is None and answer.status_code != httpx.codes.NO_CONTENT:
        raise RetryLater(_("The server's answer could not be read."), outcomes.summary(answer))
    return said or {}


def send(
    client: httpx.Client, credentials: Credentials, verb: str, address: str, *, decides: bool = False, **sent: Any
) -> httpx.Response:
    """Send one request and return the answer where it is a success or tells to go on (308)."""
    headers = {"Authorization": f"Bearer {credentials.get('access')}", **sent.pop("headers", {})}
    answer = outcomes.send(client, client.build_request(verb, address, headers=headers, **sent), decides=decides)
    if not answer.is_success and answer.status_code != httpx.codes.PERMANENT_REDIRECT:
        refuse(answer, decides=decides)
    return answer


def refuse(answer: httpx.Response, *, decides: bool) -> NoReturn:
    """Raise what a refusal of Google's stands for."""
    error = (outcomes.document(answer) or {}).get("error")
    told = error if isinstance(error, dict) else {}
    rows = told.get("errors")
    reason = str(rows[0].get("reason") or "") if isinstance(rows, list) and rows and isinstance(rows[0], dict) else ""
    message = told.get("message") if isinstance(told.get("message"), str) else None
    kept = outcomes.summary(answer) | {"error": reason}
    if reason in USED_UP:
        text = _(
            "YouTube's quota of the organisation's project is used up for today; Google counts anew at midnight there."
        )
        raise RetryLater(text, kept, until_midnight())
    if reason == "uploadLimitExceeded":
        raise RetryLater(_("YouTube lets this channel upload no more videos today."), kept, DAY)
    if reason in TOO_FAST:
        raise RetryLater(message or reason, kept, outcomes.wait(answer))
    if reason in NOT_ALLOWED:
        raise CredentialsExpired(
            _("YouTube does not accept the sign-in any more. Sign in again, and allow everything."), kept
        )
    outcomes.refuse(answer, message, decides=decides, name=reason)
