"""Who sees and does what: a role granted at a unit holds for its whole subtree.

Every top-level object has a foreign key to its unit. The only way to get an object for somebody is through here:
`scope` narrows a queryset to what the actor may see or do, `get` fetches one object or says why not.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, Generic, TypeVar

from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, KentonganError, NotAllowed, NotFound
from kentongan.core.permissions import Capability, roles_with
from kentongan.registry.ltree import subtree
from kentongan.registry.models import Account, Contact, Grant, Person, Unit
from kentongan.registry.serving import SEATS, serves

MOST_TOPS = 20
M = TypeVar("M", bound=Model)


def _grants(actor: Actor) -> QuerySet[Grant]:
    if actor.user_id is None:
        return Grant.objects.none()
    return Grant.objects.filter(user_id=actor.user_id, user__is_active=True)


def grants_of(actor: Actor, capability: Capability) -> QuerySet[Grant]:
    """Return the live grants that give `actor` this capability."""
    return _grants(actor).filter(role__in=roles_with(capability))


def _tops(actor: Actor, capability: Capability) -> list[str]:
    """Return the paths of the units at which `actor` was given this capability."""
    return list(grants_of(actor, capability).values_list("unit__path", flat=True).distinct()[: MOST_TOPS + 1])


def units_for(actor: Actor, capability: Capability) -> QuerySet[Unit]:
    """Return the units at which `actor` holds `capability`.

    The paths go into the query as values: the database then knows how much of the tree they are, and plans for that.
    """
    if actor.is_system:
        return Unit.objects.all()
    tops = _tops(actor, capability)
    if not tops:
        return Unit.objects.filter(pk=0)  # no unit has it; `none()` could not stand in SQL that others write
    if any("." not in top for top in tops):
        return Unit.objects.all()
    if len(tops) > MOST_TOPS:
        return Unit.objects.filter(Exists(grants_of(actor, capability).filter(unit__path__covers=OuterRef("path"))))
    return Unit.objects.filter(reduce(or_, (Q(path__within=top) for top in tops)))


def scope(queryset: QuerySet[M], actor: Actor, capability: Capability, unit_field: str = "unit") -> QuerySet[M]:
    """Return the part of `queryset` whose unit lies where `actor` holds `capability`."""
    if actor.is_system:
        return queryset
    units = units_for(actor, capability)
    if not units.query.where:
        return queryset.filter(**{f"{unit_field}__isnull": False})
    return queryset.filter(**{f"{unit_field}__in": units.values("pk")})


def scope_below(
    queryset: QuerySet[M], actor: Actor, capability: Capability, unit: Unit, unit_field: str = "unit"
) -> QuerySet[M]:
    """Return the part of `queryset` at `unit` and below it where `actor` holds `capability`.

    Who holds it at the unit holds it below: then the subtree alone is asked for. The database would take two conditions
    on one path for independent of each other, expect a few rows of very many, and plan for those.
    """
    if unit.depth == 0:
        return scope(queryset, actor, capability, unit_field)
    below = queryset.filter(**subtree(str(unit.path), f"{unit_field}__path"))
    return below if allows(actor, capability, unit) else scope(below, actor, capability, unit_field)


def get(
    queryset: QuerySet[M],
    actor: Actor,
    capability: Capability,
    unit_field: str = "unit",
    seen_with: Capability = Capability.VIEW,
    **lookup: Any,
) -> M:
    """Return one object; NotFound where the actor may not know of it, NotAllowed where they lack `capability`."""
    try:
        found = scope(queryset, actor, capability, unit_field).filter(**lookup).first()
    except (ValueError, OverflowError) as error:
        raise NotFound() from error
    if found is not None:
        return found
    if capability != seen_with and scope(queryset, actor, seen_with, unit_field).filter(**lookup).exists():
        raise NotAllowed()
    raise NotFound()


@dataclass(frozen=True, slots=True)
class Found(Generic[M]):
    """Objects that were asked for by id: those that there are for the actor, and why the others are not."""

    rows: Mapping[int, M]
    errors: Mapping[int, KentonganError]

    def get(self, pk: int) -> M:
        """Return one of them; raises what `get` would."""
        if pk in self.errors:
            raise self.errors[pk]
        return self.rows[pk]


def get_each(
    queryset: QuerySet[M],
    actor: Actor,
    capability: Capability,
    pks: Collection[int],
    unit_field: str = "unit",
    seen_with: Capability = Capability.VIEW,
) -> Found[M]:
    """Return many objects by the same rules as `get`: one query, and another one where any is refused.

    Race: those of a locking queryset are locked in the order of their ids, so that two who share some do not wait for
    each other for ever.
    """
    wanted = set(pks)
    if not wanted:
        return Found({}, {})
    rows = {row.pk: row for row in scope(queryset, actor, capability, unit_field).filter(pk__in=wanted).order_by("pk")}
    missing = wanted - rows.keys()
    known = scope(queryset.model._default_manager.all(), actor, seen_with, unit_field).filter(pk__in=missing)
    seen = set(known.values_list("pk", flat=True)) if missing and capability != seen_with else set()
    return Found(rows, {pk: NotAllowed() if pk in seen else NotFound() for pk in missing})


def get_unit(actor: Actor, capability: Capability, **lookup: Any) -> Unit:
    """Return one unit, by the same rules as `get`."""
    return get(Unit.objects.all(), actor, capability, "pk", **lookup)


def get_units(actor: Actor, capability: Capability, pks: Collection[int]) -> Found[Unit]:
    """Return many units, by the same rules as `get_each`."""
    return get_each(Unit.objects.all(), actor, capability, pks, "pk")


def require(actor: Actor, capability: Capability, unit: Unit) -> None:
    """Raise NotFound or NotAllowed unless `actor` holds `capability` at `unit`."""
    get_unit(actor, capability, pk=unit.pk)


def require_above(actor: Actor, unit: Unit) -> None:
    """Raise unless `actor` administers what lies above `unit`: where it stands is decided there, not in it."""
    if unit.parent_id is None:
        raise Conflict(_("This is the root of the organisation; it stays where it is."))
    require_all(actor, [unit.parent_id])


def require_all(actor: Actor, unit_ids: Collection[int]) -> None:
    """Raise NotAllowed unless `actor` administers each of these units."""
    wanted = set(unit_ids)
    if units_for(actor, Capability.ADMINISTER).filter(pk__in=wanted).count() < len(wanted):
        raise NotAllowed(
            _("This reaches units that are not yours to administer."),
            remedy=_("Ask an administrator of the unit above them."),
        )


def held_by(actor: Actor) -> Q:
    """Return the condition for accounts that are the actor's own, or in their custody."""
    if actor.kind == "link" and actor.person_id is not None:
        return Q(person=actor.person_id) | Q(custodian=actor.person_id) | Q(deputy_custodian=actor.person_id)
    if actor.user_id is None:
        return Q(pk__in=())
    return Q(person__user=actor.user_id) | Q(custodian__user=actor.user_id) | Q(deputy_custodian__user=actor.user_id)


