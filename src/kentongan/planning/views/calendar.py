"""The calendar: a month by days, a week by hours, a list by days; and moving what stands in it."""

import calendar as dates
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Page, Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import formats, timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from kentongan.channels import registry as channels
from kentongan.core import clock, tables
from kentongan.core.actor import Actor
from kentongan.planning import access, calendar, queries
from kentongan.planning.campaigns import queries as campaigns
from kentongan.planning.forms import CalendarUnitForm, MoveForm
from kentongan.planning.views.common import number, reader
from kentongan.registry import access as rights
from kentongan.registry.models import Unit
from kentongan.safeguards.purposes import Purpose

# Far enough for any plan; beyond it dates overflow.
EARLIEST, LATEST = date(2000, 1, 1), date(2200, 1, 1)
WEEK, LIST_DAYS = 7, 14
PER_PAGE = 50
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Shown:
    """Which days a view shows, and where its neighbours begin."""

    start: date
    days: int
    earlier: date
    later: date

    @property
    def end(self) -> date:
        """The last day."""
        return self.start + timedelta(days=self.days - 1)


def _month(on: date) -> Shown:
    """Return the weeks, from Monday, that touch the month of that day."""
    first = on.replace(day=1)
    last = on.replace(day=dates.monthrange(on.year, on.month)[1])
    start = first - timedelta(days=first.weekday())
    weeks = -(-((last - start).days + 1) // WEEK)
    return Shown(start, weeks * WEEK, first - timedelta(days=1), last + timedelta(days=1))


def _week(on: date) -> Shown:
    start = on - timedelta(days=on.weekday())
    return Shown(start, WEEK, start - timedelta(days=WEEK), start + timedelta(days=WEEK))


def _days(on: date, days: int) -> Shown:
    return Shown(on, days, on - timedelta(days=days), on + timedelta(days=days))


def _on(request: HttpRequest) -> date:
    try:
        asked = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return timezone.localdate()
    return min(max(asked, EARLIEST), LATEST)


def _shown(request: HttpRequest, view: str) -> Shown:
    on = _on(request)
    if view == "list":
        return _days(on, min(max(number(request.GET.get("days")) or LIST_DAYS, 1), 31))
    return _week(on) if view == "week" else _month(on)


def _wanted(request: HttpRequest, shown: Shown, unit: Unit | None) -> calendar.Wanted:
    ask = request.GET
    state = ask.get("state", "")
    return calendar.Wanted(
        period=calendar.period(shown.start, shown.days),
        unit=unit,
        channel=ask.get("channel", "") if ask.get("channel", "") in channels.kinds() else "",
        brief_id=number(ask.get("brief")),
        purpose=ask.get("purpose", "") if ask.get("purpose", "") in Purpose.values else "",
        state=state if state in dict(_states()) else "",
        campaign_id=number(ask.get("campaign")),
    )


def _states() -> list[tuple[str, str]]:
    return [(f"{one.name}.{value}", str(label)) for one in calendar.sources() for value, label in one.states()]


def _choices(actor: Actor) -> dict[str, Any]:
    """Return what the filters offer."""
    purposes = queries.purposes()
    return {
        "states": _states(),
        "channels": [(one.kind, str(one.manifest.label)) for one in channels.publishing()],
        "briefs": queries.briefs_to_choose(actor),
        "campaigns": campaigns.to_choose(actor),
        "purposes": purposes if len(purposes) > 1 else [],
        "zones": list(clock.ABBREVIATIONS.items()),
        "zone": timezone.get_current_timezone_name(),
    }


def _unit(request: HttpRequest, actor: Actor) -> Unit | None:
    """Return the unit that is asked for by its code; NotFound where there is none for this person."""
    code = request.GET.get("unit", "").replace("\x00", "").strip()
    return rights.get_unit(actor, access.READ, code=code) if code else None


def _page(actor: Actor, wanted: calendar.Wanted, request: HttpRequest) -> dict[str, Any]:
    """Return a page of the list, with the days on it."""
    page: Page[Any] = Paginator(calendar.listed(actor, wanted), PER_PAGE).get_page(request.GET.get("page"))
    zone = timezone.get_current_timezone()
    entries: dict[date, list[calendar.Entry]] = {}
    for entry in calendar.entries_of(actor, page.object_list):
        entries.setdefault(entry.at.astimezone(zone).date(), []).append(entry)
    days = {day.date: day for day in calendar.days(wanted.period)}
    marked = {day.date for day in days.values() if day.marks or day.quiet} if page.paginator.num_pages == 1 else set()
    return {
        "page": page,
        "days": [(days[day], entries.get(day, [])) for day in sorted(marked | set(entries)) if day in days],
    }


def _columns() -> list[tables.Column]:
    """Return the columns of the download: times in the viewer's zone, which is named, whoever writes them out later."""
    zone, name = timezone.get_current_timezone(), clock.abbreviation(timezone.get_current_timezone_name())
    return [
        tables.Column(_("When"), lambda entry: f"{entry.at.astimezone(zone):%Y-%m-%d %H:%M}", 18),
        tables.Column(_("Time zone"), lambda _entry: name, 10),
        tables.Column(_("Title"), "title", 40),
        tables.Column(_("Channels"), lambda entry: ", ".join(map(channels.label, entry.kinds)), 24),
        tables.Column(_("Account"), "account", 28),
        tables.Column(_("Unit"), "unit", 34),
        tables.Column(_("State"), "label", 18),
    ]


def _every(actor: Actor, wanted: calendar.Wanted) -> Iterator[calendar.Entry]:
    """Yield every entry of the period in the order of time, a few hundred at once."""
    rows = list(calendar.listed(actor, wanted))
    for start in range(0, len(rows), AT_ONCE):
        yield from calendar.entries_of(actor, rows[start : start + AT_ONCE])


VIEWS: dict[str, Callable[[Actor, calendar.Wanted, HttpRequest], dict[str, Any]]] = {
    "month": lambda actor, wanted, _request: {"days": calendar.month(actor, wanted)},
    "week": lambda actor, wanted, _request: {"days": calendar.week(actor, wanted)},
    "list": _page,
}


@login_required
@require_GET
def show(request: HttpRequest) -> HttpResponseBase:
    """What is wanted, due and scheduled, in the viewer's zone."""
    actor = reader(request)
    view = request.GET.get("view", "")
    view = view if view in VIEWS else "month"
    shown, unit = _shown(request, view), _unit(request, actor)
    wanted = _wanted(request, shown, unit)
    if fmt := request.GET.get("format"):
        return tables.export("kalender", _columns(), _every(actor, wanted), fmt)
    context = {
        "view": view,
        "views": [("month", _("Month")), ("week", _("Week")), ("list", _("List"))],
        "shown": shown,
        "on": _on(request),
        "today": timezone.localdate(),
        "unit": unit,
        "unit_form": CalendarUnitForm(initial={"unit": unit}, actor=actor),
        "kept": [(name, value) for name, value in request.GET.items() if name not in ("unit", "page")],
        "sheet_unit": queries.units_to_edit(actor).values_list("pk", flat=True).first(),
        **_choices(actor),
        **VIEWS[view](actor, wanted, request),
    }
    return render(request, "planning/calendar.html", context)


@login_required
@require_POST
def move(request: HttpRequest) -> HttpResponse:
    """Give one line of the calendar another day (and hour); what it is decides which action does it."""
    actor, form = reader(request), MoveForm(request.POST)
    if not form.is_valid():
        raise form.complaint()
    wanted = form.cleaned_data
    moment = calendar.moved_to(wanted["seen"], wanted["day"], wanted["hour"])
    calendar.source(wanted["source"]).move(actor, wanted["number"], moment, wanted["seen"])
    messages.success(request, _("Moved to %(when)s.") % {"when": _in_words(moment)})
    following = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(following, allowed_hosts={request.get_host()}):
        following = reverse("planning:calendar")
    return redirect(following)


def _in_words(moment: datetime) -> str:
    local = timezone.localtime(moment)
    day, hour = formats.date_format(local, "l, j F Y"), formats.date_format(local, _("H:i"))
    return f"{day}, {hour} {clock.abbreviation(timezone.get_current_timezone_name())}"
