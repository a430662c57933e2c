"""Words and refusals that the readers share."""

import re

from django.utils.translation import gettext_lazy as _

from kentongan.channels.addresses.contract import Unreadable

POST = _("This is the address of one post, and it does not say whose.")
SHORT = _("This is a short link; it hides whose account it is.")
PRIVATE = _("This is a private invitation, not an address that everybody can open.")
PAGE = _("This is a page of the platform itself, not of an account.")
OPEN_IT = _("Open it, then copy the address of the profile that you see.")


def bare(text: str) -> str:
    """Return a handle without what people put around it."""
    return text.strip().lstrip("@").strip().rstrip("/")


def matching(pattern: re.Pattern[str], text: str) -> str:
    """Return `text` if it can be a handle there; raises Unreadable."""
    if not pattern.fullmatch(text):
        raise Unreadable(_("“%(text)s” cannot be a handle on this platform.") % {"text": text[:60]})
    return text


def no_account(message: object = PAGE) -> Unreadable:
    """Return the refusal of an address that names no account."""
    return Unreadable(message, remedy=OPEN_IT)  # type: ignore[arg-type]
