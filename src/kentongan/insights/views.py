"""Screens of the room Ukur."""

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels import registry as channels
from kentongan.core import tables
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column
from kentongan.insights import queries
from kentongan.insights.models import METRICS
from kentongan.insights.queries import Period, last_days
from kentongan.insights.queries import deliveries as delivery_queries
from kentongan.insights.queries.periods import CHOICES
from kentongan.missions.views.common import page, whole
from kentongan.planning import access as planning_access
from kentongan.registry import access as registry_access

METRIC_LABELS = {
    "views": gettext_lazy("Views"),
    "likes": gettext_lazy("Likes"),
    "shares": gettext_lazy("Shares"),
    "replies": gettext_lazy("Replies"),
}

COLUMNS = [
    Column(gettext_lazy("Published"), "published_at"),
    Column(gettext_lazy("Unit"), "unit.name", 30),
    Column(gettext_lazy("Platform"), lambda row: channels.label(row.account.platform)),
    Column(gettext_lazy("Account"), "account.known_as", 26),
    Column(gettext_lazy("Content"), "item.title", 40),
    Column(gettext_lazy("Address"), "url", 40),
    *[Column(label, name) for name, label in METRIC_LABELS.items()],
    Column(gettext_lazy("Last reading"), lambda row: row.probe.get_outcome_display() if hasattr(row, "probe") else ""),
    Column(gettext_lazy("Read at"), "probe.read_at"),
]


def _period(request: StaffRequest) -> Period:
    days = whole(request.GET.get("days")) or 7
    return last_days(days if days in CHOICES else 7)


def _within(request: StaffRequest) -> dict[str, Any]:
    """Narrow to one unit's subtree, if asked for and seen."""
    code = request.GET.get("unit", "")
    if not code:
        return {}
    unit = registry_access.get_unit(request.actor, Capability.MEASURE, code=code)
    return {"unit__path__within": unit.path}


def _metric(request: StaffRequest) -> str:
    metric = request.GET.get("metric", METRICS[0])
    return metric if metric in METRICS else METRICS[0]


def _overview(request: StaffRequest) -> dict[str, Any]:
    period, within, metric = _period(request), _within(request), _metric(request)
    reach = queries.reach(request.actor, period, **within)
    days = queries.by_day(request.actor, period, metric, **within)
    return {
        "period": period,
        "reach": reach,
        "silent": [row for row in reach.platforms if row.sums.live and row.sums.silent == row.sums.live],
        "units": queries.by_unit(request.actor, period, **within)[:12],
        "items": queries.by_item(request.actor, period, **within)[:10],
        "metric": metric,
        "metric_label": METRIC_LABELS[metric],
        "labels": [date_format(day, "j M") for day, _gain in days],
        "series": [{"name": METRIC_LABELS[metric], "values": [gain for _day, gain in days], "tone": "teak"}],
    } | _finding(days)


def _finding(days: list[tuple[date, int | None]]) -> dict[str, Any]:
    """What a chart's title says: how much in all, and the best day."""
    known = [(gain, day) for day, gain in days if gain is not None]
    best = max(known, default=(0, None))
    return {
        "known": bool(known),
        "gained": sum(gain for gain, _day in known),
        "best_gain": best[0],
        "best_day": date_format(best[1], "j M") if best[1] else "",
    }


@page
def index(request: StaffRequest) -> HttpResponse:
    """Show what reached people in a period, beside the period before."""
    context = _overview(request)
    labels = {1: _("24 hours"), 7: _("7 days"), 30: _("30 days"), 90: _("90 days")}
    context["periods"] = [(days, labels[days]) for days in CHOICES]
    context["metrics"] = list(METRIC_LABELS.items())
    return render(request, "insights/index.html", context)


@page
def printed(request: StaffRequest) -> HttpResponse:
    """Show the same on paper."""
    return render(request, "insights/print.html", _overview(request))


@page
def ledger(request: StaffRequest) -> HttpResponseBase:
    """List every published delivery with its last known numbers."""
    sorts = {"published": "published_at"} | {name: name for name in METRICS}
    rows = tables.sorted_by(request, delivery_queries.latest(request.actor, **_within(request)), sorts)
    if fmt := request.GET.get("format"):
        return tables.export("ukur", COLUMNS, rows, fmt)
    return render(request, "insights/deliveries.html", {"page": tables.page_of(request, rows, 50)})


@page
def export(request: StaffRequest) -> HttpResponseBase:
    """Give the deliveries of the period as a spreadsheet."""
    period = _period(request)
    rows = delivery_queries.latest(request.actor, published_at__gte=period.start, **_within(request))
    name = f"ukur-{timezone.localtime(period.start):%Y%m%d}-{timezone.localtime(period.end):%Y%m%d}"
    return tables.export(name, COLUMNS, rows, request.GET.get("format", "xlsx"))


@page
def item(request: StaffRequest, item_id: int) -> HttpResponse:
    """Show how one item's numbers went on."""
    found = planning_access.item(request.actor, item_id, Capability.MEASURE)
    metric = _metric(request)
    deliveries = list(delivery_queries.latest(request.actor, item=found.pk)[:50])
    curve = delivery_queries.course(deliveries, metric)
    tones = ("teak", "leaf", "sky", "amber")
    context = {
        "item": found,
        "deliveries": deliveries,
        "metric": metric,
        "metric_label": METRIC_LABELS[metric],
        "metrics": list(METRIC_LABELS.items()),
        "curve": curve,
        "labels": [date_format(timezone.localtime(moment), "j M H.i") for moment in curve.moments],
        "series": [
            {"name": one.name, "values": one.values, "tone": tones[at % len(tones)]}
            for at, one in enumerate(curve.series)
        ],
    }
    return render(request, "insights/item.html", context)
