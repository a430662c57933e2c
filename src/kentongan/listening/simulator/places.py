"""Where a simulated post speaks of: the real districts and villages of Kabupaten Bekasi, as people spell them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from kentongan.registry import areas

SCOPE = "32.16"
COMPOUND = re.compile(
    r"^(Karang|Tanjung|Mekar|Setia|Sumber|Kedung|Satria|Jaya|Pasir|Bojong|Kerta|Sirna|Telaga|Suka)([a-z]{4,})$"
)
NEIGHBOURS = ("Cikarang", "Tambun", "Cibitung", "Lemahabang", "Deltamas", "Jababeka", "Bekasi", "Karawang")


@dataclass(frozen=True, slots=True)
class District:
    """A district and its villages."""

    code: str
    name: str
    villages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One place that a post speaks of; `spot` is what people call it."""

    district: District
    village: str
    spot: str

    @property
    def words(self) -> frozenset[str]:
        """The words of its names, in small letters: an author's slips leave them alone."""
        return frozenset(re.findall(r"[a-z]+", f"{self.spot} {self.village} {self.district.name}".lower()))


@lru_cache(maxsize=1)
def districts() -> dict[str, District]:
    """The districts of the regency by code."""
    return {
        area.code: District(area.code, area.name, tuple(village.name for village in areas.children(area.code)))
        for area in areas.children(SCOPE)
    }


def pick(rng: Random, spots: Mapping[str, Sequence[str]] | None) -> Place:
    """A place of an issue (the district that it names first is met most), or any place of the regency."""
    known = districts()
    if spots:
        codes = list(spots)
        code = rng.choices(codes, [1 / (rank + 1) ** 0.6 for rank in range(len(codes))])[0]
        spot = rng.choice(spots[code])
    else:
        code = rng.choice(list(known))
        spot = rng.choice((known[code].name, rng.choice(NEIGHBOURS)))
    district = known[code]
    return Place(district, spelled(rng.choice(district.villages), rng), spot)


def spelled(name: str, rng: Random) -> str:
    """A village's name as the gazetteer writes it, or in two words, or in small letters."""
    if rng.random() < 0.35:
        name = COMPOUND.sub(lambda match: f"{match[1]} {match[2].title()}", name)
    return name.lower() if rng.random() < 0.25 else name
