"""Who takes part: put on the list, invited, answering, checked in."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.gatherings import access
from kentongan.gatherings.actions import telling
from kentongan.gatherings.models import Gathering, Participant, Result, Wave
from kentongan.gatherings.queries import trainings
from kentongan.gatherings.states import GatheringState, ParticipantState, sources
from kentongan.registry import access as registry_access
from kentongan.registry import queries as registry_queries
from kentongan.registry.models import Consent, Person


def planned(actor: Actor, gathering_id: int) -> Gathering:
    """Return, locked, a gathering that `actor` runs and whose list is open: all who change its list wait here."""
    gathering = access.gathering(actor, gathering_id, Capability.GATHER, lock=True)
    if gathering.state != GatheringState.PLANNED:
        raise Conflict(_("The list of participants is closed: the gathering is over or cancelled."))
    return gathering


def _require_seat(gathering: Gathering) -> Wave | None:
    """Return the wave that the gathering is, if any; the gathering is locked, so that the last seat goes once."""
    wave = trainings.wave_of(gathering)
    if wave is not None and trainings.seated(gathering) >= wave.capacity:
        raise Conflict(
            _("All %(n)s seats of this wave are taken.") % {"n": wave.capacity},
            remedy=_("Raise the number of seats, or choose another wave."),
        )
    return wave


def _member(actor: Actor, person_id: int) -> Participant:
    """Return a member or contact of the actor's units who agreed to be invited to meetings, as a participant."""
    reach = registry_access.units_for(actor, Capability.GATHER).values("pk")
    if not Person.objects.filter(registry_queries.known_at(reach), pk=person_id).exists():
        raise NotFound()
    if not registry_queries.has_consent(person_id, Consent.Purpose.GATHERINGS):
        raise Invalid(fields={"person": [_("This person has not agreed to be invited to meetings.")]})
    return Participant(person_id=person_id)


def _trainee(wave: Wave, person_id: int) -> Participant:
    """Return somebody whom the wave is for, as a participant for their unit."""
    position = trainings.choices(wave, "").filter(person=person_id).first()
    if position is None:
        raise Invalid(
            fields={"person": [_("The wave is not for them: another unit, passed already, or in another wave.")]}
        )
    gathering = wave.gathering
    return Participant(person_id=person_id, unit_id=position.unit_id, during=(gathering.starts_at, gathering.ends_at))


@action("gatherings.participant.add")
def add_person(actor: Actor, gathering_id: int, person_id: int) -> Participant:
    """Put somebody of the registry on the list: of a meeting if they agreed to come, of a wave if it is for them."""
    gathering = planned(actor, gathering_id)
    wave = _require_seat(gathering)
    if gathering.participants.filter(person=person_id).exists():
        raise Invalid(fields={"person": [_("This person is on the list already.")]})
    made = _member(actor, person_id) if wave is None else _trainee(wave, person_id)
    made.gathering = gathering
    try:
        with transaction.atomic():
            made.save(force_insert=True)
    except IntegrityError as error:
        raise Invalid(fields={"person": [_("This person sits in another wave at that time.")]}) from error
    audit.record(actor, made, unit_id=gathering.unit_id, after={"person": person_id, "unit": made.unit_id})
    return made


@action("gatherings.participant.add_guest")
def add_guest(
    actor: Actor, gathering_id: int, *, name: str, consent_note: str, community: str = "", contact: str = ""
) -> Participant:
    """Put a guest on the list by name, with a note on how they agreed to it."""
    gathering = planned(actor, gathering_id)
    _require_seat(gathering)
    fields: dict[str, list[str]] = {}
    if not name.strip():
        fields["name"] = [_("A guest needs a name.")]
    if not consent_note.strip():
        fields["consent_note"] = [_("Note how the guest agreed to be listed.")]
    if fields:
        raise Invalid(fields=fields)
    made = Participant.objects.create(
        gathering=gathering,
        name=name.strip(),
        community=community.strip(),
        contact=contact.strip(),
        consent_note=consent_note.strip(),
    )
    audit.record(actor, made, unit_id=gathering.unit_id, after=audit.snapshot(made, "consent_note", "community"))
    return made


