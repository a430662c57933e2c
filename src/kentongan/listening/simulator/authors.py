"""The people of the simulation: invented handles, each with a home, a hand and an activity."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Collection
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random

from .places import districts
from .scripts import words
from .style import Style, style_of

TITLE = ("", "", "", "", "mama", "bang", "kang", "teh", "mas", "mbak", "emak", "bunda", "pakde", "om", "si", "anak")
PLATFORMS = {"x": 40, "facebook": 21, "instagram": 15, "tiktok": 13, "mastodon": 4, "bluesky": 7}
LANGUAGES = {"id": 80, "su": 13, "jv": 7}


@dataclass(frozen=True, slots=True)
class Author:
    """One invented person."""

    handle: str
    platform: str
    home: str
    language: str
    style: Style


@dataclass
class Population:
    """`size` authors, the same for the same seed; few write much and most write little."""

    seed: int
    size: int
    _people: dict[int, Author] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._codes = list(districts())
        self._reach = list(accumulate(1 / (rank + 12) ** 0.75 for rank in range(self.size)))

    def pick(self, rng: Random, near: Collection[str] = ()) -> Author:
        """An author by activity; with `near`, mostly one who lives in those districts."""
        author = self._person(rng)
        for _ in range(6):
            if not near or author.home in near or rng.random() < 0.12:
                break
            author = self._person(rng)
        return author

    def _person(self, rng: Random) -> Author:
        return self.person(bisect(self._reach, rng.random() * self._reach[-1], hi=self.size - 1))

    def person(self, number: int) -> Author:
        """The author with this number; those from `size` on are never picked."""
        if number not in self._people:
            self._people[number] = self._invent(number)
        return self._people[number]

    def _invent(self, number: int) -> Author:
        rng = Random(f"{self.seed}/author/{number}")
        return Author(
            handle=handle(rng, number),
            platform=rng.choices(list(PLATFORMS), list(PLATFORMS.values()))[0],
            home=rng.choice(self._codes),
            language=rng.choices(list(LANGUAGES), list(LANGUAGES.values()))[0],
            style=style_of(rng),
        )


def handle(rng: Random, number: int) -> str:
    """An invented handle; the number in base 36 keeps any two apart."""
    mark = rng.choice((".", "_", ""))
    core = [part for part in (rng.choice(TITLE), rng.choice(words().given), rng.choice(words().second)) if part]
    return mark.join(core) + rng.choice(("", "_", ".")) + _base36(number + 40)


def _base36(number: int) -> str:
    digits = "0123456789abcdefghijklmnopqrstuvwxyz"
    text = ""
    while number:
        number, rest = divmod(number, 36)
        text = digits[rest] + text
    return text
