"""Times for many posts between two moments: evenly, or so many every so many minutes, with jitter by a seed."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid

MOST = 5_000
LONGEST = timedelta(days=89)
"""As far as quiet periods are looked up when posts are scheduled."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How to spread: from `start` to `end` evenly; or `each` at once every `minutes` from `start`, `end` the latest.

    `jitter` moves each post by up to so many minutes either way, never out of the span; the same `seed` gives the
    same times.
    """

    start: datetime
    end: datetime
    each: int | None = None
    minutes: int | None = None
    jitter: int = 0
    seed: int = 0

    def times(self, count: int) -> list[datetime]:
        """Return so many times in their order, whole minutes; Invalid where they do not fit."""
        self._check(count)
        chance = random.Random(f"{self.seed}/{count}")  # noqa: S311  nothing here is a secret
        planned = self._in_waves(count) if self.minutes and self.each else self._evenly(count)
        return sorted(self._moved(moment, chance) for moment in planned)

    def _check(self, count: int) -> None:
        problems: dict[str, list[str]] = {}
        if self.end < self.start or self.end - self.start > LONGEST:
            problems["end"] = [_("The end comes after the start, within 89 days.")]
        if not 0 < count <= MOST:
            problems["accounts"] = [_("Between 1 and %(most)s posts.") % {"most": MOST}]
        given = [number for number in (self.each, self.minutes) if number is not None]
        if len(given) == 1 or any(number < 1 for number in given):
            problems["each"] = [_("Give both: how many, and every how many minutes.")]
        if not 0 <= self.jitter <= 720:
            problems["jitter"] = [_("Between 0 and 720 minutes.")]
        if problems:
            raise Invalid(fields=problems)

    def _evenly(self, count: int) -> list[datetime]:
        step = (self.end - self.start) / (count - 1) if count > 1 else timedelta()
        return [self.start + step * n for n in range(count)]

    def _in_waves(self, count: int) -> list[datetime]:
        each, minutes = self.each or 1, self.minutes or 1
        planned = [self.start + timedelta(minutes=minutes) * (n // each) for n in range(count)]
        if planned[-1] > self.end:
            fit = ((self.end - self.start) // timedelta(minutes=minutes) + 1) * each
            raise Invalid(
                fields={
                    "end": [_("Only %(fit)s of %(count)s posts fit before the end.") % {"fit": fit, "count": count}]
                },
                remedy=_("Choose a later end, more at once, or a shorter distance."),
            )
        return planned

    def _moved(self, moment: datetime, chance: random.Random) -> datetime:
        moved = moment + timedelta(minutes=chance.randint(-self.jitter, self.jitter)) if self.jitter else moment
        return min(max(moved, self.start), self.end).replace(second=0, microsecond=0)
