"""A stub of WhatsApp's Cloud API as far as approved templates go out, and of the webhooks that it sends.

Written from the platform's own description before the adapter was: developers.facebook.com, "WhatsApp Business
Platform", "Cloud API": POST /{phone number}/messages (template messages), GET /{phone number}, GET /{business account}/
message_templates, "Error codes", "Webhooks: messages" (statuses and texts), and the Graph API's "Getting started with
webhooks" (the challenge, X-Hub-Signature-256), as of November 2026.

Unknown fields and parameters are refused; a request that is sent twice is two messages, as there.
"""

import hashlib
import hmac
import itertools
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from servers.stub import Asked, Said, serving

VERSION = "v24.0"
NUMBER_ID, BUSINESS_ID = "106540352242922", "102290129340398"
TOKEN, APP_SECRET = "EAAJB" + "x" * 60, "0123456789abcdef" * 2
TEMPLATE, LANGUAGE = "kabar_layanan", "id"
TEXT = "Kabar dari Pemkab Bekasi: {{1}}\n\nTidak ingin menerima pesan seperti ini lagi? {{2}} Terima kasih."
FIELDS = {"id", "display_phone_number", "verified_name", "quality_rating", "status", "code_verification_status"}
SENDING = {"messaging_product", "recipient_type", "to", "type", "template", "biz_opaque_callback_data"}


class Problem(Exception):
    """What the Graph API answers instead of data."""

    def __init__(self, status: int, code: int, message: str, details: str = "") -> None:
        super().__init__(f"{message}: {details}")
        self.status = status
        data = {"error_data": {"messaging_product": "whatsapp", "details": details}} if details else {}
        error = {"message": f"(#{code}) {message}", "type": "OAuthException", "code": code, **data, "fbtrace_id": "Az8"}
        self.body = {"error": error}


@dataclass
class Sent:
    """A message that WhatsApp took."""

    number: str
    to: str
    parameters: list[str]
    mark: str


