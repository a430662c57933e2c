"""Reads of training: who needs it, who has it, who lacks it, who could come to the next wave."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Exists, F, Func, Max, Min, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import Coalesce, Greatest, Least, RowNumber

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.gatherings import access
from kentongan.gatherings.models import Gathering, Participant, Result, Training, Wave
from kentongan.gatherings.states import GatheringState, ParticipantState
from kentongan.registry.access import units_for
from kentongan.registry.ltree import LtreeField
from kentongan.registry.models import Account, Membership, Person, Unit


def trainings(actor: Actor, show: str = "") -> QuerySet[Training]:
    """Return the trainings that `actor` sees, each with `wave_count`, `passed` and `next_at`; `show` may be closed."""
    coming = Q(waves__gathering__state=GatheringState.PLANNED, waves__gathering__ends_at__gt=clock.now())
    passed = Result.objects.filter(training=OuterRef("pk"), passed=True).order_by().values("training")
    return (
        access.trainings(actor)
        .filter(closed_at__isnull=show != "closed")
        .select_related("unit")
        .annotate(
            wave_count=Count("waves", filter=~Q(waves__gathering__state=GatheringState.CANCELLED), distinct=True),
            passed=Coalesce(Subquery(passed.annotate(n=Count("participant__person", distinct=True)).values("n")), 0),
            next_at=Min("waves__gathering__starts_at", filter=coming),
        )
        .order_by("-created_at", "-pk")
    )


def waves(training: Training) -> QuerySet[Wave]:
    """Return a training's waves, each with `seated`, `attended`, `passed` and its groups: two queries."""
    rows = training.waves.select_related("gathering__unit", "training").prefetch_related("groups")
    people = Participant.objects.filter(gathering=OuterRef("pk")).order_by().values("gathering")
    return rows.annotate(
        seated=_number(people.exclude(state=ParticipantState.DECLINED).annotate(n=Count("pk"))),
        attended=_number(people.filter(state=ParticipantState.ATTENDED).annotate(n=Count("pk"))),
        passed=_number(people.filter(result__passed=True).annotate(n=Count("pk"))),
    ).order_by("number")


def _number(rows: QuerySet[Any, Any]) -> Coalesce:
    return Coalesce(Subquery(rows.values("n")), 0)


def wave_of(gathering: Gathering) -> Wave | None:
    """Return the wave that a gathering is, with its training; None for any other meeting."""
    return Wave.objects.filter(pk=gathering.pk).select_related("training__unit").first()


def next_number(training: Training) -> int:
    """Return the number of the wave to come."""
    return (training.waves.aggregate(last=Max("number"))["last"] or 0) + 1


def seated(gathering: Gathering) -> int:
    """Return how many seats are taken: everybody on the list but those who cannot come."""
    return gathering.participants.exclude(state=ParticipantState.DECLINED).count()


# Who needs it, and who has it


def needing(training: Training) -> QuerySet[Unit]:
    """Return the units that need trained people: of the organiser's subtree, of its levels, at work today."""
    today = clock.now().date()
    units = Unit.objects.filter(
        Q(starts_on=None) | Q(starts_on__lte=today), path__within=training.unit.path, closed_at=None
    )
    return units.filter(level__in=training.levels) if training.levels else units


def _running() -> QuerySet[Membership]:
    today = clock.now().date()
    return Membership.objects.filter(
        Q(starts_on=None) | Q(starts_on__lte=today), Q(ends_on=None) | Q(ends_on__gte=today)
    ).exclude(person__state=Person.State.WITHDRAWN)


def _passed(training: Training) -> QuerySet[Result, Any]:
    return Result.objects.filter(training=training, passed=True, participant__person__isnull=False).values(
        "participant__person"
    )


def _coming(training: Training) -> QuerySet[Participant]:
    """Return who holds a seat in a wave to come, other than those who have passed already."""
    return Participant.objects.filter(
        gathering__wave__training=training, gathering__state=GatheringState.PLANNED, gathering__ends_at__gt=clock.now()
    ).exclude(state=ParticipantState.DECLINED)


def _trained(training: Training) -> QuerySet[Membership]:
    """Return the positions held today by people who passed: whoever left a unit counts there no more."""
    return _running().filter(person__in=_passed(training))


