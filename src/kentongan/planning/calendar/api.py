"""The calendar through the API: the same entries and rights as on the screen."""

from datetime import date, datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Field, Query, Schema

from kentongan.core import authority
from kentongan.core.api import Page, Paging, Router, actor_of, paginate, scope
from kentongan.core.errors import Invalid
from kentongan.planning import access, calendar, queries
from kentongan.registry import access as rights

router = Router(tags=["planning"])
MOST_DAYS = 92
Id = Annotated[int, Field(ge=1, le=2**63 - 1)]
Day = Annotated[date, Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))]
Word = Annotated[str, Field(max_length=40, pattern=r"^[^\x00]*$")]


class CalendarDays(Schema):
    """Which days, both included, in the caller's zone; `state` is `source.state`, such as `delivery.ready`."""

    since: Day
    until: Day
    unit_id: Id | None = None
    channel: Word = ""
    brief_id: Id | None = None
    purpose: Word = ""
    state: Word = ""
    campaign_id: Id | None = None


class EntryOut(Schema):
    """One line of the calendar: `source` (item, brief, delivery) and `id` say what it is."""

    source: str
    id: int
    at: datetime
    title: str
    unit: str
    account: str
    channels: list[str]
    state: str
    movable: bool


@router.get("", response=Page[EntryOut], auth=scope("planning:read"))
def entries(request: HttpRequest, days: Query[CalendarDays], paging: Query[Paging]) -> dict[str, Any]:
    """List what is wanted, due and scheduled from one day to another, both included, in the order of time.

    What is scheduled is among it for a token that also holds `publishing:read`.
    """
    actor = actor_of(request)
    authority.require_anywhere(actor, access.READ)
    unit = None if days.unit_id is None else rights.get_unit(actor, access.READ, pk=days.unit_id)
    shown = (days.until - days.since).days + 1
    if not 0 < shown <= MOST_DAYS:
        raise Invalid(fields={"until": [_("Between 1 and %(most)s days.") % {"most": MOST_DAYS}]})
    with timezone.override(queries.zone_of(actor)):
        period = calendar.period(days.since, shown)
    wanted = calendar.Wanted(period, unit, days.channel, days.brief_id, days.purpose, days.state, days.campaign_id)
    page = paginate(calendar.listed(actor, wanted), paging, dict)
    page["items"] = [_entry(entry) for entry in calendar.entries_of(actor, page["items"])]
    return page


def _entry(entry: calendar.Entry) -> dict[str, Any]:
    same = ("source", "title", "unit", "account", "state", "movable")
    return {**{name: getattr(entry, name) for name in same}, "id": entry.pk, "at": entry.at, "channels": entry.kinds}
