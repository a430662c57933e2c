"""Screens of campaigns."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.core import tables
from kentongan.core.errors import Invalid, NotAllowed
from kentongan.core.forms import show_errors
from kentongan.core.permissions import Capability
from kentongan.planning import access, actions, panels
from kentongan.planning import queries as planning
from kentongan.planning.campaigns import queries
from kentongan.planning.campaigns.forms import CampaignForm, ReasonForm, initial
from kentongan.planning.models import Campaign
from kentongan.planning.views.common import chosen_unit, reader, searched
from kentongan.registry import access as rights

COLUMNS = (
    tables.Column(gettext_lazy("Name"), "name", 40),
    tables.Column(gettext_lazy("Unit"), "unit.name", 30),
    tables.Column(gettext_lazy("Purpose"), "get_purpose_display"),
    tables.Column(gettext_lazy("Hashtags"), lambda row: " ".join(f"#{tag}" for tag in row.hashtags), 30),
    tables.Column(gettext_lazy("From"), "starts_on"),
    tables.Column(gettext_lazy("Until"), "ends_on"),
    tables.Column(gettext_lazy("State"), "get_state_display"),
    tables.Column(gettext_lazy("Items"), "item_count"),
    tables.Column(gettext_lazy("Approved"), "approved_count"),
)
SORTS = {"name": "name", "from": "starts_on", "until": "ends_on"}


@login_required
@require_GET
def index(request: HttpRequest) -> HttpResponseBase:
    """The campaigns; those that are closed are the archive."""
    actor = reader(request)
    unit = chosen_unit(request, actor)
    ask = request.GET
    state = ask.get("state", "") if ask.get("state", "") in Campaign.State.values else ""
    purpose = ask.get("purpose", "")
    rows = queries.campaigns(actor, state=state, purpose=purpose, unit=unit, text=searched(request))
    rows = tables.sorted_by(request, rows, SORTS)
    if fmt := ask.get("format"):
        return tables.export("program", COLUMNS, rows, fmt)
    context = {
        "page": tables.page_of(request, rows, 25),
        "states": [("", _("All")), *Campaign.State.choices],
        "purposes": planning.purposes(),
        "may_write": planning.units_to_edit(actor).exists(),
        "unit": unit,
    }
    return render(request, "planning/campaigns.html", context)


@login_required
@require_GET
def detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One campaign: what it is, its content, what later rooms say of it."""
    actor = reader(request)
    campaign = access.campaign(actor, pk)
    counts = planning.state_counts(actor, campaign_id=pk)
    rows = tables.sorted_by(request, planning.items(actor, campaign_id=pk), {"wanted": "planned_for"})
    context = {
        "campaign": campaign,
        "page": tables.page_of(request, rows, 25),
        "counts": [(state, counts.get(state.value, 0)) for state in planning.BOARD_STATES],
        "may_edit": rights.allows(actor, Capability.EDIT, campaign.unit),
        "reason_form": ReasonForm(),
        "panels": panels.of_campaign(actor, campaign),
    }
    return render(request, "planning/campaign.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """Open a campaign."""
    actor = reader(request)
    if not planning.units_to_edit(actor).exists():
        raise NotAllowed()
    form = CampaignForm(request.POST or None, actor=actor)
    if request.method == "POST" and form.is_valid():
        try:
            campaign = actions.open_campaign(actor, form.cleaned_data["unit"].pk, form.draft())
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("The campaign runs. Next: put content into it."))
            return redirect("planning:campaign", campaign.pk)
    return _form(request, form)


@login_required
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a campaign."""
    actor = reader(request)
    campaign = access.campaign(actor, pk, Capability.EDIT)
    form = CampaignForm(request.POST or None, actor=actor, campaign=campaign, initial=initial(campaign))
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_campaign(actor, pk, form.draft())
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("planning:campaign", pk)
    return _form(request, form, campaign)


def _form(request: HttpRequest, form: CampaignForm, campaign: Campaign | None = None) -> HttpResponse:
    status = 422 if request.method == "POST" else 200
    return render(request, "planning/campaign_form.html", {"form": form, "campaign": campaign}, status=status)


@login_required
@require_POST
def close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a campaign."""
    actions.close_campaign(reader(request), pk, request.POST.get("reason", ""))
    messages.success(request, _("Closed. It is in the archive, and can be opened again."))
    return redirect("planning:campaign", pk)


@login_required
@require_POST
def reopen(request: HttpRequest, pk: int) -> HttpResponse:
    """Open a closed campaign again."""
    actions.reopen_campaign(reader(request), pk)
    messages.success(request, _("The campaign runs again."))
    return redirect("planning:campaign", pk)
