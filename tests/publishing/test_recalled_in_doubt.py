"""A recall of what nobody knows to be out: looked for, deleted if it is there, never sent again."""

import httpx
import pytest

from kentongan.channels.contract import Absent, Found, Published, Unsure
from kentongan.core import audit, clock
from kentongan.core.errors import Conflict
from kentongan.publishing import actions, content, worker
from kentongan.publishing.actions import firing, reconciling
from kentongan.publishing.actions.resolving import Resolution
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.recalls import queries
from kentongan.publishing.states import State
from named_cast import SYSTEM
from publishing.desk import Desk, Platform

WORD = "Tidak ada di sana, sudah saya lihat."
THERE = Found("77", "https://contoh.social/77")


@pytest.fixture
def doubtful(desk: Desk, platform: Platform) -> Delivery:
    """A post whose answer was lost, recalled while nobody knew."""
    platform.answers = [httpx.ReadTimeout("lost")]
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.UNKNOWN]
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Angkanya keliru")
    delivery.refresh_from_db()
    return delivery


def look(delivery: Delivery, seen: Found | Absent | Unsure) -> State | None:
    Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
    return reconciling.reconcile(SYSTEM, delivery.pk, seen, clock.now())


class TestLookedFor:
    """The look settles it."""

    def test_until_then_it_is_of_unknown_fate_and_looked_for_at_once(self, desk: Desk, doubtful: Delivery):
        assert doubtful.state == State.UNKNOWN
        assert [doubt.delivery.pk for doubt in reconciling.claim_doubts()] == [doubtful.pk]
        assert reconciling.claim_recalls() == []
        with pytest.raises(Conflict):
            actions.recall(desk.cast.actor("hendra"), doubtful.pk, reason="Sekali lagi")

    def test_what_is_there_is_deleted(self, desk: Desk, doubtful: Delivery, platform: Platform):
        assert look(doubtful, THERE) == State.PUBLISHED
        [due] = reconciling.claim_recalls()
        worker.take_back(due)
        assert desk.state(doubtful) == State.RECALLED
        assert doubtful.reason == "Angkanya keliru"

    def test_what_is_not_there_is_recalled_and_not_sent_again(self, desk: Desk, doubtful: Delivery, platform: Platform):
        assert look(doubtful, Absent()) == State.RECALLED
        assert desk.run() == []
        assert len(platform.posted) == 1
        doubtful.refresh_from_db()
        assert (doubtful.recall_at, doubtful.look_at) == (None, None)

    def test_where_nothing_can_be_found_out_people_are_asked_once(self, desk: Desk, doubtful: Delivery):
        for _n in range(len(reconciling.PAUSES) + 2):
            assert look(doubtful, Unsure("Tidak tahu")) == State.UNKNOWN
        task = RecallTask.objects.get()
        assert task.reason == "Angkanya keliru"
        actions.done(desk.cast.actor("arif"), task.pk, actions.Proof(note=WORD))
        assert desk.state(doubtful) == State.RECALLED

    def test_called_off_it_stays_where_it_is(self, desk: Desk, doubtful: Delivery):
        actions.call_off(desk.cast.actor("hendra"), _nobody_knows(doubtful).pk, reason="Ternyata benar")
        assert look(doubtful, THERE) == State.PUBLISHED
        assert reconciling.claim_recalls() == []

    def test_called_off_and_not_there_it_is_for_a_person(self, desk: Desk, doubtful: Delivery, platform: Platform):
        task = _nobody_knows(doubtful)
        actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Ternyata benar")
        assert look(doubtful, Absent()) == State.HELD
        assert desk.run() == []
        assert len(platform.posted) == 1
        actions.send_again(desk.cast.actor("hendra"), doubtful.pk)
        assert desk.run() == [State.PUBLISHED]

    def test_found_and_then_called_off_it_is_not_deleted(self, desk: Desk, doubtful: Delivery):
        task = _nobody_knows(doubtful)
        assert look(doubtful, THERE) == State.PUBLISHED
        actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Ternyata benar")
        assert reconciling.claim_recalls() == []
        assert audit.trail(doubtful).first().verb == "publishing.recall.call_off"

    @pytest.mark.parametrize("seen", [Absent(), THERE])
    def test_settled_by_itself_nobody_is_asked_any_more(self, desk: Desk, doubtful: Delivery, seen: Found | Absent):
        task = _nobody_knows(doubtful)
        look(doubtful, seen)
        for due in reconciling.claim_recalls():
            worker.take_back(due)
        assert desk.state(doubtful) == State.RECALLED
        task.refresh_from_db()
        assert (task.state, task.closed_itself) == ("done", True)
        assert task.note

    def test_a_second_recall_asks_people_again(self, desk: Desk, doubtful: Delivery):
        first, hendra = _nobody_knows(doubtful), desk.cast.actor("hendra")
        actions.call_off(hendra, first.pk, reason="Ternyata benar")
        actions.recall(hendra, doubtful.pk, reason="Keliru juga")
        look(doubtful, Unsure("Tidak tahu"))
        task = RecallTask.objects.exclude(pk=first.pk).get()
        assert (task.is_open, task.reason) == (True, "Keliru juga")


