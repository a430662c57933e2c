"""All writes of gatherings: plan, invite, answer, check in, ask, answer questions, record, cancel."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import override

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.messages import Draft
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability
from kentongan.gatherings import access, links
from kentongan.gatherings.models import Gathering, Participant, Question
from kentongan.gatherings.states import GatheringState, ParticipantState, require, sources
from kentongan.listening import access as listening_access
from kentongan.registry import access as registry_access
from kentongan.registry import queries as registry_queries
from kentongan.registry.models import Consent, Membership

PURPOSE = "gatherings.invitation"
FIELDS = ("title", "place", "starts_at", "ends_at", "state")


@dataclass(frozen=True, slots=True)
class Plan:
    """What, where and when."""

    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    aim: str = ""


def _check(plan: Plan) -> None:
    fields: dict[str, list[str]] = {}
    if not plan.title.strip():
        fields["title"] = [_("Give it a theme.")]
    if not plan.place.strip():
        fields["place"] = [_("Say where it is.")]
    if plan.ends_at <= plan.starts_at:
        fields["ends_at"] = [_("The end must be after the beginning.")]
    if fields:
        raise Invalid(fields=fields)


@action("gatherings.gathering.plan")
def plan_gathering(actor: Actor, unit_id: int, plan: Plan, *, issue_id: int | None = None) -> Gathering:
    """Plan a gathering, on its own or from an issue."""
    unit = registry_access.get_unit(actor, Capability.GATHER, pk=unit_id)
    _check(plan)
    if issue_id is not None:
        listening_access.issue(actor, issue_id)
    made = Gathering.objects.create(
        unit=unit,
        issue_id=issue_id,
        title=plan.title.strip(),
        place=plan.place.strip(),
        aim=plan.aim.strip(),
        starts_at=plan.starts_at,
        ends_at=plan.ends_at,
        created_by_id=actor.user_id,
    )
    audit.record(actor, made, after=audit.snapshot(made, *FIELDS))
    return made


@action("gatherings.gathering.change")
def change(actor: Actor, gathering_id: int, plan: Plan) -> Gathering:
    """Change theme, place or time of a gathering that is still to come."""
    gathering = access.gathering(actor, gathering_id, Capability.GATHER, lock=True)
    if gathering.state != GatheringState.PLANNED:
        raise Conflict(_("Only a planned gathering can be changed."))
    _check(plan)
    before = audit.snapshot(gathering, *FIELDS)
    gathering.title, gathering.place, gathering.aim = plan.title.strip(), plan.place.strip(), plan.aim.strip()
    gathering.starts_at, gathering.ends_at = plan.starts_at, plan.ends_at
    gathering.save()
    audit.record(actor, gathering, before=before, after=audit.snapshot(gathering, *FIELDS))
    return gathering


@action("gatherings.gathering.cancel")
def cancel(actor: Actor, gathering_id: int, reason: str) -> Gathering:
    """Call it off; those who were invited are told why."""
    gathering = access.gathering(actor, gathering_id, Capability.GATHER, lock=True)
    require(GatheringState(gathering.state), GatheringState.CANCELLED)
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why: those who were invited will read it.")]})
    before = audit.snapshot(gathering, "state")
    gathering.state, gathering.cancel_reason = GatheringState.CANCELLED, reason.strip()[:300]
    gathering.save(update_fields=["state", "cancel_reason"])
    audit.record(actor, gathering, before=before, after=audit.snapshot(gathering, "state", "cancel_reason"))
    told = gathering.participants.filter(state__in=(ParticipantState.INVITED, ParticipantState.CONFIRMED))
    _tell(actor, gathering, list(told.select_related("person")), occasion="cancelled")
    return gathering


@action("gatherings.gathering.record")
def record_held(actor: Actor, gathering_id: int, *, note: str, follow_up: str) -> Gathering:
    """Write what came of it; from then on it counts as held. The note may be completed later."""
    gathering = access.gathering(actor, gathering_id, Capability.GATHER, lock=True)
    if gathering.state != GatheringState.HELD:
        require(GatheringState(gathering.state), GatheringState.HELD)
    if gathering.starts_at > clock.now():
        raise Conflict(_("It has not begun yet."), remedy=_("Write the note once it was held."))
    if not note.strip():
        raise Invalid(fields={"note": [_("Write at least a sentence about what came of it.")]})
    before = audit.snapshot(gathering, "state", "note", "follow_up")
    gathering.state, gathering.held_at = GatheringState.HELD, gathering.held_at or clock.now()
    gathering.note, gathering.follow_up = note.strip(), follow_up.strip()
    gathering.save(update_fields=["state", "held_at", "note", "follow_up"])
    audit.record(actor, gathering, before=before, after=audit.snapshot(gathering, "state", "note", "follow_up"))
    return gathering


def _planned(actor: Actor, gathering_id: int) -> Gathering:
    gathering = access.gathering(actor, gathering_id, Capability.GATHER, lock=True)
    if gathering.state != GatheringState.PLANNED:
        raise Conflict(_("The list of participants is closed: the gathering is over or cancelled."))
    return gathering


@action("gatherings.participant.add")
def add_person(actor: Actor, gathering_id: int, person_id: int) -> Participant:
    """Put somebody of the registry on the list, if they agreed to be invited to meetings."""
    gathering = _planned(actor, gathering_id)
    reach = registry_access.units_for(actor, Capability.GATHER).values("pk")
    if not Membership.objects.filter(person=person_id, unit__in=reach).exists():
        raise NotFound()
    if not registry_queries.has_consent(person_id, Consent.Purpose.GATHERINGS):
        raise Invalid(
            fields={"person": [_("This person has not agreed to be invited to meetings.")]},
        )
    try:
        with transaction.atomic():
            made = Participant.objects.create(gathering=gathering, person_id=person_id)
    except IntegrityError as error:
        raise Invalid(fields={"person": [_("This person is on the list already.")]}) from error
    audit.record(actor, made, unit_id=gathering.unit_id, after={"person": person_id})
    return made


@action("gatherings.participant.add_guest")
def add_guest(
    actor: Actor, gathering_id: int, *, name: str, consent_note: str, community: str = "", contact: str = ""
) -> Participant:
    """Put a guest on the list by name, with a note on how they agreed to it."""
    gathering = _planned(actor, gathering_id)
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
    gathering = _planned(actor, gathering_id)
    listed = list(gathering.participants.filter(state=ParticipantState.LISTED).select_related("person").order_by("pk"))
    queued = _tell(actor, gathering, listed, occasion="invited")
    if listed:
        Participant.objects.filter(pk__in=[one.pk for one in listed]).update(
            state=ParticipantState.INVITED, invited_at=clock.now()
        )
        audit.record(actor, gathering, after={"invited": len(listed), "messages": queued})
    return len(listed)


def _reachable(participant: Participant) -> bool:
    return participant.person is not None or bool(participant.contact)


def _tell(actor: Actor, gathering: Gathering, participants: list[Participant], *, occasion: str) -> int:
    drafts = [_draft(gathering, one, occasion) for one in participants if _reachable(one)]
    return messages.queue_many(actor, drafts) if drafts else 0


def _draft(gathering: Gathering, participant: Participant, occasion: str) -> Draft:
    person = participant.person
    by_phone = person is not None and person.user_id is None and bool(person.phone)
    with override("en" if person is not None and person.language == "en" else "id"):
        shape = (
            _("%(name)s, %(unit)s has cancelled “%(title)s”: %(reason)s")
            if occasion == "cancelled"
            else _("%(name)s, %(unit)s invites you: %(title)s, %(when)s, %(place)s.")
        )
        body = shape % {
            "name": participant,
            "unit": gathering.unit.name,
            "title": gathering.title,
            "when": links.moment(gathering),
            "place": gathering.place,
            "reason": gathering.cancel_reason,
        }
    return Draft(
        channel=Message.Channel.LINK if by_phone else Message.Channel.EMAIL,
        purpose=PURPOSE,
        person_id=participant.person_id,
        address="" if person is not None else participant.contact,
        recipient=str(participant),
        unit_id=gathering.unit_id,
        subject=gathering.title,
        body=body,
        link=links.address(participant),
        dedupe_key=f"gathering:{gathering.pk}:{participant.pk}:{occasion}",
    )


@action("gatherings.participant.answer", may_do_nothing=True)
def answer(actor: Actor, participant_id: int, *, coming: bool) -> Participant:
    """Take a participant's own yes or no, by their signed link; either may be changed until the gathering begins."""
    participant = access.participant_by_link(participant_id, lock=True)
    gathering = participant.gathering
    if gathering.state != GatheringState.PLANNED or gathering.ends_at <= clock.now():
        raise Conflict(_("This gathering is over or cancelled."))
    target = ParticipantState.CONFIRMED if coming else ParticipantState.DECLINED
    if participant.state == target or participant.state not in sources(target):
        return participant
    before = audit.snapshot(participant, "state")
    participant.state, participant.answered_at = target, clock.now()
    participant.save(update_fields=["state", "answered_at"])
    audit.record(
        actor, participant, before=before, after=audit.snapshot(participant, "state"), unit_id=gathering.unit_id
    )
    return participant


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


