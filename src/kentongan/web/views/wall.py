"""The wall: one full-screen page, read from five metres."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from kentongan.core import authority
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.web import wall as reading


def _read(request: StaffRequest) -> reading.Wall:
    authority.require_anywhere(request.actor, Capability.LISTEN)
    unit = reading.home(request.actor)
    if unit is None:
        raise NotFound()
    return reading.wall(request.actor, unit)


@never_cache
@login_required
@require_GET
def wall(request: StaffRequest) -> HttpResponse:
    """Show the wall."""
    return render(request, "web/wall.html", {"wall": _read(request)})


@never_cache
@login_required
@require_GET
def body(request: StaffRequest) -> HttpResponse:
    """Answer the wall's own question, every few seconds."""
    return render(request, "web/wall_body.html", {"wall": _read(request)})
