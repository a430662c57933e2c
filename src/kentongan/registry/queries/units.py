"""Reads of the tree: units, what is below and above them, how they changed."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access, trees
from kentongan.registry.models import Account, FormerName, Grant, Membership, Organisation, Tally, Unit, UnitChange
from kentongan.registry.queries.matching import matching

EXAMPLES = 3
MOST_FORMER = 1000
MOST_COUNTED_ANEW = 500


def organisation() -> Organisation | None:
    """Return the organisation of this installation; None before it is set up."""
    return Organisation.objects.first()


def neutral_organisations() -> QuerySet[Organisation]:
    """Return the organisation where the law keeps it neutral, to be asked about inside another query."""
    return Organisation.objects.exclude(kind=Organisation.Kind.PARTY)


def short_name() -> str:
    """Return what the organisation is called in short; empty before it is set up."""
    found = organisation()
    return found.short_name if found else ""


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
    former = FormerName.objects.filter(matching("name", text) | Q(code__startswith=text)).order_by("-pk")
    # As numbers, not as a subquery: only then do indexes answer all three parts of the question.
    formerly = list(former.values_list("unit", flat=True)[:MOST_FORMER])
    return found.filter(matching("name", text) | Q(code__startswith=text) | Q(pk__in=formerly))


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
    """What a subtree holds: units below, positions, official accounts in use, roles."""

    below: int
    positions: int
    official: int
    roles: int


def holdings(unit: Unit) -> Holdings:
    """Return what `unit` and all below it hold: what a move or a merge would carry along.

    Counted from the rows, but for a large subtree as the tallies last counted it: those rows take half a second.
    """
    roles = Grant.objects.filter(unit__path__within=unit.path).count()
    counted = dict(Tally.objects.filter(unit_id=unit.pk, mandate=None).values_list("of", "total"))
    if counted.get("units", 0) > MOST_COUNTED_ANEW:
        return Holdings(counted["units"] - 1, counted.get("people", 0), counted.get("official", 0), roles)
    subtree = Unit.objects.filter(path__within=unit.path)
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL).exclude(state__in=Account.GONE)
    return Holdings(
        below=subtree.exclude(pk=unit.pk).filter(closed_at=None).count(),
        positions=Membership.objects.filter(unit__in=subtree.values("pk")).count(),
        official=official.filter(unit__in=subtree.values("pk")).count(),
        roles=roles,
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
