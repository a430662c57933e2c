"""What people see and change about themselves. Reading never writes: a messenger's preview must not use a link up."""

import re

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from kentongan.core.errors import NotFound

CODE = re.compile(r"KTG-[2-9A-Z]{6}")


@require_safe
def proof(request: HttpRequest, code: str) -> HttpResponse:
    """Where a profile's rel=me link leads: what such a link means. Nothing is looked up, so nothing can be tried."""
    if not CODE.fullmatch(code.upper()):
        raise NotFound()
    return render(request, "registry/phone/proof.html", {"code": code.upper()})