def standing(training: Training, node: Unit) -> QuerySet[Unit]:
    """Return the units that need it at or under `node`, each with `has`, `coming` and `lacks`."""
    has = _trained(training).filter(unit=OuterRef("pk")).order_by().values("unit")
    coming = _coming(training).filter(unit=OuterRef("pk")).order_by().values("unit")
    return (
        needing(training)
        .filter(path__within=node.path)
        .annotate(
            has=Coalesce(Subquery(has.annotate(n=Count("person", distinct=True)).values("n")), 0),
            coming=Coalesce(Subquery(coming.annotate(n=Count("pk")).values("n")), 0),
            lacks=Greatest(training.per_unit - F("has"), 0),
        )
        .order_by("path")
    )


def lacking(training: Training, node: Unit) -> QuerySet[Unit]:
    """Return those of `standing` that lack somebody."""
    full = _trained(training).order_by().values("unit").annotate(n=Count("person", distinct=True))
    return standing(training, node).exclude(pk__in=full.filter(n__gte=training.per_unit).values("unit"))


def with_people(training: Training, units: QuerySet[Unit]) -> QuerySet[Unit]:
    """Add `could` to units: how many of their people are to be trained, have not passed and hold no seat to come."""
    open_ones = untrained(training, Unit.objects.all()).filter(unit=OuterRef("pk")).order_by().values("unit")
    counted = open_ones.annotate(n=Count("person", distinct=True)).values("n")
    return units.annotate(could=Coalesce(Subquery(counted), 0))


@dataclass(slots=True)
class Branch:
    """How the units at or under one unit stand: how many need it, are complete, how many people they have and lack."""

    unit: Unit
    units: int = 0
    complete: int = 0
    needs: int = 0
    has: int = 0
    coming: int = 0

    @property
    def lacks(self) -> int:
        """How many people are still to be trained."""
        return self.needs - self.has

    @property
    def share(self) -> float | None:
        """The part of the units that is complete; None where none needs it."""
        return self.complete / self.units if self.units else None


class _Top(Func):
    """The first `levels` steps of a path; the whole path where it is shorter."""

    function = "subpath"
    output_field = LtreeField()

    def __init__(self, path: str, levels: int) -> None:
        super().__init__(F(path), 0, levels)


def branches(training: Training, node: Unit) -> list[Branch]:
    """Return how `node` itself (where it needs it) and each unit right below it stand: four queries."""
    units = needing(training).filter(path__within=node.path)
    depth = node.depth + 2
    sizes = dict(units.order_by().values_list(_Top("path", depth)).annotate(n=Count("pk")))
    return _filled(training, units, depth, sizes)


def _filled(training: Training, units: QuerySet[Unit], depth: int, sizes: dict[str, int]) -> list[Branch]:
    heads = {str(unit.path): unit for unit in Unit.objects.filter(path__in=list(sizes))}
    found = {path: Branch(heads[path], n, needs=n * training.per_unit) for path, n in sizes.items()}
    inside = {"unit__in": units.values("pk")}
    trained = _trained(training).filter(**inside).order_by().values_list(_Top("unit__path", depth), "unit")
    for path, _unit, n in trained.annotate(n=Count("person", distinct=True)):
        found[path].complete += n >= training.per_unit
        found[path].has += min(n, training.per_unit)
    coming = _coming(training).filter(**inside).order_by().values_list(_Top("unit__path", depth))
    for path, n in coming.annotate(n=Count("pk")):
        found[path].coming += n
    return sorted(found.values(), key=lambda branch: (str(branch.unit.path).count("."), branch.unit.code))


def total(rows: Iterable[Branch], unit: Unit) -> Branch:
    """Return the sum of branches, as one for `unit`."""
    whole = Branch(unit)
    for row in rows:
        for name in ("units", "complete", "needs", "has", "coming"):
            setattr(whole, name, getattr(whole, name) + getattr(row, name))
    return whole


def node(actor: Actor, training: Training, code: str = "") -> Unit:
    """Return the unit at which `actor` looks: the one of that code, else the highest one that they may see."""
    inside = units_for(actor, access.READ).filter(path__within=training.unit.path)
    found = inside.filter(code=code) if code else inside.order_by("path")
    first = found.first()
    if first is None:
        raise NotFound()
    return first


# Who could come