def _nobody_knows(delivery: Delivery) -> RecallTask:
    """Look until people are asked."""
    for _n in range(len(reconciling.PAUSES)):
        look(delivery, Unsure("Tidak tahu"))
    return RecallTask.objects.get()


class TestByPeople:
    """Somebody looked there themselves."""

    def test_there(self, desk: Desk, doubtful: Delivery):
        actions.resolve(desk.cast.actor("hendra"), doubtful.pk, Resolution.PUBLISHED, url="https://contoh.social/77")
        assert [one.pk for one in reconciling.claim_recalls()] == [doubtful.pk]

    def test_not_there(self, desk: Desk, doubtful: Delivery):
        task = _nobody_knows(doubtful)
        actions.resolve(desk.cast.actor("hendra"), doubtful.pk, Resolution.GIVE_UP)
        assert desk.state(doubtful) == State.RECALLED
        task.refresh_from_db()
        assert (task.state, task.answered_by) == ("done", desk.cast.user("hendra"))

    def test_it_is_not_sent_again(self, desk: Desk, doubtful: Delivery):
        with pytest.raises(Conflict):
            actions.resolve(desk.cast.actor("hendra"), doubtful.pk, Resolution.SEND_AGAIN)


class TestLateAnswers:
    """The answer comes after the recall was done."""

    def test_what_is_there_after_all_is_deleted_again_and_again(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, firing.LEASE * 9, "claimed_until")
        firing.sweep(SYSTEM)
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
        later = attempt.started_at + firing.LEASE * 9
        assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), later) == State.RECALLED
        firing.finish(SYSTEM, claim, attempt, Published("77", "https://contoh.social/77"))
        assert desk.state(delivery) == State.PUBLISHED
        [due] = reconciling.claim_recalls()
        worker.take_back(due)
        assert desk.state(delivery) == State.RECALLED

    def test_the_post_of_an_earlier_attempt_is_deleted_too(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, firing.LEASE * 9, "claimed_until")
        firing.sweep(SYSTEM)
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
        later = attempt.started_at + firing.LEASE * 9
        assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), later) == State.READY
        assert desk.run() == [State.PUBLISHED]
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(delivery) == State.RECALLED
        firing.finish(SYSTEM, claim, attempt, Published("77", "https://contoh.social/77"))
        delivery.refresh_from_db()
        assert (delivery.state, delivery.url) == (State.PUBLISHED, "https://contoh.social/77")
        worker.take_back(reconciling.claim_recalls()[0])
        delivery.refresh_from_db()
        assert (delivery.state, delivery.reason) == (State.RECALLED, "Keliru")

    def test_together_with_an_item(self, desk: Desk, platform: Platform):
        platform.answers = [httpx.ReadTimeout("lost")]
        delivery = desk.schedule(desk.account())
        desk.run()
        hendra = desk.cast.actor("hendra")
        foreseen = queries.foresee(hendra, queries.of(delivery.item_id, None))
        assert (foreseen.total, foreseen.counts[queries.Fate.UNKNOWN]) == (1, 1)
        actions.recall_many(hendra, item_id=delivery.item_id, reason="Keliru", seen=foreseen.digest)
        assert look(delivery, THERE) == State.PUBLISHED
        assert [one.pk for one in reconciling.claim_recalls()] == [delivery.pk]
