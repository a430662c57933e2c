"""The words of a text that platforms send as HTML."""

import html
import re

import nh3

from kentongan.core.imports.values import readable

BREAKS = re.compile(r"<\s*(?:br|/p|/div|/li|/h[1-6]|/tr)\b[^>]*>", re.IGNORECASE)
SPACES = re.compile(r"[ \t\r\f\v\xa0]+")
LINES = re.compile(r" *\n[\s]*")


def plain(markup: str) -> str:
    """Return the words of `markup`, paragraphs as lines; scripts and styles leave nothing behind."""
    bare = nh3.clean(BREAKS.sub("\n", readable(markup)), tags=set(), clean_content_tags={"script", "style"})
    text = readable(html.unescape(bare))
    return LINES.sub("\n", SPACES.sub(" ", text)).strip()
