"""An issue and what was published about it: how much was said before and after. Nothing here says why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import DateField, Min, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.insights.queries import deliveries as delivery_queries
from kentongan.listening.models import Issue, IssueCount
from kentongan.publishing.models import Delivery

SPAN = timedelta(days=3)
SHOWN_DAYS = 14


@dataclass(frozen=True, slots=True)
class Comparison:
    """Posts about the issue in equal spans before and after the first publication.

    `after` is None as long as the span after it is not over: half a span is not compared with a whole one.
    """

    first: datetime
    span: timedelta
    before: int
    after: int | None
    so_far: int


@dataclass(frozen=True, slots=True)
class Volume:
    """Posts about the issue by day, and what was published about it."""

    days: Sequence[tuple[date, int]]
    deliveries: Sequence[Delivery]
    comparison: Comparison | None

    @property
    def published_on(self) -> list[date]:
        """The days on which something was published."""
        zone = timezone.get_current_timezone()
        return sorted({one.published_at.astimezone(zone).date() for one in self.deliveries if one.published_at})


def volume(actor: Actor, issue: Issue) -> Volume:
    """Return how the talk about an issue went on, with what was published about it: four queries."""
    published = list(delivery_queries.latest(actor, item__issue_id=issue.pk)[:20])
    first = delivery_queries.latest(actor, item__issue_id=issue.pk).order_by().aggregate(at=Min("published_at"))["at"]
    return Volume(_days(issue), published, _compare(issue, first) if first else None)


def _days(issue: Issue) -> list[tuple[date, int]]:
    zone = timezone.get_current_timezone()
    since = clock.now() - timedelta(days=SHOWN_DAYS)
    counted = (
        IssueCount.objects.filter(issue=issue, at__gte=since)
        .annotate(day=TruncDate("at", tzinfo=zone, output_field=DateField()))
        .values("day")
        .annotate(total=Sum("posts"))
        .order_by("day")
    )
    known = {row["day"]: row["total"] for row in counted}
    today = timezone.localdate()
    days = [today - timedelta(days=ago) for ago in range(SHOWN_DAYS - 1, -1, -1)]
    return [(day, known.get(day, 0)) for day in days]


def _compare(issue: Issue, first: datetime) -> Comparison:
    counted = IssueCount.objects.filter(issue=issue).aggregate(
        before=Sum("posts", filter=Q(at__gte=first - SPAN, at__lt=first)),
        after=Sum("posts", filter=Q(at__gte=first, at__lt=first + SPAN)),
    )
    so_far = counted["after"] or 0
    over = clock.now() >= first + SPAN
    return Comparison(first, SPAN, counted["before"] or 0, so_far if over else None, so_far)
