"""What missions keep about a person, told to them and erased when they withdraw."""

from collections.abc import Mapping, Sequence
from typing import Any

from kentongan.core import audit
from kentongan.core.actor import Actor
from kentongan.missions.actions.missions import empty
from kentongan.missions.models import MemberLink, MissionInvitation, Receipt


class MissionsKeeper:
    """Receipts of instructions, and invitations to share."""

    def kept(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        """Return each receipt and each invitation with the person's own words."""
        receipts = Receipt.objects.filter(person=person_id).select_related("instruction").order_by("pk")
        invitations = MissionInvitation.objects.filter(person=person_id).select_related("mission").order_by("pk")
        said = ("state", "note", "link", "reason", "created_at", "seen_at", "answered_at")
        shared = ("state", "caption", "via", "proof_link", "invited_at", "opened_at", "shared_at", "declined_at")
        return [
            *({"instruction": one.instruction.title} | audit.snapshot(one, *said) for one in receipts),
            *({"mission": one.mission.title} | audit.snapshot(one, *shared) for one in invitations),
        ]

    def forget(self, actor: Actor, person_id: int) -> None:
        """Empty the invitations; of a receipt its state stays, for the board, without words and name."""
        empty(MissionInvitation.objects.filter(person=person_id))
        MemberLink.objects.filter(person=person_id).delete()
        receipts = Receipt.objects.filter(person=person_id)
        receipts.exclude(reason="").update(reason="–")
        receipts.update(note="", link="", proof=None, answered_by="")