@dataclass
class WhatsAppServer:
    """The stub's state; `url` is the address of the API with its version."""

    url: str = ""
    display: str = "+62 21-8997-0001"
    quality: str = "GREEN"
    template_status: str = "APPROVED"
    template_text: str = TEXT
    revoked: bool = False
    locked: bool = False
    unreachable: set[str] = field(default_factory=set)
    sent: list[Sent] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    problems: list[str] = field(default_factory=list)

    def answer(self, asked: Asked) -> Said:
        """Answer one request."""
        try:
            return self._answer(asked)
        except Problem as problem:
            self.problems.append(str(problem))
            return Said(problem.body, problem.status)

    def _answer(self, asked: Asked) -> Said:
        if self.revoked or asked.headers.get("authorization") != f"Bearer {TOKEN}":
            raise Problem(401, 190, "Error validating access token: the session has been invalidated")
        known: list[tuple[str, str, Callable[[Asked], Said]]] = [
            ("GET", f"/{VERSION}/{NUMBER_ID}", self._number),
            ("GET", f"/{VERSION}/{BUSINESS_ID}/message_templates", self._templates),
            ("POST", f"/{VERSION}/{NUMBER_ID}/messages", self._send),
        ]
        for verb, path, do in known:
            if (verb, path) == (asked.verb, asked.path):
                return do(asked)
        raise Problem(400, 100, "Unsupported request: object does not exist, or cannot be loaded")

    def _number(self, asked: Asked) -> Said:
        wanted = set(asked.query.get("fields", "").split(","))
        if set(asked.query) != {"fields"} or wanted - FIELDS:
            raise Problem(400, 100, "Tried accessing nonexisting field")
        whole = {
            "display_phone_number": self.display,
            "verified_name": "Pemkab Bekasi",
            "quality_rating": self.quality,
            "status": "CONNECTED",
            "code_verification_status": "VERIFIED",
        }
        return Said({"id": NUMBER_ID, **{name: value for name, value in whole.items() if name in wanted}})

    def _templates(self, asked: Asked) -> Said:
        if set(asked.query) - {"name", "language", "fields", "limit"}:
            raise Problem(400, 100, "Invalid parameter")
        rows = []
        if asked.query.get("name", "") in TEMPLATE and self.template_status:
            body = {"type": "BODY", "text": self.template_text}
            rows = [
                {
                    "name": TEMPLATE,
                    "language": LANGUAGE,
                    "status": self.template_status,
                    "category": "UTILITY",
                    "components": [body],
                    "id": "594425479261596",
                }
            ]
        return Said({"data": rows, "paging": {"cursors": {"before": "MAZDZD", "after": "MjQZD"}}})

    def _send(self, asked: Asked) -> Said:
        body = asked.json()
        if asked.media_type != "application/json" or not isinstance(body, dict) or set(body) - SENDING:
            raise Problem(400, 100, "Invalid parameter", "Unexpected key")
        if body.get("messaging_product") != "whatsapp" or body.get("type") != "template":
            raise Problem(400, 131008, "Required parameter is missing", "messaging_product or type")
        if self.locked:
            raise Problem(403, 131031, "Business Account locked", "Business account has been locked.")
        if not re.fullmatch(r"\+?[1-9][0-9]{6,14}", str(body.get("to"))):
            raise Problem(400, 131009, "Parameter value is not valid", "The recipient is no phone number")
        parameters = self._parameters(body["template"])
        if len(str(body.get("biz_opaque_callback_data", ""))) > 512:
            raise Problem(400, 131009, "Parameter value is not valid", "biz_opaque_callback_data is too long")
        to = str(body["to"]).lstrip("+")
        if to in self.unreachable:
            raise Problem(400, 131026, "Message undeliverable", "Unable to deliver message.")
        sent = Sent(f"wamid.HBgN{next(self.numbers):012d}", to, parameters, body.get("biz_opaque_callback_data", ""))
        self.sent.append(sent)
        return Said(
            {
                "messaging_product": "whatsapp",
                "contacts": [{"input": body["to"], "wa_id": to}],
                "messages": [{"id": sent.number, "message_status": "accepted"}],
            }
        )

    def _parameters(self, template: Any) -> list[str]:
        if not isinstance(template, dict) or set(template) - {"name", "language", "components"}:
            raise Problem(400, 100, "Invalid parameter", "template")
        if (
            template.get("name") != TEMPLATE
            or template.get("language") != {"code": LANGUAGE}
            or not self.template_status
        ):
            raise Problem(404, 132001, "Template name does not exist in the translation")
        if self.template_status != "APPROVED":
            raise Problem(400, 132015, "Template is paused")
        given = [one for part in template.get("components", []) for one in self._component(part)]
        if len(given) != len(set(re.findall(r"\{\{\d+\}\}", self.template_text))):
            raise Problem(400, 132000, "Number of parameters does not match the expected number of params")
        return given

    def _component(self, part: Any) -> list[str]:
        if set(part) != {"type", "parameters"} or part["type"] != "body":
            raise Problem(400, 132012, "Parameter format mismatch")
        for one in part["parameters"]:
            if set(one) != {"type", "text"} or one["type"] != "text" or not one["text"]:
                raise Problem(400, 132012, "Parameter format mismatch")
            if re.search(r"[\n\t]| {5,}", one["text"]):
                details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
                raise Problem(400, 132018, "Parameters of the template are not valid", details)
        whole = self.template_text
        for number, one in enumerate(part["parameters"], 1):
            whole = whole.replace(f"{{{{{number}}}}}", one["text"])
        if len(whole) > 1024:
            raise Problem(400, 132005, "Translated text too long")
        return [one["text"] for one in part["parameters"]]


def hook(value: Mapping[str, Any], *, secret: str = APP_SECRET, number: str = NUMBER_ID) -> tuple[bytes, str]:
    """Return the body of a webhook as WhatsApp sends it, and its X-Hub-Signature-256."""
    metadata = {"display_phone_number": "622189970001", "phone_number_id": number}
    change = {"field": "messages", "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    told = {"object": "whatsapp_business_account", "entry": [{"id": BUSINESS_ID, "changes": [change]}]}
    body = json.dumps(told).encode()
    return body, "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def status(sent: Sent, what: str, **more: Any) -> dict[str, Any]:
    """Return what a webhook says of a message: sent, delivered, read or failed."""
    marked = {"biz_opaque_callback_data": sent.mark} if sent.mark else {}
    one = {"id": sent.number, "status": what, "timestamp": str(int(time.time())), "recipient_id": sent.to}
    return {"statuses": [{**one, **marked, **more}]}


def failed(sent: Sent, code: int, title: str) -> dict[str, Any]:
    """Return what a webhook says of a message that did not arrive."""
    error = {"code": code, "title": title, "message": title, "error_data": {"details": title}}
    return status(sent, "failed", errors=[error])


def text(sender: str, said: str) -> dict[str, Any]:
    """Return what a webhook says of a text that somebody wrote to the number."""
    contact = {"profile": {"name": "Warga"}, "wa_id": sender}
    message = {"from": sender, "id": "wamid.MASUK1", "timestamp": "1764230000", "type": "text", "text": {"body": said}}
    return {"contacts": [contact], "messages": [message]}


@contextmanager
def serve() -> Iterator[WhatsAppServer]:
    """Run the stub."""
    server = WhatsAppServer()
    with serving(server.answer) as url:
        server.url = f"{url}/{VERSION}"
        yield server
