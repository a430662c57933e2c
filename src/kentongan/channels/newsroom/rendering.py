"""An article's text as HTML: paragraphs, headings (`## `), lists (`- `), links and hashtags; all else is text."""

import re
from collections.abc import Iterator

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from kentongan.channels import text as parts

BLANK = re.compile(r"\n\s*\n")


def _inline(text: str, site: str) -> str:
    spans = parts.links(text)
    by = {span: f'<a href="{escape(span.value)}" rel="noopener">{escape(span.value)}</a>' for span in spans}
    for span in parts.tags(text):
        address = reverse("newsroom:tag", args=[site, span.value.lower()])
        by[span] = f'<a href="{escape(address)}" rel="tag">{escape(text[span.start : span.end])}</a>'
    out, at = [], 0
    for span in sorted(by, key=lambda span: span.start):
        out += [escape(text[at : span.start]), by[span]]
        at = span.end
    return "".join([*out, escape(text[at:])])


def _blocks(text: str, site: str) -> Iterator[str]:
    for block in BLANK.split(text.replace("\r\n", "\n").strip()):
        lines = block.split("\n")
        if block.startswith("## ") and len(lines) == 1:
            yield f"<h2>{_inline(block[3:], site)}</h2>"
        elif all(line.startswith("- ") for line in lines):
            yield "<ul>" + "".join(f"<li>{_inline(line[2:], site)}</li>" for line in lines) + "</ul>"
        else:
            yield "<p>" + "<br>".join(_inline(line, site) for line in lines) + "</p>"


def html(text: str, site: str) -> SafeString:
    """Return the text as HTML for the site of that address."""
    return mark_safe("\n".join(_blocks(text, site)))  # noqa: S308  every part is escaped above
