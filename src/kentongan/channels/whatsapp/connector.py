"""Connecting a business number: a token that does not expire, and a template that Meta has approved."""

import re
from collections.abc import Mapping
from typing import Any

import httpx
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.channels import services
from kentongan.channels.contract import ChannelError, Credentials, CredentialsExpired, Health, Rejected
from kentongan.channels.whatsapp.api import call
from kentongan.channels.whatsapp.manifest import SERVICE

SHAPES: Mapping[str, tuple[re.Pattern[str], Promise]] = {
    "number_id": (re.compile(r"[0-9]{6,20}"), _("The phone number ID is a number of some 15 digits.")),
    "business_id": (re.compile(r"[0-9]{6,20}"), _("The business account ID is a number of some 15 digits.")),
    "token": (re.compile(r"[A-Za-z0-9_|.-]{20,490}"), _("This is not a token of Meta.")),
    "app_secret": (re.compile(r"[0-9a-f]{32}"), _("The app secret has 32 digits and letters from a to f.")),
    "template": (re.compile(r"[a-z0-9_]{1,400}"), _("A template's name has small letters, digits and underscores.")),
    "language": (re.compile(r"[a-z]{2,3}(_[A-Z]{2})?"), _("A language is written like id or en_US.")),
}
PLACES = re.compile(r"\{\{\s*(\w+)\s*\}\}")
NUMBER_FIELDS = "display_phone_number,verified_name,quality_rating,status"


class WhatsAppConnector:
    """`GET /{phone number}` and `GET /{business account}/message_templates`."""

    def connect(self, entered: Mapping[str, str], client: httpx.Client) -> Credentials:
        """Check what was entered, and learn which phone number it is."""
        values = {name: entered[name].strip() for name in SHAPES}
        for name, (shape, problem) in SHAPES.items():
            if not shape.fullmatch(values[name]):
                raise Rejected(str(problem))
        credentials = Credentials("", services.address(entered.get("service") or SERVICE).geturl(), values)
        try:
            number = _number(credentials, client)
        except CredentialsExpired as error:
            raise Rejected(str(_("WhatsApp does not accept this token for this number.")), error.response) from error
        return Credentials(f"+{_digits(number)}", credentials.service, values)

    def refresh(self, credentials: Credentials, client: httpx.Client) -> Credentials:
        """Return the same credentials: a system user's token holds until it is revoked."""
        return credentials

    def health(self, credentials: Credentials, client: httpx.Client) -> Health:
        """Ask whether the number is good, and the template approved with its two places to fill in."""
        try:
            number = _number(credentials, client)
            template = _template(credentials, client)
        except ChannelError as error:
            return Health.failed(error)
        if problem := _unfit(template, credentials.get("template")):
            return Health(False, problem)
        warning = _("Too many people blocked or reported this number: send less, or it is shut off.")
        poor = str(number.get("quality_rating")) == "RED"
        url = f"https://wa.me/{_digits(number)}"
        return Health(True, warning if poor else "", str(number.get("verified_name") or ""), url)


def _number(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    number = call(client, credentials, "GET", credentials.get("number_id"), params={"fields": NUMBER_FIELDS})
    if not _digits(number):
        raise Rejected(str(_("WhatsApp does not say which phone number this is.")))
    return number


def _digits(number: Mapping[str, Any]) -> str:
    return "".join(filter(str.isdigit, str(number.get("display_phone_number") or "")))


def _template(credentials: Credentials, client: httpx.Client) -> Mapping[str, Any]:
    """Return the template of that very name and language; an empty one where there is none."""
    name, language = credentials.get("template"), credentials.get("language")
    asked = {"name": name, "fields": "name,language,status,components", "limit": "100"}
    rows = call(client, credentials, "GET", f"{credentials.get('business_id')}/message_templates", params=asked)
    found = rows.get("data")
    for row in found if isinstance(found, list) else []:
        if isinstance(row, dict) and (row.get("name"), row.get("language")) == (name, language):
            return row
    return {}


def _unfit(template: Mapping[str, Any], name: str) -> str:
    """Say why a template cannot carry our messages; empty when it can."""
    if not template:
        return str(_("WhatsApp knows no template “%(name)s” in this language.") % {"name": name})
    if template.get("status") != "APPROVED":
        known = {"name": name, "status": str(template.get("status"))}
        return str(_("The template “%(name)s” is not approved at WhatsApp: %(status)s.") % known)
    places = [place for part in template.get("components") or () for place in _places(part)]
    if sorted(places) != ["BODY 1", "BODY 2"]:
        return str(
            _("The template “%(name)s” needs {{1}} and {{2}} in its body, and no other place to fill in.")
            % {"name": name}
        )
    return ""


def _places(part: object) -> list[str]:
    if not isinstance(part, dict):
        return []
    texts = [str(part.get("text") or ""), *(str(one.get("url") or "") for one in part.get("buttons") or ())]
    return [f"{part.get('type')} {place}" for text in texts for place in dict.fromkeys(PLACES.findall(text))]
