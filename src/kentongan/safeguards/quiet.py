"""When a quiet period holds: pure functions over dated spans, in the zone of the place.

Days are whole: a period from the 24th to the 26th holds from 00:00:00 on the 24th to the last instant of the 26th,
as the clocks of that place show it. The three zones of Indonesia so begin and end at three different instants.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from kentongan.core.clock import zone
from kentongan.safeguards.zones import midnight, zone_of

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Span:
    """A quiet period as it is reckoned with: both days belong to it; an empty area is the whole country."""

    id: int
    name: str
    election: str
    starts_on: date
    ends_on: date
    area_code: str = ""

    def covers(self, area_code: str) -> bool:
        """Whether the place lies in the period's area: the area itself, or anything below it."""
        return not self.area_code or area_code == self.area_code or area_code.startswith(f"{self.area_code}.")

    def contains(self, day: date) -> bool:
        """Whether that day belongs to the period."""
        return self.starts_on <= day <= self.ends_on


@dataclass(frozen=True, slots=True)
class Hold:
    """A quiet period holds, at that place, up to (not including) `until`."""

    span: Span
    until: datetime


def holding(spans: Iterable[Span], at: datetime, area_code: str, timezone: str = "") -> Hold | None:
    """Return what holds at the instant `at` (aware) at that place, or None.

    Periods that follow each other without a free day hold as one, so that nothing is let go in between.
    """
    timezone = timezone or zone_of(area_code)
    here = [span for span in spans if span.covers(area_code)]
    day = at.astimezone(zone(timezone)).date()
    present = _longest(here, day)
    if present is None:
        return None
    last = present
    while following := _longest(here, last.ends_on + DAY):
        last = following
    return Hold(present, midnight(last.ends_on + DAY, timezone))


def _longest(spans: Iterable[Span], day: date) -> Span | None:
    return max((span for span in spans if span.contains(day)), key=lambda span: (span.ends_on, span.id), default=None)