@action("gatherings.participant.remove")
def remove(actor: Actor, participant_id: int) -> Gathering:
    """Take somebody off the list, with everything stored about them in it."""
    participant = access.participant_to_change(actor, participant_id)
    gathering = participant.gathering
    audit.record(actor, participant, unit_id=gathering.unit_id, note="removed")
    participant.delete()
    return gathering


@action("gatherings.gathering.invite", may_do_nothing=True)
def invite(actor: Actor, gathering_id: int) -> int:
    """Invite everybody on the list who was not invited yet; returns how many messages that makes."""
    gathering = planned(actor, gathering_id)
    listed = list(gathering.participants.filter(state=ParticipantState.LISTED).select_related("person").order_by("pk"))
    queued = telling.tell(actor, gathering, listed, telling.INVITED)
    if listed:
        Participant.objects.filter(pk__in=[one.pk for one in listed]).update(
            state=ParticipantState.INVITED, invited_at=clock.now()
        )
        audit.record(actor, gathering, after={"invited": len(listed), "messages": queued})
    return len(listed)


@action("gatherings.participant.answer", may_do_nothing=True)
def answer(actor: Actor, participant_id: int, *, coming: bool) -> Participant:
    """Take a participant's own yes or no, by their signed link; either may be changed until the gathering begins."""
    found = access.participant_by_link(participant_id)
    # The gathering first, as all who change its list do: so the last seat goes once.
    gathering = Gathering.objects.select_for_update().get(pk=found.gathering_id)
    participant = access.participant_by_link(participant_id, lock=True)
    if gathering.state != GatheringState.PLANNED or gathering.ends_at <= clock.now():
        raise Conflict(_("This gathering is over or cancelled."))
    target = ParticipantState.CONFIRMED if coming else ParticipantState.DECLINED
    if participant.state == target or participant.state not in sources(target):
        return participant
    before = audit.snapshot(participant, "state")
    _take_or_leave_seat(gathering, participant, coming)
    participant.state, participant.answered_at = target, clock.now()
    try:
        with transaction.atomic():
            participant.save(update_fields=["state", "answered_at", "during"])
    except IntegrityError as error:
        raise Conflict(
            _("You have a seat in another wave at that time."), remedy=_("Decline that one first.")
        ) from error
    audit.record(
        actor, participant, before=before, after=audit.snapshot(participant, "state"), unit_id=gathering.unit_id
    )
    return participant


def _take_or_leave_seat(gathering: Gathering, participant: Participant, coming: bool) -> None:
    """In a wave, who declines frees the seat, and who comes after all needs one that is free."""
    if not coming:
        participant.during = None
        return
    if participant.state == ParticipantState.DECLINED and _require_seat(gathering) is not None:
        participant.during = (gathering.starts_at, gathering.ends_at)


@action("gatherings.participant.attend", may_do_nothing=True)
def check_in(actor: Actor, participant_id: int) -> Participant:
    """Note that somebody is here; twice is once."""
    participant = access.participant_to_change(actor, participant_id)
    if participant.gathering.state == GatheringState.CANCELLED:
        raise Conflict(_("This gathering is over or cancelled."))
    if participant.state == ParticipantState.ATTENDED:
        return participant
    before = audit.snapshot(participant, "state")
    participant.state, participant.attended_at = ParticipantState.ATTENDED, clock.now()
    participant.save(update_fields=["state", "attended_at"])
    audit.record(actor, participant, before=before, after={"state": "attended"}, unit_id=participant.gathering.unit_id)
    return participant


@action("gatherings.participant.absent", may_do_nothing=True)
def undo_check_in(actor: Actor, participant_id: int) -> Participant:
    """Take a check-in back that was a mistake."""
    participant = access.participant_to_change(actor, participant_id)
    if participant.state != ParticipantState.ATTENDED:
        return participant
    if Result.objects.filter(participant=participant).exists():
        raise Conflict(
            _("%(name)s has a result already.") % {"name": participant}, remedy=_("Take the result back first.")
        )
    participant.state, participant.attended_at = ParticipantState.LISTED, None
    if participant.invited_at is not None:
        participant.state = ParticipantState.INVITED if participant.answered_at is None else ParticipantState.CONFIRMED
    participant.save(update_fields=["state", "attended_at"])
    audit.record(
        actor,
        participant,
        before={"state": "attended"},
        after=audit.snapshot(participant, "state"),
        unit_id=participant.gathering.unit_id,
    )
    return participant
