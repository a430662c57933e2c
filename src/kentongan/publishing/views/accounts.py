"""Connections of accounts, and the big switch."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from kentongan.channels import registry as channels
from kentongan.core import authority
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid, KentonganError
from kentongan.core.forms import complain, show_errors
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import page_of
from kentongan.planning import access as planning
from kentongan.planning.campaigns import queries as campaigns
from kentongan.publishing import actions, carrying, connections, queries
from kentongan.publishing.forms import ConnectForm, PauseForm, ReasonForm
from kentongan.publishing.views.common import after_connecting, form_page, may_publish, number, reader
from kentongan.registry import access as rights
from kentongan.registry import actions as registry
from kentongan.registry import queries as people
from kentongan.registry.models import Account

REHEARSED = gettext_noop(
    "This channel follows the platform's published description and has not yet run against the live platform: "
    "watch the first posts."
)


@login_required
@require_GET
def accounts(request: StaffRequest) -> HttpResponse:
    """The official accounts: could each publish right now?"""
    actor = reader(request)
    context = {
        "page": page_of(request, queries.accounts(actor), 25),
        "kinds": {channel.kind: channel for channel in channels.every()},
        "pauses": queries.live_pauses(actor),
        "may_publish": may_publish(actor),
        "may_administer": Capability.ADMINISTER in rights.capabilities(actor),
        "may_set_apps": authority.allows(actor, Capability.ADMINISTER),
    }
    return render(request, "publishing/accounts.html", context)


@login_required
@require_http_methods(["GET", "POST"])
def connect(request: StaffRequest, pk: int) -> HttpResponse:
    """Connect an account: the platform is asked before anything is stored."""
    account = people.account_to_connect(request.actor, pk)
    channel = channels.get(account.platform)
    if channel.sign_in is not None:
        return redirect("publishing:sign_in", pk)
    if not channel.connects:
        raise KentonganError(channel.manifest.note, remedy=_("People can share to this platform by hand until then."))
    connections.check_allowed(account)
    form = ConnectForm(request.POST if request.method == "POST" else None, manifest=channel.manifest, account=account)
    if request.method == "POST" and form.is_valid():
        try:
            connections.connect(request.actor, pk, form.cleaned_data)
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Connected: this account could publish right now."))
            return redirect(after_connecting(request.actor))
    return form_page(
        request,
        form=form,
        title=_("Connect %(account)s") % {"account": account.display_name or account.handle},
        lead=_("The platform is asked at once whether it accepts this; secrets are stored encrypted, never shown."),
        submit=_("Connect"),
        note=_(REHEARSED) if channel.manifest.rehearsed_only else "",
        hook=_hook(account) if channel.messenger else None,
        back=after_connecting(request.actor),
    )


def _hook(account: Account) -> dict[str, str]:
    return {"url": carrying.hook_url(account), "token": carrying.hook_token(account)}


@login_required
@require_POST
def test(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask the platform whether the account could publish right now."""
    health = connections.test(request.actor, pk)
    if health.ready:
        messages.success(request, _("This account could publish right now."))
    else:
        messages.error(request, str(health.problem))
    return redirect("publishing:accounts")


@login_required
@require_POST
def disconnect(request: StaffRequest, pk: int) -> HttpResponse:
    """Forget an account's secrets."""
    registry.disconnect(request.actor, pk)
    messages.success(request, _("Disconnected. What is scheduled to it will be held."))
    return redirect("publishing:accounts")


@login_required
@require_http_methods(["GET", "POST"])
def pause(request: StaffRequest) -> HttpResponse:
    """Stop everything below a unit, a platform there, or a campaign."""
    actor = reader(request)
    units = rights.units_for(actor, Capability.PUBLISH).order_by("path")
    data = request.POST if request.method == "POST" else None
    form = PauseForm(
        data,
        units=units,
        platforms=actions.publishing_platforms(),
        campaigns=campaigns.to_choose(actor),
        initial=_named_campaign(request, actor),
    )
    if request.method == "POST" and form.is_valid():
        chosen = form.cleaned_data
        of = {"unit_id": chosen["unit"].pk, "platform": chosen["platform"], "campaign_id": chosen["campaign"]}
        try:
            actions.pause(actor, **of, reason=chosen["reason"])
        except Invalid as error:
            show_errors(form, error)
        else:
            messages.success(request, _("Paused. Nothing goes out there until you resume."))
            return redirect("publishing:index")
    return form_page(
        request,
        form=form,
        title=_("Pause publishing"),
        lead=_("Nothing goes out in this unit and below it until somebody resumes; what waits is not lost."),
        submit=_("Pause now"),
        back=reverse("publishing:index"),
    )


def _named_campaign(request: StaffRequest, actor: Actor) -> dict[str, object]:
    """Return what the form begins with where a campaign is named: all of it."""
    pk = number(request.GET.get("campaign"))
    if pk is None:
        return {}
    campaign = planning.campaign(actor, pk)
    return {"campaign": campaign.pk, "unit": campaign.unit}


@login_required
@require_POST
def pause_account(request: StaffRequest, pk: int) -> HttpResponse:
    """Stop one account."""
    account = people.account(request.actor, pk, Capability.PUBLISH)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        raise complain(form)
    actions.pause(request.actor, unit_id=account.unit_id, account_id=pk, reason=form.cleaned_data["reason"])
    messages.success(request, _("This account is paused."))
    return redirect("publishing:accounts")


@login_required
@require_POST
def resume(request: StaffRequest, pk: int) -> HttpResponse:
    """End a pause."""
    ended = actions.resume(request.actor, pk)
    messages.success(request, _("Publishing goes on."))
    return redirect("publishing:accounts" if ended.account_id else "publishing:index")
