"""States of official accounts and the moves between them, as data: who may move one, and what a move takes along."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Conflict
from kentongan.core.permissions import Capability
from kentongan.registry.models import Account

State = Account.State
IN_USE = frozenset({State.DECLARED, State.PROVEN, State.CONNECTED, State.DORMANT})


@dataclass(frozen=True, slots=True)
class Move:
    """A legal move: from where, to where, who may make it.

    `address` is its part of an address, for those that a person makes, with a reason. `forgets` deletes what reaches
    the account, `unproves` takes its proof.
    """

    label: str | Promise
    sources: frozenset[State]
    target: State
    address: str = ""
    capability: Capability = Capability.ADMINISTER
    forgets: bool = False
    unproves: bool = False


CONNECT = Move(_("Connect"), IN_USE, State.CONNECTED)
DISCONNECT = Move(_("Disconnect"), frozenset({State.CONNECTED, State.DORMANT}), State.PROVEN, forgets=True)
RETIRE = Move(_("Retire"), IN_USE, State.RETIRED, "pensiun", forgets=True)
REPORT_LOST = Move(_("Report lost"), IN_USE, State.LOST, "hilang", forgets=True)
REVIVE = Move(_("Take back into use"), frozenset({State.RETIRED}), State.PROVEN, "aktifkan")
FIND = Move(_("Control regained"), frozenset({State.LOST}), State.DECLARED, "pulih", unproves=True)
REST = Move(_("Fell silent"), frozenset({State.PROVEN, State.CONNECTED}), State.DORMANT)
WAKE = Move(_("Posts again"), frozenset({State.DORMANT}), State.PROVEN)

BY_HAND: Mapping[str, Move] = {"retire": RETIRE, "lost": REPORT_LOST, "revive": REVIVE, "found": FIND}
"""Moves that a person makes, with a reason."""

MOVES = (CONNECT, DISCONNECT, *BY_HAND.values(), REST, WAKE)


def require(present: str, move: Move) -> None:
    """Raise Conflict unless `move` may be made from `present`."""
    if present not in move.sources:
        raise Conflict(
            _("This account is “%(state)s”; from there it cannot be moved to “%(target)s”.")
            % {"state": State(present).label, "target": move.target.label}
        )


def require_in_use(present: str) -> None:
    """Raise Conflict for an account that is out of use: it is taken back first."""
    if present not in IN_USE:
        raise Conflict(
            _("This account is “%(state)s”.") % {"state": State(present).label},
            remedy=_("Take it back into use first."),
        )


def open_from(present: str) -> list[tuple[str, Move]]:
    """Return the moves that a person may make from `present`, by their name."""
    return [(name, move) for name, move in BY_HAND.items() if present in move.sources]


def at(address: str) -> str:
    """Return the name of the move with that address; an address of none as it is."""
    return next((name for name, move in BY_HAND.items() if move.address == address), address)


def check() -> None:
    """Raise ValueError unless every state of an official account can be left, and reached where that is ours to do."""
    left = frozenset().union(*(move.sources for move in MOVES))
    reached = {move.target for move in MOVES}
    if set(State) - left - {State.CLAIMED, State.IMPOSTOR} or set(State) - reached - {State.CLAIMED, State.IMPOSTOR}:
        raise ValueError("A state of official accounts cannot be left or reached.")


check()
