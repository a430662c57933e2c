"""Reads of people, their roles and consents."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, F, OuterRef, Prefetch, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.core.tables import Sought
from kentongan.registry import access
from kentongan.registry.ltree import subtree
from kentongan.registry.models import Account, Consent, Contact, Grant, Membership, Person, Unit
from kentongan.registry.queries.matching import held_as, matching

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

    They come in the order of the tree, those of the unit itself first; what a search finds comes by name.
    """
    if text:
        return search_people(actor, unit, text, state).whole
    part = _part(actor, unit, in_order=True)
    return _shown(part, _in_state(_in_tree_order(*part), state))


def search_people(actor: Actor, unit: Unit | None, text: str, state: str = "") -> Sought[Person]:
    """Find people in units the actor administers, each with `memberships` at hand.

    `text` is a part of a name, of an e-mail address, or of a phone as people write it, or an @handle of an account of
    their own.
    """
    part = _part(actor, unit, in_order=False)
    found = _in_state(_named(actor, part.inside, text), state)
    return Sought(found, lambda rows: _shown(part, rows.order_by("full_name", "pk")))


class _Part(NamedTuple):
    """The part of the tree that is asked for: memberships `seen`, of them those `inside`, the `limits` of paths."""

    seen: QuerySet[Membership]
    inside: QuerySet[Membership]
    limits: Mapping[str, str]


def _part(actor: Actor, unit: Unit | None, *, in_order: bool) -> _Part:
    """Return the part; a range of paths gives the order of the tree, and at the root it is good for nothing else."""
    top = unit if unit is not None or not in_order else Unit.objects.filter(parent=None).first()
    limits = subtree(str(top.path)) if top is not None and (top.depth or in_order) else {}
    # As in `access.scope_below`: who administers the unit administers all below it, and its path alone is asked for.
    whole = unit is not None and access.allows(actor, Capability.ADMINISTER, unit)
    seen = Membership.objects.all() if whole else access.scope(Membership.objects.all(), actor, Capability.ADMINISTER)
    return _Part(seen, seen.filter(**{f"unit__path__{way}": path for way, path in limits.items()}), limits)


def _shown(part: _Part, found: QuerySet[Person]) -> QuerySet[Person]:
    shown = part.inside.select_related("unit").order_by("unit__path", "pk")
    return found.prefetch_related(Prefetch("memberships", queryset=shown))


def _in_state(found: QuerySet[Person], state: str) -> QuerySet[Person]:
    return found.filter(state=state) if state in Person.State.values else found


def _named(actor: Actor, inside: QuerySet[Membership], text: str) -> QuerySet[Person]:
    found = Person.objects.filter(Exists(inside.filter(person=OuterRef("pk"))))
    if text.startswith("@"):
        return found.filter(pk__in=_holders(actor, text[1:])) if text[1:].strip() else found.none()
    return found.filter(matching("full_name", text) | matching("email", text) | phone_like(text))


def _holders(actor: Actor, handle: str) -> QuerySet[Any]:
    """Return whose own accounts are called so: claims and consented ones, each only for its unit's administrators."""
    agreed = Consent.objects.filter(person=OuterRef("person"), purpose=Consent.Purpose.ACCOUNTS, revoked_at=None)
    own = held_as(handle).filter(Q(state=Account.State.CLAIMED) | Exists(agreed))
    return access.scope(own, actor, Capability.ADMINISTER).values("person")


def _in_tree_order(
    seen: QuerySet[Membership], inside: QuerySet[Membership], limits: Mapping[str, str]
) -> QuerySet[Person]:
    """Each person stands where their first membership does, so that a page costs the same however many there are."""
    earlier = inside.filter(person=OuterRef("pk")).filter(
        Q(unit__path__lt=OuterRef("at")) | Q(unit__path=OuterRef("at"), pk__lt=OuterRef("held"))
    )
    placed = Person.objects.alias(at=F("memberships__unit__path"), held=F("memberships__pk"))
    placed = placed.filter(~Exists(earlier), held__isnull=False, **{f"at__{way}": path for way, path in limits.items()})
    if seen.query.where:
        placed = placed.filter(held__in=seen.values("pk"))
    return placed.order_by("at", "held")


def phone_like(text: str) -> Q:
    """Match a part of a phone: 0812 and 62812 are +62812, whatever stands between the figures."""
    digits = re.sub(r"[\s.()-]", "", text).removeprefix("+")
    if not re.fullmatch(r"\d{3,15}", digits):
        return Q(pk__in=())
    return Q(phone__contains=f"+62{digits[1:]}" if digits.startswith("0") else digits)


def known_at(unit_ids: QuerySet[Any, Any]) -> Q:
    """Match people who have a position at one of these units, or whom one of them keeps as a contact."""
    position = Membership.objects.filter(person=OuterRef("pk"), unit__in=unit_ids)
    contact = Contact.objects.filter(person=OuterRef("pk"), unit__in=unit_ids)
    return Q(Exists(position)) | Q(Exists(contact))


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
