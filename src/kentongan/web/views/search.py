"""One search over what the actor sees."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from kentongan.core.requests import StaffRequest
from kentongan.web import finding


@login_required
@require_GET
def search(request: StaffRequest) -> HttpResponse:
    """Show what was found, room by room."""
    text = request.GET.get("q", "").strip()
    groups = finding.find(request.actor, text)
    return render(request, "web/search.html", {"text": text, "groups": groups, "shortest": finding.SHORTEST})
