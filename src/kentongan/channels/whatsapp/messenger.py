"""Sending an approved template to one person who agreed, and reading what WhatsApp calls back with.

WhatsApp knows no key of ours: a request that is sent twice is a second message. So nothing is ever sent again in doubt;
but each receipt brings back the mark that was sent along, so that a doubt ends when the first one comes.
"""

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import Ambiguous, Credentials, Rejected
from kentongan.channels.messaging import Fate, Letter, Receipt, Refusal
from kentongan.channels.whatsapp.api import call, explained

# What a template's text has room for beside its own words (1,024 characters in all).
LONGEST = 700
LONGEST_CHALLENGE = 200
ENOUGH = frozenset({"stop", "berhenti", "henti", "unsubscribe", "hentikan", "batal"})


class WhatsAppMessenger:
    """`POST /{phone number}/messages`, and the webhook `messages`."""

    longest = LONGEST

    def send(self, letter: Letter, credentials: Credentials, client: httpx.Client) -> str:
        """Send the template once, with the text and the way to end such messages; return WhatsApp's name of it."""
        text = " ".join(letter.text.split())
        if len(text) > LONGEST:
            raise Rejected(_("Too long for a template of WhatsApp: %(n)s characters at most.") % {"n": LONGEST})
        places = [{"type": "text", "text": one} for one in (text, letter.ending)]
        body = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": letter.to,
            "type": "template",
            "template": {
                "name": credentials.get("template"),
                "language": {"code": credentials.get("language")},
                "components": [{"type": "body", "parameters": places}],
            },
            "biz_opaque_callback_data": letter.mark,
        }
        said = call(client, credentials, "POST", f"{credentials.get('number_id')}/messages", json=body, decides=True)
        messages = said.get("messages")
        first = messages[0] if isinstance(messages, list) and messages and isinstance(messages[0], dict) else {}
        if not first.get("id"):
            raise Ambiguous(_("The server's answer names no message."), {"body": said})
        return str(first["id"])

    def challenge(self, query: Mapping[str, str], expected: str) -> str:
        """Return the challenge of Meta's subscription, once it has named our token."""
        named = hmac.compare_digest(query.get("hub.verify_token", "").encode(), expected.encode())
        answer = query.get("hub.challenge", "")
        if query.get("hub.mode") != "subscribe" or not named or len(answer) > LONGEST_CHALLENGE:
            raise Rejected(_("This is not the token that we gave."))
        return answer

    def told(self, body: bytes, headers: Mapping[str, str], credentials: Credentials) -> Sequence[Receipt | Refusal]:
        """Return receipts and refusals of this number; Rejected unless the app's secret has signed the whole body."""
        secret = credentials.get("app_secret").encode()
        signed = "sha256=" + hmac.new(secret, body, hashlib.sha256).hexdigest()
        if not secret or not hmac.compare_digest(headers.get("X-Hub-Signature-256", "").encode(), signed.encode()):
            raise Rejected(_("This was not signed with the secret of our app."))
        try:
            whole = json.loads(body)
        except ValueError as error:
            raise Rejected(_("This cannot be read.")) from error
        return list(_read(whole, credentials.get("number_id")))


def _rows(holder: Any, name: str) -> Iterator[Mapping[str, Any]]:
    rows = holder.get(name) if isinstance(holder, dict) else None
    yield from (row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _read(whole: Any, number_id: str) -> Iterator[Receipt | Refusal]:
    for entry in _rows(whole, "entry"):
        for change in _rows(entry, "changes"):
            value = change.get("value")
            metadata = value.get("metadata") if isinstance(value, dict) else None
            if not isinstance(metadata, dict) or metadata.get("phone_number_id") != number_id:
                continue
            yield from filter(None, map(_receipt, _rows(value, "statuses")))
            yield from filter(None, map(_refusal, _rows(value, "messages")))


def _receipt(status: Mapping[str, Any]) -> Receipt | None:
    named, what = status.get("id"), status.get("status")
    if not isinstance(named, str) or what not in list(Fate):
        return None
    error = next(_rows(status, "errors"), {})
    mark = status.get("biz_opaque_callback_data")
    return Receipt(mark if isinstance(mark, str) else "", named, Fate(what), explained(error))


def _refusal(message: Mapping[str, Any]) -> Refusal | None:
    text, sender = message.get("text"), message.get("from")
    said = text.get("body") if isinstance(text, dict) else None
    if not isinstance(said, str) or not isinstance(sender, str) or not sender.isdigit():
        return None
    return Refusal(f"+{sender}") if said.strip(" .!\n\"'").casefold() in ENOUGH else None
