"""Which issues rise now, as the wall says it: the last day beside the days before, as the board reckons it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.listening import queries
from kentongan.web import formatting

SHOWN = 7  # the wall cuts off those for which it has no room
YOUNG = timedelta(days=2)
WEEK = "7d"
RISES = 1.2  # times the habit, from which on the wall calls it rising
COMPLAINTS = 0.3
FEWEST = 5  # posts: below that, a few words of one neighbour would stand on the wall


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
    """Return the issues that grew most in the last day, complaints that nobody answers first."""
    own, _apart = queries.ranked(actor, queries.Filters(), queries.period_of(actor, WEEK))
    grown = [row for row in own if row.recent >= FEWEST and (row.growth is None or row.growth >= RISES)]
    grown.sort(key=lambda row: (not row.is_hot, -row.score))
    return [_rising(row, now) for row in grown[:SHOWN]]


def _tone(row: queries.IssueRow) -> str:
    if row.is_hot:
        return "signal"
    if row.growth is None:
        return "plain"
    return "amber" if (row.complaint_share or 0) >= COMPLAINTS else "sky"


def _rising(row: queries.IssueRow, now: datetime) -> Rising:
    issue = row.issue
    parts = [_("%(n)s posts in 24 hours") % {"n": formatting.number(row.recent)}, str(issue.topic_label)]
    if row.complaint_share is not None:
        parts.append(_("%(share)s complaints") % {"share": formatting.percent(row.complaint_share)})
    if now - issue.first_at < YOUNG:
        parts.append(_("since %(span)s") % {"span": formatting.duration(now - issue.first_at)})
    meta = " · ".join(part for part in parts if part)
    change = formatting.delta(row.growth, None if row.growth is None else 1)
    words = "" if row.growth is None else change.text
    return Rising(issue.pk, issue.title, issue.get_absolute_url(), meta, words, _tone(row))
