"""All reads of gatherings."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from itertools import groupby

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.gatherings import access
from kentongan.gatherings.models import Gathering, Participant, Question
from kentongan.gatherings.states import GatheringState, ParticipantState
from kentongan.registry.access import units_for
from kentongan.registry.models import Consent, Person, Unit
from kentongan.registry.queries import known_at


def _counted(rows: QuerySet[Gathering]) -> QuerySet[Gathering]:
    coming = Q(participants__state__in=(ParticipantState.CONFIRMED, ParticipantState.ATTENDED))
    return rows.select_related("unit", "issue", "wave").annotate(
        listed=Count("participants", distinct=True),
        coming=Count("participants", filter=coming, distinct=True),
        attended=Count("participants", filter=Q(participants__state=ParticipantState.ATTENDED), distinct=True),
        open_questions=Count("questions", filter=Q(questions__answer=""), distinct=True),
    )


def upcoming(actor: Actor, limit: int = 5) -> list[Gathering]:
    """Return the next planned gatherings that `actor` sees: one query."""
    rows = access.gatherings(actor).filter(state=GatheringState.PLANNED, ends_at__gt=clock.now())
    return list(_counted(rows).order_by("starts_at")[:limit])


def listed(actor: Actor, show: str = "") -> QuerySet[Gathering]:
    """Return the gatherings that `actor` sees: those to come (the next first), or the past ones (the latest first)."""
    rows = access.gatherings(actor)
    if show == "past":
        past = Q(state=GatheringState.HELD) | Q(ends_at__lte=clock.now())
        return _counted(rows.filter(past).exclude(state=GatheringState.CANCELLED)).order_by("-starts_at")
    if show == "cancelled":
        return _counted(rows.filter(state=GatheringState.CANCELLED)).order_by("-starts_at")
    return _counted(rows.filter(state=GatheringState.PLANNED, ends_at__gt=clock.now())).order_by("starts_at")


def by_day(gatherings: Iterable[Gathering]) -> list[tuple[date, list[Gathering]]]:
    """Group gatherings (already in order) by the day on which they begin, each in its unit's own zone."""

    def day(gathering: Gathering) -> date:
        return gathering.starts_at.astimezone(clock.zone(gathering.unit.timezone)).date()

    return [(key, list(rows)) for key, rows in groupby(gatherings, day)]


def of_issue(actor: Actor, issue_id: int) -> QuerySet[Gathering]:
    """Return the gatherings about an issue."""
    return _counted(access.gatherings(actor).filter(issue_id=issue_id)).order_by("-starts_at")


def participants(gathering: Gathering) -> QuerySet[Participant]:
    """Return the list, those who came first."""
    return gathering.participants.select_related("person", "unit", "result").order_by(
        F("attended_at").desc(nulls_last=True), F("answered_at").desc(nulls_last=True), "pk"
    )


def may_see_names(actor: Actor, gathering: Gathering) -> bool:
    """Whether `actor` may see who takes part, rather than how many."""
    return units_for(actor, Capability.GATHER).filter(pk=gathering.unit_id).exists()


def questions(gathering: Gathering) -> QuerySet[Question]:
    """Return the questions, the open ones first."""
    return gathering.questions.select_related("asked_by__person").order_by(F("answered_at").asc(nulls_first=True), "pk")


@dataclass(frozen=True, slots=True)
class Attendance:
    """How many are listed, invited, will come, cannot, and came."""

    listed: int
    invited: int
    confirmed: int
    declined: int
    attended: int


def attendance(gathering: Gathering) -> Attendance:
    """Count the participants: one query."""
    return Attendance(
        **gathering.participants.aggregate(
            listed=Count("pk"),
            invited=Count("invited_at"),
            confirmed=Count("pk", filter=Q(state=ParticipantState.CONFIRMED)),
            declined=Count("pk", filter=Q(state=ParticipantState.DECLINED)),
            attended=Count("attended_at"),
        )
    )


def candidates(actor: Actor, gathering: Gathering, text: str) -> QuerySet[Person]:
    """Return people whom `actor` may invite: members and contacts of their units who agreed to it, not listed yet."""
    reach = units_for(actor, Capability.GATHER).values("pk")
    agreed = Consent.objects.filter(person=OuterRef("pk"), purpose=Consent.Purpose.GATHERINGS, revoked_at__isnull=True)
    on_list = Participant.objects.filter(gathering=gathering, person=OuterRef("pk"))
    return (
        Person.objects.filter(known_at(reach), Exists(agreed), ~Exists(on_list), full_name__icontains=text)
        .exclude(state=Person.State.WITHDRAWN)
        .order_by("full_name")
    )


def planning_units(actor: Actor) -> QuerySet[Unit]:
    """Return the units for which `actor` may plan gatherings."""
    return units_for(actor, Capability.GATHER).filter(closed_at__isnull=True).order_by("path")


def zone_of(unit: Unit) -> tzinfo:
    """Return the unit's own zone."""
    return clock.zone(unit.timezone)


def begins_soon(gathering: Gathering, at: datetime) -> bool:
    """Whether check-in makes sense now: on the day itself or after."""
    zone = clock.zone(gathering.unit.timezone)
    return gathering.starts_at.astimezone(zone).date() <= at.astimezone(zone).date()
