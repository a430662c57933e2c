"""Which outcome an HTTP answer, or its absence, stands for.

One rule for every platform: what happened before the request left us is safe to repeat; what happened after is not. A
refusal is believed only when it comes in the platform's own words, since a proxy on the way may say anything.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, NoReturn

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import server_clock
from kentongan.channels.contract import Ambiguous, ChannelError, CredentialsExpired, Rejected, RetryLater
from kentongan.core.clock import now
from kentongan.core.http import AddressRefused

BODY_KEPT = 2_000
HIDDEN = "…"
RESETS = ("retry-after", "ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset")
HEADERS_KEPT = (*RESETS, "x-ratelimit-remaining", "x-rate-limit-remaining", "x-request-id", "x-transaction-id")
NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
NEVER_SENDABLE = (AddressRefused, httpx.UnsupportedProtocol, httpx.InvalidURL)
LONGEST_WAIT = timedelta(hours=24)


def summary(answer: httpx.Response) -> dict[str, Any]:
    """Return what is kept of an answer: status, telling headers, the start of the body."""
    kept = {name: answer.headers[name] for name in HEADERS_KEPT if name in answer.headers}
    body = answer.text[:BODY_KEPT].replace("\x00", "")
    return {"status": answer.status_code, "headers": kept, "body": body}


def _moment(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except ValueError:
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


def wait(answer: httpx.Response) -> timedelta | None:
    """Return how long the platform asks us to wait: seconds, an epoch or a date, at most a day."""
    for name in RESETS:
        value = answer.headers.get(name, "").strip()
        if value.isascii() and value.isdigit():
            seconds = int(value)
            # More than three years of seconds is not a delay but an epoch.
            left = timedelta(seconds=seconds) if seconds < 10**8 else _since_epoch(seconds)
        elif moment := _moment(value):
            left = moment - now()
        else:
            continue
        return min(max(left, timedelta(seconds=1)), LONGEST_WAIT)
    return None


def _since_epoch(seconds: int) -> timedelta:
    return timedelta(seconds=seconds - now().timestamp())


def send(client: httpx.Client, request: httpx.Request, *, decides: bool) -> httpx.Response:
    """Send a request and return any answer; redirects are answers, they are not followed.

    `decides` says that the platform may publish on receipt: then an answer that is lost is Ambiguous, otherwise it is
    RetryLater.
    """
    doubt: type[ChannelError] = Ambiguous if decides else RetryLater
    try:
        answer = client.send(request, follow_redirects=False)
    except NEVER_SENDABLE as error:
        raise Rejected(_("The server's address cannot be used."), {"error": repr(error)}) from error
    except NEVER_SENT as error:
        raise RetryLater(_("The server could not be reached."), {"error": repr(error)}) from error
    except (httpx.HTTPError, httpx.StreamError) as error:
        raise doubt(_("The answer did not arrive."), {"error": repr(error)}) from error
    server_clock.note(client, answer)
    return answer


def refuse(answer: httpx.Response, message: str | None, *, decides: bool, name: str = "") -> NoReturn:
    """Raise what an answer other than a success stands for.

    `message` is the platform's own explanation, None when the answer is not in the platform's form; `name` is the
    platform's name of the error, kept as `response["error"]`.
    """
    status, kept = answer.status_code, summary(answer) | ({"error": name} if name else {})
    text = message or _("The server answered with status %(status)s.") % {"status": status}
    if status == 429 or (status == 503 and "retry-after" in answer.headers):
        raise RetryLater(text, kept, wait(answer))
    if status == 401 and message is not None:
        raise CredentialsExpired(text, kept)
    if status >= 500 or status == 408 or message is None:
        raise (Ambiguous if decides else RetryLater)(text, kept)
    raise Rejected(text, kept)


def document(answer: httpx.Response) -> Mapping[str, Any] | None:
    """Return the JSON object of an answer; None when it is anything else."""
    try:
        body = answer.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) else None


def without(error: ChannelError, *secrets: str) -> ChannelError:
    """Take secrets out of everything that an error tells, however they were quoted."""
    kept = json.dumps(error.response, ensure_ascii=False)
    for secret in filter(None, secrets):
        error.message = error.message.replace(secret, HIDDEN)
        kept = kept.replace(secret, HIDDEN)
    error.response, error.args, error.__cause__ = json.loads(kept), (error.message,), None
    return error
