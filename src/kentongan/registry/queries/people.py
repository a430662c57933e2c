"""Reads of people, their roles and consents."""

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import Consent, Grant, Membership, Person, Unit


def people(actor: Actor, unit: Unit | None = None, text: str = "") -> QuerySet[Person]:
    """Return the people with a membership in units the actor administers, each with `memberships` at hand."""
    seen = access.units_for(actor, Capability.ADMINISTER)
    if unit is not None:
        seen = seen.filter(path__within=unit.path)
    inside = Membership.objects.filter(person=OuterRef("pk"), unit__in=seen.values("pk"))
    found = Person.objects.filter(Exists(inside))
    if text:
        found = found.filter(Q(full_name__icontains=text) | Q(email__icontains=text) | Q(phone__contains=text))
    shown = Membership.objects.filter(unit__in=seen.values("pk")).select_related("unit")
    return found.prefetch_related(Prefetch("memberships", queryset=shown))


def grants(actor: Actor, unit: Unit | None = None) -> QuerySet[Grant]:
    """Return the roles at units the actor administers."""
    found = access.scope(Grant.objects.all(), actor, Capability.ADMINISTER)
    if unit is not None:
        found = found.filter(unit=unit)
    return found.select_related("user", "unit").order_by("unit__path", "role", "user__name")


def consented(purpose: str, unit: Unit) -> QuerySet[Person]:
    """Return the people in the unit's subtree whose membership runs and whose consent for `purpose` is live."""
    today = clock.now().date()
    running = Membership.objects.filter(
        Q(ends_on=None) | Q(ends_on__gte=today), person=OuterRef("pk"), unit__path__within=unit.path
    )
    consent = Consent.objects.filter(person=OuterRef("pk"), purpose=purpose, revoked_at=None)
    return Person.objects.filter(Exists(running), Exists(consent)).exclude(state=Person.State.WITHDRAWN)


def has_consent(person_id: int, purpose: str) -> bool:
    """Whether a person's consent for `purpose` is live."""
    return Consent.objects.filter(person_id=person_id, purpose=purpose, revoked_at=None).exists()
