"""States of gatherings and participants, and the moves between them, as data."""

from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Conflict


class GatheringState(models.TextChoices):
    """Where a gathering stands."""

    PLANNED = "planned", _("Planned")
    HELD = "held", _("Took place")
    CANCELLED = "cancelled", _("Cancelled")


class ParticipantState(models.TextChoices):
    """How far a participant is."""

    LISTED = "listed", _("On the list")
    INVITED = "invited", _("Invited")
    CONFIRMED = "confirmed", _("Will come")
    DECLINED = "declined", _("Cannot come")
    ATTENDED = "attended", _("Attended")


GATHERING_MOVES: Mapping[str, frozenset[str]] = {
    GatheringState.PLANNED: frozenset({GatheringState.HELD, GatheringState.CANCELLED}),
    GatheringState.HELD: frozenset(),
    GatheringState.CANCELLED: frozenset({GatheringState.PLANNED}),
}

PARTICIPANT_MOVES: Mapping[str, frozenset[str]] = {
    ParticipantState.LISTED: frozenset(set(ParticipantState) - {ParticipantState.LISTED}),
    ParticipantState.INVITED: frozenset(
        {ParticipantState.CONFIRMED, ParticipantState.DECLINED, ParticipantState.ATTENDED}
    ),
    ParticipantState.CONFIRMED: frozenset({ParticipantState.DECLINED, ParticipantState.ATTENDED}),
    ParticipantState.DECLINED: frozenset({ParticipantState.CONFIRMED, ParticipantState.ATTENDED}),
    ParticipantState.ATTENDED: frozenset({ParticipantState.LISTED}),
}


def require(present: GatheringState, target: GatheringState) -> None:
    """Raise Conflict unless a gathering may move from `present` to `target`."""
    if target not in GATHERING_MOVES[present]:
        raise Conflict(
            _("This is “%(present)s” and cannot become “%(target)s”.")
            % {"present": present.label, "target": target.label}
        )


def sources(target: ParticipantState) -> list[str]:
    """Return the states from which a participant may become `target`."""
    return [state for state, targets in PARTICIPANT_MOVES.items() if target in targets]


def check() -> None:
    """Raise ValueError unless every state is declared and every state but the first can be reached."""
    for moves, states in ((GATHERING_MOVES, GatheringState), (PARTICIPANT_MOVES, ParticipantState)):
        reached = {target for targets in moves.values() for target in targets}
        if set(moves) != set(states) or set(list(states)[1:]) - reached:
            raise ValueError(f"{states.__name__}: a state is undeclared or cannot be reached")


check()
