"""Phone numbers as people write them, kept as E.164."""

import re

import phonenumbers
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Invalid

E164 = re.compile(r"\+[1-9][0-9]{6,14}")  # as the table demands it


def e164(text: str) -> str:
    """Return a phone number (Indonesian unless it says otherwise) as E.164, "" for none; else raise Invalid."""
    if not text.strip():
        return ""
    try:
        number = phonenumbers.parse(text, "ID")
    except phonenumbers.NumberParseException as error:
        raise Invalid(fields={"phone": [_("This is not a phone number.")]}) from error
    written = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    if not phonenumbers.is_possible_number(number) or not E164.fullmatch(written):
        raise Invalid(fields={"phone": [_("This is not a phone number.")]})
    return written
