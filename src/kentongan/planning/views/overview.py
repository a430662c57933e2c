"""The board, the electioneering content, and the counter that forms ask."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST

from kentongan.core import clock, tables
from kentongan.core.errors import NotFound
from kentongan.planning import counting, queries
from kentongan.planning.campaigns import queries as campaigns
from kentongan.planning.drafts import RenditionDraft, plain
from kentongan.planning.views.common import chosen_unit, electioneering_only, number, reader, searched
from kentongan.safeguards import queries as safeguards
from kentongan.safeguards.purposes import Purpose


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The board: what is being made, by state."""
    actor = reader(request)
    purpose, text = request.GET.get("purpose", ""), searched(request)
    unit = chosen_unit(request, actor)
    context = {
        "lanes": queries.board(actor, purpose, unit, text, number(request.GET.get("campaign"))),
        "campaigns": campaigns.to_choose(actor),
        "purposes": queries.purposes(),
        "waiting": queries.waiting_for(actor).count(),
        "may_write": queries.units_to_edit(actor).exists(),
        "unit": unit,
        "now": clock.now(),
    }
    return render(request, "planning/index.html", context)


@login_required
@require_GET
@electioneering_only
def electioneering(request: HttpRequest) -> HttpResponseBase:
    """Electioneering only, with the days that will hold it."""
    actor = reader(request)
    rows = queries.items(actor, purpose=Purpose.CAMPAIGN)
    context = {"page": tables.page_of(request, rows, 25), "overview": safeguards.overview(clock.now())}
    return render(request, "planning/electioneering.html", context)


@login_required
@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """Count one version while it is being written, and show how it will look: the server's word."""
    actor, sent = reader(request), request.POST
    kind = sent.get("kind", "")
    if kind not in {channel.kind for channel in counting.offered()}:
        raise NotFound()
    text, link = plain(sent.get(f"{kind}_text", "")), sent.get(f"{kind}_link", "").strip()
    draft = RenditionDraft(text, sent.get(f"{kind}_title", "").strip(), link)
    drawn = queries.typed(actor, number(sent.get("item")), {kind: draft}, title=sent.get("title", "").strip())
    beside = bool(drawn[kind].pictures or drawn[kind].videos)
    measured = counting.measure(kind, text, link, beside=beside)
    context = {"measure": measured, "summary": counting.summary(measured), "preview": drawn[kind]}
    return render(request, "planning/_counted.html", context)
