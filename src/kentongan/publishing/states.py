"""States of a delivery and the legal moves between them, as data; a trigger in the database holds the same list."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Conflict


class State(models.TextChoices):
    """Where a delivery stands. `claimed`: a worker has it; `sending`: its Attempt is committed, the call may be out."""

    DRAFT = "draft", _("Draft")
    READY = "ready", _("Scheduled")
    CLAIMED = "claimed", _("Being prepared")
    SENDING = "sending", _("Being sent")
    PUBLISHED = "published", _("Published")
    REJECTED = "rejected", _("Rejected")
    UNKNOWN = "unknown", _("Unknown")
    HELD = "held", _("Held")
    MISSED = "missed", _("Missed")
    RECALLED = "recalled", _("Recalled")


class Outcome(models.TextChoices):
    """How one attempt ended; `open` while nobody knows."""

    OPEN = "open", _("No answer yet")
    PUBLISHED = "published", _("Accepted")
    HIDDEN = "hidden", _("There, and nobody sees it")
    REJECTED = "rejected", _("Refused")
    RETRY = "retry", _("Try again later")
    EXPIRED = "expired", _("Sign-in expired")
    AMBIGUOUS = "ambiguous", _("In doubt")
    FOUND = "found", _("Found there")
    ABSENT = "absent", _("Not found there")
    UNSURE = "unsure", _("Could not tell")
    DELETED = "deleted", _("Deleted there")


S = State
MOVES: dict[State, frozenset[State]] = {
    S.DRAFT: frozenset({S.READY, S.RECALLED}),
    S.READY: frozenset({S.CLAIMED, S.PUBLISHED, S.HELD, S.MISSED, S.RECALLED}),
    S.CLAIMED: frozenset({S.READY, S.SENDING, S.HELD, S.MISSED}),
    S.SENDING: frozenset({S.PUBLISHED, S.REJECTED, S.READY, S.HELD, S.UNKNOWN}),
    S.PUBLISHED: frozenset({S.HELD, S.RECALLED}),
    S.REJECTED: frozenset({S.READY, S.PUBLISHED, S.HELD, S.RECALLED}),
    S.UNKNOWN: frozenset({S.PUBLISHED, S.READY, S.HELD, S.REJECTED, S.RECALLED}),
    S.HELD: frozenset({S.READY, S.PUBLISHED, S.MISSED, S.RECALLED}),
    S.MISSED: frozenset({S.READY, S.PUBLISHED, S.HELD, S.RECALLED}),
    S.RECALLED: frozenset({S.PUBLISHED, S.HELD}),  # by a late answer alone: it is there, and is deleted
}
STARTS = frozenset({S.DRAFT, S.READY, S.HELD})
CLAIMS = frozenset({S.CLAIMED, S.SENDING})
TO_COME = (S.DRAFT, S.READY, S.CLAIMED, S.SENDING)
OPEN = (*TO_COME, S.UNKNOWN)
ENDS = (S.PUBLISHED, S.REJECTED, S.MISSED, S.HELD, S.UNKNOWN, S.RECALLED)
MOVABLE = (S.DRAFT, S.READY, S.HELD, S.MISSED)
"""What can be given another time, as long as it was never tried."""
WAITING = (S.DRAFT, S.READY)
"""What can be spread anew with many others; what is held or missed is looked at one by one."""
AFTER_ALL = (S.READY, S.HELD, S.MISSED, S.REJECTED, S.RECALLED)
"""What is there without being sent again, by the late answer of an attempt that was given up; what was recalled too."""
THERE = (S.PUBLISHED, S.HELD)
"""What may be on its platform: what is held is where nobody sees it there."""
NEEDS_PERSON = (S.UNKNOWN, S.HELD, S.MISSED, S.REJECTED)


def allowed(before: str, after: str) -> bool:
    """Whether the move is legal."""
    return State(after) in MOVES[State(before)]


def check_move(before: str, after: str) -> None:
    """Raise Conflict unless the move is legal."""
    if not allowed(before, after):
        raise Conflict(
            _("A delivery that is “%(before)s” cannot become “%(after)s”.")
            % {"before": State(before).label, "after": State(after).label}
        )


def check(moves: dict[State, frozenset[State]]) -> None:
    """Raise ValueError unless every state is declared, can be reached, and is counted by the ledger exactly once."""
    if set(moves) != set(State):
        raise ValueError("a state has no declared moves")
    reached, frontier = set(STARTS), list(STARTS)
    while frontier:
        steps = moves[frontier.pop()] - reached
        reached |= steps
        frontier.extend(steps)
    if reached != set(State):
        raise ValueError(f"states that cannot be reached: {set(State) - reached}")
    if sorted((*TO_COME, *ENDS)) != sorted(State):
        raise ValueError("the ledger would not add up")


check(MOVES)
