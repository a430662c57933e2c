"""What missions keep about a person, told to them and erased when they withdraw."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from kentongan.core import audit, files
from kentongan.core.actor import Actor
from kentongan.core.models import StoredFile, User
from kentongan.missions.actions.missions import empty
from kentongan.missions.models import MemberLink, MissionInvitation, Receipt


def _join(rows: QuerySet[Any], subject: str, answered: str, gone_id: int, keep_id: int) -> None:
    kept = {getattr(one, subject): one for one in rows.filter(person=keep_id)}
    for other in rows.filter(person=gone_id):
        own = kept.get(getattr(other, subject))
        if own is not None:
            (own if getattr(other, answered) and not getattr(own, answered) else other).delete()


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

    def join(self, gone_id: int, keep_id: int) -> None:
        """Of two receipts, or two invitations to one mission, the one that was answered stays."""
        _join(Receipt.objects.all(), "instruction_id", "answered_at", gone_id, keep_id)
        _join(MissionInvitation.objects.all(), "mission_id", "shared_at", gone_id, keep_id)

    def forget(self, actor: Actor, person_id: int) -> None:
        """Empty the invitations; of a receipt its state stays, for the board, without words and name."""
        empty(MissionInvitation.objects.filter(person=person_id))
        MemberLink.objects.filter(person=person_id).delete()
        receipts = Receipt.objects.filter(person=person_id)
        receipts.exclude(reason="").update(reason="–")
        proofs = list(receipts.filter(proof__isnull=False).values_list("proof", flat=True))
        receipts.update(note="", link="", proof=None, answered_by="")
        used = Receipt.objects.filter(proof__in=proofs).values("proof")
        files.erase(StoredFile.objects.filter(pk__in=proofs).exclude(pk__in=used))
        email = User.objects.filter(person=person_id).values_list("email", flat=True).first()
        if email:
            Receipt.objects.filter(answered_by=email).update(answered_by="")
