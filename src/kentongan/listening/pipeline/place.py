"""Place: the area a post speaks of, down to the village, scored by context; None when nothing is named clearly.

"Cikarang" may be any of five districts: alone it scores low for each, and the alternatives are kept. "Sukamaju" is a
village here and fifty elsewhere: it counts when "desa", its district or another place of the same district stands by.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kentongan.listening.pipeline.columns import Ints, flat, put, single
from kentongan.listening.pipeline.context import Context
from kentongan.listening.pipeline.gazetteer import Gazetteer, Place, key

CUES = {
    4: frozenset({"desa", "ds", "kel", "kelurahan", "kp", "kampung", "perum", "dusun"}),
    3: frozenset({"kec", "kecamatan", "camat", "polsek", "puskesmas"}),
    2: frozenset({"kab", "kabupaten", "kota", "bupati", "walikota", "pemkab", "pemkot"}),
}
SOFT_CUES = frozenset(
    {"di", "ke", "dari", "daerah", "arah", "jalan", "jl", "jln", "jalur", "wilayah", "sekitar", "warga", "pasar"}
)
ENOUGH = 0.5
ALTERNATIVE = 0.15


@dataclass(frozen=True, slots=True)
class Found:
    """The best reading of a post's names; `others` are codes that remain possible."""

    code: str | None
    score: float | None
    others: list[str]


NOTHING = Found(None, None, [])


def _grams(tokens: pa.Array, rows: Ints, known: pa.Array, length: int) -> list[tuple[int, int, str]]:
    count = len(tokens) - length + 1
    if count < 1:
        return []
    parts = [tokens.slice(offset, count) for offset in range(length)]
    joined = pc.binary_join_element_wise(*parts, " ") if length > 1 else parts[0]
    hit = pc.is_in(joined, value_set=known).to_numpy(zero_copy_only=False) & (rows[:count] == rows[length - 1 :])
    positions = np.nonzero(hit)[0]
    names = joined.take(pa.array(positions)).to_pylist()
    return [(int(position), length, name) for position, name in zip(positions, names, strict=True)]


def _longest_first(grams: list[tuple[int, int, str]]) -> list[tuple[int, int, str]]:
    """Keep "cikarang pusat" and drop the "cikarang" inside it."""
    taken: set[int] = set()
    kept = []
    for position, length, name in sorted(grams, key=lambda gram: -gram[1]):
        span = range(position, position + length)
        if taken.isdisjoint(span):
            taken.update(span)
            kept.append((position, length, name))
    return sorted(kept)


def _cue(before: str | None, level: int) -> float:
    if before is None:
        return 0.0
    if before in CUES.get(level, ()):
        return 0.5
    return 0.15 if before in SOFT_CUES else 0.0


def _related(one: str, other: str, depth: int) -> bool:
    return one.split(".")[:depth] == other.split(".")[:depth]


def _resolve(names: list[tuple[str, str | None]], gazetteer: Gazetteer, away: bool) -> Found:
    readings: list[tuple[Place, float, str]] = [
        (place, place.weight + _cue(before, place.level), name)
        for name, before in names
        for place in gazetteer.names.get(name, ())
    ]
    if not readings:
        return NOTHING
    scored: dict[str, float] = {}
    for place, base, name in readings:
        support = any(
            other.code != place.code
            and label != name
            and other.weight > 0.3
            and _related(place.code, other.code, gazetteer.depth)
            for other, _score, label in readings
        )
        rivals = sum(1 for other, _score, label in readings if label == name) - 1
        score = base + 0.4 * support - 0.12 * min(rivals, 3) * (not support) - 0.4 * away
        scored[place.code] = max(scored.get(place.code, 0.0), min(score, 1.0) + 0.001 * len(place.code))
    best = max(scored, key=lambda code: scored[code])
    others = [
        code for code in sorted(scored, key=lambda code: -scored[code]) if code != best and scored[code] >= ALTERNATIVE
    ]
    if scored[best] < ENOUGH:
        return Found(None, None, [best, *others][:5])
    return Found(best, round(min(scored[best], 1.0), 3), others[:5])


def _hinted(hint: str | None, gazetteer: Gazetteer) -> str | None:
    if not hint:
        return None
    if hint[0].isdigit():
        return hint if hint.startswith(gazetteer.root) else None
    readings = gazetteer.names.get(key(hint), ())
    return readings[0].code if len(readings) == 1 or (readings and readings[0].weight >= 1) else None


def find(tokens: pa.Array | pa.ChunkedArray, gazetteer: Gazetteer) -> dict[int, Found]:
    """Return what was found, by row; rows that name nothing are absent."""
    values, rows = flat(tokens)
    if not gazetteer.names or not len(values):
        return {}
    known = pa.array([*gazetteer.names, *gazetteer.outside], pa.string())
    grams = [gram for length in (1, 2, 3) for gram in _grams(values, rows, known, length)]
    named: dict[int, list[tuple[str, str | None]]] = {}
    away: set[int] = set()
    for position, _length, name in _longest_first(grams):
        row = int(rows[position])
        if name in gazetteer.outside:
            away.add(row)
            continue
        same_row = position > 0 and rows[position - 1] == row
        named.setdefault(row, []).append((name, values[position - 1].as_py() if same_row else None))
    return {row: _resolve(names, gazetteer, row in away) for row, names in named.items()}


def step(table: pa.Table, context: Context) -> pa.Table:
    """Add `place` (area code or null), `place_score`, `place_others`, `district` ("" when none)."""
    found = find(table["tokens"], context.gazetteer)
    rows = [found.get(row, NOTHING) for row in range(len(table))]
    hints = [_hinted(hint, context.gazetteer) for hint in single(table["place_hint"]).to_pylist()]
    codes = [row.code or hint for row, hint in zip(rows, hints, strict=True)]
    table = put(table, "place", pa.array(codes, pa.string()))
    table = put(table, "place_score", pa.array([row.score for row in rows], pa.float32()))
    table = put(table, "place_others", pa.array([row.others for row in rows], pa.list_(pa.string())))
    return put(table, "district", pa.array([context.gazetteer.district(code) for code in codes], pa.string()))
