"""The names of the organisation's areas, ready to be found in text; where they come from is not known here."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

KIND = re.compile(r"^(provinsi|kabupaten|kota|kecamatan|kelurahan|desa)\s+")
WORD = re.compile(r"[^\W_]+")
LONGEST = 3


class Named(Protocol):
    """An area: dotted code, name, level (1 province .. 4 village)."""

    @property
    def code(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def level(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Place:
    """One reading of a name: the area's code, its level, and how much the name alone says (0..1)."""

    code: str
    level: int
    weight: float


@dataclass(frozen=True, slots=True)
class Gazetteer:
    """`names` maps a name (lower case, single spaces, up to three words) to its readings; `outside` holds names of
    regencies elsewhere, which speak against a reading here. `depth` is the code length of the level that is counted."""

    names: dict[str, tuple[Place, ...]] = field(default_factory=dict)
    outside: frozenset[str] = frozenset()
    root: str = ""
    depth: int = 0

    def district(self, code: str | None) -> str:
        """Return the counted area around a code ("" for none)."""
        return ".".join((code or "").split(".")[: self.depth])


def key(name: str) -> str:
    """Return a name as it is looked up."""
    return " ".join(WORD.findall(KIND.sub("", name.casefold())))


def build(root: str, inside: Iterable[Named], outside: Iterable[Named], common: frozenset[str]) -> Gazetteer:
    """Return the gazetteer of an organisation whose area is `root` ("" for the country).

    `common` are everyday words: a village called "Jaya" is only found where "desa" stands before it. The counted level
    is the one below the root.
    """
    depth = len(root.split(".")) + 1 if root else 1
    readings: dict[str, list[Place]] = {}
    for area in inside:
        name = key(area.name)
        words = name.split()
        if area.level < depth or not words or len(words) > LONGEST:
            continue
        weight = 1.0 if area.level <= depth else 0.7
        if len(words) == 1 and (words[0] in common or len(words[0]) < 4):
            weight = 0.25 if area.level > depth else 0.6
        readings.setdefault(name, []).append(Place(area.code, area.level, weight))
        if area.level == depth and len(words) > 1 and len(words[0]) > 3 and words[0] not in common:
            readings.setdefault(words[0], []).append(Place(area.code, area.level, 0.35))
    elsewhere = frozenset(key(area.name) for area in outside) - readings.keys()
    return Gazetteer({name: tuple(found) for name, found in readings.items()}, elsewhere, root, depth)
