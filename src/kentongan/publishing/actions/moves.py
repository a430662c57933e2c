"""Moves that several actions share."""

from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import CLAIMS, State, check_move

SEEN = ("state", "due_at", "reason")


def set_time(delivery: Delivery, moment: datetime) -> None:
    """Set when it goes out; what was sent once keeps its time, since every attempt must send the same bytes."""
    if not delivery.attempts.exists():
        delivery.due_at = moment
    set_try(delivery, moment)


def set_try(delivery: Delivery, moment: datetime) -> None:
    """Set when it is tried, never before it is due, and how late that may be."""
    delivery.try_at = max(moment, delivery.due_at)
    delivery.late_until = delivery.try_at + timedelta(minutes=delivery.late_minutes)


def to_ready(delivery: Delivery) -> None:
    """Put a delivery back into the queue, due now, its tries forgotten; raises Conflict where that is not legal."""
    check_move(delivery.state, State.READY)
    if delivery.is_hidden:
        raise Conflict(
            _("It is there already, where nobody sees it: sent again, it would be there twice."),
            remedy=_("Let everybody see it there, or delete it there and look again, or take it back."),
        )
    delivery.state, delivery.reason, delivery.tries = State.READY, "", 0
    delivery.look_at = delivery.settled_at = None
    set_time(delivery, clock.now())
    delivery.save()


def move(delivery: Delivery, state: State, reason: str = "", **values: Any) -> None:
    """Move a (locked) delivery to a state, with these values; part of an action."""
    if not state == delivery.state == State.HELD:  # what is held may be held for another reason
        check_move(delivery.state, state)
    values.setdefault("awaits_sign_in", False)
    delivery.state, delivery.reason = state, reason[:500]
    if state not in CLAIMS:
        delivery.claim_token = delivery.claimed_until = None
    for name, value in values.items():
        setattr(delivery, name, value)
    delivery.save(update_fields=["state", "reason", "claim_token", "claimed_until", "changed_at", *values])


def stop(actor: Actor, delivery: Delivery, state: State, reason: str, **values: Any) -> None:
    """Move it on like `move`, and record that."""
    before = audit.snapshot(delivery, *SEEN)
    move(delivery, state, reason, **values)
    audit.record(actor, delivery, before=before, after=audit.snapshot(delivery, *SEEN), note=reason)
