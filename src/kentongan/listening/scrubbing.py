"""What of a text names or reaches a person, and is taken out before the text is kept: numbers and addresses."""

import re

GONE = "[…]"
# Telephone numbers as Indonesia writes them, and the sixteen figures of an identity card or a family card.
PHONE = re.compile(r"(?<![\w.])(?:\+?62|0)[\s.-]?(?:8\d|2[1-9]|[3-9]\d)(?:[\s.-]?\d){5,11}(?![\w])")
IDENTITY = re.compile(r"(?<!\d)\d(?:[ .-]?\d){15}(?!\d)")
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")


def scrub(text: str) -> str:
    """Return the text without telephone numbers, numbers of identity cards, and mail addresses."""
    for pattern in (MAIL, IDENTITY, PHONE):
        text = pattern.sub(GONE, text)
    return text
