"""Which issues rise now, as the wall says it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.listening import access
from kentongan.listening.models import Issue, IssueCount
from kentongan.web import formatting

SHOWN = 5
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Rising:
    """An issue on the wall: its title, how it grew, what it is about."""

    pk: int
    title: str
    url: str
    meta: str
    growth: str
    tone: str


def rising(actor: Actor, now: datetime) -> list[Rising]:
    """Return the issues with the most posts of the last day beside the day before: three queries."""
    today = _posts(now - DAY, now)
    ranked = sorted(today, key=lambda pk: -today[pk])
    mine = access.issues(actor).in_bulk(ranked[: SHOWN * 4])
    before = _posts(now - 2 * DAY, now - DAY)
    shown = [mine[pk] for pk in ranked if pk in mine and not mine[pk].is_coordinated][:SHOWN]
    return [_rising(issue, today[issue.pk], before.get(issue.pk, 0), now) for issue in shown]


def _posts(start: datetime, end: datetime) -> dict[int, int]:
    counted = IssueCount.objects.filter(at__gte=start, at__lt=end).values("issue_id")
    return {row["issue_id"]: row["n"] for row in counted.annotate(n=Sum("posts")).order_by()}


def _rising(issue: Issue, posts: int, before: int, now: datetime) -> Rising:
    change = formatting.delta(posts, before, good="down")
    parts = [_("%(n)s posts") % {"n": formatting.number(posts)}, str(issue.topic_label)]
    if issue.complaint_share is not None:
        parts.append(_("%(share)s complaints") % {"share": formatting.percent(issue.complaint_share)})
    parts.append(formatting.duration(now - issue.first_at))
    tone = {"signal": "signal", "leaf": "leaf", "plain": "plain"}[change.tone]
    return Rising(
        issue.pk, issue.title, issue.get_absolute_url(), " · ".join(part for part in parts if part), change.text, tone
    )
