"""States of a content item and the moves between them, as data."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core.errors import Conflict


class ItemState(models.TextChoices):
    """Where an item stands on its way from a first draft to something that may go out."""

    DRAFT = "draft", _("Draft")
    IN_REVIEW = "in_review", _("In review")
    CHANGES_REQUESTED = "changes_requested", _("Changes requested")
    APPROVED = "approved", _("Approved")
    WITHDRAWN = "withdrawn", pgettext_lazy("content", "Withdrawn")


class Move(models.TextChoices):
    """What moves an item on."""

    SUBMIT = "submit", _("Submit for review")
    APPROVE = "approve", _("Approve")
    REQUEST_CHANGES = "request_changes", _("Ask for changes")
    REVISE = "revise", _("Change after approval")
    WITHDRAW = "withdraw", _("Withdraw")
    REOPEN = "reopen", _("Take up again")


MOVES: dict[Move, dict[ItemState, ItemState]] = {
    Move.SUBMIT: {
        ItemState.DRAFT: ItemState.IN_REVIEW,
        ItemState.CHANGES_REQUESTED: ItemState.IN_REVIEW,
    },
    Move.APPROVE: {ItemState.IN_REVIEW: ItemState.APPROVED},
    Move.REQUEST_CHANGES: {
        ItemState.IN_REVIEW: ItemState.CHANGES_REQUESTED,
        ItemState.APPROVED: ItemState.CHANGES_REQUESTED,
    },
    Move.REVISE: {ItemState.APPROVED: ItemState.DRAFT},
    Move.WITHDRAW: {
        ItemState.DRAFT: ItemState.WITHDRAWN,
        ItemState.IN_REVIEW: ItemState.WITHDRAWN,
        ItemState.CHANGES_REQUESTED: ItemState.WITHDRAWN,
        ItemState.APPROVED: ItemState.WITHDRAWN,
    },
    Move.REOPEN: {ItemState.WITHDRAWN: ItemState.DRAFT},
}

EDITABLE = frozenset({ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.CHANGES_REQUESTED, ItemState.APPROVED})
OPEN = frozenset({ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.CHANGES_REQUESTED})
START = ItemState.DRAFT


def allowed(state: str, move: Move) -> bool:
    """Whether `move` is legal from `state`."""
    return ItemState(state) in MOVES[move]


def after(state: str, move: Move) -> ItemState:
    """Return the state that `move` leads to; Conflict when it is not legal from `state`."""
    present = ItemState(state)
    try:
        return MOVES[move][present]
    except KeyError:
        raise Conflict(
            _("“%(move)s” is not possible while the item is “%(state)s”.")
            % {"move": move.label, "state": present.label},
            remedy=_("Reload the page and look at its present state."),
        ) from None


def check(moves: dict[Move, dict[ItemState, ItemState]]) -> None:
    """Raise ValueError unless every move is declared, no move stands still, and every state can be reached and left."""
    if set(moves) != set(Move):
        raise ValueError(f"moves without a declaration: {set(Move) - set(moves)}")
    reached, frontier = {START}, [START]
    while frontier:
        state = frontier.pop()
        steps = {table[state] for table in moves.values() if state in table}
        if not steps or state in steps:
            raise ValueError(f"{state} cannot be left, or a move stands still there")
        frontier.extend(steps - reached)
        reached |= steps
    if reached != set(ItemState):
        raise ValueError(f"states that cannot be reached: {set(ItemState) - reached}")
    if set(moves[Move.APPROVE]) != {ItemState.IN_REVIEW}:
        raise ValueError("only what is in review may be approved")


check(MOVES)
