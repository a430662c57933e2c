"""What of a text names or reaches a person, and is taken out before the text is kept: numbers and addresses."""

import re

GONE = "[…]"
BETWEEN = r"[\s.()/_\u2010-\u2014-]"
# Amounts and dates begin as telephone numbers may, and stay.
GROUPED = r"[1-9]\d{0,2}(?:[.,]\d{3})+(?!\d)"
AMOUNT = rf"(?<![a-z])(?:rp|idr)[.\s]{{0,3}}(?:{GROUPED}|(?:0|[1-9]\d*)(?![.,]?\d))|(?<!\d)(?!62){GROUPED}"
DATE = r"\d{1,2}[/.-]\d{1,2}[/.-]\d{4}(?!\d)"
# Telephone numbers as Indonesia writes them, and the sixteen figures of an identity card or a family card.
BEGINNING = rf"(?<!\d)(?:\+?62{BETWEEN}{{0,3}}|0(?:{BETWEEN}{{1,3}}(?!{GROUPED}|{DATE}))?)"
PHONE = rf"{BEGINNING}(?:8\d|2[1-9]|[3-9]\d)(?:{BETWEEN}{{0,3}}\d){{5,11}}(?!\d)"
BARE = r"(?<!\d)8[1-9](?:\d{7,10}|\d{1,2}-\d{3,4}-\d{3,5})(?!\d)"
AMOUNT_OR_PHONE = re.compile(rf"(?P<amount>{AMOUNT})|{PHONE}|{BARE}", re.IGNORECASE)
IDENTITY = re.compile(r"(?<!\d)\d(?:[ .-]?\d){15}(?!\d)")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def scrub(text: str) -> str:
    """Return the text without telephone numbers, numbers of identity cards, and mail addresses."""
    for pattern in (MAIL, IDENTITY):
        text = pattern.sub(GONE, text)
    return AMOUNT_OR_PHONE.sub(lambda found: found["amount"] or GONE, text)
