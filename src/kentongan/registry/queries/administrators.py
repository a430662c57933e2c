"""Who is told of what happens at a unit."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef

from kentongan.core.models import User
from kentongan.core.permissions import Capability, roles_with
from kentongan.registry.models import Grant, Unit


def nearest_administrators(units: Collection[Unit]) -> dict[int, list[User]]:
    """Return by unit its administrators: those of the nearest unit upward that has any. One query for all."""
    concerned = Unit.objects.filter(pk__in={unit.pk for unit in units}, path__within=OuterRef("unit__path"))
    grants = list(
        Grant.objects.filter(Exists(concerned), role__in=roles_with(Capability.ADMINISTER), user__is_active=True)
        .select_related("user", "unit")
        .order_by("pk")
    )
    found = {}
    for unit in units:
        above = [one for one in grants if f"{unit.path}.".startswith(f"{one.unit.path}.")]
        nearest = max((one.unit.depth for one in above), default=-1)
        found[unit.pk] = list(dict.fromkeys(one.user for one in above if one.unit.depth == nearest))
    return found


def users_with(unit: Unit, capability: Capability) -> list[User]:
    """Return the active users who hold a capability at a unit, by name."""
    grants = Grant.objects.filter(user=OuterRef("pk"), role__in=roles_with(capability), unit__path__covers=unit.path)
    return list(User.objects.filter(Exists(grants), is_active=True).order_by("name", "pk"))
