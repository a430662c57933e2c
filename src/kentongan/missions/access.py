"""Who may get which instruction, receipt, mission or invitation."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.permissions import Capability, roles_with
from kentongan.missions.models import Instruction, Mission, MissionInvitation, Receipt
from kentongan.missions.states import InstructionState
from kentongan.registry import access
from kentongan.registry.models import Grant, Unit

ANSWERING = (Capability.INSTRUCT, Capability.EDIT)


def instructions(actor: Actor) -> QuerySet[Instruction]:
    """Return what `actor` sees: instructions of their units, and those that reached a unit of theirs.

    A unit sees what came down to it, never the draft above it; a member without a staff role sees only "for me".
    """
    staff = access.units_for(actor, Capability.MEASURE).values("pk")
    reached = Receipt.objects.filter(instruction=OuterRef("pk"), unit__in=staff)
    return Instruction.objects.filter(Q(unit__in=staff) | (~Q(state=InstructionState.DRAFT) & Exists(reached)))


def instruction(actor: Actor, instruction_id: int) -> Instruction:
    """Return one instruction that `actor` sees."""
    found = instructions(actor).filter(pk=instruction_id).select_related("unit", "scope", "item", "issue").first()
    if found is None:
        raise NotFound()
    return found


def instruction_to_change(actor: Actor, instruction_id: int) -> Instruction:
    """Return one instruction of a unit where `actor` instructs, locked until the transaction ends.

    Whoever it merely reached sees it, and may not change it.
    """
    rows = access.scope(Instruction.objects.all(), actor, Capability.INSTRUCT).filter(pk=instruction_id)
    if not rows.exists():
        raise NotAllowed() if instructions(actor).filter(pk=instruction_id).exists() else NotFound()
    return Instruction.objects.select_for_update(of=("self",)).select_related("unit", "scope").get(pk=instruction_id)


def answerable_units(actor: Actor) -> QuerySet[Unit]:
    """Return the units for which `actor` may answer: where they instruct or edit."""
    if actor.is_system:
        return Unit.objects.all()
    if actor.user_id is None:
        return Unit.objects.none()
    own = Grant.objects.filter(user_id=actor.user_id, user__is_active=True, unit__path__covers=OuterRef("path"))
    roles = {role for capability in ANSWERING for role in roles_with(capability)}
    return Unit.objects.filter(Exists(own.filter(role__in=roles)))


def own_units(actor: Actor) -> QuerySet[Unit]:
    """Return the units where `actor` themselves holds a role that answers: what is "for me", not for those below."""
    roles = {role for capability in ANSWERING for role in roles_with(capability)}
    if actor.user_id is None:
        return Unit.objects.none()
    return Unit.objects.filter(
        Exists(Grant.objects.filter(user_id=actor.user_id, user__is_active=True, role__in=roles, unit=OuterRef("pk")))
    )


def is_own(actor: Actor) -> Q:
    """Return the condition that a receipt or invitation is addressed to the person `actor` is."""
    if actor.user_id is not None:
        return Q(person__user_id=actor.user_id)
    return Q(person_id=actor.person_id) if actor.person_id is not None else Q(pk=None)


def receipt_to_answer(actor: Actor, receipt_id: int) -> Receipt:
    """Return a receipt that `actor` may answer, locked; the person themselves, or somebody of the unit for the unit."""
    mine = is_own(actor) | Q(person__isnull=True, unit__in=answerable_units(actor).values("pk"))
    receipts = Receipt.objects.filter(pk=receipt_id)
    if not actor.is_system:
        seen = mine | Q(unit__in=access.units_for(actor, Capability.MEASURE).values("pk"))
        if not receipts.filter(seen).exists():
            raise NotFound()
        if not receipts.filter(mine).exists():
            raise NotAllowed()
    found = (
        Receipt.objects.select_for_update(of=("self",))
        .select_related("instruction", "unit", "person")
        .filter(pk=receipt_id)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def missions(actor: Actor) -> QuerySet[Mission]:
    """Return the missions of the units where `actor` is staff."""
    return access.scope(Mission.objects.all(), actor, Capability.MEASURE)


def mission(actor: Actor, mission_id: int) -> Mission:
    """Return one mission that `actor` sees."""
    found = missions(actor).filter(pk=mission_id).select_related("unit", "scope", "item", "image").first()
    if found is None:
        raise NotFound()
    return found


def mission_to_change(actor: Actor, mission_id: int) -> Mission:
    """Return one mission of a unit where `actor` instructs, locked until the transaction ends."""
    found = access.get(Mission.objects.all(), actor, Capability.INSTRUCT, seen_with=Capability.MEASURE, pk=mission_id)
    return Mission.objects.select_for_update(of=("self",)).select_related("unit", "scope").get(pk=found.pk)


def _readable(actor: Actor) -> QuerySet[Receipt]:
    receipts = Receipt.objects.all()
    if actor.is_system:
        return receipts
    return receipts.filter(
        is_own(actor)
        | Q(person__isnull=True, unit__in=answerable_units(actor).values("pk"))
        | Q(unit__in=access.units_for(actor, Capability.INSTRUCT).values("pk"))
    )


def receipt(actor: Actor, receipt_id: int) -> Receipt:
    """Return a receipt that `actor` may read: their own, their unit's, or one below where they instruct."""
    found = (
        _readable(actor)
        .select_related("instruction__unit", "instruction__item", "unit", "person", "proof")
        .filter(pk=receipt_id)
        .exclude(instruction__state=InstructionState.DRAFT)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def may_answer(actor: Actor, found: Receipt) -> bool:
    """Whether `actor` may answer that receipt."""
    mine = is_own(actor) | Q(person__isnull=True, unit__in=answerable_units(actor).values("pk"))
    return Receipt.objects.filter(mine, pk=found.pk).exists()


def own_invitation(actor: Actor, invitation_id: int) -> MissionInvitation:
    """Return an invitation of the person that `actor` is."""
    found = (
        MissionInvitation.objects.filter(is_own(actor), pk=invitation_id)
        .select_related("mission__unit", "mission__image", "person", "unit")
        .first()
    )
    if found is None:
        raise NotFound()
    return found
