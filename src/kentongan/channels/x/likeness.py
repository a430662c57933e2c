"""Whether a post on X is a text of ours, although X has shortened its links and escaped its signs."""

import html
import re
import unicodedata
from collections.abc import Mapping
from typing import Any

ATTACHED = re.compile(r"/status/\d+/(photo|video)/\d+$")
SCHEME = re.compile(r"^https?://", re.IGNORECASE)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFC", text)
    return [SCHEME.sub("", word).rstrip("/") for word in plain.split()]


def _whole(tweet: Mapping[str, Any]) -> str:
    """Return a post's text with the links that people wrote, and without those to its pictures."""
    text = html.unescape(str(tweet.get("text") or ""))
    entities = tweet.get("entities")
    for link in (entities.get("urls") if isinstance(entities, dict) else None) or ():
        if not isinstance(link, dict) or not link.get("url"):
            continue
        written = str(link.get("expanded_url") or link["url"])
        text = text.replace(str(link["url"]), "" if link.get("media_key") or ATTACHED.search(written) else written, 1)
    return text


def same(tweet: Mapping[str, Any], text: str) -> bool:
    """Whether the post has that text; white space and the scheme of links do not count."""
    return _words(_whole(tweet)) == _words(text)
