"""Calls of TikTok's API v2: one request, one classified outcome, by the code that TikTok gives."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NoReturn

import httpx
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, Credentials, CredentialsExpired, Rejected, RetryLater

SIGNED_OUT = frozenset(
    {"access_token_invalid", "access_token_expired", "scope_not_authorized", "token_not_authorized_for_this_user"}
)
# Limits of a day, of the account or of the app, as TikTok calls them.
TOMORROW: Mapping[str, Promise] = {
    "spam_risk_too_many_posts": gettext_lazy("TikTok lets this account post no more today."),
    "spam_risk_too_many_pending_share": gettext_lazy("TikTok has too many posts of this account waiting."),
    "reached_active_user_cap": gettext_lazy("TikTok lets no more accounts post through the organisation's app today."),
}
REFUSED: Mapping[str, Promise] = {
    "unaudited_client_can_only_post_to_private_accounts": gettext_lazy(
        "TikTok has not audited the organisation's app, so it may post to private accounts only: see the guide."
    ),
    "privacy_level_option_mismatch": gettext_lazy(
        "The account does not let its videos be public: change that in TikTok."
    ),
    "spam_risk_user_banned_from_posting": gettext_lazy("TikTok has banned this account from posting."),
    "url_ownership_unverified": gettext_lazy(
        "TikTok does not know this installation's address as the organisation's own: prove it in TikTok's developer "
        "portal (URL properties), see the guide."
    ),
    "app_version_check_failed": gettext_lazy("The TikTok app of whoever runs the account is too old: update it."),
}
DAY = timedelta(hours=24)


def call(
    client: httpx.Client, credentials: Credentials, verb: str, path: str, *, decides: bool = False, **sent: Any
) -> Mapping[str, Any]:
    """Send one request for the account and return the `data` that came back; raises the contract's outcomes."""
    headers = {"Authorization": f"Bearer {credentials.get('access')}"}
    request = client.build_request(verb, f"{credentials.service}{path}", headers=headers, **sent)
    answer = outcomes.send(client, request, decides=decides)
    said = outcomes.document(answer) or {}
    error = said.get("error")
    code = str(error.get("code") or "") if isinstance(error, dict) else ""
    if code and code != "ok":
        _refuse(answer, code, str(error.get("message") or code) if isinstance(error, dict) else code, decides)
    if not answer.is_success:
        outcomes.refuse(answer, None, decides=decides)
    data = said.get("data")
    if not isinstance(data, dict):
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer))
    return data


def _refuse(answer: httpx.Response, code: str, message: str, decides: bool) -> NoReturn:
    kept = outcomes.summary(answer) | {"error": code}
    if code in SIGNED_OUT:
        raise CredentialsExpired(
            _("TikTok does not accept the sign-in any more. Sign in again, and allow everything."), kept
        )
    if code in TOMORROW:
        raise RetryLater(str(TOMORROW[code]), kept, DAY)
    if code in REFUSED:
        raise Rejected(str(REFUSED[code]), kept)
    if code == "rate_limit_exceeded":
        raise RetryLater(message, kept, outcomes.wait(answer))
    if answer.is_success:  # an error, although the status says otherwise
        raise Rejected(message, kept)
    outcomes.refuse(answer, message, decides=decides, name=code)
