"""Names of people by region, invented but as people there bear them."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from typing import TypeVar

FILE = Path(__file__).with_name("names.toml")
BEFORE = ("H.", "Drs.", "Ir.", "dr.", "KH.", "Ust.")
BEFORE_WOMEN = ("Hj.", "Dra.", "dr.", "Ir.", "Ustz.")
AFTER = ("S.Pd.", "S.H.", "S.E.", "S.Sos.", "S.Ag.", "S.Kom.", "S.IP.", "M.Si.", "M.Pd.", "M.M.", "A.Md.")
ELSEWHERE = 0.06
"""The share of people whose name comes from another region than the one they live in."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Region:
    """Lists of one region; `single` is the share of people with one name only."""

    male: Sequence[str]
    female: Sequence[str]
    second: Sequence[str]
    family: Sequence[str]
    single: float


@cache
def _regions() -> tuple[Mapping[str, Region], Sequence[Region]]:
    """Return the regions by the code of a province, and all of them."""
    rows = tomllib.loads(FILE.read_text(encoding="utf-8"))["regions"]
    regions = [Region(row["male"], row["female"], row["second"], row.get("family", ()), row["single"]) for row in rows]
    by_province = {province: region for row, region in zip(rows, regions, strict=True) for province in row["provinces"]}
    return by_province, regions


def pick(rng: Random, several: Sequence[T]) -> T:
    """Return one of them, each as likely as the others; faster than `Random.choice`."""
    return several[int(rng.random() * len(several))]


def name(rng: Random, province: str) -> tuple[str, str]:
    """Return (full name with its titles, plain name) of somebody who lives in a province (its code; "" anywhere)."""
    by_province, everywhere = _regions()
    region = by_province.get(province)
    if region is None or rng.random() < ELSEWHERE:
        region = pick(rng, everywhere)
    woman = rng.random() < 0.45
    parts = [pick(rng, region.female if woman else region.male)]
    if rng.random() >= region.single or " " in parts[0]:
        if not region.family or rng.random() < 0.35:
            parts.append(pick(rng, region.second))
        if region.family:
            parts.append(pick(rng, region.family))
        elif rng.random() < 0.18:
            parts.append(pick(rng, region.second))
    plain = " ".join(dict.fromkeys(parts))
    full = plain
    if rng.random() < 0.05:
        full = f"{pick(rng, BEFORE_WOMEN if woman else BEFORE)} {full}"
    if rng.random() < 0.11:
        full = f"{full}, {pick(rng, AFTER)}"
        if rng.random() < 0.15 and not full.endswith(AFTER[7:10]):
            full = f"{full}, {pick(rng, AFTER[7:10])}"
    return full, plain
