"""Hold each hour of a file against the same hour of its earlier days, as alerts do."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from django.utils.translation import gettext as _

from kentongan.core.errors import Invalid
from kentongan.core.imports.values import moment_in_utc
from kentongan.listening.alerts.habit import DAYS, judge
from kentongan.listening.lab.reading import BATCH, Row, Sheet
from kentongan.listening.lab.writing import Added

RESULT: Added = {
    "group": pa.string(),
    "hour": pa.string(),
    "posts": pa.int64(),
    "expected": pa.float64(),
    "score": pa.float64(),
    "days": pa.int64(),
    "unusual": pa.bool_(),
}
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Measure:
    """Which columns have the time and, if hours are counted apart, the group; what is unusual.

    That is an hour of at least `least` posts, with at least that `score`, after that many `days`.
    """

    time: str = "created_at"
    by: str = ""
    least: int = 20
    score: float = 5.0
    days: int = 7


@dataclass(slots=True)
class Hours:
    """Posts by group and hour (UTC)."""

    measure: Measure
    counts: dict[str, Counter[datetime]] = field(default_factory=dict)
    rows: int = 0

    def take(self, rows: list[Row]) -> None:
        """Count rows; raises Invalid for a time that is none."""
        for row in rows:
            self.rows += 1
            group = str(row.get(self.measure.by) or "") if self.measure.by else ""
            self.counts.setdefault(group, Counter())[self._hour(row)] += 1

    def _hour(self, row: Row) -> datetime:
        value = row.get(self.measure.time)
        found = moment_in_utc(value) if value is not None and str(value).strip() else None
        if found is None:
            raise Invalid(
                _("Row %(number)s: “%(value)s” is no time.") % {"number": self.rows, "value": str(value or "")[:60]},
                remedy=_("Write times like 2026-11-28T07:00:00+07:00, and give every row one."),
            )
        return found.astimezone(UTC).replace(minute=0, second=0, microsecond=0)

    def result(self) -> Iterator[list[Row]]:
        """Yield each hour that has posts, by group and time, in batches; before the file begins there is no habit."""
        begun = min((min(hours) for hours in self.counts.values()), default=datetime.max.replace(tzinfo=UTC))
        batch: list[Row] = []
        for group in sorted(self.counts):
            for hour in sorted(self.counts[group]):
                batch.append(self._judged(group, hour, begun))
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        yield batch

    def _judged(self, group: str, hour: datetime, begun: datetime) -> Row:
        hours = self.counts[group]
        days = max(0, min(DAYS, (hour - begun) // DAY))
        earlier = [hours[hour - DAY * ago] for ago in range(1, days + 1)]
        found = judge(hours[hour], earlier, [ago % 7 == 0 for ago in range(1, days + 1)])
        wanted = self.measure
        unusual = found.observed >= wanted.least and found.score >= wanted.score and found.days >= wanted.days
        return {
            "group": group,
            "hour": hour.isoformat(),
            "posts": found.observed,
            "expected": round(found.expected, 2),
            "score": round(found.score, 2),
            "days": found.days,
            "unusual": unusual,
        }


def opened(sheet: Sheet, measure: Measure) -> Hours:
    """Return the hours of a sheet; raises Invalid when it has no column of times, or of the groups asked for."""
    sheet.require(measure.time, *([measure.by] if measure.by else []))
    return Hours(measure)
