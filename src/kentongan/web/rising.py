"""Which issues rise now, as the wall says it: the board's own ranking over the last day."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from kentongan.core.actor import Actor
from kentongan.listening import queries
from kentongan.web import formatting

SHOWN = 5
LAST_DAY = "24h"
RISES = 1.5


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
    """Return the first issues of the board; where the last day has none, those of the board's own period."""
    own: list[queries.IssueRow] = []
    for key in (LAST_DAY, None):
        own, _apart = queries.ranked(actor, queries.Filters(), queries.period_of(actor, key))
        if own:
            break
    return [_rising(row, now) for row in own[:SHOWN]]


def _tone(row: queries.IssueRow) -> str:
    if row.is_hot:
        return "signal"
    if row.growth is None:
        return "plain"
    return "amber" if row.growth >= RISES else "leaf" if row.growth < 1 else "plain"


def _rising(row: queries.IssueRow, now: datetime) -> Rising:
    issue = row.issue
    parts = [_("%(n)s posts") % {"n": formatting.number(row.volume)}, str(issue.topic_label)]
    if row.complaint_share is not None:
        parts.append(_("%(share)s complaints") % {"share": formatting.percent(row.complaint_share)})
    parts.append(_("since %(span)s") % {"span": formatting.duration(now - issue.first_at)})
    meta = " · ".join(part for part in parts if part)
    change = formatting.delta(row.growth, None if row.growth is None else 1)
    words = _("no habit yet") if row.growth is None else change.text
    return Rising(issue.pk, issue.title, issue.get_absolute_url(), meta, words, _tone(row))