def _accounts(*, lock: bool) -> QuerySet[Account]:
    found = Account.objects.select_related("unit")
    return found.select_for_update(of=("self",)) if lock else found


def get_account_to_prove(actor: Actor, account_id: int, *, lock: bool = False) -> Account:
    """Return an account that the actor may prove: their own, one in their custody, or an official one they administer.

    What a member holds is nobody else's to prove: for all others it does not exist.
    """
    own = _accounts(lock=lock).filter(held_by(actor), pk=account_id).first()
    if own is not None:
        return own
    official = _accounts(lock=lock)
    if not actor.is_system:
        official = official.filter(kind=Account.Kind.OFFICIAL)
    return get(official, actor, Capability.ADMINISTER, pk=account_id)


def get_account_to_connect(actor: Actor, account_id: int, *, lock: bool = False) -> Account:
    """Return an official account that the actor may connect: by who administers its unit, or one of its custodians.

    A custodian renews what was connected before; that an account is ours at all is for administrators to say.
    """
    official = _accounts(lock=lock).filter(kind=Account.Kind.OFFICIAL)
    if actor.user_id is not None:
        in_custody = reduce(or_, (Q(serves(seat), **{f"{seat}__user": actor.user_id}) for seat in SEATS))
        connected = official.filter(state__in=(Account.State.CONNECTED, Account.State.DORMANT))
        if own := connected.filter(in_custody, pk=account_id).first():
            return own
    return get(official, actor, Capability.ADMINISTER, pk=account_id)


