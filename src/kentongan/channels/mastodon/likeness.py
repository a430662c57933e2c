"""Whether a status on a server is a text of ours, although the server has turned it into HTML."""

import hashlib
import html
import re
import unicodedata

from kentongan.channels import text as parts

TAGS = re.compile(r"<[^>]*>")
SPACE = re.compile(r"[\s\u200b\u200d\ufeff]+")
OTHER_DOMAIN = re.compile(r"@([\w.-]+)@[\w.-]+\w")


def _digest(text: str) -> str:
    plain = SPACE.sub("", unicodedata.normalize("NFKC", text)).casefold()
    return hashlib.sha256(plain.encode()).hexdigest()


def of_text(text: str) -> str:
    """Return the digest of a text as we send it; mentions lose their domain, as servers show them."""
    spans = parts.mentions(text)
    return _digest(parts.replace(text, spans, {s: "@" + s.value.partition("@")[0] for s in spans}))


def of_html(content: str) -> str:
    """Return the digest of a status as a server gives it: tags and white space do not count."""
    return _digest(OTHER_DOMAIN.sub(r"@\1", html.unescape(TAGS.sub("", content))))
