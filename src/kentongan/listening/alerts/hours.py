"""The counts that rules are judged by: of the last hour, and of the same hour on earlier days."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, QuerySet, Sum

from kentongan.listening.alerts.habit import DAYS
from kentongan.listening.models import Issue, IssueCount, IssueDistrict, TalkCount

HOUR, DAY, BUCKET = timedelta(hours=1), timedelta(days=1), timedelta(minutes=10)
HOURS = range(1, 25)
YOUNG_DAYS = 2
"""With fewer days of habit an issue is held against its own last day."""
FIFTH = 5
"""An issue is of an area that at least one in five of its posts names."""
LISTENED = """
SELECT ago FROM generate_series(1, %(days)s) AS ago
WHERE EXISTS (
    SELECT 1 FROM listening_talkcount
    WHERE unit_id = %(unit)s AND posts > 0
        AND at >= %(end)s - (ago + 1) * interval '24 hours' AND at < %(end)s - ago * interval '24 hours'
)
ORDER BY ago
"""


@dataclass(frozen=True, slots=True)
class Hour:
    """Posts and complaints of one hour, and those it is held against, the latest first.

    `history` is the same hour of so many days `ago`; or, of what was `first_at` seen a short while ago and has no habit
    yet, the hours of the day before.
    """

    posts: int
    complaints: int
    history: Sequence[tuple[int, int]]
    ago: Sequence[int]
    first_at: datetime | None = None

    def counts(self, *, complaints: bool) -> tuple[int, list[int]]:
        """Return what was counted in the hour and before."""
        which = 1 if complaints else 0
        return (self.posts, self.complaints)[which], [pair[which] for pair in self.history]


Counts = dict[int, tuple[int, int]]
"""Posts and complaints by how many days, or hours, ago."""


def _hour(found: Mapping[int, tuple[int, int]], ago: Sequence[int], first_at: datetime | None = None) -> Hour:
    posts, complaints = found.get(0, (0, 0))
    return Hour(posts, complaints, [found.get(one, (0, 0)) for one in ago], ago, first_at)


def listened(unit_id: int, end: datetime) -> list[int]:
    """Return how many days ago a unit had posts at all in the 24 hours to that time of day, DAYS at most.

    A day without any says nothing about a habit: nobody listened then, or what was brought in has holes.
    """
    with connection.cursor() as cursor:
        cursor.execute(LISTENED, {"days": DAYS, "unit": unit_id, "end": end})
        return [ago for (ago,) in cursor.fetchall()]


def of_talk(unit_id: int, end: datetime) -> tuple[dict[tuple[str, str], Counts], list[int]]:
    """Return the counts of the clock hour before `end` by topic and area, and which earlier days have a say."""
    days = listened(unit_id, end)
    found: dict[tuple[str, str], Counts] = defaultdict(dict)
    starts = {end - HOUR - DAY * ago: ago for ago in (0, *days)}
    rows = TalkCount.objects.filter(unit=unit_id, at__in=list(starts))
    for topic, area, at, posts, complaints in rows.values_list("topic", "area_code", "at", "posts", "complaints"):
        found[topic, area][starts[at]] = (posts, complaints)
    return found, days


def together(found: Mapping[tuple[str, str], Counts], days: Sequence[int], *, topic: str, area: str) -> Hour:
    """Return the hour of all talk of a topic and an area; "" is any."""
    total: Counts = defaultdict(lambda: (0, 0))
    for (of_topic, of_area), counts in found.items():
        if topic in ("", of_topic) and area in ("", of_area):
            for ago, (posts, complaints) in counts.items():
                total[ago] = (total[ago][0] + posts, total[ago][1] + complaints)
    return _hour(total, days)


def of_issues(unit_id: int, end: datetime, least: int) -> dict[Issue, Hour]:
    """Return the last hour of each issue of a unit that had at least so many posts in it."""
    mine = IssueCount.objects.filter(issue__unit=unit_id, issue__merged_into=None, at__in=_buckets(end))
    recent = mine.values("issue").annotate(n=Sum("posts")).filter(n__gte=least).values_list("issue", flat=True)
    issues = Issue.objects.only("title", "topic", "first_at").in_bulk(list(recent))
    days = listened(unit_id, end)
    habits = {pk: [ago for ago in days if one.first_at <= end - HOUR - DAY * ago] for pk, one in issues.items()}
    young = [pk for pk, habit in habits.items() if len(habit) < YOUNG_DAYS]
    same = [at for ago in (0, *days) for at in _buckets(end - DAY * ago)]
    by_day = _sums(IssueCount.objects.filter(issue__in=habits.keys() - set(young), at__in=same), end, DAY)
    by_hour = _sums(IssueCount.objects.filter(issue__in=young, at__gte=end - DAY - HOUR, at__lt=end), end, HOUR)
    old = {one: _hour(by_day[pk], habits[pk]) for pk, one in issues.items() if pk not in set(young)}
    return old | {issues[pk]: _hour(by_hour[pk], HOURS, issues[pk].first_at) for pk in young}


def _buckets(end: datetime) -> list[datetime]:
    """Return the starts of the ten minutes that begin in the hour before `end`."""
    latest = end - timedelta(microseconds=1)
    latest -= timedelta(minutes=latest.minute % 10, seconds=latest.second, microseconds=latest.microsecond)
    return [latest - BUCKET * n for n in range(HOUR // BUCKET)]


def _sums(rows: QuerySet[IssueCount], end: datetime, step: timedelta) -> dict[int, Counts]:
    """Return the sums of counts by issue, and by how many steps before `end` they are."""
    found: dict[int, Counts] = defaultdict(lambda: defaultdict(lambda: (0, 0)))
    for issue, at, posts, complaints in rows.values_list("issue", "at", "posts", "complaints"):
        # A bucket that began exactly a step before is of the step that it opens.
        ago = (end - timedelta(microseconds=1) - at) // step
        before = found[issue][ago]
        found[issue][ago] = (before[0] + posts, before[1] + complaints)
    return found


def areas_of(issues: Collection[Issue]) -> dict[int, set[str]]:
    """Return by issue the areas that at least one in five of its posts names."""
    rows = IssueDistrict.objects.filter(issue__in=issues, posts__gte=F("issue__posts") / FIFTH, posts__gt=0)
    found: dict[int, set[str]] = defaultdict(set)
    for issue, area in rows.values_list("issue", "area_code"):
        found[issue].add(area)
    return found