def get_account_to_attest(actor: Actor, account_id: int, *, lock: bool = False) -> Account:
    """Return an account that the actor may attest: a member's by who administers their unit, a unit's from above it.

    Claims of a list are not there yet, and nobody attests what they hold themselves.
    """
    account = get(_accounts(lock=lock), actor, Capability.ADMINISTER, pk=account_id)
    if Account.objects.filter(held_by(actor), pk=account_id).exists():
        raise NotAllowed(
            _("Nobody attests an account of their own."),
            remedy=_("Ask another administrator, or one of a unit above."),
        )
    if account.kind == Account.Kind.OFFICIAL and account.unit.parent_id is not None:
        require_above(actor, account.unit)
    return account


def _lock_person_of(contact_id: int) -> None:
    Person.objects.select_for_update().filter(contact=contact_id).values_list("pk", flat=True).first()


def get_contact(actor: Actor, contact_id: int, *, lock: bool = False) -> Contact:
    """Return a contact of a unit that the actor administers, with its person; for all others it does not exist."""
    if lock:
        # Race: who leaves is locked as a person first, then as a contact; the other way round both would wait for ever.
        _lock_person_of(contact_id)
    found = Contact.objects.select_related("person", "unit")
    found = found.select_for_update(of=("self", "person")) if lock else found
    return get(found, actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=contact_id)


def allows(actor: Actor, capability: Capability, unit: Unit) -> bool:
    """Whether `actor` holds `capability` at `unit`."""
    return actor.is_system or grants_of(actor, capability).filter(unit__path__covers=unit.path).exists()


def capabilities(actor: Actor, unit: Unit | None = None) -> frozenset[Capability]:
    """Return what `actor` may do at `unit`, or anywhere: one query, for navigation and buttons."""
    if actor.is_system:
        return frozenset(Capability)
    grants = _grants(actor)
    if unit is not None:
        grants = grants.filter(unit__path__covers=unit.path)
    held = set(grants.values_list("role", flat=True))
    return frozenset(capability for capability in Capability if held.intersection(roles_with(capability)))


class RegistryAuthority:
    """The one implementation of `core.authority.Authority`."""

    def allows(self, actor: Actor, capability: Capability, unit_id: int | None = None) -> bool:
        """Whether `actor` holds `capability` at that unit, or at the root."""
        units = units_for(actor, capability)
        return units.filter(parent=None).exists() if unit_id is None else units.filter(pk=unit_id).exists()

    def allows_anywhere(self, actor: Actor, capability: Capability) -> bool:
        """Whether `actor` holds `capability` at any unit."""
        if actor.is_system:
            return True
        return grants_of(actor, capability).exists()

    def unit_ids(self, actor: Actor, capability: Capability) -> QuerySet[Any, Any]:
        """Return ids of units, to be used as a subquery."""
        return units_for(actor, capability).values("pk")

    def units(self, actor: Actor, capability: Capability, limit: int) -> list[tuple[int, str]]:
        """Return (id, name) of units, the highest first."""
        return list(units_for(actor, capability).order_by("path").values_list("pk", "name")[:limit])
