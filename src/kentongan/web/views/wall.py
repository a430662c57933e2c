"""The wall."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


@login_required
def wall(request: HttpRequest) -> HttpResponse:
    """Show the wall."""
    return render(request, "web/wall.html", {})


@login_required
def body(request: HttpRequest) -> HttpResponse:
    """Show what changes on the wall."""
    return render(request, "web/wall_body.html", {})
