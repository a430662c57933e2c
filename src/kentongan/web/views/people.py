"""Settings."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def settings(request: HttpRequest) -> HttpResponse:
    """Show what can be set."""
    return render(request, "web/settings.html", {})


@login_required
def profile(request: HttpRequest) -> HttpResponse:
    """Show the user's own settings."""
    return render(request, "web/profile.html", {})
