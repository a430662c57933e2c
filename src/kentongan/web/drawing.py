"""Geometry of the small pictures that templates draw as inline SVG."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

PAD = 3.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Paths of a small curve: `line` may have gaps where nothing was measured; `area` is what lies under it."""

    line: str
    area: str
    last_x: float
    last_y: float
    empty: bool


def _runs(points: Sequence[tuple[float, float] | None]) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def sparkline(values: Iterable[float | None], width: int, height: int) -> Sparkline:
    """Lay `values` out over a `width` by `height` box; None leaves a gap, for missing is not zero."""
    series = list(values)
    known = [value for value in series if value is not None]
    if not known:
        return Sparkline("", "", 0, 0, True)
    top = max(*known, 0) or 1
    step = (width - 2 * PAD) / max(len(series) - 1, 1)
    points = [
        None
        if value is None
        else (round(PAD + index * step, 1), round(height - PAD - value / top * (height - 2 * PAD), 1))
        for index, value in enumerate(series)
    ]
    runs = _runs(points)
    line = "".join("M" + "L".join(f"{x} {y}" for x, y in run) for run in runs)
    area = "".join(
        f"M{run[0][0]} {height}L" + "L".join(f"{x} {y}" for x, y in run) + f"L{run[-1][0]} {height}Z" for run in runs
    )
    last_x, last_y = runs[-1][-1]
    return Sparkline(line, area, last_x, last_y, False)


@dataclass(frozen=True, slots=True)
class Tile:
    """One area on a tile map; `level` is 0 (nothing) to 5 (the most)."""

    code: str
    label: str
    value: float | None
    level: int
    url: str


def tiles(rows: Iterable[Any]) -> list[Tile]:
    """Grade rows (mappings with code, label, value, url) to six levels of colour, relative to the largest value."""
    given = list(rows)
    top = max((row["value"] or 0 for row in given), default=0)
    return [
        Tile(
            str(row.get("code", "")),
            str(row["label"]),
            row["value"],
            0 if not row["value"] else max(1, round(row["value"] / top * 5)),
            str(row.get("url", "")),
        )
        for row in given
    ]


@dataclass(frozen=True, slots=True)
class Bar:
    """One horizontal bar; `share` is its length relative to the longest, 0 to 100."""

    label: str
    value: float | None
    share: float
    url: str


def bars(rows: Iterable[Sequence[Any]]) -> list[Bar]:
    """Scale rows of (label, value) or (label, value, url) to the longest."""
    given = [(str(row[0]), row[1], str(row[2]) if len(row) > 2 else "") for row in rows]
    top = max((value or 0 for _, value, _ in given), default=0) or 1
    return [Bar(label, value, round((value or 0) / top * 100, 1), url) for label, value, url in given]
