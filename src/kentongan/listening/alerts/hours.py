"""The counts that rules are judged by: of the last hour, and of the same hour on earlier days."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, DurationField, ExpressionWrapper, F, Min, Q, Sum, Value

from kentongan.listening.alerts.habit import DAYS
from kentongan.listening.models import Issue, IssueCount, IssueDistrict, TalkCount
from kentongan.listening.queries.board import DateBin

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FIFTH = 5
"""An issue is of an area that at least one in five of its posts names."""


@dataclass(frozen=True, slots=True)
class Hour:
    """Posts and complaints of one hour; `history` of the same hour, a day earlier each."""

    posts: int
    complaints: int
    history: Sequence[tuple[int, int]]

    def counts(self, *, complaints: bool) -> tuple[int, list[int]]:
        """Return what was counted in the hour and on the earlier days."""
        which = 1 if complaints else 0
        return (self.posts, self.complaints)[which], [pair[which] for pair in self.history]


Counts = dict[int, tuple[int, int]]
"""Posts and complaints by how many days ago."""


def _hour(found: Mapping[int, tuple[int, int]], days: int) -> Hour:
    posts, complaints = found.get(0, (0, 0))
    return Hour(posts, complaints, [found.get(ago, (0, 0)) for ago in range(1, days + 1)])


def known_days(first: datetime | None, end: datetime) -> int:
    """Return on how many earlier days the hour before `end` lies after `first`, DAYS at most."""
    return 0 if first is None else max(0, min(DAYS, (end - HOUR - first) // DAY))


def _last_hours(end: datetime) -> Q:
    """Return the condition for what lies in the hour before `end`, on its day and each earlier one.

    `bin` names the hour's start on each of those days.
    """
    return Q(at__gte=end - HOUR - DAYS * DAY, at__lt=end) & Q(
        at__lt=ExpressionWrapper(F("bin") + Value(HOUR, DurationField()), DateTimeField())
    )


def _bins(end: datetime) -> DateBin:
    return DateBin(Value(DAY), F("at"), Value(end - HOUR, DateTimeField()))


def _ago(start: datetime, end: datetime) -> int:
    return round((end - HOUR - start) / DAY)


def of_talk(unit_id: int, end: datetime) -> tuple[dict[tuple[str, str], Counts], int]:
    """Return the counts of the clock hour before `end` by topic and area, and how many days of habit there are."""
    rows = TalkCount.objects.filter(unit=unit_id)
    days = known_days(rows.aggregate(first=Min("at"))["first"], end)
    found: dict[tuple[str, str], Counts] = defaultdict(dict)
    starts = [end - HOUR - DAY * ago for ago in range(days + 1)]
    sums = rows.filter(at__in=starts).values_list("topic", "area_code", "at", "posts", "complaints")
    for topic, area, at, posts, complaints in sums:
        found[topic, area][_ago(at, end)] = (posts, complaints)
    return found, days


def together(found: Mapping[tuple[str, str], Counts], days: int, *, topic: str, area: str) -> Hour:
    """Return the hour of all talk of a topic and an area; "" is any."""
    total: Counts = defaultdict(lambda: (0, 0))
    for (of_topic, of_area), counts in found.items():
        if topic in ("", of_topic) and area in ("", of_area):
            for ago, (posts, complaints) in counts.items():
                total[ago] = (total[ago][0] + posts, total[ago][1] + complaints)
    return _hour(total, days)


def of_issues(unit_id: int, end: datetime, least: int) -> dict[Issue, Hour]:
    """Return the last hour of each issue of a unit that had at least so many posts in it."""
    mine = IssueCount.objects.filter(issue__unit=unit_id, issue__merged_into=None)
    recent = mine.filter(at__gte=end - HOUR, at__lt=end).values("issue").annotate(n=Sum("posts")).filter(n__gte=least)
    issues = Issue.objects.in_bulk(list(recent.values_list("issue", flat=True)))
    rows = IssueCount.objects.filter(issue__in=issues).annotate(bin=_bins(end)).filter(_last_hours(end))
    found: dict[int, Counts] = defaultdict(dict)
    sums = rows.values_list("issue", "bin").annotate(posts=Sum("posts"), complaints=Sum("complaints"))
    for issue, start, posts, complaints in sums:
        found[issue][_ago(start, end)] = (posts, complaints)
    return {one: _hour(found[pk], known_days(one.first_at, end)) for pk, one in issues.items()}


def areas_of(issues: Collection[Issue]) -> dict[int, set[str]]:
    """Return by issue the areas that at least one in five of its posts names."""
    rows = IssueDistrict.objects.filter(issue__in=issues, posts__gte=F("issue__posts") / FIFTH, posts__gt=0)
    found: dict[int, set[str]] = defaultdict(set)
    for issue, area in rows.values_list("issue", "area_code"):
        found[issue].add(area)
    return found
