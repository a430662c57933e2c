"""Links, hashtags and mentions in a text, by position: what counting and rich text both need."""

import re
from dataclasses import dataclass

LINK = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
TAG = re.compile(r"(?<![\w&/#])[#＃](?=[\w]*[^\W\d_])([\w·]+)")
MENTION = re.compile(r"(?<![\w/@.])@([A-Za-z0-9_][\w.-]*[\w]|[A-Za-z0-9_])(@[\w.-]+[\w]+)?")
TRAILING = ".,;:!?…)]}»”’\"'*_"
PAIRS = {")": "(", "]": "[", "}": "{"}


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a text: character positions, and the value it stands for."""

    start: int
    end: int
    value: str


def _trim(link: str) -> str:
    """Drop punctuation that ends the sentence, not the link; a bracket that was opened inside stays."""
    while link and link[-1] in TRAILING:
        opening = PAIRS.get(link[-1])
        if opening and link.count(opening) >= link.count(link[-1]):
            break
        link = link[:-1]
    return link


def links(text: str) -> list[Span]:
    """Return every http(s) link."""
    found = []
    for match in LINK.finditer(text):
        link = _trim(match.group())
        if len(link) > len("https://"):
            found.append(Span(match.start(), match.start() + len(link), link))
    return found


def _outside(spans: list[Span], taken: list[Span]) -> list[Span]:
    return [span for span in spans if not any(t.start <= span.start < t.end for t in taken)]


def tags(text: str) -> list[Span]:
    """Return every hashtag outside links, its value without the sign; a tag needs at least one letter."""
    return _outside([Span(m.start(), m.end(), m.group(1)) for m in TAG.finditer(text)], links(text))


def mentions(text: str) -> list[Span]:
    """Return every @mention outside links, its value without the sign, with the domain if given."""
    spans = [Span(m.start(), m.end(), m.group()[1:]) for m in MENTION.finditer(text)]
    return _outside(spans, links(text))


def with_link(text: str, link: str) -> str:
    """Return the text with the link below it, unless it holds it already."""
    return text if not link or link in text else f"{text}\n\n{link}"


def replace(text: str, spans: list[Span], by: dict[Span, str]) -> str:
    """Return the text with each span replaced."""
    out, at = [], 0
    for span in sorted(spans, key=lambda span: span.start):
        out += [text[at : span.start], by[span]]
        at = span.end
    return "".join([*out, text[at:]])