def positions(training: Training, units: QuerySet[Unit]) -> QuerySet[Membership]:
    """Return the positions of the people who are to be trained at those units."""
    rows = _running().filter(unit__in=units.order_by().values("pk"))
    if training.wanted == Training.Wanted.POSITION:
        return rows.filter(title__istartswith=training.position)
    if training.wanted == Training.Wanted.CUSTODIANS:
        kept = Account.objects.filter(
            Q(custodian=OuterRef("person")) | Q(deputy_custodian=OuterRef("person")),
            unit=OuterRef("unit"),
            kind=Account.Kind.OFFICIAL,
        ).exclude(state__in=Account.GONE)
        return rows.filter(Exists(kept))
    return rows


def untrained(training: Training, units: QuerySet[Unit]) -> QuerySet[Membership]:
    """Return the positions of those who are to be trained, have not passed, and hold no seat in a wave to come."""
    coming = _coming(training).filter(person__isnull=False).values("person")
    return (
        positions(training, units)
        .exclude(person__in=_passed(training))
        .exclude(person__in=coming)
        .select_related("person")
    )


def in_groups(wave: Wave) -> QuerySet[Unit]:
    """Return the units that need the training at or under the wave's groups."""
    groups = wave.groups.filter(path__covers=OuterRef("path"))
    return needing(wave.training).filter(Exists(groups))


def seats_to_give(wave: Wave, room: int) -> list[tuple[int, int]]:
    """Return (person, unit) of those who lack it in the wave's groups: every unit's first before anybody's second.

    Nobody who sits in another wave at that time; a unit gets no more than its seats, nor more than it lacks.
    """
    training, gathering = wave.training, wave.gathering
    here = Participant.objects.filter(gathering=gathering, unit=OuterRef("unit")).exclude(
        state=ParticipantState.DECLINED
    )
    has = _trained(training).filter(unit=OuterRef("unit")).order_by().values("unit")
    coming = _coming(training).filter(unit=OuterRef("unit")).order_by().values("unit")
    listed = here.order_by().values("unit").annotate(n=Count("pk")).values("n")
    busy = Participant.objects.filter(during__overlap=(gathering.starts_at, gathering.ends_at), person__isnull=False)
    known = gathering.participants.filter(person__isnull=False)
    rows = (
        untrained(training, in_groups(wave))
        .exclude(person__in=busy.values("person"))
        .exclude(person__in=known.values("person"))
        .annotate(
            open=Least(
                wave.seats_per_unit - Coalesce(Subquery(listed), 0),
                training.per_unit
                - Coalesce(Subquery(has.annotate(n=Count("person", distinct=True)).values("n")), 0)
                - Coalesce(Subquery(coming.annotate(n=Count("pk")).values("n")), 0),
            ),
            turn=Window(RowNumber(), partition_by="unit", order_by=("person_id", "id")),
        )
        .filter(turn__lte=F("open"))
        .order_by("turn", "unit__path")
    )
    return list(rows.values_list("person_id", "unit_id")[:room])


def choices(wave: Wave, text: str) -> QuerySet[Membership]:
    """Return the positions that may be given a seat by hand, found by a part of the name."""
    known = wave.gathering.participants.filter(person__isnull=False).values("person")
    rows = untrained(wave.training, in_groups(wave)).exclude(person__in=known).select_related("unit")
    return rows.filter(person__full_name__icontains=text).order_by("unit__path", "person__full_name")


def results(gathering: Gathering) -> QuerySet[Participant]:
    """Return those who attended, with what they came out with, by unit and name."""
    rows = gathering.participants.filter(state=ParticipantState.ATTENDED).select_related("person", "unit", "result")
    return rows.order_by(F("unit__path").asc(nulls_last=True), "person__full_name", "name", "pk")


def organising_units(actor: Actor) -> QuerySet[Unit]:
    """Return the units for which `actor` may open trainings."""
    return units_for(actor, Capability.GATHER).filter(closed_at=None).order_by("path")


def groups_to_choose(training: Training) -> QuerySet[Unit]:
    """Return the groups that waves are made of: the organiser's units right below it, or itself where it has none."""
    below = Unit.objects.filter(parent=training.unit, closed_at=None)
    return (below if below.exists() else Unit.objects.filter(pk=training.unit_id)).order_by("code")


def lacking_by_group(training: Training) -> Counter[int]:
    """Return how many people each group still lacks, by the group's id, those with a seat to come taken off."""
    return Counter({row.unit.pk: max(row.lacks - row.coming, 0) for row in branches(training, training.unit)})
