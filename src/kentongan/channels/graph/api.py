"""Calls of Meta's Graph APIs: one request, one classified outcome, and the token in none of them.

From developers.facebook.com, November 2026: "Handling Errors", "Rate Limits", "Securing Graph API Calls", "Instagram
Platform: Error Codes" (updated June 2026), "Video API: Error Codes".
"""

import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NoReturn

import httpx
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, ChannelError, Credentials, CredentialsExpired, Rejected, RetryLater

DUPLICATE, NOT_THERE = "duplicate", "not there"
USAGE = "x-business-use-case-usage"
SIGNED_OUT = frozenset({102, 104, 190})
# The app, the person, the Page or the account made too many calls; 80000 and more are Meta's limits by use case.
TOO_MANY = frozenset({4, 17, 32, 341, 613, *range(80_000, 80_015)})
POSTS_USED_UP = 2_207_042
NO_RIGHT = frozenset({3, 10, *range(200, 300)})
PASSING = frozenset({-2, -1, 1, 2})
# What has to be looked at by a person on the platform itself: nothing was published.
SHUT_OUT = frozenset({2_207_050})
# What the platform could not fetch now, or is not done with: it may well be able to next time. That it never asked for
# the address at all is reported of 2207052 again and again (public reports of 2026).
NOT_READY = 2_207_027
NOT_YET = frozenset({2_207_020, 2_207_032, 2_207_052, 2_207_053, 1_363_019, 1_363_030, 1_363_037})
BLOCKED_CODE, BLOCKED = 368, frozenset({2_207_051})
WORDS: Mapping[int, Promise] = {
    197: gettext_lazy("The platform takes no post without a text, a link or a picture."),
    324: gettext_lazy("The platform cannot read a picture: save it as JPEG or PNG."),
    1_366_046: gettext_lazy("A picture is too large for the platform, or none that it can read."),
    1_500: gettext_lazy("The platform does not take this link: check it."),
    1_609_005: gettext_lazy("The platform cannot read the page behind the link: check whether everybody can open it."),
    2_207_003: gettext_lazy("The platform could not fetch a picture or video from this installation in time."),
    2_207_052: gettext_lazy(
        "The platform could not fetch a picture or video from this installation: check its public address."
    ),
    2_207_026: gettext_lazy("The platform does not take this video: save it as MP4 with H.264 and AAC."),
    352: gettext_lazy("The platform does not take this video: save it as MP4 with H.264 and AAC."),
    1_363_023: gettext_lazy("The video is too large for the platform."),
    2_207_004: gettext_lazy("A picture is too large for the platform: 8 MB at most."),
    2_207_005: gettext_lazy("The platform takes pictures as JPEG only."),
    2_207_009: gettext_lazy("The platform does not take a picture of this shape: between 4:5 and 1.91:1."),
    2_207_010: gettext_lazy("The text is too long for the platform: 2,200 characters and 30 hashtags at most."),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error in Graph's form."""

    code: int
    subcode: int
    message: str
    transient: bool

    @property
    def text(self) -> str:
        """What people read: our own words where we have some."""
        return str(WORDS.get(self.subcode) or WORDS.get(self.code) or self.message)


@dataclass(frozen=True, slots=True)
class Graph:
    """One of Meta's interfaces: its version, and whether it wants a proof that we hold the app's secret.

    `renews` says that a token which it refuses can be had anew without a person.
    """

    version: str
    proves: bool = False
    renews: bool = False

    def call(
        self,
        client: httpx.Client,
        credentials: Credentials,
        verb: str,
        path: str,
        fields: Mapping[str, str] | None = None,
        *,
        token: str = "",
        files: Mapping[str, Any] | None = None,
        decides: bool = False,
    ) -> Mapping[str, Any]:
        """Send one request for the account, or with another `token`, and return the JSON object that came back.

        Raises the four outcomes of the contract; `response["error"]` is DUPLICATE or NOT_THERE for what is called so.
        """
        token = token or credentials.get("access")
        secret = credentials.app.client_secret if credentials.app else ""
        given = {**(fields or {}), "access_token": token, **_proof(token, secret if self.proves else "")}
        sent: dict[str, Any] = {"data": given, "files": files} if verb == "POST" else {"params": given}
        request = client.build_request(verb, f"{credentials.service}/{self.version}/{path}", **sent)
        try:
            return _read(outcomes.send(client, request, decides=decides), decides, self.renews)
        except ChannelError as error:
            raise outcomes.without(error, token, secret) from None

    def with_header(
        self,
        client: httpx.Client,
        credentials: Credentials,
        verb: str,
        path: str,
        token: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: Iterable[bytes] | None = None,
    ) -> Mapping[str, Any]:
        """Send a request with the token in a header, as uploads want it; nothing of it publishes."""
        secret = credentials.app.client_secret if credentials.app else ""
        address = httpx.URL(f"{credentials.service}/{self.version}/{path}")
        address = address.copy_merge_params(_proof(token, secret if self.proves else ""))
        given = {"Authorization": f"OAuth {token}", **(headers or {})}
        request = client.build_request(verb, address, headers=given, content=content)
        try:
            return _read(outcomes.send(client, request, decides=False), False, self.renews)
        except ChannelError as error:
            raise outcomes.without(error, token, secret) from None


def _proof(token: str, secret: str) -> dict[str, str]:
    """Return what shows that we hold the app's secret, so that a stolen token alone is worth nothing."""
    if not secret:
        return {}
    return {"appsecret_proof": hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()}


def _read(answer: httpx.Response, decides: bool, renews: bool) -> Mapping[str, Any]:
    said = outcomes.document(answer)
    refusal = refusal_of(said)
    if refusal is not None:
        _refuse(answer, refusal, decides, renews)
    if not answer.is_success:
        outcomes.refuse(answer, None, decides=decides)
    if said is None:
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer))
    return said


