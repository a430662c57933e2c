"""Facets: which bytes of a post's text are a link, a hashtag or a mention (lexicon `app.bsky.richtext.facet`)."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from kentongan.channels import text as parts

KIND = "app.bsky.richtext.facet"
LONGEST_TAG = 64
LONGEST_PATH, SHOWN_PATH = 15, 13
"""How much of a link's path Bluesky's own application writes (social-app, `toShortUrl`), and of a longer one."""


def shortened(link: str) -> str:
    """Return a link as Bluesky's application writes it into a post, its facet holding the whole of it."""
    try:
        address = urlsplit(link)
    except ValueError:
        return link
    if address.scheme not in {"http", "https"} or not address.netloc:
        return link
    path = link.partition(address.netloc)[2]
    path = "" if path == "/" else path
    return address.netloc + (path if len(path) <= LONGEST_PATH else f"{path[:SHOWN_PATH]}...")


def with_link(text: str, link: str) -> str:
    """Return the text with the shortened link below it, unless it holds the link already."""
    return text if not link or link in text else f"{text}\n\n{shortened(link)}"


def _facet(text: str, span: parts.Span, feature: dict[str, str]) -> dict[str, Any]:
    start = len(text[: span.start].encode())
    return {
        "index": {"byteStart": start, "byteEnd": start + len(text[span.start : span.end].encode())},
        "features": [feature],
    }


def link_below(text: str, link: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the text with the link below it, and the facet by which it leads there; none where it is in the text."""
    written = with_link(text, link)
    if written == text:
        return text, []
    span = parts.Span(len(written) - len(shortened(link)), len(written), link)
    return written, [_facet(written, span, {"$type": f"{KIND}#link", "uri": link})]


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Return the facets of `text`; `resolve` turns a handle into a DID, or None for somebody unknown."""
    found = [_facet(text, span, {"$type": f"{KIND}#link", "uri": span.value}) for span in parts.links(text)]
    found += [
        _facet(text, span, {"$type": f"{KIND}#tag", "tag": span.value})
        for span in parts.tags(text)
        if len(span.value) <= LONGEST_TAG
    ]
    for span in parts.mentions(text):
        did = resolve(span.value) if "." in span.value else None
        if did:
            found.append(_facet(text, span, {"$type": f"{KIND}#mention", "did": did}))
    return sorted(found, key=lambda facet: facet["index"]["byteStart"])
