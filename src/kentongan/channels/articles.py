"""An article's text as HTML: paragraphs, headings (`## `), lists (`- `), links and hashtags; all else is text."""

import re
from collections.abc import Callable, Iterator

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from kentongan.channels import text as parts

BLANK = re.compile(r"\n\s*\n")

TagAddress = Callable[[str], str]


def _inline(text: str, tag_address: TagAddress | None) -> str:
    spans = parts.links(text)
    by = {span: f'<a href="{escape(span.value)}" rel="noopener">{escape(span.value)}</a>' for span in spans}
    for span in parts.tags(text) if tag_address else ():
        address = tag_address(span.value.lower()) if tag_address else ""
        by[span] = f'<a href="{escape(address)}" rel="tag">{escape(text[span.start : span.end])}</a>'
    out, at = [], 0
    for span in sorted(by, key=lambda span: span.start):
        out += [escape(text[at : span.start]), by[span]]
        at = span.end
    return "".join([*out, escape(text[at:])])


def _blocks(text: str, tag_address: TagAddress | None) -> Iterator[str]:
    for block in BLANK.split(text.replace("\r\n", "\n").strip()):
        lines = block.split("\n")
        if block.startswith("## ") and len(lines) == 1:
            yield f"<h2>{_inline(block[3:], tag_address)}</h2>"
        elif all(line.startswith("- ") for line in lines):
            yield "<ul>" + "".join(f"<li>{_inline(line[2:], tag_address)}</li>" for line in lines) + "</ul>"
        else:
            yield "<p>" + "<br>".join(_inline(line, tag_address) for line in lines) + "</p>"


def html(text: str, tag_address: TagAddress | None = None) -> SafeString:
    """Return the text as HTML; hashtags become links where there is an address for each (given it in lower case)."""
    return mark_safe("\n".join(_blocks(text, tag_address)))  # noqa: S308  every part is escaped above


def shortened(text: str, length: int) -> str:
    """Return the text on one line, cut between two words where it is longer than `length` characters."""
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1].rsplit(" ", 1)[0] + "…"


def opening(text: str) -> str:
    """Return the first paragraph that is neither a heading nor a list."""
    blocks = [block for block in BLANK.split(text.strip()) if not block.startswith(("## ", "- "))]
    return blocks[0] if blocks else text


def parted(text: str, length: int) -> tuple[str, str]:
    """Return the first paragraphs, until they hold `length` characters, and the others; the second may be empty."""
    for end in BLANK.finditer(text):
        if end.start() >= length:
            return text[: end.start()], text[end.end() :]
    return text, ""
