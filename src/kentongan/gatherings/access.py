"""The only way to get a gathering for somebody: staff of its unit, and by link the participant themselves."""

from django.db.models import Exists, OuterRef, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.permissions import Capability
from kentongan.gatherings.models import Gathering, Participant, Question, Training, Wave
from kentongan.registry import access

READ = Capability.MEASURE


def gatherings(actor: Actor, capability: Capability = READ) -> QuerySet[Gathering]:
    """Return the gatherings of the units where `actor` is staff."""
    return access.scope(Gathering.objects.all(), actor, capability)


def gathering(actor: Actor, gathering_id: int, capability: Capability = READ, *, lock: bool = False) -> Gathering:
    """Return one gathering; NotFound or NotAllowed otherwise."""
    rows = Gathering.objects.select_related("unit", "issue")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return access.get(rows, actor, capability, seen_with=READ, pk=gathering_id)


def participant_to_change(actor: Actor, participant_id: int) -> Participant:
    """Return a participant of a gathering that `actor` runs, locked."""
    found = access.get(
        Participant.objects.select_related("gathering", "person"),
        actor,
        Capability.GATHER,
        unit_field="gathering__unit",
        seen_with=READ,
        pk=participant_id,
    )
    return (
        Participant.objects.select_for_update(of=("self",)).select_related("gathering__unit", "person").get(pk=found.pk)
    )


def participant_by_link(participant_id: int, *, lock: bool = False) -> Participant:
    """Return the participant whose signed link was opened; the signature was checked by the caller."""
    rows = Participant.objects.select_related("gathering__unit", "person")
    if lock:
        rows = rows.select_for_update(of=("self",))
    found = rows.filter(pk=participant_id).first()
    if found is None:
        raise NotFound()
    return found


def participant_to_show(actor: Actor, participant_id: int) -> Participant:
    """Return a participant of a gathering that `actor` runs."""
    rows = Participant.objects.select_related("gathering__unit", "person")
    return access.get(rows, actor, Capability.GATHER, unit_field="gathering__unit", seen_with=READ, pk=participant_id)


def question(actor: Actor, question_id: int) -> Question:
    """Return a question of a gathering that `actor` runs."""
    rows = Question.objects.select_related("gathering__unit", "asked_by__person")
    return access.get(rows, actor, Capability.GATHER, unit_field="gathering__unit", seen_with=READ, pk=question_id)


def trainings(actor: Actor) -> QuerySet[Training]:
    """Return the trainings of the units where `actor` is staff, and those given to them from above."""
    if actor.is_system:
        return Training.objects.all()
    own = access.grants_of(actor, READ).filter(unit__path__covers=OuterRef("unit__path"))
    from_above = access.grants_of(actor, READ).filter(unit__path__within=OuterRef("unit__path"))
    return Training.objects.filter(Exists(own) | Exists(from_above))


def training(actor: Actor, training_id: int, *, lock: bool = False) -> Training:
    """Return one training that `actor` sees."""
    rows = trainings(actor).select_related("unit")
    try:
        found = (rows.select_for_update(of=("self",)) if lock else rows).filter(pk=training_id).first()
    except (ValueError, OverflowError) as error:
        raise NotFound() from error
    if found is None:
        raise NotFound()
    return found


def training_to_run(actor: Actor, training_id: int) -> Training:
    """Return, locked, a training whose waves `actor` may plan: NotFound or NotAllowed otherwise."""
    found = training(actor, training_id, lock=True)
    if not access.allows(actor, Capability.GATHER, found.unit):
        raise NotAllowed()
    return found


def wave(actor: Actor, gathering_id: int, capability: Capability = READ, *, lock: bool = False) -> Wave:
    """Return one wave by the id of its gathering, by the rules of `gathering`; the lock is the gathering's."""
    found = gathering(actor, gathering_id, capability, lock=lock)
    row = Wave.objects.filter(pk=found.pk).select_related("training__unit").first()
    if row is None:
        raise NotFound()
    row.gathering = found
    return row
