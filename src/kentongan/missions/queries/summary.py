"""What the room looks like at a glance."""

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.missions import access
from kentongan.missions.models import MissionInvitation, Receipt
from kentongan.missions.states import ANSWERED, InstructionState, InvitationState, MissionState, ReceiptState
from kentongan.registry.access import units_for


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts over what `actor` sees: open instructions with their receipts, open missions with their invitations."""

    instructions: int
    receipts: int
    done: int
    declined: int
    overdue: int
    missions: int
    invited: int
    opened: int
    shared: int
    shared_today: int

    @property
    def answered_share(self) -> float | None:
        """The part of the receipts that is answered, 0 to 1; None without receipts."""
        return (self.done + self.declined) / self.receipts if self.receipts else None


def summary(actor: Actor) -> Summary:
    """Return the room's figures for the wall: two queries."""
    units = units_for(actor, Capability.MEASURE).values("pk")
    waiting = ~Q(state__in=ANSWERED)
    receipts = Receipt.objects.filter(instruction__state=InstructionState.OPEN, unit__in=units).aggregate(
        instructions=Count("instruction", distinct=True),
        receipts=Count("pk"),
        done=Count("pk", filter=Q(state=ReceiptState.DONE)),
        declined=Count("pk", filter=Q(state=ReceiptState.DECLINED)),
        overdue=Count("pk", filter=waiting & Q(instruction__due_at__lt=clock.now())),
    )
    invitations = MissionInvitation.objects.filter(
        mission__state=MissionState.OPEN, mission__in=access.missions(actor)
    ).aggregate(
        missions=Count("mission", distinct=True),
        invited=Count("pk"),
        opened=Count("pk", filter=Q(opened_at__isnull=False)),
        shared=Count("pk", filter=Q(state=InvitationState.SHARED)),
        shared_today=Count("pk", filter=Q(shared_at__gte=clock.now() - timedelta(days=1))),
    )
    return Summary(**receipts, **invitations)
