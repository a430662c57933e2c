"""When posts are written: an issue's course over the days, and the hours at which people write."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Jakarta")
BIN = timedelta(minutes=15)
SPAN = 14.0
RISE_HOURS = 1.5

# Shares of the 24 hours of a day, midnight first.
RHYTHMS: dict[str, tuple[float, ...]] = {
    "day": (2, 1, 0.6, 0.5, 1.2, 3, 5, 6, 6, 5, 5, 5, 6, 6, 5, 5, 6, 7, 7, 8, 9, 8, 6, 4),
    "commute": (1, 0.5, 0.4, 0.6, 2, 6, 10, 10, 7, 5, 4, 4, 5, 5, 4, 5, 8, 10, 8, 6, 5, 4, 3, 2),
    "rush": (0.5, 0.2, 0.2, 0.3, 1, 6, 14, 15, 9, 3, 2, 2, 3, 3, 3, 5, 12, 16, 11, 5, 3, 2, 1, 0.7),
    "night": (8, 5, 3, 2, 2, 2, 2, 1.5, 1, 1, 1, 1, 1, 1, 1, 1, 1.5, 3, 6, 10, 13, 14, 13, 11),
    "home": (2, 1, 1, 1.5, 5, 9, 10, 7, 5, 4, 3, 3, 3, 3, 3, 4, 6, 8, 8, 7, 6, 5, 4, 3),
    "morning": (0.5, 0.3, 0.3, 0.8, 3, 7, 10, 11, 10, 9, 8, 7, 6, 4, 3, 3, 3, 3, 3, 4, 4, 3, 2, 1),
    "office": (0.4, 0.2, 0.2, 0.3, 0.8, 2, 4, 8, 11, 12, 11, 10, 7, 9, 9, 8, 6, 5, 4, 4, 4, 3, 2, 1),
    "evening": (5, 3, 2, 1, 0.8, 1, 2, 3, 3, 3, 3, 4, 5, 4, 4, 5, 6, 7, 8, 10, 12, 13, 11, 8),
    "meal": (1, 0.5, 0.3, 0.3, 1, 3, 7, 8, 5, 4, 5, 9, 12, 8, 5, 5, 6, 8, 9, 9, 8, 6, 4, 2),
    "shift": (3, 2, 2, 2, 3, 7, 9, 6, 4, 4, 4, 6, 7, 5, 6, 8, 7, 6, 5, 6, 6, 6, 7, 4),
    "flat": (3, 2, 2, 2, 3, 4, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 5, 4),
}
WEEKEND = {"rush": 0.3, "office": 0.25, "commute": 0.5, "shift": 0.7, "night": 1.2, "evening": 1.2}


def bins(start: datetime, days: int) -> list[datetime]:
    """The quarter hours of `days` days from `start`."""
    return [start + BIN * number for number in range(days * 96)]


def intensities(times: list[datetime], curve: Mapping[str, Any] | None, rhythm: str, days: int) -> list[float]:
    """How much is written in each quarter hour, in no unit; a curve's days count from the first local midnight."""
    midnight = times[0].astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
    stretch = SPAN / days
    hours = RHYTHMS[rhythm]
    result = []
    for time in times:
        local = time.astimezone(ZONE)
        day = (time - midnight) / timedelta(days=1) * stretch
        weekend = WEEKEND.get(rhythm, 1.0) if local.weekday() >= 5 else 1.0
        result.append(hours[local.hour] * weekend * (level(curve, day) if curve else 1.0))
    return result


def level(curve: Mapping[str, Any], day: float) -> float:
    """The height of an issue's course at a day of the fortnight."""
    match curve["shape"]:
        case "sudden":
            return _burst(day - curve["start"], curve["half_life"])
        case "pulses":
            pulses = zip(curve["at"], curve["weights"], strict=True)
            return float(sum(weight * _burst(day - at, curve["half_life"]) for at, weight in pulses))
        case "slow":
            share = (day - curve["start"]) / (curve["end"] - curve["start"])
            return float(max(share, 0.0) ** curve["power"])
        case "steady":
            return 1.0 if curve["start"] <= day <= curve["end"] + 1 else 0.08
        case shape:
            raise ValueError(f"unknown shape of a curve: {shape}")


def _burst(since: float, half_life: float) -> float:
    if since < 0:
        return 0.0
    return min(since * 24 / RISE_HOURS, 1.0) * math.exp(-since * math.log(2) / half_life)
