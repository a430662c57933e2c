"""One issue: its curve, its districts, its sample posts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import DateTimeField, F, QuerySet, Sum, Value
from django.utils import timezone
from django.utils.formats import date_format

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.listening import access
from kentongan.listening.models import Issue, IssueCount, IssueDistrict, IssueSample
from kentongan.listening.queries.board import DateBin
from kentongan.registry import areas

POINTS = 48
STEPS = [
    timedelta(minutes=10),
    timedelta(minutes=30),
    *(timedelta(hours=h) for h in (1, 3, 6, 12, 24)),
    timedelta(days=7),
]


@dataclass(frozen=True, slots=True)
class Curve:
    """Posts and complaints of an issue over its life; `starts` are aware, one a point."""

    step: timedelta
    starts: list[datetime]
    posts: list[int]
    complaints: list[int]

    @property
    def labels(self) -> list[str]:
        """The points' names in the current zone."""
        form = "j M" if self.step >= timedelta(days=1) else "j M H.i"
        return [date_format(timezone.localtime(start), form) for start in self.starts]

    @property
    def series(self) -> list[dict[str, object]]:
        """What the chart draws, without names."""
        return [{"values": self.posts}, {"values": self.complaints}]

    @property
    def peak(self) -> tuple[datetime, int] | None:
        """When it was highest."""
        if not self.posts:
            return None
        index = max(range(len(self.posts)), key=lambda n: self.posts[n])
        return self.starts[index], self.posts[index]


def curve(issue: Issue) -> Curve:
    """Return the curve from the first post to the latest, in at most about fifty points on round times."""
    zone = clock.zone(issue.unit.timezone)
    span = issue.last_at - issue.first_at
    step = next((step for step in STEPS if span / step <= POINTS), STEPS[-1])
    origin = issue.first_at.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    bins = (
        IssueCount.objects.filter(issue=issue)
        .annotate(bin=DateBin(Value(step), F("at"), Value(origin, DateTimeField())))
        .values_list("bin")
        .annotate(posts=Sum("posts"), complaints=Sum("complaints"))
    )
    found = {start: (posts, complaints) for start, posts, complaints in bins}
    first = origin + step * math.floor((issue.first_at - origin) / step)
    count = math.floor((issue.last_at - first) / step) + 1
    starts = [first + step * n for n in range(count)]
    values = [found.get(start, (0, 0)) for start in starts]
    return Curve(step, starts, [posts for posts, _bad in values], [bad for _posts, bad in values])


def districts_of(issue: Issue) -> list[tuple[str, int, int]]:
    """Return (name, posts, complaints) of the areas that the issue's posts name."""
    rows = IssueDistrict.objects.filter(issue=issue, posts__gt=0).order_by("-posts", "area_code")
    return [(areas.get(row.area_code).name, row.posts, row.complaints) for row in rows]


def samples(issue: Issue) -> QuerySet[IssueSample]:
    """Return the posts kept for reading, the newest first."""
    return IssueSample.objects.filter(issue=issue).order_by("-created_at", "-pk")


def merge_choices(actor: Actor, issue: Issue, most: int = 40) -> Sequence[Issue]:
    """Return issues of the same unit that this one could go into: of the same topic first, the largest first."""
    others = access.issues(actor).filter(unit_id=issue.unit_id).exclude(pk=issue.pk)
    near = list(others.filter(topic=issue.topic).order_by("-posts")[:most])
    return (
        near if len(near) >= 5 else [*near, *others.exclude(topic=issue.topic).order_by("-posts")[: most - len(near)]]
    )
