"""Reads of people, their roles and consents."""

import re
from dataclasses import dataclass

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import Consent, Grant, Membership, Person, Unit

LARGEST = 2**63 - 1
LIKE = """
SELECT one, other, min(why) FROM (
    SELECT a.id AS one, b.id AS other, '1phone' AS why
    FROM registry_person a JOIN registry_person b ON b.phone = a.phone AND b.id > a.id
    WHERE a.phone <> ''
      AND EXISTS (SELECT FROM registry_membership m JOIN registry_unit u ON u.id = m.unit_id
                  WHERE m.person_id = a.id AND u.path <@ %(path)s::ltree)
      AND EXISTS (SELECT FROM registry_membership m JOIN registry_unit u ON u.id = m.unit_id
                  WHERE m.person_id = b.id AND u.path <@ %(path)s::ltree)
    UNION ALL
    SELECT a.id, b.id, '2name'
    FROM registry_membership ma
    JOIN registry_unit u ON u.id = ma.unit_id AND u.path <@ %(path)s::ltree
    JOIN registry_person a ON a.id = ma.person_id AND a.name_key <> ''
    JOIN registry_membership mb ON mb.unit_id = ma.unit_id AND mb.person_id > ma.person_id
    JOIN registry_person b ON b.id = mb.person_id AND b.name_key = a.name_key
) pairs
WHERE NOT EXISTS (SELECT FROM registry_keptapart k WHERE k.one_id = one AND k.other_id = other)
  AND NOT EXISTS (SELECT FROM registry_person w WHERE w.id IN (one, other) AND w.state = 'withdrawn')
GROUP BY one, other ORDER BY 3, 1, 2 LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two people who may be one; `why` is 1phone or 2name."""

    one: Person
    other: Person
    why: str

    @property
    def same_phone(self) -> bool:
        """Whether they share the phone, not only name and unit."""
        return self.why == "1phone"


def people(actor: Actor, unit: Unit | None = None, text: str = "", state: str = "") -> QuerySet[Person]:
    """Return the people with a membership in units the actor administers, each with `memberships` at hand.

    `text` is a part of a name, of an e-mail address, or of a phone as people write it.
    """
    seen = access.units_for(actor, Capability.ADMINISTER)
    if unit is not None:
        seen = seen.filter(path__within=unit.path)
    inside = Membership.objects.filter(person=OuterRef("pk"), unit__in=seen.values("pk"))
    found = Person.objects.filter(Exists(inside))
    if text:
        found = found.filter(Q(full_name__icontains=text) | Q(email__icontains=text) | _phone_like(text))
    if state in Person.State.values:
        found = found.filter(state=state)
    shown = Membership.objects.filter(unit__in=seen.values("pk")).select_related("unit")
    return found.prefetch_related(Prefetch("memberships", queryset=shown))


def _phone_like(text: str) -> Q:
    """Match a part of a phone: 0812 and 62812 are +62812, whatever stands between the figures."""
    digits = re.sub(r"[\s.()-]", "", text).removeprefix("+")
    if not re.fullmatch(r"\d{3,15}", digits):
        return Q(pk__in=())
    return Q(phone__contains=f"+62{digits[1:]}" if digits.startswith("0") else digits)


def person(actor: Actor, pk: int) -> Person:
    """Return somebody with a position at a unit that the actor administers; raises NotFound."""
    found = people(actor).filter(pk=min(pk, LARGEST)).first()
    if found is None:
        raise NotFound()
    return found


def likenesses(unit: Unit, limit: int = 50) -> list[Likeness]:
    """Return pairs below `unit` who may be one person, those with the same phone first; never who withdrew."""
    with connection.cursor() as cursor:
        cursor.execute(LIKE, {"path": str(unit.path), "limit": limit})
        found = cursor.fetchall()
    ids = {pk for one, other, _why in found for pk in (one, other)}
    shown = Membership.objects.filter(unit__path__within=unit.path).select_related("unit")
    known = Person.objects.prefetch_related(Prefetch("memberships", queryset=shown)).in_bulk(ids)
    return [Likeness(known[one], known[other], why) for one, other, why in found]


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
