"""Calls of the Cloud API: one request, one classified outcome, by the number that Meta gives each error."""

from collections.abc import Mapping
from typing import Any, NoReturn

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import outcomes
from kentongan.channels.contract import Ambiguous, Credentials, CredentialsExpired, RetryLater

# "Error codes" of the Cloud API. Nothing was sent; a person has to mend the number, its rights or its template.
SIGNED_OUT = frozenset({0, 190})
FORBIDDEN = frozenset({3, 10, *range(200, 300), 368, 131005, 131031, 131042, 131045, 133010})
TEMPLATE = frozenset({132000, 132001, 132007, 132012, 132015, 132016})
# Asked too often, or out of order for a while.
LATER = frozenset({2, 4, 80007, 130429, 131016, 131048, 131056, 131057, 133004})


def call(
    client: httpx.Client, credentials: Credentials, verb: str, path: str, *, decides: bool = False, **sent: Any
) -> Mapping[str, Any]:
    """Send one request for the number and return the JSON object that came back; raises the contract's outcomes."""
    headers = {"Authorization": f"Bearer {credentials.get('token')}"}
    request = client.build_request(verb, f"{credentials.service}/{path}", headers=headers, **sent)
    answer = outcomes.send(client, request, decides=decides)
    said = outcomes.document(answer)
    if not answer.is_success:
        _refuse(answer, said or {}, decides)
    if said is None:
        doubt = Ambiguous if decides else RetryLater
        raise doubt(_("The server's answer could not be read."), outcomes.summary(answer))
    return said


def explained(error: Mapping[str, Any]) -> str:
    """Return Meta's own words about an error: its details, or its message."""
    data = error.get("error_data")
    details = data.get("details") if isinstance(data, dict) else None
    return str(details or error.get("message") or error.get("title") or "")


def _refuse(answer: httpx.Response, said: Mapping[str, Any], decides: bool) -> NoReturn:
    error = said.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    if not isinstance(error, dict) or not isinstance(code, int):
        outcomes.refuse(answer, None, decides=decides)
    text, kept = explained(error), outcomes.summary(answer) | {"error": str(code)}
    if code in SIGNED_OUT:
        raise CredentialsExpired(_("WhatsApp does not accept the token any more. Connect the number again."), kept)
    if code in FORBIDDEN:
        raise CredentialsExpired(_("WhatsApp does not let this number send: %(said)s") % {"said": text}, kept)
    if code in TEMPLATE:
        raise CredentialsExpired(_("WhatsApp does not take the template: %(said)s") % {"said": text}, kept)
    if code in LATER:
        raise RetryLater(text, kept, outcomes.wait(answer))
    outcomes.refuse(answer, text, decides=decides, name=str(code))
