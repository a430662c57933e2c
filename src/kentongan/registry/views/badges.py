"""Badge, code and sheet of a unit: what leads people from its site and its wall to the list of its accounts."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kentongan.channels import registry as channels
from kentongan.core import printing
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.registry import queries
from kentongan.registry.check import drawing
from kentongan.registry.models import Unit
from kentongan.registry.views.common import around, unit_of


def _unit(request: StaffRequest, pk: int) -> tuple[Unit, bool]:
    """Return the unit on screen, and whether it has something to show to the public."""
    unit = unit_of(request, pk, Capability.ADMINISTER)
    return unit, queries.unit_accounts(unit).exists()


@login_required
@require_safe
def show(request: StaffRequest, pk: int) -> HttpResponse:
    """The badge to copy, the code to download, the sheet to print."""
    unit, shown = _unit(request, pk)
    address = drawing.address(unit)
    snippet = render_to_string("registry/check/snippet.html", {"unit": unit, "address": address}).strip()
    context = around(request, unit, shown=shown, address=address, snippet=snippet)
    return render(request, "registry/badge.html", context)


@login_required
@require_safe
def sheet(request: StaffRequest, pk: int) -> HttpResponse:
    """A sheet for the wall: the code, and the official accounts."""
    unit = queries.public_unit(_unit(request, pk)[0].slug)
    organisation = queries.organisation()
    data = {
        "title": unit.name,
        "lead": _("Our official accounts"),
        "organisation": str(organisation or ""),
        "printed": "",
        "say": _("Scan this, or open the address below, to see which accounts are really ours."),
        "address": drawing.address(unit),
        "columns": [_("Platform"), _("Account")],
        "rows": [[channels.label(one.platform), one.known_as] for one in queries.unit_accounts(unit)[:24]],
    }
    return printing.response(
        f"akun-{unit.slug}", printing.pdf("registry/wall.typ", data, {"qr.svg": drawing.qr_svg(unit)})
    )
