"""Training in waves: open a series, plan its waves, fill them from those who lack it, remind, record results."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.messages import Draft
from kentongan.core.permissions import Capability
from kentongan.gatherings import access, links
from kentongan.gatherings.actions import gatherings, telling
from kentongan.gatherings.actions.participants import planned
from kentongan.gatherings.models import Gathering, Participant, Result, Training, Wave
from kentongan.gatherings.models.trainings import MOST_PER_UNIT, MOST_SEATS
from kentongan.gatherings.queries import trainings as queries
from kentongan.gatherings.states import GatheringState
from kentongan.registry import access as registry_access
from kentongan.registry.models import Membership, Unit

FIELDS = ("title", "teaches", "wanted", "position", "levels", "per_unit")
WAVE_FIELDS = ("number", "capacity", "seats_per_unit", "link")
MOST_REMINDED = 5000


@dataclass(frozen=True, slots=True)
class Syllabus:
    """What a training teaches, whom, and how many trained people a unit needs; no levels means all."""

    title: str
    teaches: str
    wanted: str
    position: str = ""
    levels: tuple[str, ...] = ()
    per_unit: int = 1


@dataclass(frozen=True, slots=True)
class WavePlan:
    """When and where a wave is, how many seats it has, and for which groups of units."""

    gathering: gatherings.Plan
    capacity: int
    seats_per_unit: int
    groups: tuple[int, ...]
    link: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one participant came out with; `passed` None takes a result back."""

    participant_id: int
    passed: bool | None
    score: Decimal | None = None
    certificate: str = ""


def _check_syllabus(syllabus: Syllabus) -> Syllabus:
    fields: dict[str, list[str]] = {}
    if not syllabus.title.strip():
        fields["title"] = [_("Give it a title.")]
    if not syllabus.teaches.strip():
        fields["teaches"] = [_("Say what it teaches.")]
    if syllabus.wanted not in Training.Wanted.values:
        fields["wanted"] = [_("Choose who is trained.")]
    if syllabus.wanted == Training.Wanted.POSITION and not syllabus.position.strip():
        fields["position"] = [_("Which position, as it stands in the registry?")]
    if set(syllabus.levels) - set(Unit.Level.values):
        fields["levels"] = [_("Choose levels of the list.")]
    if not 1 <= syllabus.per_unit <= MOST_PER_UNIT:
        fields["per_unit"] = [_("Between 1 and %(n)s.") % {"n": MOST_PER_UNIT}]
    if fields:
        raise Invalid(fields=fields)
    return syllabus


def _write(training: Training, syllabus: Syllabus) -> None:
    training.title, training.teaches = syllabus.title.strip()[:160], syllabus.teaches.strip()
    training.wanted, training.per_unit = syllabus.wanted, syllabus.per_unit
    by_position = syllabus.wanted == Training.Wanted.POSITION
    training.position = syllabus.position.strip()[:120] if by_position else ""
    training.levels = [level for level in Unit.Level.values if level in syllabus.levels]


@action("gatherings.training.open")
def open_training(actor: Actor, unit_id: int, syllabus: Syllabus) -> Training:
    """Open a training for a unit and all below it."""
    unit = registry_access.get_unit(actor, Capability.GATHER, pk=unit_id)
    made = Training(unit=unit, created_by_id=actor.user_id)
    _write(made, _check_syllabus(syllabus))
    made.save()
    audit.record(actor, made, after=audit.snapshot(made, *FIELDS))
    return made


@action("gatherings.training.change")
def change_training(actor: Actor, training_id: int, syllabus: Syllabus) -> Training:
    """Change what a training teaches, whom, and how many a unit needs; results stay."""
    training = _running(actor, training_id)
    before = audit.snapshot(training, *FIELDS)
    _write(training, _check_syllabus(syllabus))
    training.save()
    audit.record(actor, training, before=before, after=audit.snapshot(training, *FIELDS))
    return training


@action("gatherings.training.close")
def close_training(actor: Actor, training_id: int, *, again: bool = False) -> Training:
    """Close a training that needs no more waves, or (`again`) open it once more; a wave to come keeps it open."""
    training = access.training_to_run(actor, training_id)
    if (training.closed_at is None) == again:
        raise Conflict()
    if not again and training.waves.filter(gathering__state=GatheringState.PLANNED).exists():
        raise Conflict(_("A wave of it is still to come."), remedy=_("Record it as held, or cancel it, first."))
    training.closed_at = None if again else clock.now()
    training.save(update_fields=["closed_at"])
    audit.record(actor, training, after={"closed": not again})
    return training