def refusal_of(said: Mapping[str, Any] | None) -> Refusal | None:
    """Return the error of an answer; None where it is not in Graph's form, since anybody on the way may refuse."""
    error = said.get("error") if said else None
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return None
    code, subcode = (error.get(name) if isinstance(error.get(name), int) else 0 for name in ("code", "error_subcode"))
    told = error.get("error_user_msg")
    message = told if isinstance(told, str) and told else error["message"]
    return Refusal(code or 0, subcode or 0, message, error.get("is_transient") is True)


def _refuse(answer: httpx.Response, refusal: Refusal, decides: bool, renews: bool) -> NoReturn:
    kept = outcomes.summary(answer) | {"code": refusal.code, "subcode": refusal.subcode}
    if refusal.code in SIGNED_OUT:
        text = _("The platform does not accept the sign-in any more. Sign in again.")
        raise CredentialsExpired(text, kept, renewable=renews)
    if (refusal.code in TOO_MANY and refusal.subcode not in BLOCKED) or refusal.subcode == POSTS_USED_UP:
        raise RetryLater(refusal.text, kept, outcomes.wait(answer) or _regained(answer))
    if refusal.code == BLOCKED_CODE or refusal.subcode in BLOCKED:
        text = _("The platform blocks this for now: %(message)s Look there what it says, and send it again later.")
        raise Rejected(text % {"message": refusal.message}, kept)
    if refusal.code in NO_RIGHT or refusal.subcode in SHUT_OUT:
        text = _("At the platform this is not allowed any more: %(message)s") % {"message": refusal.message}
        # The token itself is good, and another one would be no better.
        raise CredentialsExpired(text, kept, renewable=False)
    if refusal.subcode == NOT_READY or (refusal.subcode in NOT_YET and not decides):
        raise RetryLater(refusal.text, kept)
    if refusal.transient or refusal.code in PASSING or answer.status_code >= 500:
        raise (Ambiguous if decides else RetryLater)(refusal.text, kept)
    raise Rejected(refusal.text, kept | _named(refusal))


def row_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the one object of an answer: some are told within a list called `data`, some as they are."""
    if "data" not in said:
        return said
    rows = said["data"]
    return rows[0] if isinstance(rows, list) and rows and isinstance(rows[0], dict) else {}


def _named(refusal: Refusal) -> dict[str, str]:
    if refusal.code == 506:
        return {"error": DUPLICATE}
    return {"error": NOT_THERE} if (refusal.code, refusal.subcode) == (100, 33) else {}


def _regained(answer: httpx.Response) -> timedelta | None:
    """Return in how long Meta means to take calls again: it says so in minutes, in a header of its own."""
    try:
        uses = json.loads(answer.headers.get(USAGE, "{}"))
        rows = [row for rows in uses.values() for row in rows]
        minutes = max(int(row.get("estimated_time_to_regain_access") or 0) for row in rows)
    except (ValueError, TypeError, AttributeError):
        return None
    return min(timedelta(minutes=minutes), outcomes.LONGEST_WAIT) if minutes > 0 else None
