"""Who an instruction or a mission is for, as querysets: the preview counts what the sending then inserts."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Count,
    Exists,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Concat, Lower

from kentongan.core import clock
from kentongan.missions.models import Audience, Instruction, Mission
from kentongan.missions.states import ReceiptState
from kentongan.registry.models import Consent, Grant, Membership, Person, Unit


class Depth(Func):
    """How many labels a path has."""

    function = "nlevel"
    output_field = IntegerField()


def _units_under(scope: Unit, level: str) -> QuerySet[Unit]:
    units = Unit.objects.filter(path__within=scope.path, closed_at__isnull=True)
    return units.filter(level=level) if level else units


def _with_title(memberships: QuerySet[Membership], title: str) -> QuerySet[Membership]:
    """Keep "Ketua" and "Ketua RT 03" for "Ketua", and leave out "Wakil Ketua"."""
    if not title.strip():
        return memberships
    whole = Concat(Lower("title"), Value(" "))
    return memberships.annotate(whole_title=whole).filter(whole_title__startswith=f"{title.strip().lower()} ")


def _memberships(scope: Unit, level: str, title: str) -> QuerySet[Membership]:
    today = clock.now().date()
    memberships = Membership.objects.filter(
        Q(starts_on__isnull=True) | Q(starts_on__lte=today),
        Q(ends_on__isnull=True) | Q(ends_on__gte=today),
        unit__in=_units_under(scope, level).values("pk"),
    ).exclude(person__state=Person.State.WITHDRAWN)
    return _with_title(memberships, title)


def _first_of_each_person(memberships: QuerySet[Membership]) -> QuerySet[Membership]:
    """Keep one membership a person: the one highest in the tree."""
    return memberships.order_by("person_id", Depth("unit__path"), "id").distinct("person_id")


def _delivered_if(condition: Any) -> Case:
    return Case(
        When(condition, then=Value(ReceiptState.DELIVERED.value)),
        default=Value(ReceiptState.PENDING.value),
        output_field=CharField(),
    )


def recipients(instruction: Instruction) -> QuerySet[Any, tuple[Any, ...]]:
    """Return (unit, person, state) of everybody who has to answer; the issuer does not instruct itself.

    Who signs in finds it under "For me" at once, so their receipt begins as delivered.
    """
    if instruction.audience == Audience.PEOPLE:
        memberships = _memberships(instruction.scope, instruction.level, instruction.title_filter)
        return _first_of_each_person(memberships).values_list(
            "unit_id", "person_id", _delivered_if(Q(person__user__is_active=True))
        )
    somebody = Exists(Grant.objects.filter(unit=OuterRef("pk"), user__is_active=True))
    units = _units_under(instruction.scope, instruction.level).exclude(pk=instruction.unit_id)
    return units.order_by().values_list("pk", Cast(Value(None), BigIntegerField()), _delivered_if(somebody))


def invitees(mission: Mission) -> QuerySet[Any, tuple[Any, ...]]:
    """Return (unit, person) of everybody under the mission's scope who agreed to be invited to share."""
    agreed = Consent.objects.filter(
        person=OuterRef("person_id"), purpose=Consent.Purpose.MISSIONS, revoked_at__isnull=True
    )
    memberships = _memberships(mission.scope, "", mission.title_filter).filter(Exists(agreed))
    return _first_of_each_person(memberships).values_list("unit_id", "person_id")


def without_consent(mission: Mission) -> int:
    """Return how many people under the scope are left out because they have not agreed."""
    everybody = _memberships(mission.scope, "", mission.title_filter)
    people: int = everybody.order_by().aggregate(people=Count("person_id", distinct=True))["people"]
    return people - invitees(mission).count()


def insert(table: str, columns: Sequence[str], constants: Mapping[str, Any], rows: QuerySet[Any, Any]) -> int:
    """Insert `rows`, with the constant columns before them, by ONE statement; return how many rows are new."""
    select, parameters = rows.query.sql_with_params()
    names, fixed = ", ".join(columns), ", ".join(constants)
    marks = ", ".join(["%s"] * len(constants))
    statement = (
        f"INSERT INTO {table} ({fixed}, {names}) SELECT {marks}, chosen.* FROM ({select}) AS chosen({names}) "  # noqa: S608
        "ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*constants.values(), *parameters])
        return int(cursor.rowcount)
