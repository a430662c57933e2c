"""Reads of mandates: which there are, who keeps them, who does not yet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Concat, Lower

from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, counting
from kentongan.registry.ltree import subtree
from kentongan.registry.models import Account, Consent, Mandate, Membership, Person, Tally, TallyDay, Unit
from kentongan.registry.models.tallies import COMPLETE

WEEK = timedelta(days=7)
PIECE = 500
HAS = "has_"


@dataclass(frozen=True, slots=True)
class Share:
    """How many of `total` have it, and how many more that is than a week ago (None: nothing to compare with)."""

    total: int
    done: int
    change: int | None = None

    @property
    def missing(self) -> int:
        """How many lack it."""
        return self.total - self.done

    @property
    def ratio(self) -> float | None:
        """Which part has it, 0 to 1; None where nobody has to."""
        return self.done / self.total if self.total else None


@dataclass(frozen=True, slots=True)
class Line:
    """A unit in the matrix: those who have everything, then platform by platform."""

    unit: Unit
    complete: Share
    platforms: Mapping[str, Share]


@dataclass(frozen=True, slots=True)
class Matrix:
    """A mandate at a unit: its whole subtree, the unit's own share, the units right below it."""

    mandate: Mandate
    unit: Unit
    whole: Line
    own: Line | None
    below: tuple[Line, ...]
    overdue: bool
    waiting: int

    @property
    def overdue_count(self) -> int:
        """How many lack something although the day is over."""
        return self.whole.complete.missing if self.overdue else 0


def mandates(actor: Actor, unit: Unit | None = None) -> QuerySet[Mandate]:
    """Return the mandates that bind or were given in the part of the tree that the actor measures.

    With a unit: those that bind it or something below it.
    """
    seen = access.units_for(actor, Capability.MEASURE)
    if unit is not None:
        seen = seen.filter(path__within=unit.path)
    found = Mandate.objects.select_related("unit", "letter")
    given_here = Q(unit__in=seen.values("pk"))
    bind_here = Q(Exists(seen.filter(path__within=OuterRef("unit__path"))))
    return found.filter(given_here | bind_here)