def _running(actor: Actor, training_id: int) -> Training:
    training = access.training_to_run(actor, training_id)
    if training.closed_at is not None:
        raise Conflict(_("This training is closed."), remedy=_("Open it once more to plan another wave."))
    return training


def _check_wave(training: Training, plan: WavePlan, taken: int = 0) -> list[Unit]:
    fields: dict[str, list[str]] = {}
    if not max(taken, 1) <= plan.capacity <= MOST_SEATS:
        fields["capacity"] = [_("Between %(least)s and %(most)s.") % {"least": max(taken, 1), "most": MOST_SEATS}]
    if not 1 <= plan.seats_per_unit <= MOST_PER_UNIT:
        fields["seats_per_unit"] = [_("Between 1 and %(n)s.") % {"n": MOST_PER_UNIT}]
    if plan.link and not plan.link.startswith(("https://", "http://")):
        fields["link"] = [_("A link begins with https://")]
    groups = list(Unit.objects.filter(pk__in=plan.groups, path__within=training.unit.path, closed_at=None))
    if not groups or len(groups) < len(set(plan.groups)):
        fields["groups"] = [_("Choose groups of units under the unit that gives the training.")]
    if fields:
        raise Invalid(fields=fields)
    return groups


@action("gatherings.wave.plan")
def plan_wave(actor: Actor, training_id: int, plan: WavePlan) -> Wave:
    """Plan the next wave of a training; nobody is on its list yet."""
    training = _running(actor, training_id)
    groups = _check_wave(training, plan)
    gathering = gatherings.plan_gathering(actor, training.unit_id, plan.gathering)
    made = Wave.objects.create(
        gathering=gathering,
        training=training,
        number=queries.next_number(training),
        capacity=plan.capacity,
        seats_per_unit=plan.seats_per_unit,
        link=plan.link,
    )
    made.groups.set(groups)
    audit.record(actor, gathering, after=audit.snapshot(made, *WAVE_FIELDS) | {"groups": _codes(groups)})
    return made


def _codes(groups: Collection[Unit]) -> list[str]:
    return sorted(group.code for group in groups)


@action("gatherings.wave.change")
def change_wave(actor: Actor, gathering_id: int, plan: WavePlan) -> Wave:
    """Change when and where a wave is, its seats or its groups; who sits in it stays, and is told of a move."""
    wave = access.wave(actor, gathering_id, Capability.GATHER, lock=True)
    groups = _check_wave(wave.training, plan, queries.seated(wave.gathering))
    before = audit.snapshot(wave, *WAVE_FIELDS) | {"groups": _codes(wave.groups.all())}
    wave.gathering = gatherings.change(actor, gathering_id, plan.gathering)
    wave.capacity, wave.seats_per_unit, wave.link = plan.capacity, plan.seats_per_unit, plan.link
    wave.save(update_fields=["capacity", "seats_per_unit", "link"])
    wave.groups.set(groups)
    after = audit.snapshot(wave, *WAVE_FIELDS) | {"groups": _codes(groups)}
    audit.record(actor, wave.gathering, before=before, after=after)
    return wave


@action("gatherings.wave.fill", may_do_nothing=True)
def fill_wave(actor: Actor, gathering_id: int) -> int:
    """Give the free seats of a wave to those in its groups who lack the training; returns how many were given.

    Nobody is told before the invitation. Raises Conflict when no seat is free.
    """
    gathering = planned(actor, gathering_id)
    wave = access.wave(actor, gathering_id, Capability.GATHER)
    before = queries.seated(gathering)
    if before >= wave.capacity:
        raise Conflict(_("All %(n)s seats of this wave are taken.") % {"n": wave.capacity})
    chosen = queries.seats_to_give(wave, wave.capacity - before)
    during = (gathering.starts_at, gathering.ends_at)
    # Race: another wave at that time takes the same person; their seat there stays, and here none is made.
    Participant.objects.bulk_create(
        [Participant(gathering=gathering, person_id=who, unit_id=unit, during=during) for who, unit in chosen],
        ignore_conflicts=True,
    )
    given = queries.seated(gathering) - before
    if given:
        audit.record(actor, gathering, after={"seats_given": given, "units": len({unit for _who, unit in chosen})})
    return given


