"""The gazetteer: every province, regency, district and village of Indonesia, read once and kept."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow.parquet as pq
from django.utils.translation import gettext_lazy as _

from kentongan.core.clock import Zone
from kentongan.core.errors import NotFound, Unavailable

PROVINCE, REGENCY, DISTRICT, VILLAGE = 1, 2, 3, 4
ATTRIBUTION = "idn-area-data 4.0.1, ODbL 1.0"
ATTRIBUTION_URL = "https://github.com/fityannugroho/idn-area-data"
KIND = re.compile(r"^(provinsi|prov\.?|kabupaten|kab\.?|kota|kecamatan|kec\.?|kelurahan|kel\.?|desa)\s+(?=\w)")
# Provinces with another zone than Jakarta's (Keppres 41/1987, and the provinces made since).
WITA_PROVINCES = ("51", "52", "53", "63", "64", "65", "71", "72", "73", "74", "75", "76")
WIT_PROVINCES = ("81", "82", "91", "92", "93", "94", "95", "96")
URBAN = "1"
SOURCE = Path(__file__).parent / "data" / "areas.parquet"


@dataclass(frozen=True, slots=True)
class Area:
    """One area: its dotted code ("32.16.09.2001"), its name and its level (1 province to 4 village)."""

    code: str
    name: str
    level: int

    @property
    def parent(self) -> str | None:
        """The code of the area around it; None for a province."""
        return self.code.rpartition(".")[0] or None

    @property
    def timezone(self) -> str:
        """The IANA name of its zone."""
        if self.code.startswith(WITA_PROVINCES):
            return Zone.WITA.value
        return Zone.WIT.value if self.code.startswith(WIT_PROVINCES) else Zone.WIB.value

    @property
    def village_word(self) -> str:
        """What a village is: the first figure of its code's last part is 1 for a kelurahan, 2 (or more) for a desa."""
        return "Kelurahan" if self.code.rpartition(".")[2].startswith(URBAN) else "Desa"


@dataclass(frozen=True, slots=True)
class _Gazetteer:
    codes: list[str]
    areas: list[Area]
    keys: list[str]


def get(code: str) -> Area:
    """The area with this code; raises NotFound."""
    gazetteer = _gazetteer()
    position = bisect_left(gazetteer.codes, code)
    if position == len(gazetteer.codes) or gazetteer.codes[position] != code:
        raise NotFound(
            _("There is no area with the code %(code)s.") % {"code": code},
            remedy=_("Use a code of the Ministry of Home Affairs, for example 32.16.09."),
        )
    return gazetteer.areas[position]


def children(code: str = "") -> list[Area]:
    """The areas one level below, by code; the provinces without a code."""
    level = get(code).level + 1 if code else PROVINCE
    return [area for area in scope(code) if area.level == level]


def scope(code: str = "") -> list[Area]:
    """The area itself and everything in it, by code; the whole country without a code."""
    gazetteer = _gazetteer()
    if not code:
        return list(gazetteer.areas)
    # "." sorts before every digit, so an area and all that is in it lie side by side.
    start = bisect_left(gazetteer.codes, code)
    return gazetteer.areas[start : bisect_left(gazetteer.codes, f"{code}/")]


def path(code: str) -> list[Area]:
    """The areas around this one, the province first, the area itself last; raises NotFound."""
    parts = code.split(".")
    return [get(".".join(parts[: depth + 1])) for depth in range(len(parts))]


def search(name: str, *, within: str = "", level: int | None = None, limit: int = 20) -> list[Area]:
    """The areas whose name contains `name`, however it is spaced: whole names first, then beginnings."""
    wanted = _key(name)
    if not wanted:
        return []
    gazetteer = _gazetteer()
    start = bisect_left(gazetteer.codes, within) if within else 0
    end = bisect_left(gazetteer.codes, f"{within}/") if within else len(gazetteer.codes)
    hits = [
        (_rank(gazetteer.keys[index], wanted), gazetteer.areas[index])
        for index in range(start, end)
        if wanted in gazetteer.keys[index] and level in (None, gazetteer.areas[index].level)
    ]
    hits.sort(key=lambda hit: (hit[0], hit[1].level, hit[1].code))
    return [area for _place, area in hits[:limit]]


def named(name: str, *, level: int | None = None) -> list[Area]:
    """The areas of exactly this name, however it is spaced and whatever kind stands before it, by code."""
    wanted = _key(name)
    gazetteer = _gazetteer()
    return (
        [
            area
            for key, area in zip(gazetteer.keys, gazetteer.areas, strict=True)
            if key == wanted and level in (None, area.level)
        ]
        if wanted
        else []
    )


def _rank(key: str, wanted: str) -> int:
    if key == wanted:
        return 0
    return 1 if key.startswith(wanted) else 2


def _key(name: str) -> str:
    return "".join(character for character in KIND.sub("", name.casefold()) if character.isalnum())


@lru_cache(maxsize=1)
def _gazetteer() -> _Gazetteer:
    if not SOURCE.is_file():
        raise Unavailable(
            _("The list of areas is missing from this installation."),
            remedy=_("Run `make install`, which builds it."),
        )
    table = pq.read_table(SOURCE, columns=["code", "name", "level"])
    codes, names, levels = (table[column].to_pylist() for column in ("code", "name", "level"))
    areas = [Area(*row) for row in zip(codes, names, levels, strict=True)]
    return _Gazetteer(codes, areas, [_key(name) for name in names])
