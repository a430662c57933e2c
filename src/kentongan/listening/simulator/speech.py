"""From a subject, a place and an author to the words of one post."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime
from random import Random

from .authors import Author
from .curves import ZONE
from .grammar import Grammar, Rules, tidy
from .places import Place
from .scripts import common, words

DAYS = ("senin", "selasa", "rabu", "kamis", "jumat", "sabtu", "minggu")
TRIES = 40
EMOJI = {"thanks_post": "emoji_good", "post": "emoji_talk"}
FOLD = re.compile(r"[^a-z]+")
DOUBLED = re.compile(r"(.)\1+")


def folded(text: str) -> str:
    """The text down to its letters, stretched ones once: two posts with the same result say the same."""
    return DOUBLED.sub(r"\1", FOLD.sub("", text.lower()))


class Speech:
    """Says things, and nothing twice: posts with the same letters are said again in other words."""

    def __init__(self) -> None:
        self._said: set[str] = set()

    def say(
        self, pattern: str, rules: Rules, author: Author, place: Place, at: datetime, rng: Random, prefix: str = ""
    ) -> str:
        """A post from the list `pattern`, in the author's hand, `prefix` before it; unlike every one before."""
        text = ""
        for _ in range(TRIES):
            text = prefix + phrase(pattern, rules, author, place, at, rng)
            key = folded(text)
            if key not in self._said and len(key) > 3:
                self._said.add(key)
                return text
        # Long runs use a short pattern up; the place and the hour make the rest unlike one another.
        return f"{text} ({place.village}, {at.astimezone(ZONE):%d/%m %H:%M:%S})"


def phrase(pattern: str, rules: Rules, author: Author, place: Place, at: datetime, rng: Random) -> str:
    """Words from the list `pattern` in the author's hand; they may have been said before."""
    local = at.astimezone(ZONE)
    supplied = {
        "aku": lambda: author.style.pronoun,
        "nama": lambda: rng.choice(words().given).title(),
        "spot": lambda: place.spot,
        "desa": lambda: place.village,
        "kec": lambda: place.district.name,
        "where": lambda: rng.choice(common()["where_forms"]),
        "jam": lambda: _clock(local, rng),
        "waktu": lambda: _part_of_day(local.hour),
        "hari_ini": lambda: DAYS[local.weekday()],
    }
    grammar = Grammar((rules, common()), supplied)
    text = author.style.write(tidy(_grow(grammar, pattern, author, rng)), rng, place.words)
    return " ".join((text, *_adornments(grammar, pattern, rules, author, rng)))


def _grow(grammar: Grammar, pattern: str, author: Author, rng: Random) -> str:
    code = author.language
    if code == "id" or pattern != "complaint" or rng.random() < 0.4:
        return grammar.grow(pattern, rng)
    parts = [grammar.grow(f"{code}_open", rng), grammar.grow(code, rng), grammar.grow(f"{code}_close", rng)]
    rng.shuffle(parts)
    return ". ".join(parts)


def _adornments(grammar: Grammar, pattern: str, rules: Rules, author: Author, rng: Random) -> Iterator[str]:
    if rng.random() < author.style.emoji:
        yield grammar.grow(EMOJI.get(pattern, "emoji_bad"), rng)
    if "tags" in rules and rng.random() < author.style.tags:
        yield from rng.sample(list(rules["tags"]), rng.randint(1, 2))


def _clock(local: datetime, rng: Random) -> str:
    hour = (local.hour - rng.randint(0, 2)) % 24
    if rng.random() < 0.3:
        return f"pukul {hour:02d}.{rng.randint(0, 11) * 5:02d}"
    part = _part_of_day(hour)
    return f"jam {(hour - 1) % 12 + 1} {part}"


def _part_of_day(hour: int) -> str:
    for end, part in ((4, "malem"), (11, "pagi"), (15, "siang"), (18, "sore")):
        if hour < end:
            return part
    return "malem"
