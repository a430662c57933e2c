"""The ledger, what is coming, what needs a person."""

from dataclasses import replace
from functools import partial

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from kentongan.channels import registry as channels
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of, sorted_by
from kentongan.planning.campaigns import queries as campaigns
from kentongan.publishing import access, queries
from kentongan.publishing.states import ENDS, State
from kentongan.publishing.views.common import chosen, may_publish, reader
from kentongan.registry import queries as registry

DAYS_SHOWN = 14
LONGEST_MENU = 60
SORTS = {"due": "due_at"}
COLUMNS = (
    Column(gettext_lazy("Scheduled for"), "due_at"),
    Column(gettext_lazy("Item"), "content.item_title", 40),
    Column(gettext_lazy("Platform"), lambda row: channels.label(row.account.platform)),
    Column(gettext_lazy("Account"), "account.known_as", 28),
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("Campaign"), "campaign.name", 30),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Reason"), "reason", 40),
    Column(gettext_lazy("Published"), "published_at"),
    Column(gettext_lazy("Address"), "url", 50),
)


@login_required
@require_GET
def index(request: StaffRequest) -> HttpResponseBase:
    """The ledger: what was planned and what became of it, down to each delivery."""
    actor, wanted = reader(request), chosen(request).in_period()
    rows = sorted_by(request, queries.deliveries(actor, wanted), SORTS)
    if fmt := request.GET.get("format"):
        return export("sebaran", COLUMNS, rows, fmt)
    days = queries.days(actor, wanted)
    total = queries.summed(days)
    accounts = list(registry.connected_accounts(actor, access.READ).order_by("platform", "handle")[: LONGEST_MENU + 1])
    context = {
        "campaigns": campaigns.to_choose(actor),
        "page": page_of(request, rows, 25, at_least=total.planned if not wanted.state else 0),
        "total": total,
        "ends": [(state.value, state.label, total.counts.get(state, 0)) for state in ENDS],
        "days": days[:DAYS_SHOWN],
        "alarm": queries.alarm(actor),
        "pauses": queries.live_pauses(actor),
        "silent": queries.silent_servers(actor),
        "states": [*[(s.value, s.label) for s in ENDS], ("to_come", _("To come"))],
        "accounts": [(a.pk, f"{channels.label(a.platform)} · {a.known_as}") for a in accounts]
        if len(accounts) <= LONGEST_MENU
        else [],
        "wanted": wanted,
        "may_publish": may_publish(actor),
    }
    return render(request, "publishing/index.html", context)


@login_required
@require_GET
def lines(request: StaffRequest) -> HttpResponseBase:
    """The ledger's lines: one for each day, unit or campaign; each adds up, and so does their sum."""
    actor, wanted = reader(request), chosen(request).in_period()
    per = request.GET.get("per", "")
    per = per if per in queries.LINES else "day"
    found = queries.LINES[per](actor, wanted)
    if fmt := request.GET.get("format"):
        return export("buku-sebaran", _line_columns(per), [*found, replace(queries.summed(found), name=_("All"))], fmt)
    context = {
        "page": Paginator(found, 50).get_page(request.GET.get("page")),
        "total": queries.summed(found),
        "per": per,
        "pers": [("day", _("By day")), ("unit", _("By unit")), ("campaign", _("By campaign"))],
        "ends": [(state.value, state.label) for state in ENDS],
        "campaigns": campaigns.to_choose(actor),
        "wanted": wanted,
    }
    return render(request, "publishing/lines.html", context)


def _line_columns(per: str) -> list[Column]:
    """Return the columns of the lines' download."""
    labels = {"day": _("Day"), "unit": _("Unit"), "campaign": _("Campaign")}
    ends = [Column(state.label, partial(_count, state), 12) for state in ENDS]
    first = Column(labels[per], lambda line: line.day or line.name, 34)
    return [first, Column(_("Planned"), "planned", 12), *ends, Column(_("To come"), "to_come", 12)]


def _count(state: State, line: queries.Sum) -> int:
    return line.counts.get(state, 0)


@login_required
@require_GET
def coming(request: StaffRequest) -> HttpResponse:
    """What is still to come, day by day."""
    actor, wanted = reader(request), chosen(request)
    page = page_of(request, queries.coming(actor, wanted), 50)
    context = {"page": page, "wanted": wanted, "pauses": queries.live_pauses(actor), "may_publish": may_publish(actor)}
    context["silent"] = queries.silent_servers(actor)
    return render(request, "publishing/coming.html", context)


@login_required
@require_GET
def attention(request: StaffRequest) -> HttpResponse:
    """What nothing but a person moves on."""
    actor = reader(request)
    context = {
        "page": page_of(request, sorted_by(request, queries.needing_a_person(actor), SORTS), 25),
        "alarm": queries.alarm(actor),
        "unknown": State.UNKNOWN,
    }
    return render(request, "publishing/attention.html", context)
