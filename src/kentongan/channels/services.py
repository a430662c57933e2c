"""The address of a server that a person enters beside a secret: what goes there must not be read on the way."""

from urllib.parse import SplitResult, urlsplit

import httpx
from django.utils.translation import gettext_lazy as _

from kentongan.channels.contract import Rejected

INSIDE = ("localhost", "127.0.0.1")


def address(entered: str) -> SplitResult:
    """Return the address in parts; Rejected where it is none, holds a password, or would send one in the clear."""
    try:
        parts = urlsplit(entered.strip().rstrip("/"))
        httpx.URL(parts.geturl())
        named = bool(parts.hostname) and parts.port != 0
    except (ValueError, httpx.InvalidURL) as error:
        raise Rejected(str(_("This is not a web address."))) from error
    if not named or parts.username is not None or parts.query or parts.fragment:
        raise Rejected(str(_("This is not a web address.")))
    if parts.scheme != "https" and parts.hostname not in INSIDE:
        raise Rejected(
            str(_("The address has to begin with https://: otherwise anybody on the way could read the password."))
        )
    return parts
