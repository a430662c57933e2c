"""The number by which an organisation writes on WhatsApp: an official account, unlike the phone of a person."""

import re

import phonenumbers

from kentongan.channels.addresses.contract import Form, Identity

PLATFORM = "whatsapp"
LINK = re.compile(
    r"(?:https?://)?(?:wa\.me/|api\.whatsapp\.com/send/?\?phone=)\+?([0-9]{8,15})(?:[/?&#].*)?", re.IGNORECASE
)
NUMBER = re.compile(r"\+?[0-9][0-9 ().-]{6,24}")


def number(text: str, platform: str) -> Identity | None:
    """Return the account of a business number; None for a text that names none, or one of another platform."""
    clean, link = text.strip(), LINK.fullmatch(text.strip())
    if platform not in {"", PLATFORM} or not (link or (platform and NUMBER.fullmatch(clean))):
        return None
    try:
        found = phonenumbers.parse(f"+{link[1]}" if link else clean, "ID")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(found):
        return None
    written = str(phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164))
    return Identity(PLATFORM, written, f"https://wa.me/{written[1:]}", written, form=Form.PROFILE)
