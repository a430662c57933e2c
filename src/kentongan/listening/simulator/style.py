"""How one author writes: the words they shorten, their slips, their signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from random import Random

from .scripts import words

WORD = re.compile(r"(?<![A-Za-z@#_\d])[a-z]+(?:-[a-z]+)?\b")
HANDLE_OR_TAG = re.compile(r"[@#]\w+")
STRETCHED = re.compile(r"\b(banget|parah|tolong|capek|duh|ampun|dong|nih|woy|panas|lagi|mantap|sih)\b")


@dataclass(frozen=True, slots=True)
class Style:
    """Rates from 0 to 1 of what an author does to their words."""

    pronoun: str
    formal: bool
    shortens: float
    slips: float
    emoji: float
    stretches: float
    shouts: float
    tags: float
    ends: str

    def write(self, text: str, rng: Random, keep: frozenset[str]) -> str:
        """The text in this author's hand; words in `keep` (names of places) stay whole."""
        if self.shouts and rng.random() < self.shouts:
            return text.upper()
        text = WORD.sub(lambda match: self._word(match[0], rng, keep), text)
        if rng.random() < self.stretches:
            text = STRETCHED.sub(lambda match: match[0] + match[0][-1] * rng.randint(1, 4), text, count=1)
        return self._ending(self._case(text, rng), rng)

    def _word(self, word: str, rng: Random, keep: frozenset[str]) -> str:
        if word in keep:
            return word
        if self.formal:
            return words().formal.get(word, word)
        short = words().casual.get(word)
        if short and rng.random() < self.shortens:
            # The same author shortens a word in the same way.
            return short[hash_of(self.pronoun + self.ends + word) % len(short)]
        if len(word) > 4 and rng.random() < self.slips:
            return slip(word, rng)
        return word

    def _case(self, text: str, rng: Random) -> str:
        if self.formal or (self.shortens < 0.35 and rng.random() < 0.8):
            return re.sub(r"(^|[.?!] )([a-z])", lambda match: match[1] + match[2].upper(), text)
        return text.lower() if rng.random() < 0.5 else text

    def _ending(self, text: str, rng: Random) -> str:
        if text.endswith(("?", "!", ".")) or HANDLE_OR_TAG.fullmatch(text.split()[-1]):
            return text
        return text + (self.ends if rng.random() < 0.6 else "")


def style_of(rng: Random) -> Style:
    """A style drawn from those that one meets: a tenth formal, a third that shortens most words."""
    formal = rng.random() < 0.1
    shortens = 0.0 if formal else rng.choice((0.0, 0.1, 0.25, 0.4, 0.6, 0.75, 0.9))
    return Style(
        pronoun="saya" if formal else rng.choice(("saya", "saya", "aku", "gue", "gua", "gw", "sy", "ane", "w")),
        formal=formal,
        shortens=shortens,
        slips=rng.choice((0.0, 0.0, 0.01, 0.02, 0.04)),
        emoji=rng.choice((0.0, 0.0, 0.2, 0.4, 0.7)),
        stretches=0.0 if formal else rng.choice((0.0, 0.1, 0.3, 0.6)),
        shouts=rng.choice((0.0,) * 18 + (0.15, 0.6)),
        tags=rng.choice((0.0, 0.0, 0.1, 0.3, 0.6)),
        ends=rng.choice(("", "", ".", "..", "...", "!", "!!", "...", " ya", " 🙏")) if not formal else ".",
    )


def slip(word: str, rng: Random) -> str:
    """The word with one slip of the finger: two letters swapped, one lost or one doubled."""
    at = rng.randrange(1, len(word) - 1)
    match rng.randrange(3):
        case 0:
            return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        case 1:
            return word[:at] + word[at + 1 :]
        case _:
            return word[:at] + word[at] + word[at:]


def hash_of(text: str) -> int:
    """A small number that is the same in every process, which `hash` is not."""
    return sum((position + 7) * ord(character) for position, character in enumerate(text))
