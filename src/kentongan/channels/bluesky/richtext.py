"""Facets: which bytes of a post's text are a link, a hashtag or a mention (lexicon `app.bsky.richtext.facet`)."""

from collections.abc import Callable
from typing import Any

from kentongan.channels import text as parts

LONGEST_TAG = 64


def _facet(text: str, span: parts.Span, feature: dict[str, str]) -> dict[str, Any]:
    start = len(text[: span.start].encode())
    return {
        "index": {"byteStart": start, "byteEnd": start + len(text[span.start : span.end].encode())},
        "features": [feature],
    }


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Return the facets of `text`; `resolve` turns a handle into a DID, or None for somebody unknown."""
    kind = "app.bsky.richtext.facet"
    found = [_facet(text, span, {"$type": f"{kind}#link", "uri": span.value}) for span in parts.links(text)]
    found += [
        _facet(text, span, {"$type": f"{kind}#tag", "tag": span.value})
        for span in parts.tags(text)
        if len(span.value) <= LONGEST_TAG
    ]
    for span in parts.mentions(text):
        did = resolve(span.value) if "." in span.value else None
        if did:
            found.append(_facet(text, span, {"$type": f"{kind}#mention", "did": did}))
    return sorted(found, key=lambda facet: facet["index"]["byteStart"])
