"""One search over what the actor sees."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def search(request: HttpRequest) -> HttpResponse:
    """Show what was found, room by room."""
    return render(request, "web/search.html", {"text": request.GET.get("q", "").strip(), "groups": []})