@action("gatherings.question.ask")
def ask(actor: Actor, gathering_id: int, text: str, *, asked_by_id: int | None = None) -> Question:
    """Write down a question."""
    gathering = access.gathering(actor, gathering_id, Capability.GATHER)
    if not text.strip():
        raise Invalid(fields={"text": [_("Write the question down.")]})
    if asked_by_id is not None and not gathering.participants.filter(pk=asked_by_id).exists():
        raise NotFound()
    made = Question.objects.create(gathering=gathering, text=text.strip(), asked_by_id=asked_by_id)
    audit.record(actor, made, unit_id=gathering.unit_id, after=audit.snapshot(made, "text"))
    return made


@action("gatherings.question.answer")
def answer_question(actor: Actor, question_id: int, *, answer: str, source: str, source_url: str = "") -> Question:
    """Answer a question; an answer without a source is not one."""
    rows = Question.objects.select_related("gathering")
    found = registry_access.get(
        rows, actor, Capability.GATHER, unit_field="gathering__unit", seen_with=access.READ, pk=question_id
    )
    fields: dict[str, list[str]] = {}
    if not answer.strip():
        fields["answer"] = [_("Write the answer.")]
    if not source.strip():
        fields["source"] = [_("Say where the answer comes from: an office, a letter, a regulation.")]
    if fields:
        raise Invalid(fields=fields)
    before = audit.snapshot(found, "answer", "source")
    found.answer, found.source, found.source_url = answer.strip(), source.strip(), source_url
    found.answered_at = clock.now()
    found.save()
    audit.record(
        actor, found, before=before, after=audit.snapshot(found, "answer", "source"), unit_id=found.gathering.unit_id
    )
    return found
