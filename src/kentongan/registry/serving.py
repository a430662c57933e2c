"""Who serves: memberships that run, and custodians of accounts who are still there."""

from datetime import date

from django.db.models import Exists, OuterRef, Q, QuerySet

from kentongan.core import clock
from kentongan.registry.models import Membership, Person

SEATS = ("custodian", "deputy_custodian")


def running(day: date | None = None) -> QuerySet[Membership]:
    """Return the memberships that run on a day, today by default."""
    on = day or clock.now().date()
    return Membership.objects.filter(Q(ends_on=None) | Q(ends_on__gte=on), Q(starts_on=None) | Q(starts_on__lte=on))


def serves(seat: str, day: date | None = None) -> Exists:
    """Whether who sits there has a membership at the account's unit or above it on that day, and did not withdraw."""
    serving = running(day).filter(person=OuterRef(seat), unit__path__covers=OuterRef("unit__path"))
    return Exists(serving.exclude(person__state=Person.State.WITHDRAWN))
