"""States of instructions, receipts, missions and invitations, and the moves between them, as data."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Conflict


class InstructionState(models.TextChoices):
    """Where an instruction stands."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Running")
    CLOSED = "closed", _("Closed")
    RECALLED = "recalled", _("Recalled")


class ReceiptState(models.TextChoices):
    """How far an instruction came with one recipient."""

    PENDING = "pending", _("Not delivered yet")
    DELIVERED = "delivered", _("Delivered")
    SEEN = "seen", _("Seen")
    DONE = "done", _("Done")
    DECLINED = "declined", _("Declined")


class MissionState(models.TextChoices):
    """Where a share mission stands."""

    DRAFT = "draft", _("Draft")
    OPEN = "open", _("Running")
    CLOSED = "closed", _("Closed")


class InvitationState(models.TextChoices):
    """What one invited person did; `erased` is all that is left once they erased their data."""

    INVITED = "invited", _("Asked")
    OPENED = "opened", _("Opened")
    SHARED = "shared", _("Shared")
    DECLINED = "declined", _("Declined")
    ERASED = "erased", _("Data erased")


INSTRUCTION_MOVES: Mapping[str, frozenset[str]] = {
    InstructionState.DRAFT: frozenset({InstructionState.OPEN, InstructionState.RECALLED}),
    InstructionState.OPEN: frozenset({InstructionState.CLOSED, InstructionState.RECALLED}),
    InstructionState.CLOSED: frozenset(),
    InstructionState.RECALLED: frozenset(),
}

RECEIPT_MOVES: Mapping[str, frozenset[str]] = {
    ReceiptState.PENDING: frozenset(set(ReceiptState) - {ReceiptState.PENDING}),
    ReceiptState.DELIVERED: frozenset({ReceiptState.SEEN, ReceiptState.DONE, ReceiptState.DECLINED}),
    ReceiptState.SEEN: frozenset({ReceiptState.DONE, ReceiptState.DECLINED}),
    ReceiptState.DONE: frozenset({ReceiptState.DECLINED}),
    ReceiptState.DECLINED: frozenset({ReceiptState.DONE}),
}

MISSION_MOVES: Mapping[str, frozenset[str]] = {
    MissionState.DRAFT: frozenset({MissionState.OPEN, MissionState.CLOSED}),
    MissionState.OPEN: frozenset({MissionState.CLOSED}),
    MissionState.CLOSED: frozenset(),
}

INVITATION_MOVES: Mapping[str, frozenset[str]] = {
    InvitationState.INVITED: frozenset(set(InvitationState) - {InvitationState.INVITED}),
    InvitationState.OPENED: frozenset({InvitationState.SHARED, InvitationState.DECLINED, InvitationState.ERASED}),
    InvitationState.SHARED: frozenset({InvitationState.ERASED}),
    InvitationState.DECLINED: frozenset({InvitationState.OPENED, InvitationState.ERASED}),
    InvitationState.ERASED: frozenset(),
}

ANSWERED = frozenset({ReceiptState.DONE, ReceiptState.DECLINED})
WAITING = frozenset(set(ReceiptState) - ANSWERED)

S = TypeVar("S", bound=models.TextChoices)


def sources(moves: Mapping[str, frozenset[str]], target: str) -> list[str]:
    """Return the states from which `target` can be reached: the WHERE of a compare-and-set update."""
    return [str(source) for source, targets in moves.items() if target in targets]


def require(moves: Mapping[str, frozenset[str]], present: S, target: S) -> None:
    """Raise Conflict unless `present` may become `target`."""
    if target not in moves[present]:
        raise Conflict(
            _("This is “%(present)s” and cannot become “%(target)s”.")
            % {"present": present.label, "target": target.label}
        )


def check(moves: Mapping[str, frozenset[str]], states: Iterable[str]) -> None:
    """Raise ValueError unless every state is declared and every state but the first can be reached."""
    names = [str(state) for state in states]
    if [str(state) for state in moves] != names:
        raise ValueError(f"states without a declaration: {set(names) ^ set(moves)}")
    reached = {str(target) for targets in moves.values() for target in targets}
    if missing := set(names[1:]) - reached:
        raise ValueError(f"states that cannot be reached: {missing}")


check(INSTRUCTION_MOVES, InstructionState)
check(RECEIPT_MOVES, ReceiptState)
check(MISSION_MOVES, MissionState)
check(INVITATION_MOVES, InvitationState)
