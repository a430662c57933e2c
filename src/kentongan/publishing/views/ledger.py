"""The ledger, what is coming, what needs a person."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from kentongan.channels import registry as channels
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of, sorted_by
from kentongan.publishing import queries
from kentongan.publishing.states import ENDS, State
from kentongan.publishing.views.common import chosen, may_publish, reader

DAYS_SHOWN = 14
SORTS = {"due": "due_at"}
COLUMNS = (
    Column(gettext_lazy("Scheduled for"), "due_at"),
    Column(gettext_lazy("Item"), "content.item_title", 40),
    Column(gettext_lazy("Platform"), lambda row: channels.label(row.account.platform)),
    Column(gettext_lazy("Account"), "account.known_as", 28),
    Column(gettext_lazy("Unit"), "unit.name", 34),
    Column(gettext_lazy("State"), "get_state_display"),
    Column(gettext_lazy("Reason"), "reason", 40),
    Column(gettext_lazy("Published"), "published_at"),
    Column(gettext_lazy("Address"), "url", 50),
)


@login_required
@require_GET
def index(request: StaffRequest) -> HttpResponseBase:
    """The ledger: what was planned and what became of it, down to each delivery."""
    actor, wanted = reader(request), chosen(request)
    rows = sorted_by(request, queries.deliveries(actor, wanted), SORTS)
    if fmt := request.GET.get("format"):
        return export("sebaran", COLUMNS, rows, fmt)
    total = queries.ledger(actor, wanted)
    context = {
        "page": page_of(request, rows, 25),
        "total": total,
        "ends": [(state.value, state.label, total.counts.get(state, 0)) for state in ENDS],
        "days": queries.days(actor, wanted)[:DAYS_SHOWN],
        "alarm": queries.alarm(actor),
        "pauses": queries.live_pauses(actor),
        "silent": queries.silent_servers(),
        "states": [*[(s.value, s.label) for s in ENDS], ("to_come", _("To come"))],
        "accounts": [(a.pk, f"{channels.label(a.platform)} · {a.known_as}") for a in queries.accounts(actor)],
        "wanted": wanted,
        "may_publish": may_publish(actor),
    }
    return render(request, "publishing/index.html", context)


@login_required
@require_GET
def coming(request: StaffRequest) -> HttpResponse:
    """What is still to come, day by day."""
    actor, wanted = reader(request), chosen(request)
    page = page_of(request, queries.coming(actor, wanted), 50)
    context = {"page": page, "wanted": wanted, "pauses": queries.live_pauses(actor), "may_publish": may_publish(actor)}
    context["silent"] = queries.silent_servers()
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
