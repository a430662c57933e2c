"""All reads of the registry."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access, trees
from kentongan.registry.models import (
    Account,
    Consent,
    FormerName,
    Grant,
    Membership,
    Organisation,
    Person,
    Unit,
    UnitChange,
)

EXAMPLES = 3


def organisation() -> Organisation | None:
    """Return the organisation of this installation; None before it is set up."""
    return Organisation.objects.first()


def root() -> Unit | None:
    """Return the root of the tree; None before the organisation is set up."""
    return Unit.objects.filter(parent=None).first()


def home_unit(actor: Actor) -> Unit | None:
    """Return the highest unit that the actor sees: where their screens begin."""
    return access.units_for(actor, Capability.VIEW).order_by("path").first()


def ancestors(actor: Actor, unit: Unit) -> QuerySet[Unit]:
    """Return the units above `unit` that the actor sees, the highest first."""
    return access.units_for(actor, Capability.VIEW).filter(path__covers=unit.path).exclude(pk=unit.pk)


def _counted(rows: QuerySet[Any], unit: str, what: str = "pk") -> Coalesce:
    """Count `rows` of the outer unit in a subquery of its own: joins would multiply with each other."""
    counts = rows.filter(**{unit: OuterRef("pk")}).order_by().values(unit).annotate(n=Count(what, distinct=True))
    return Coalesce(Subquery(counts.values("n")), 0)


def children(actor: Actor, unit: Unit) -> QuerySet[Unit]:
    """Return the units right below `unit`, each with its own counts: `below`, `people`, `official`."""
    return (
        access.units_for(actor, Capability.VIEW)
        .filter(parent=unit)
        .annotate(
            people=_counted(Membership.objects.all(), "unit", "person"),
            official=_counted(Account.objects.filter(kind=Account.Kind.OFFICIAL), "unit"),
            below=_counted(Unit.objects.all(), "parent"),
        )
        .order_by("kind", "code")
    )


def units(actor: Actor, text: str = "") -> QuerySet[Unit]:
    """Return the units that the actor sees, narrowed by a part of name or code, present or former."""
    found = access.units_for(actor, Capability.VIEW)
    if not text:
        return found
    former = FormerName.objects.filter(Q(name__icontains=text) | Q(code__startswith=text)).values("unit")
    return found.filter(Q(name__icontains=text) | Q(code__startswith=text) | Q(pk__in=former))


def unit_by_code(actor: Actor, code: str, capability: Capability = Capability.VIEW) -> Unit:
    """Return the unit with this code, else the one that had it before; raises NotFound or NotAllowed."""
    former = FormerName.objects.filter(code=code).order_by("-id").values("unit")[:1]
    if Unit.objects.filter(code=code).exists():
        return access.get_unit(actor, capability, code=code)
    return access.get_unit(actor, capability, pk__in=former)


def changes(actor: Actor, unit: Unit) -> QuerySet[UnitChange]:
    """Return what changed at a unit, or at another one because of it, newest first."""
    seen = access.scope(UnitChange.objects.all(), actor, Capability.VIEW)
    return seen.filter(Q(unit=unit) | Q(other=unit)).select_related("unit", "other", "made_by")


@dataclass(frozen=True, slots=True)
class Holdings:
    """What a subtree holds: units below, people with a position, official accounts, roles."""

    below: int
    people: int
    official: int
    roles: int


def holdings(unit: Unit) -> Holdings:
    """Return what `unit` and all below it hold: what a move or a merge would carry along."""
    subtree = Unit.objects.filter(path__within=unit.path)
    return Holdings(
        below=subtree.exclude(pk=unit.pk).filter(closed_at=None).count(),
        people=Membership.objects.filter(unit__in=subtree.values("pk")).values("person").distinct().count(),
        official=Account.objects.filter(unit__in=subtree.values("pk"), kind=Account.Kind.OFFICIAL).count(),
        roles=Grant.objects.filter(unit__in=subtree.values("pk")).count(),
    )


@dataclass(frozen=True, slots=True)
class TierPreview:
    """What a template would make on one level: how many are new, how many there already, the first few new names."""

    level: str
    label: str
    new: int
    there: int
    examples: tuple[str, ...]


def tree_preview(actor: Actor, wanted: trees.Wanted) -> list[TierPreview]:
    """Return what loading a template would make, level by level; nothing is written."""
    top = access.get_unit(actor, Capability.ADMINISTER, parent=None)
    trees.check(wanted, Organisation.objects.get(), top)
    there = set(Unit.objects.values_list("code", flat=True))
    levels: dict[str, list[trees.NewUnit]] = {}
    for unit in trees.plan(wanted, top):
        levels.setdefault(unit.level, []).append(unit)
    return [
        TierPreview(
            level=level,
            label=" / ".join(sorted({unit.label for unit in planned})),
            new=len(new := [unit for unit in planned if unit.code not in there]),
            there=len(planned) - len(new),
            examples=tuple(unit.name for unit in new[:EXAMPLES]),
        )
        for level, planned in levels.items()
    ]


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


def accounts(actor: Actor, unit: Unit | None = None, text: str = "") -> QuerySet[Account]:
    """Return the official accounts that the actor sees, each with unit and connection at hand."""
    found = access.scope(Account.objects.all(), actor, Capability.VIEW).filter(kind=Account.Kind.OFFICIAL)
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    if text:
        found = found.filter(Q(handle__icontains=text) | Q(display_name__icontains=text))
    return found.select_related("unit", "connection", "custodian", "deputy_custodian")


def public_accounts() -> QuerySet[Account]:
    """Return the official accounts that the organisation stands by, for everybody to know."""
    not_ours = (Account.State.LOST, Account.State.RETIRED, Account.State.IMPOSTOR)
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL).exclude(state__in=not_ours)
    return official.select_related("unit").order_by("unit__path", "platform", "handle")


def account(actor: Actor, pk: int, capability: Capability = Capability.VIEW) -> Account:
    """Return one official account."""
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL).select_related("unit", "connection")
    return access.get(official, actor, capability, pk=pk)


def connected_accounts(actor: Actor, capability: Capability = Capability.VIEW) -> QuerySet[Account]:
    """Return the official accounts that are connected where the actor holds `capability`."""
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False)
    return access.scope(connected, actor, capability).select_related("unit", "connection")


def stated_limits(unit: Unit) -> dict[str, dict[str, int]]:
    """Return what servers state that they take, by platform, where the unit has exactly one connected account."""
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False, unit=unit)
    found: dict[str, list[dict[str, int]]] = {}
    for platform, limits in connected.values_list("platform", "connection__limits"):
        found.setdefault(platform, []).append(limits)
    return {platform: stated[0] for platform, stated in found.items() if len(stated) == 1}


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
