"""Planning, changing, recording and calling off a gathering; its questions and answers."""

from dataclasses import dataclass
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.gatherings import access
from kentongan.gatherings.actions import telling
from kentongan.gatherings.models import Gathering, Question
from kentongan.gatherings.states import GatheringState, ParticipantState, require
from kentongan.listening import access as listening_access
from kentongan.registry import access as registry_access

FIELDS = ("title", "place", "starts_at", "ends_at", "state")
TOLD = (ParticipantState.INVITED, ParticipantState.CONFIRMED)


@dataclass(frozen=True, slots=True)
class Plan:
    """What, where and when."""

    title: str
    place: str
    starts_at: datetime
    ends_at: datetime
    aim: str = ""


def check(plan: Plan) -> None:
    """Raise Invalid unless a gathering can be planned like that."""
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
    check(plan)
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
    """Change theme, place or time of a gathering to come; who was invited is told of a new time or place."""
    gathering = access.gathering(actor, gathering_id, Capability.GATHER, lock=True)
    if gathering.state != GatheringState.PLANNED:
        raise Conflict(_("Only a planned gathering can be changed."))
    check(plan)
    before = audit.snapshot(gathering, *FIELDS)
    was = (gathering.starts_at, gathering.ends_at, gathering.place)
    gathering.title, gathering.place, gathering.aim = plan.title.strip(), plan.place.strip(), plan.aim.strip()
    gathering.starts_at, gathering.ends_at = plan.starts_at, plan.ends_at
    gathering.save()
    audit.record(actor, gathering, before=before, after=audit.snapshot(gathering, *FIELDS))
    if was != (gathering.starts_at, gathering.ends_at, gathering.place):
        _move_seats(gathering)
        told = gathering.participants.filter(state__in=TOLD).select_related("person")
        telling.tell(actor, gathering, list(told), telling.MOVED, f":{clock.now().timestamp():.0f}")
    return gathering


def _move_seats(gathering: Gathering) -> None:
    """Let the seats of a wave follow its time, unless somebody then sits in two waves at once."""
    seats = gathering.participants.filter(during__isnull=False)
    try:
        with transaction.atomic():
            seats.update(during=(gathering.starts_at, gathering.ends_at))
    except IntegrityError as error:
        raise Conflict(
            _("Somebody of this wave has a seat in another one at that time."),
            remedy=_("Choose another time, or take them off one of the lists."),
        ) from error


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
    told = gathering.participants.filter(state__in=TOLD).select_related("person")
    telling.tell(actor, gathering, list(told), telling.CANCELLED)
    gathering.participants.update(during=None)
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
