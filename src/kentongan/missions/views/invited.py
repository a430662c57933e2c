"""A share mission for somebody who signs in: the same page as by link."""

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse

from kentongan.missions import access
from kentongan.missions.member import invitations
from kentongan.missions.member.invitations import Place
from kentongan.missions.views.common import StaffRequest, form_page, page


def _place(invitation_id: int) -> Place:
    return Place(
        *(reverse(f"missions:{name}", args=(invitation_id,)) for name in ("invited", "invited_data", "invited_picture"))
    )


@form_page
def invited(request: StaffRequest, invitation_id: int) -> HttpResponse:
    """Show the mission and take what the person does."""
    found = access.own_invitation(request.actor, invitation_id)
    if request.method == "POST":
        return invitations.act(request, request.actor, found, _place(invitation_id))
    return invitations.show(request, found, _place(invitation_id))


@form_page
def data(request: StaffRequest, invitation_id: int) -> HttpResponse:
    """Show and erase what is stored."""
    found = access.own_invitation(request.actor, invitation_id)
    return invitations.data(request, request.actor, found, _place(invitation_id))


@page
def picture(request: StaffRequest, invitation_id: int) -> HttpResponseBase:
    """Send the mission's picture."""
    return invitations.picture(access.own_invitation(request.actor, invitation_id))
