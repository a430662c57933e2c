"""Own words: how much of a caption is the person's own, and how alike it is to what others wrote.

A starter that somebody took over does not count as their own words, and two who begin alike and go on differently are
not alike.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from kentongan.safeguards.authenticity import ALIKE, closest, shingles, words

MIN_OWN_WORDS = 5
MAX_COPIED = 0.7
MAX_LENGTH = 1500


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured: own words (count), the copied part of them (0 to 1), likeness to the closest other caption."""

    own_words: int
    copied: float
    similarity: float

    @property
    def problem(self) -> str | Promise:
        """Say what to change, or nothing when these are the person's own words."""
        if self.own_words < MIN_OWN_WORDS:
            return ngettext_lazy(
                "Add at least %(n)d more word of your own: what did you see, who should know this?",
                "Add at least %(n)d more words of your own: what did you see, who should know this?",
                MIN_OWN_WORDS - self.own_words,
            ) % {"n": MIN_OWN_WORDS - self.own_words}
        if self.copied > MAX_COPIED:
            return _("This is still the text of the invitation. Tell it the way you would tell a neighbour.")
        if self.similarity >= ALIKE:
            return _(
                "Somebody else already shares almost these words. The same text from many accounts looks like a "
                "machine, and platforms hide it. Say it differently: begin with your own street, or with what you did "
                "yourself."
            )
        return ""


def normal(caption: str) -> str:
    """Return a caption without surrounding space, its lines kept."""
    return "\n".join(line.strip() for line in caption.strip().splitlines())[:MAX_LENGTH]


def digest(caption: str) -> str:
    """Return a hash that is the same for texts which differ only in case, punctuation, links or emoji."""
    return hashlib.sha256(" ".join(words(caption)).encode()).hexdigest()


def own_part(caption: str, starters: Iterable[str]) -> str:
    """Return the caption's words without the longest starter that it begins with."""
    said = words(caption)
    taken = max((_shared_prefix(said, words(starter)) for starter in starters), default=0)
    return " ".join(said[taken:])


def _shared_prefix(said: Sequence[str], starter: Sequence[str]) -> int:
    count = 0
    for mine, theirs in zip(said, starter, strict=False):
        if mine != theirs:
            break
        count += 1
    return count


def _copied(own: str, sources: Iterable[str]) -> float:
    runs = shingles(own)
    known = frozenset().union(*(shingles(source) for source in sources)) if runs else frozenset()
    return len(runs & known) / len(runs) if runs else 0.0


def judge(caption: str, starters: Sequence[str], text: str, others: Sequence[str]) -> Judgement:
    """Measure a caption against the mission's starters and text, and against `others` (whole captions).

    Likeness is taken of the own parts, where a short copy cannot hide behind a starter, and of the whole captions,
    where a changed word weighs less; the larger counts.
    """
    own = own_part(caption, starters)
    return Judgement(
        own_words=len(own.split()),
        copied=_copied(own, [text, *starters]),
        similarity=max(closest(own, (own_part(other, starters) for other in others)), closest(caption, others)),
    )
