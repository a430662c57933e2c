"""How a text looks on a platform: its links, hashtags and mentions told apart from the rest."""

from dataclasses import dataclass
from typing import Literal

from kentongan.channels import text as parts

Kind = Literal["plain", "link", "tag", "mention"]


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text, as written."""

    kind: Kind
    text: str


def segments(text: str) -> list[Segment]:
    """Return the text cut at its links, hashtags and mentions; joined again they are the text."""
    marked: list[tuple[int, int, Kind]] = sorted(
        [
            *((span.start, span.end, "link") for span in parts.links(text)),
            *((span.start, span.end, "tag") for span in parts.tags(text)),
            *((span.start, span.end, "mention") for span in parts.mentions(text)),
        ]
    )
    found, at = [], 0
    for start, end, kind in marked:
        if start < at:
            continue
        if start > at:
            found.append(Segment("plain", text[at:start]))
        found.append(Segment(kind, text[start:end]))
        at = end
    return [*found, Segment("plain", text[at:])] if at < len(text) else found
