"""How a platform draws a post: where it folds the text, what in it leads somewhere, how pictures lie, which link cards.

What is known of a platform stands in its manifest, with source and date. They are outlines by which people judge what
they are about to send: applications differ, and change.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Literal

import regex

from kentongan.channels import text as parts

GRAPHEME = regex.compile(r"\X")
NAME = re.compile(r"\w[\w.-]*")
WITH_SERVER = re.compile(r"[\w.-]+(@[\w.-]+)?")
WHOLE_WORD = 20
"""How far back a fold is moved so that it does not go through a word."""
Kind = Literal["plain", "link", "tag", "mention"]


class Shape(StrEnum):
    """To what a platform cuts a picture; `FREE` shows it as it is."""

    FREE = "free"
    SQUARE = "1x1"
    PORTRAIT = "4x5"
    UPRIGHT = "9x16"
    WIDE = "16x9"

    @property
    def sides(self) -> tuple[int, int]:
        """Return its sides, across and down; zeros where it has none of its own."""
        across, _x, down = self.value.partition("x")
        return (int(across), int(down)) if down else (0, 0)


class Layout(StrEnum):
    """How several pictures lie: in a grid, under a large first one, in a row to swipe through, one below the other."""

    GRID = "grid"
    FIRST = "first"
    SWIPE = "swipe"
    STACK = "stack"


class CardForm(StrEnum):
    """How a link is shown: not at all, with its picture at the side, above the words, or with the title on it."""

    NONE = "none"
    SMALL = "small"
    LARGE = "large"
    OVER = "over"


FIGURES = ("fold", "fold_lines", "link_shown", "tags", "longest_tag", "pictures", "single", "several", "video")
"""Where a look cuts something off, a text or a picture."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page, and which of the figures of a look it states."""

    page: str
    says: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """How a platform draws a post; `sources` say from where that is known, `seen` when it was looked up (ISO date).

    The text is folded after `fold` characters or `fold_lines` lines of `line` characters each; None shows all of it.
    `links` says that addresses lead somewhere, shown to `link_shown` characters without their https:// where that is
    set; `tags` how many hashtags do (None: all), none longer than `longest_tag`; `mentions` which @names may. Of the
    pictures `pictures` are shown, the last with how many more there are; one alone that is taller than `single` is cut
    to it, several to `several` (a grid as a whole), or where `by_first` is set to the shape that is nearest to the
    first one's. `media_first` puts pictures above the text. `card` is the form of a link card and `card_lines` what it
    says, in order; none beside pictures or a video. `card_sent` says that the card goes out as a part of the post, as
    it is when the delivery is scheduled: else the platform makes its own. `alt` and `alt_video` say that descriptions
    of pictures and of videos go out. `article` is a page with a headline; `teaser` how many characters of it a list
    shows. `video` is the shape of a video.
    """

    sources: tuple[Source, ...] = ()
    seen: str = ""
    fold: int | None = None
    fold_lines: int | None = None
    line: int = 60
    links: bool = True
    link_shown: int | None = None
    tags: int | None = None
    longest_tag: int | None = None
    mentions: re.Pattern[str] | None = None
    layout: Layout = Layout.GRID
    pictures: int = 4
    single: Shape = Shape.FREE
    several: Shape = Shape.FREE
    by_first: bool = False
    video: Shape = Shape.FREE
    media_first: bool = False
    card: CardForm = CardForm.NONE
    card_lines: tuple[str, ...] = ("site", "title", "description")
    card_sent: bool = False
    alt: bool = True
    alt_video: bool = False
    article: bool = False
    teaser: int | None = None

    @property
    def unverified(self) -> frozenset[str]:
        """Which figures no page of `sources` states: what is known of them is what people saw, and approximate."""
        told = {name for source in self.sources for name in source.says}
        usual = {field.name: field.default for field in fields(Look)}
        return frozenset(name for name in FIGURES if getattr(self, name) != usual[name] and name not in told)


PLAIN = Look()
"""Of a platform of which nobody said how it draws a post: all of the text, pictures below it, no card."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the text; `text` is as it is shown, which for a link may be less than what was written."""

    kind: Kind
    text: str


def _found(text: str, look: Look) -> list[tuple[parts.Span, Kind]]:
    links: list[tuple[parts.Span, Kind]] = [(span, "link") for span in parts.links(text) if look.links]
    tags = [span for span in parts.tags(text) if look.longest_tag is None or len(span.value) <= look.longest_tag]
    names = parts.mentions(text) if look.mentions else []
    known = [
        parts.Span(one.start, one.start + 1 + found.end(), found[0])
        for one in names
        if look.mentions and (found := look.mentions.match(one.value))
    ]
    rest: list[tuple[parts.Span, Kind]] = [(span, "tag") for span in tags[: look.tags]]
    return sorted([*links, *rest, *((span, "mention") for span in known)], key=lambda one: one[0].start)


def _as_shown(link: str, look: Look) -> str:
    if look.link_shown is None:
        return link
    bare = re.sub(r"^https?://(www\.)?", "", link, flags=re.IGNORECASE)
    return bare if len(bare) <= look.link_shown else bare[: look.link_shown] + "…"


def segments(text: str, look: Look, also: Iterable[parts.Span] = ()) -> list[Segment]:
    """Return the text cut at the links, hashtags and mentions that the platform finds in it, in order.

    `also` are stretches that lead somewhere though they are no addresses.
    """
    cut, at = [], 0
    told: list[tuple[parts.Span, Kind]] = [(span, "link") for span in also if span.start < len(text)]
    for span, kind in sorted([*_found(text, look), *told], key=lambda one: one[0].start):
        if span.start < at:
            continue
        if span.start > at:
            cut.append(Segment("plain", text[at : span.start]))
        written = text[span.start : span.end]
        cut.append(Segment(kind, _as_shown(written, look) if kind == "link" else written))
        at = span.end
    return [*cut, Segment("plain", text[at:])] if at < len(text) else cut


def _after_characters(text: str, most: int) -> int:
    for number, match in enumerate(GRAPHEME.finditer(text)):
        if number == most:
            return int(match.start())
    return len(text)


def _after_lines(text: str, most: int, line: int) -> int:
    """Return where the last line ends that is shown, lines being wrapped after `line` characters."""
    left, at = most, 0
    for written in text.split("\n"):
        long = len(GRAPHEME.findall(written))
        needed = max(1, -(-long // line))
        if needed > left:
            return at + _after_characters(written, left * line)
        left, at = left - needed, at + len(written) + 1
        if not left:
            return min(at - 1, len(text))
    return len(text)


def fold(text: str, look: Look) -> tuple[str, str]:
    """Return what is shown of the text at first, and what is folded away; joined they are the text."""
    at = len(text)
    if look.fold is not None:
        at = min(at, _after_characters(text, look.fold))
    if look.fold_lines is not None:
        at = min(at, _after_lines(text, look.fold_lines, look.line))
    if not text[at:].strip():
        return text, ""
    inside = [span.start for span in parts.links(text) if 0 < span.start < at < span.end]
    if inside:
        return text[: inside[0]], text[inside[0] :]
    space = max(text.rfind(" ", 0, at), text.rfind("\n", 0, at))
    if not text[at].isspace() and space > at - WHOLE_WORD:
        at = space + 1
    return text[:at], text[at:]


def address_of(text: str, link: str) -> str:
    """Return of which address a card is shown: the post's own link, else the first one in its text; "" for none."""
    return link or next((span.value for span in parts.links(text)), "")
