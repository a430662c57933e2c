"""What gatherings keep about a person, told to them and erased when they withdraw."""

from collections.abc import Mapping, Sequence
from typing import Any

from kentongan.core import audit
from kentongan.core.actor import Actor
from kentongan.gatherings.models import Participant, Result
from kentongan.gatherings.states import ParticipantState


def _result(one: Participant) -> dict[str, Any]:
    result = getattr(one, "result", None)
    return audit.snapshot(result, "passed", "score", "certificate", "recorded_at") if result else {}


ORDER = (
    ParticipantState.LISTED,
    ParticipantState.INVITED,
    ParticipantState.DECLINED,
    ParticipantState.CONFIRMED,
    ParticipantState.ATTENDED,
)


def _how_far(one: Participant) -> tuple[bool, bool, bool, int]:
    result: Result | None = getattr(one, "result", None)
    passed, certified = (result.passed, bool(result.certificate)) if result else (False, False)
    return result is not None, passed, certified, ORDER.index(ParticipantState(one.state))


class GatheringsKeeper:
    """Lists of participants."""

    def kept(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        """Return each list that the person is on."""
        mine = Participant.objects.filter(person=person_id).select_related("gathering", "unit", "result").order_by("pk")
        times = ("state", "invited_at", "answered_at", "attended_at", "created_at")
        return [
            {"gathering": str(one.gathering), "unit": str(one.unit or "")} | audit.snapshot(one, *times) | _result(one)
            for one in mine
        ]

    def join(self, gone_id: int, keep_id: int) -> None:
        """Of two places on one list the one that came further stays: with a result, passed, attended, answered."""
        kept = {one.gathering_id: one for one in Participant.objects.filter(person=keep_id).select_related("result")}
        for other in Participant.objects.filter(person=gone_id).select_related("result"):
            if own := kept.get(other.gathering_id):
                (own if _how_far(other) > _how_far(own) else other).delete()

    def forget(self, actor: Actor, person_id: int) -> None:
        """Take the person off every list; that somebody was there stays, as the nameless record counts."""
        Participant.objects.filter(person=person_id).exclude(state=ParticipantState.ATTENDED).delete()
