"""Screens for inviting people to their own page, and for what became of it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.core import clock, printing
from kentongan.core.errors import Conflict, NotFound
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import access, actions, cards, queries
from kentongan.registry.forms.invitations import InviteForm
from kentongan.registry.models import Contact, Membership, PersonInvitation
from kentongan.registry.views.common import around, unit_of

UNPROCESSABLE = 422
COLUMNS = (
    Column(gettext_lazy("Name"), "person.full_name", 34),
    Column(gettext_lazy("State"), lambda one: PersonInvitation.State(one.state).label),
    Column(gettext_lazy("Channel"), "get_channel_display"),
    Column(gettext_lazy("Made"), "created_at", 22),
    Column(gettext_lazy("Answered"), "answered_at", 22),
)


@login_required
def index(request: StaffRequest, pk: int) -> HttpResponseBase:
    """The invitations under a unit, and what became of each."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    state, text = request.GET.get("state", ""), request.GET.get("q", "").strip()
    found = queries.invitations(request.actor, unit, state, text)
    if fmt := request.GET.get("format"):
        actions.record_export(request.actor, unit.pk, found.count())
        return export("invitations", COLUMNS, found, fmt)
    page = page_of(request, found)
    rows = [(one, PersonInvitation.State(one.state).label) for one in page]
    states = [("", _("All")), *PersonInvitation.State.choices]
    context = around(request, unit, page=page, rows=rows, states=states)
    return render(request, "registry/invitations.html", context)


@login_required
def invite(request: StaffRequest, pk: int) -> HttpResponse:
    """Choose whom to invite and how; first how many that are, then it is done."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    form = InviteForm(request.POST or None)
    context = around(request, unit, form=form)
    if form.is_valid():
        wanted, channel = form.wanted(), form.cleaned_data["channel"]
        try:
            if "go" in request.POST:
                return _go(request, pk, form)
        except Conflict as error:
            form.add_error(None, str(error))
        context["reach"] = reach = queries.reach(request.actor, unit, wanted)
        context["reached"] = reach.people if channel == "print" else reach.by(channel)
        context["left_out"] = reach.people - context["reached"]
        context["printed"] = channel == "print"
    return render(request, "registry/invite.html", context, status=UNPROCESSABLE if form.errors else 200)


def _go(request: StaffRequest, pk: int, form: InviteForm) -> HttpResponse:
    wanted, channel = form.wanted(), form.cleaned_data["channel"]
    if channel == "print":
        made = actions.print_invitations(request.actor, pk, wanted)
        return printing.response(_("invitations"), cards.invitations(made))
    return redirect(actions.start_inviting(request.actor, pk, wanted, channel=channel))


@login_required
@require_POST
def invite_one(request: StaffRequest, pk: int) -> HttpResponse:
    """Invite one person or contact anew, by whichever way reaches them."""
    contact = access.scope(Contact.objects.filter(person=pk), request.actor, Capability.ADMINISTER).first()
    if contact is not None:
        actions.invite_contacts(request.actor, contact.unit_id, [contact.pk])
        return _invited(request, contact.unit_id)
    held = Membership.objects.select_related("unit")
    today = clock.now().date()
    held = held.filter(person=pk, denied_at=None).exclude(ends_on__lt=today).order_by("pk")
    membership = access.scope(held, request.actor, Capability.ADMINISTER).first()
    if membership is None:
        raise NotFound()
    actions.invite(request.actor, membership.unit_id, [pk])
    return _invited(request, membership.unit_id)


def _invited(request: StaffRequest, unit_id: int) -> HttpResponse:
    messages.success(request, _("A new link was made; the former one no longer opens."))
    return redirect("registry:invitations", pk=unit_id)


@login_required
@require_POST
def revoke(request: StaffRequest, pk: int) -> HttpResponse:
    """End an invitation."""
    invitation = actions.revoke_invitation(request.actor, pk)
    messages.success(request, _("The invitation has ended."))
    return redirect("registry:invitations", pk=invitation.unit_id)
