"""Periods of the board, and the habit that each is compared with."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Min, Q
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening.models import TalkCount
from kentongan.registry import access as registry

PERIODS: list[tuple[str, Promise]] = [
    ("24h", _("24 hours")),
    ("7d", _("7 days")),
    ("30d", _("30 days")),
    ("all", _("All data")),
]
LENGTHS = {"24h": timedelta(hours=24), "7d": timedelta(days=7), "30d": timedelta(days=30)}
DEFAULT = "7d"
HABIT_DAYS = 7
POINTS = 24


@dataclass(frozen=True, slots=True)
class Period:
    """From `start` to `end`. Its last `recent` hours are compared with the same hours of `habit_days` earlier days."""

    key: str
    start: datetime
    end: datetime
    recent: timedelta
    habit_days: int
    has_data: bool

    @property
    def step(self) -> timedelta:
        """The width of one point of a curve over this period, at least ten minutes."""
        return max((self.end - self.start) / POINTS, timedelta(minutes=10))

    @property
    def earliest(self) -> datetime:
        """The first moment that is looked at: the habit may lie before the period."""
        return min(self.start, self.end - self.recent - timedelta(days=self.habit_days))

    @property
    def recent_part(self) -> Q:
        """Buckets of the recent hours."""
        return Q(at__gte=self.end - self.recent, at__lt=self.end)

    @property
    def habit_part(self) -> Q:
        """Buckets of the same hours on the earlier days."""
        part = Q(pk__in=())
        for days in range(1, self.habit_days + 1):
            end = self.end - timedelta(days=days)
            part |= Q(at__gte=end - self.recent, at__lt=end)
        return part


def period_of(actor: Actor, key: str | None) -> Period:
    """Return the period chosen; without a choice the last seven days, or all data when those are empty."""
    talk = registry.scope(TalkCount.objects.all(), actor, Capability.LISTEN)
    span = talk.aggregate(first=Min("at"), last=Max("at"))
    now = clock.now()
    first, last = span["first"], span["last"]
    if first is None:
        return Period(key if key in LENGTHS else DEFAULT, now - LENGTHS[DEFAULT], now, timedelta(hours=24), 0, False)
    if key not in dict(PERIODS):
        key = DEFAULT if last >= now - LENGTHS[DEFAULT] else "all"
    end = last + timedelta(hours=1) if key == "all" else now
    start = first if key == "all" else end - LENGTHS[key]
    recent = timedelta(hours=6 if key == "24h" or end - start <= timedelta(days=2) else 24)
    known = max((end - recent - first) // timedelta(days=1), 0)
    return Period(key, start, end, recent, min(known, HABIT_DAYS), True)
