"""Link cards: which addresses an item has, and what is fetched of them, by a job, through the guarded client."""

import codecs
import io
import re
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from unicodedata import category
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _

from kentongan.channels import pages
from kentongan.channels import registry as channels
from kentongan.channels.looks import CardForm, address_of
from kentongan.core import files, http
from kentongan.core.errors import Invalid, Unavailable
from kentongan.core.files import Content
from kentongan.core.media import Recipe, pictures
from kentongan.core.sniff import JPEG
from kentongan.planning.models import LinkCard, Rendition

LONGEST = 500
WEB = ("http://", "https://")
PAGE_BYTES, PICTURE_BYTES = 4 << 20, 8 << 20
SECONDS = 8.0
"""Of each step; a page as a whole may take three times as long."""
HTML = frozenset({"text/html", "application/xhtml+xml"})
PICTURES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PICTURE = Recipe((JPEG,), 300_000, 1_200)
"""Well within what Bluesky takes of a card's picture (a million bytes), and light enough for our own pages."""
CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.IGNORECASE)
HEAD_BYTES = 4_096
STATED = re.compile(r"""charset\s*=\s*["']?\s*([\w.:-]{1,40})""", re.ASCII | re.IGNORECASE)
NO_SIGN = frozenset({"Cc", "Cs"})
"""Categories of Unicode: control characters, and halves of characters, which no database takes."""
NOT_OF_PAGES = frozenset({"idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape", "utf-7"})
"""Encodings that Python knows and no page is written in: they take the square of the time, or give no characters."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a page says about itself; `picture` is our copy of its picture, None where it has none that can be used."""

    title: str
    description: str
    site: str
    picture: Content | None = None


def addresses(renditions: Iterable[Rendition]) -> list[str]:
    """Return of which addresses a platform shows a card of these versions, each once."""
    shown = (row for row in renditions if channels.get(row.kind).manifest.look.card != CardForm.NONE)
    found = (address_of(row.text, row.link) for row in shown)
    return list(
        dict.fromkeys(address for address in found if address.lower().startswith(WEB) and len(address) <= LONGEST)
    )


def fetch(url: str) -> Found:
    """Return what a page says about itself; raises FetchRefused, Unavailable, or Invalid for what is no web page."""
    answer = http.fetch(url, headers={"Accept": "text/html"}, max_bytes=PAGE_BYTES, timeout=SECONDS, accept_types=HTML)
    said, picture = read(answer)
    return replace(said, picture=_picture(picture))


def read(answer: http.Fetched) -> tuple[Found, str]:
    """Return what an answer says about itself, and where its picture is, "" without one; Invalid without a title."""
    page = pages.read_head(_decoded(answer.content[: pages.HEAD], answer.headers.get("content-type", "")))
    meta = page.meta
    title = line(meta.get("og:title") or meta.get("twitter:title") or page.title, 300)
    description = meta.get("og:description") or meta.get("twitter:description") or meta.get("description", "")
    site = meta.get("og:site_name") or (urlsplit(answer.url).hostname or "").removeprefix("www.")
    if not title:
        raise Invalid(_("The page has no title, so platforms show its address only."))
    picture = meta.get("og:image:secure_url") or meta.get("og:image") or meta.get("twitter:image", "")
    return Found(title, line(description, 1000), line(site, 200)), _joined(answer.url, picture)


def _joined(page: str, address: str) -> str:
    try:
        return urljoin(page, address.strip())
    except ValueError:  # “http://[x” and the like
        return ""


def line(text: str, most: int) -> str:
    """Return a text of a stranger on one line, without what is no character to show, cut where it is too long."""
    clean = "".join(" " if sign.isspace() else sign for sign in text if sign.isspace() or category(sign) not in NO_SIGN)
    line = " ".join(clean.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def _decoded(content: bytes, content_type: str) -> str:
    """Return a page as text: by what its server says, else by what the page itself says, else as UTF-8."""
    stated = [STATED.search(content_type), CHARSET.search(content[:HEAD_BYTES])]
    for name in (str(found[1], "ascii") if isinstance(found[1], bytes) else found[1] for found in stated if found):
        try:
            if codecs.lookup(name).name not in NOT_OF_PAGES:
                return content.decode(name, errors="replace")
        except (LookupError, ValueError, TypeError):  # unknown, or no encoding of text, which Python has as well
            continue
    return content.decode("utf-8", errors="replace")


def _picture(url: str) -> Content | None:
    """Return our own copy of a page's picture, made anew; None where there is none, or it cannot be used."""
    if not url.lower().startswith(WEB):
        return None
    try:
        answer = http.fetch(url, max_bytes=PICTURE_BYTES, timeout=SECONDS, accept_types=PICTURES)
        with tempfile.NamedTemporaryFile(prefix="card-") as kept:
            kept.write(answer.content)
            kept.flush()
            made = pictures.fit(Path(kept.name), PICTURE)
        return files.keep(io.BytesIO(made.content))
    except (http.FetchRefused, Unavailable, Invalid):
        return None


def known(cards: Iterable[LinkCard]) -> dict[str, LinkCard]:
    """Return cards by their address."""
    return {card.url: card for card in cards}