@action("gatherings.wave.result", may_do_nothing=True)
def record_results(actor: Actor, gathering_id: int, outcomes: Sequence[Outcome]) -> int:
    """Record what participants came out with, all or none; returns how many results changed.

    Raises:
        Invalid: somebody did not attend, a score is not of 0 to 100, or a certificate is used twice.
    """
    wave = access.wave(actor, gathering_id, Capability.GATHER, lock=True)
    attended = {one.pk: one for one in queries.results(wave.gathering)}
    for outcome in outcomes:
        _check_outcome(outcome, attended)
    before = {pk: _fields(one.result) for pk, one in attended.items() if hasattr(one, "result")}
    wanted = {one.participant_id: _wanted(one) for one in outcomes}
    changed = {pk: new for pk, new in wanted.items() if before.get(pk) != new}
    _store(actor, wave, changed)
    for pk, new in changed.items():
        audit.record(actor, attended[pk], unit_id=wave.gathering.unit_id, before=before.get(pk), after=new)
    return len(changed)


def _check_outcome(outcome: Outcome, attended: Collection[int]) -> None:
    if outcome.participant_id not in attended:
        raise Invalid(fields={"participant": [_("Only who attended can have a result: check them in first.")]})
    if outcome.score is not None and not 0 <= outcome.score <= 100:
        raise Invalid(fields={"score": [_("A score is between 0 and 100.")]})
    if outcome.certificate.strip() and not outcome.passed:
        raise Invalid(fields={"certificate": [_("Only who passed has a certificate.")]})


def _fields(result: Result) -> dict[str, object]:
    return {"passed": result.passed, "score": result.score, "certificate": result.certificate}


def _wanted(outcome: Outcome) -> dict[str, object] | None:
    if outcome.passed is None:
        return None
    certificate = " ".join(outcome.certificate.split())[:60]
    return {"passed": outcome.passed, "score": outcome.score, "certificate": certificate}


def _store(actor: Actor, wave: Wave, changed: dict[int, dict[str, object] | None]) -> None:
    # Those that go first, so that a certificate can be handed from one to another in one step.
    Result.objects.filter(participant__in=changed).delete()
    rows = [
        Result(participant_id=pk, training=wave.training, recorded_by_id=actor.user_id, recorded_at=clock.now(), **new)
        for pk, new in changed.items()
        if new is not None
    ]
    try:
        with transaction.atomic():
            Result.objects.bulk_create(rows)
    except IntegrityError as error:
        raise Invalid(fields={"certificate": [_("A certificate of this training has that number already.")]}) from error


@action("gatherings.training.remind", may_do_nothing=True)
def remind(actor: Actor, training_id: int, unit_id: int) -> int:
    """Tell the people to be trained at units at or under a unit that still lack somebody, once a day at most.

    Whoever passed, or has a seat in a wave to come, is left in peace. Returns how many messages that makes.
    """
    training = access.training(actor, training_id)
    node = registry_access.get_unit(actor, Capability.GATHER, pk=unit_id)
    if training.closed_at is not None:
        raise Conflict(_("This training is closed."))
    units = queries.lacking(training, node)
    people = list(queries.untrained(training, units).select_related("unit").order_by("pk")[: MOST_REMINDED + 1])
    if len(people) > MOST_REMINDED:
        raise Invalid(
            _("That would be more than %(n)s messages at once.") % {"n": MOST_REMINDED},
            remedy=_("Choose a smaller part of the tree."),
        )
    coming = _next_wave(training)
    queued = messages.queue_many(actor, [_reminder(training, one, coming) for one in people]) if people else 0
    if queued:
        audit.record(actor, training, unit_id=node.pk, after={"reminded": queued, "under": node.code})
    return queued


def _next_wave(training: Training) -> Gathering | None:
    planned_ones = Gathering.objects.filter(
        wave__training=training, state=GatheringState.PLANNED, starts_at__gt=clock.now()
    )
    return planned_ones.select_related("unit").order_by("starts_at").first()


def _reminder(training: Training, position: Membership, coming: Gathering | None) -> Draft:
    person = position.person
    with override(telling.language(person)):
        shape = (
            _("%(name)s, %(unit)s still lacks people trained in “%(title)s”. Please ask %(office)s for a seat.")
            if coming is None
            else _(
                "%(name)s, %(unit)s still lacks people trained in “%(title)s”. The next wave: %(when)s, %(place)s. "
                "Please ask %(office)s for a seat."
            )
        )
        body = shape % {
            "name": person.full_name,
            "unit": position.unit.name,
            "title": training.title,
            "office": training.unit.name,
            "when": links.moment(coming) if coming else "",
            "place": coming.place if coming else "",
        }
    return Draft(
        channel=telling.channel(person),
        purpose=telling.TRAINING,
        person_id=person.pk,
        unit_id=position.unit_id,
        subject=training.title,
        body=body,
        dedupe_key=f"training:{training.pk}:{person.pk}:{clock.now().date()}",
    )
