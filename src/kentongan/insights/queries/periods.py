"""Spans of days that are compared with the span just before."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from kentongan.core import clock

CHOICES = (1, 7, 30, 90)


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` (included) to `end` (excluded), both aware."""

    start: datetime
    end: datetime

    @property
    def days(self) -> int:
        """How many days long, rounded up."""
        return -(-(self.end - self.start) // timedelta(days=1))

    @property
    def previous(self) -> "Period":
        """The span of the same length just before."""
        return Period(self.start - (self.end - self.start), self.start)


def last_days(days: int) -> Period:
    """Return the last so many days up to now, beginning at midnight in the current zone (1: the last 24 hours)."""
    now = clock.now()
    if days <= 1:
        return Period(now - timedelta(days=1), now)
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(midnight - timedelta(days=days - 1), now)
