"""What several screens of listening need."""

from kentongan.core.errors import NotAllowed
from kentongan.core.permissions import Capability
from kentongan.core.requests import StaffRequest
from kentongan.registry import access as registry
from kentongan.registry.models import Unit


def unit_of(request: StaffRequest) -> Unit:
    """Return the highest unit for which the person brings posts in; NotAllowed where there is none."""
    unit = registry.units_for(request.actor, Capability.ANALYSE).order_by("path").first()
    if unit is None:
        raise NotAllowed()
    return unit