def mandate(actor: Actor, pk: int) -> Mandate:
    """Return one mandate; raises NotFound."""
    found = mandates(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found


def place(actor: Actor, given: Mandate, unit_id: int | None, capability: Capability = Capability.MEASURE) -> Unit:
    """Return the unit at which a mandate is looked at: the one asked for, else the highest that the actor sees."""
    if unit_id is not None:
        unit = access.get_unit(actor, capability, pk=unit_id)
        if not _related(given, unit):
            raise NotFound()
        return unit
    seen = access.units_for(actor, capability)
    bound = seen.filter(path__within=given.unit.path).order_by("path").first()
    if bound is None:
        raise NotFound()
    return bound


def _related(given: Mandate, unit: Unit) -> bool:
    top, here = f"{given.unit.path}.", f"{unit.path}."
    return here.startswith(top) or top.startswith(here)


def matrix(actor: Actor, given: Mandate, unit: Unit) -> Matrix:
    """Return who keeps a mandate at `unit` and at each unit right below it: four queries, whatever the size."""
    access.require(actor, Capability.MEASURE, unit)
    below = list(Unit.objects.filter(parent=unit).order_by("closed_at", "kind", "code"))
    numbers = _numbers(given, [unit.pk, *(one.pk for one in below)])
    lines = tuple(_line(given, one, numbers) for one in below)
    own = _own_line(given, unit)
    return Matrix(
        mandate=given,
        unit=unit,
        whole=_line(given, unit, numbers),
        own=own if own and own.complete.total else None,
        below=tuple(line for line in lines if line.complete.total),
        overdue=given.ended_at is None and given.due_on < counting.today(),
        waiting=counting.backlog(),
    )


def _numbers(given: Mandate, units: Sequence[int]) -> dict[tuple[int, str], Share]:
    now = Tally.objects.filter(mandate=given, unit_id__in=units).values_list("unit_id", "of", "total", "done")
    last_week = counting.today() - WEEK
    then = (
        TallyDay.objects.filter(mandate=given, unit_id__in=units, day__lte=last_week)
        .order_by("unit_id", "of", "-day")
        .distinct("unit_id", "of")
        .values_list("unit_id", "of", "done")
    )
    before = {(unit, of): done for unit, of, done in then}
    return {
        (unit, of): Share(total, done, done - before[unit, of] if (unit, of) in before else None)
        for unit, of, total, done in now
    }


def _line(given: Mandate, unit: Unit, numbers: dict[tuple[int, str], Share]) -> Line:
    none = Share(0, 0)
    return Line(
        unit=unit,
        complete=numbers.get((unit.pk, COMPLETE), none),
        platforms={platform: numbers.get((unit.pk, platform), none) for platform in given.platforms},
    )


def _own_line(given: Mandate, unit: Unit) -> Line | None:
    rows = Tally.objects.filter(mandate=given, unit_id=unit.pk).values_list("of", "own_total", "own_done")
    return _line(given, unit, {(unit.pk, of): Share(total, done) for of, total, done in rows})


def progress(actor: Actor, found: Sequence[Mandate]) -> dict[int, Share]:
    """Return, by mandate, how many have everything in the highest unit that the actor sees of it: two queries."""
    seen = access.units_for(actor, Capability.MEASURE)
    tops = list(seen.filter(~Q(Exists(seen.filter(pk=OuterRef("parent_id"))))).values_list("pk", flat=True)[:200])
    rows = Tally.objects.filter(mandate__in=found, of=COMPLETE, unit_id__in=tops)
    sums: dict[int, list[int]] = {}
    for mandate_id, total, done in rows.values_list("mandate_id", "total", "done"):
        both = sums.setdefault(mandate_id or 0, [0, 0])
        both[0] += total
        both[1] += done
    return {one.pk: Share(*sums.get(one.pk, (0, 0))) for one in found}


def _counting(given: Mandate) -> QuerySet[Account]:
    """Return the accounts that are what the mandate asks for; the same as in `counting.OWN`."""
    proven = (Account.State.PROVEN, Account.State.CONNECTED, Account.State.DORMANT)
    live = Account.objects.exclude(state__in=(*Account.GONE, Account.State.CLAIMED))
    match given.counts:
        case Mandate.Counts.PROVEN:
            live = live.filter(state__in=proven)
        case Mandate.Counts.CONNECTED:
            live = live.filter(connection__isnull=False)
        case Mandate.Counts.ACTIVE:
            live = live.filter(state__in=proven[:2], last_posted_at__isnull=False)
    if not given.of_people:
        return live.filter(kind=Account.Kind.OFFICIAL)
    agreed = Consent.objects.filter(person=OuterRef("person"), purpose=Consent.Purpose.ACCOUNTS, revoked_at=None)
    return live.filter(Exists(agreed), kind=Account.Kind.ORGANIC, person__state=Person.State.CONFIRMED)


def _holder(given: Mandate) -> str:
    return "person_id" if given.of_people else "unit_id"


def with_held(given: Mandate, rows: Iterable[Any]) -> Iterator[Any]:
    """Yield the bearers, each with `has_<platform>`: one query for five hundred of them."""
    rest = rows.iterator(chunk_size=PIECE) if isinstance(rows, QuerySet) else iter(rows)
    while piece := list(islice(rest, PIECE)):
        holders = [row.person_id if given.of_people else row.pk for row in piece]
        held = _counting(given).filter(**{f"{_holder(given)}__in": holders}, platform__in=given.platforms)
        pairs = set(held.values_list(_holder(given), "platform"))
        for row, holder in zip(piece, holders, strict=True):
            for platform in given.platforms:
                setattr(row, HAS + platform, (holder, platform) in pairs)
            yield row


def bearers(actor: Actor, given: Mandate, unit: Unit) -> QuerySet[Any]:
    """Return who must have accounts in a subtree; names are for those who audit. What they have: `with_held`.

    For people: memberships, one for each person and unit, with `person` and `unit`; for units: the units.
    """
    access.require(actor, Capability.AUDIT, unit)
    bound = _bound(given, unit)
    if not given.of_people:
        return Unit.objects.filter(**bound).order_by("path")
    return _people(given, {f"unit__{name}": value for name, value in bound.items()})


def _bound(given: Mandate, unit: Unit) -> dict[str, Any]:
    """Return the conditions of a unit that the mandate binds, at `unit` or below it: one range of the sorted paths.

    Of two units on one path the lower one says it all; two conditions would be taken for independent of each other.
    """
    lower = max(str(unit.path), str(given.unit.path), key=len)
    bound: dict[str, Any] = {"closed_at": None, **subtree(lower, "path")}
    if given.levels:
        bound["level__in"] = given.levels
    if given.kinds:
        bound["kind__in"] = given.kinds
    return bound


def _people(given: Mandate, bound: dict[str, Any]) -> QuerySet[Membership]:
    today = counting.today()
    running = (
        Membership.objects.filter(denied_at=None)
        .filter(Q(starts_on=None) | Q(starts_on__lte=today), Q(ends_on=None) | Q(ends_on__gte=today))
        .exclude(person__state=Person.State.WITHDRAWN)
    )
    if given.titles:
        fits = Q()
        for title in given.titles:
            fits |= Q(kept_title__startswith=f"{title} ")
        running = running.annotate(kept_title=Concat(Lower("title"), Value(" "))).filter(fits)
    earlier = running.filter(person=OuterRef("person"), unit=OuterRef("unit"), pk__lt=OuterRef("pk"))
    once = running.filter(~Q(Exists(earlier)), **bound)
    return once.select_related("person", "unit").order_by("unit__path", "person__full_name", "id")


def _moving(given: Mandate) -> bool:
    """Whether the numbers may differ from the rows: some are not counted yet, or stay as they were when it ended."""
    return given.ended_at is not None or counting.backlog() > 0


def missing(actor: Actor, given: Mandate, unit: Unit, platform: str = "") -> QuerySet[Any]:
    """Return the bearers who lack an account on that platform, or on any.

    Once all is counted they are looked for only where the numbers say that somebody lacks it: where nearly all have it,
    the few others are found without looking at everybody.
    """
    one, bearer = platform in given.platforms, OuterRef(_holder(given) if given.of_people else "pk")
    held = _counting(given).filter(**{_holder(given): bearer})
    lacks = Q()
    for wanted in [platform] if one else given.platforms:
        lacks |= ~Q(Exists(held.filter(platform=wanted)))
    found = bearers(actor, given, unit).filter(lacks)
    if _moving(given):
        return found
    incomplete = Tally.objects.filter(
        unit_id=OuterRef("unit_id" if given.of_people else "pk"),
        mandate=given,
        of=platform if one else COMPLETE,
        own_total__gt=F("own_done"),
    )
    return found.filter(Exists(incomplete))


def counted(given: Mandate, unit: Unit, lacks: str | None = "") -> int | None:
    """Return how many bearers lack that platform, any (empty), or there are (None); None until all is counted."""
    if _moving(given):
        return None
    of = lacks if lacks in given.platforms else COMPLETE
    found = Tally.objects.filter(unit_id=unit.pk, mandate=given, of=of).values_list("total", "done").first()
    total, done = found or (0, 0)
    return total if lacks is None else total - done
