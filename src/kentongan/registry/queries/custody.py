"""Reads of who keeps official accounts."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import Membership, Person, Unit


def running() -> QuerySet[Membership]:
    """Return the memberships that run today."""
    today = clock.now().date()
    return Membership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today), Q(starts_on=None) | Q(starts_on__lte=today)
    )


def custodian_candidates(actor: Actor, unit: Unit) -> QuerySet[Person]:
    """Return who may keep an account of `unit`: people of it or of a unit above it that the actor administers."""
    mine = access.units_for(actor, Capability.ADMINISTER).filter(path__covers=unit.path)
    serving = running().filter(person=OuterRef("pk"), unit__in=mine.values("pk"))
    return Person.objects.filter(Exists(serving)).exclude(state=Person.State.WITHDRAWN)
