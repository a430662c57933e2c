"""Giving an instruction, sending it, answering it, ending it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.links import Revocation
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.listening import access as listening_access
from kentongan.missions import access, audience, telling
from kentongan.missions.models import Audience, Evidence, Instruction, MemberLink, Receipt
from kentongan.missions.states import (
    INSTRUCTION_MOVES,
    RECEIPT_MOVES,
    InstructionState,
    ReceiptState,
    require,
    sources,
)
from kentongan.planning import access as planning_access
from kentongan.registry import access as registry_access
from kentongan.registry.models import Unit

FIELDS = ("title", "due_at", "audience", "level", "title_filter", "evidence", "state")


@dataclass(frozen=True, slots=True)
class Order:
    """What an instruction says and to whom; ids of objects that the actor must see."""

    unit_id: int
    scope_id: int
    title: str
    text: str
    due_at: datetime
    form_key: UUID
    audience: str = Audience.UNITS
    level: str = ""
    title_filter: str = ""
    evidence: str = Evidence.NONE
    item_id: int | None = None
    issue_id: int | None = None


def _check(order: Order, unit: Unit, scope: Unit) -> None:
    fields: dict[str, list[object]] = {}
    if not f"{scope.path}.".startswith(f"{unit.path}."):
        fields["scope"] = [_("An instruction goes down: choose the unit itself or one below it.")]
    if order.due_at <= clock.now():
        fields["due_at"] = [_("The due time must lie ahead.")]
    if order.audience not in Audience:
        fields["audience"] = [_("Choose who answers.")]
    if order.evidence not in Evidence:
        fields["evidence"] = [_("Choose what evidence you want.")]
    if order.level and order.level not in Unit.Level:
        fields["level"] = [_("Choose a level.")]
    if not order.title.strip():
        fields["title"] = [_("Give it a title.")]
    if not order.text.strip():
        fields["text"] = [_("Say what is to be done.")]
    if fields:
        raise Invalid(fields={name: [str(text) for text in texts] for name, texts in fields.items()})


@action("missions.instruction.draft", may_do_nothing=True)
def draft(actor: Actor, order: Order) -> Instruction:
    """Write an instruction that nobody receives yet; the same form sent twice makes one."""
    unit = registry_access.get_unit(actor, Capability.INSTRUCT, pk=order.unit_id)
    scope = registry_access.get_unit(actor, Capability.INSTRUCT, pk=order.scope_id)
    _check(order, unit, scope)
    if order.item_id is not None:
        planning_access.item(actor, order.item_id)
    if order.issue_id is not None:
        listening_access.issue(actor, order.issue_id)
    made, created = Instruction.objects.get_or_create(
        form_key=order.form_key,
        defaults={
            "unit": unit,
            "scope": scope,
            "title": order.title.strip(),
            "text": order.text.strip(),
            "due_at": order.due_at,
            "audience": order.audience,
            "level": order.level,
            "title_filter": order.title_filter.strip() if order.audience == Audience.PEOPLE else "",
            "evidence": order.evidence,
            "item_id": order.item_id,
            "issue_id": order.issue_id,
            "created_by_id": actor.user_id,
        },
    )
    if created:
        audit.record(actor, made, after=audit.snapshot(made, *FIELDS, "text"))
    return made if created else access.instruction_to_change(actor, made.pk)


@action("missions.instruction.send", may_do_nothing=True)
def send(actor: Actor, instruction_id: int) -> Instruction:
    """Make one receipt for each recipient, by one statement, and start telling them; sent twice it is sent once."""
    instruction = access.instruction_to_change(actor, instruction_id)
    if instruction.state == InstructionState.OPEN:
        return instruction
    require(INSTRUCTION_MOVES, InstructionState(instruction.state), InstructionState.OPEN)
    if instruction.due_at <= clock.now():
        raise Invalid(
            _("The due time has passed."), remedy=_("Make a new instruction with a due time that lies ahead.")
        )
    count = audience.insert(
        "missions_receipt",
        ("unit_id", "person_id", "state"),
        {"instruction_id": instruction.pk, "created_at": clock.now()},
        audience.recipients(instruction),
    )
    if not count:
        raise Invalid(
            _("Nobody would receive this."), remedy=_("Choose a wider scope, another level or another title.")
        )
    now = clock.now()
    instruction.receipts.filter(state=ReceiptState.DELIVERED).update(delivered_at=now)
    before = audit.snapshot(instruction, "state")
    instruction.state, instruction.sent_at = InstructionState.OPEN, now
    instruction.save(update_fields=["state", "sent_at"])
    audit.record(actor, instruction, before=before, after={"state": "open", "receipts": count})
    tell(actor, instruction, reminder=False)
    return instruction


def tell(actor: Actor, instruction: Instruction, *, reminder: bool) -> jobs.Job:
    """Start telling the recipients who have not answered; part of an action that checked the rights."""
    shape = _("Reminder: %(title)s") if reminder else _("Sending: %(title)s")
    return jobs.start(
        actor,
        "missions.tell",
        shape % {"title": instruction.title},
        unit_id=instruction.unit_id,
        link=instruction.get_absolute_url(),
        instruction_id=instruction.pk,
        reminder=reminder,
    )


@action("missions.instruction.remind")
def remind(actor: Actor, instruction_id: int) -> jobs.Job:
    """Remind everybody who has not answered, at most once a day each."""
    instruction = access.instruction_to_change(actor, instruction_id)
    if not instruction.is_open:
        raise Conflict(_("Only a running instruction can be reminded of."))
    audit.record(actor, instruction, note="reminder")
    return tell(actor, instruction, reminder=True)


def _end(actor: Actor, instruction_id: int, state: InstructionState, reason: str) -> Instruction:
    instruction = access.instruction_to_change(actor, instruction_id)
    require(INSTRUCTION_MOVES, InstructionState(instruction.state), state)
    before = audit.snapshot(instruction, "state")
    instruction.state, instruction.closed_at, instruction.close_reason = state, clock.now(), reason.strip()
    instruction.save(update_fields=["state", "closed_at", "close_reason"])
    audit.record(actor, instruction, before=before, after=audit.snapshot(instruction, "state", "close_reason"))
    return instruction


@action("missions.instruction.close")
def close(actor: Actor, instruction_id: int, reason: str = "") -> Instruction:
    """End it: no more answers are taken, the board stays."""
    return _end(actor, instruction_id, InstructionState.CLOSED, reason)


@action("missions.instruction.recall")
def recall(actor: Actor, instruction_id: int, reason: str) -> Instruction:
    """Take it back: recipients see that it no longer holds and why, and their links stop working."""
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why it is recalled: the recipients will read it.")]})
    instruction = _end(actor, instruction_id, InstructionState.RECALLED, reason)
    MemberLink.objects.filter(receipt__instruction=instruction, revoked_at__isnull=True).update(
        revoked_at=clock.now(), revoked_for=Revocation.WITHDRAWN
    )
    return instruction


@action("missions.receipt.see", may_do_nothing=True)
def see(actor: Actor, receipt_id: int) -> Receipt:
    """Note that the recipient has read it."""
    receipt = access.receipt_to_answer(actor, receipt_id)
    if receipt.state in sources(RECEIPT_MOVES, ReceiptState.SEEN) and receipt.instruction.is_open:
        now = clock.now()
        receipt.state, receipt.seen_at = ReceiptState.SEEN, now
        receipt.delivered_at = receipt.delivered_at or now
        receipt.save(update_fields=["state", "seen_at", "delivered_at"])
        audit.record(actor, receipt, after={"state": "seen"})
    return receipt


@dataclass(frozen=True, slots=True)
class Answer:
    """What a recipient says: done with its evidence, or declined with a reason."""

    done: bool
    note: str = ""
    link: str = ""
    proof: StoredFile | None = None
    reason: str = ""


def _check_answer(answer: Answer, wanted: str) -> None:
    if not answer.done:
        if not answer.reason.strip():
            raise Invalid(fields={"reason": [_("Say in a few words why not.")]})
        return
    missing = {
        Evidence.NOTE: ("note", answer.note.strip(), _("A short report is asked for.")),
        Evidence.LINK: ("link", answer.link, _("A link to the result is asked for.")),
        Evidence.FILE: ("proof", answer.proof, _("A photo or file is asked for.")),
    }.get(Evidence(wanted))
    if missing and not missing[1]:
        raise Invalid(fields={missing[0]: [missing[2]]})


@action("missions.receipt.answer")
def answer(actor: Actor, receipt_id: int, given: Answer) -> Receipt:
    """Take an answer; it may be corrected as long as the instruction runs."""
    receipt = access.receipt_to_answer(actor, receipt_id)
    if not receipt.instruction.is_open:
        raise Conflict(_("This instruction has ended; answers are no longer taken."))
    _check_answer(given, receipt.instruction.evidence)
    before = audit.snapshot(receipt, "state", "note", "link", "reason")
    now = clock.now()
    receipt.state = ReceiptState.DONE if given.done else ReceiptState.DECLINED
    receipt.note, receipt.link = (given.note.strip(), given.link) if given.done else ("", "")
    receipt.proof = (given.proof or receipt.proof) if given.done else None
    receipt.reason = "" if given.done else given.reason.strip()
    receipt.answered_at = now
    # A person's receipt names them already.
    receipt.answered_by = "" if receipt.person_id is not None else actor.label[:200]
    receipt.delivered_at, receipt.seen_at = receipt.delivered_at or now, receipt.seen_at or now
    receipt.save()
    audit.record(actor, receipt, before=before, after=audit.snapshot(receipt, "state", "note", "link", "reason"))
    return receipt


@action("missions.receipt.relink")
def relink(actor: Actor, instruction_id: int, receipt_id: int) -> Receipt:
    """Send one person a new link; the earlier one stops working at once."""
    instruction = access.instruction_to_change(actor, instruction_id)
    if not instruction.is_open:
        raise Conflict(_("This instruction has ended; answers are no longer taken."))
    receipt = instruction.receipts.select_related("person").filter(pk=receipt_id, person__isnull=False).first()
    if receipt is None:
        raise NotFound()
    telling.tell_people(actor, instruction, [receipt], occasion=f"again-{clock.now():%Y%m%d%H%M%S}")
    audit.record(actor, receipt, note="new link")
    return receipt
