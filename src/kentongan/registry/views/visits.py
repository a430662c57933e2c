"""Screens about the visits to official accounts: which could not be read, and one read now."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from kentongan.core.requests import StaffRequest
from kentongan.core.tables import Column, export, page_of
from kentongan.registry import queries, visiting
from kentongan.registry.actions.visits import are_made
from kentongan.registry.models import AccountVisit
from kentongan.registry.views.common import around, unit_of

COLUMNS = (
    Column(gettext_lazy("Account"), "handle"),
    Column(gettext_lazy("Platform"), "platform"),
    Column(gettext_lazy("Unit"), "unit.name"),
    Column(gettext_lazy("Last posted"), "last_posted_at"),
    Column(gettext_lazy("Finding"), "visit.get_finding_display"),
    Column(gettext_lazy("What went wrong"), "visit.said"),
    Column(gettext_lazy("Last read"), "visit.read_at"),
)


@login_required
def listed(request: StaffRequest, pk: int) -> HttpResponseBase:
    """What the last visit to each official account of a subtree found."""
    unit = unit_of(request, pk)
    found = queries.visited(request.actor, unit, request.GET.get("finding", ""))
    if fmt := request.GET.get("format"):
        return export("visits", COLUMNS, found, fmt)
    findings = [("", _("All")), ("failed", _("Not read")), *AccountVisit.Finding.choices]
    context = around(request, unit, page=page_of(request, found), findings=findings, made=are_made())
    return render(request, "registry/visits.html", context)


@login_required
@require_POST
def visit(request: StaffRequest, pk: int) -> HttpResponse:
    """Read an account's public posts now."""
    made = visiting.visit(request.actor, pk)
    if made.failed:
        why = made.said or made.get_finding_display()
        messages.warning(request, _("When it last posted could not be read: %(why)s") % {"why": why})
    else:
        messages.success(request, _("Read: this page shows when it last posted."))
    return redirect("registry:account", pk=pk)
