"""How long a text is, as each platform counts it.

Sources: Bluesky lexicon `app.bsky.feed.post` (300 graphemes, 3,000 bytes); Mastodon `StatusLengthValidator`
(graphemes, a link counts 23, a mention without its domain); X developer pages, "Counting characters"; Threads
API, "Posts" (limitations).
"""

import unicodedata
from collections.abc import Callable

import regex

from kentongan.channels import text as parts
from kentongan.channels.contract import Count, Counting

LINK_LENGTH = 23
GRAPHEME = regex.compile(r"\X")
EMOJI = regex.compile(r"\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20E3")
WORD = regex.compile(r"[\p{L}\p{N}][\p{L}\p{N}\p{M}'’\-]*")
LIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))


def graphemes(text: str) -> int:
    """Return the number of characters a reader sees."""
    return len(GRAPHEME.findall(text))


def words(text: str) -> int:
    """Return the number of words; a hyphenated reduplication (`anak-anak`) is one."""
    return len(WORD.findall(text))


def _with_short_links(text: str, length: int = LINK_LENGTH) -> str:
    spans = parts.links(text)
    return parts.replace(text, spans, dict.fromkeys(spans, "x" * length))


def fediverse(text: str, link: int = LINK_LENGTH) -> int:
    """Return the length as Mastodon counts it: graphemes, a link is `link` (23), `@name@server` is `@name`."""
    short = _with_short_links(text, link)
    spans = parts.mentions(short)
    return graphemes(parts.replace(short, spans, {s: "@" + s.value.partition("@")[0] for s in spans}))


def _weight(grapheme: str) -> int:
    if EMOJI.search(grapheme) and not grapheme.isascii():
        return 2
    return sum(1 if any(a <= ord(c) <= z for a, z in LIGHT_RANGES) else 2 for c in grapheme)


def weighted(text: str) -> int:
    """Return the length as X counts it: a link is 23, an emoji 2, Latin and near scripts 1, all else 2."""
    short = _with_short_links(unicodedata.normalize("NFC", text))
    return sum(_weight(grapheme) for grapheme in GRAPHEME.findall(short))


def emoji_as_bytes(text: str) -> int:
    """Return the length as Threads counts it: an emoji is the number of its bytes in UTF-8, any other character one."""
    return sum(
        len(grapheme.encode()) if EMOJI.search(grapheme) and not grapheme.isascii() else len(grapheme)
        for grapheme in GRAPHEME.findall(text)
    )


def utf16(text: str) -> int:
    """Return the number of UTF-16 code units, which is what most other platforms call characters."""
    return len(text.encode("utf-16-le")) // 2


def utf8(text: str) -> int:
    """Return the number of bytes, which is what YouTube limits."""
    return len(text.encode())


def counter(measure: Callable[[str], int], limit: int | None, counting: Counting) -> Callable[[str], Count]:
    """Return a function that measures a text and holds it against `limit`."""

    def count(text: str) -> Count:
        return Count(measure(text), limit, counting)

    return count
