"""What recalls keep about a person: what they said of posts that they deleted, told to them and erased with them."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import Q, QuerySet

from kentongan.core import audit, files
from kentongan.core.actor import Actor
from kentongan.core.models.files import StoredFile
from kentongan.publishing.models import RecallLink, RecallTask

ERASED = "–"
"""Stands for words that the law of the table wants: why a post stays, or how it is known to be gone."""


def _answers(person_id: int) -> QuerySet[RecallTask]:
    return RecallTask.objects.filter(Q(answered_by__person=person_id) | Q(answered_person=person_id))


class RecallsKeeper:
    """Answers to recalls: the words and pictures of who gave them."""

    def kept(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        """Return each answer of the person, with their own words."""
        said = ("delivery_id", "state", "note", "look", "answered_at")
        answers = _answers(person_id).order_by("pk")
        return [{"recall": one.pk} | audit.snapshot(one, *said) for one in answers]

    def join(self, gone_id: int, keep_id: int) -> None:
        """Answers are of who stays; of two people one link each is enough, and who stays is told anew."""
        RecallTask.objects.filter(answered_person=gone_id).update(answered_person=keep_id)
        RecallLink.objects.filter(person=gone_id).delete()

    def forget(self, actor: Actor, person_id: int) -> None:
        """Empty the answers: that the post is gone, or stays, remains, without words and picture."""
        RecallLink.objects.filter(person=person_id).delete()
        answers = _answers(person_id)
        proofs = list(answers.filter(proof__isnull=False).values_list("proof", flat=True))
        answers.exclude(note="", proof=None).update(note=ERASED, proof=None)
        RecallTask.objects.filter(answered_person=person_id).update(answered_person=None)
        used = RecallTask.objects.filter(proof__in=proofs).values("proof")
        files.erase(StoredFile.objects.filter(pk__in=proofs).exclude(pk__in=used))
