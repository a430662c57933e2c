"""A post that is there twice: the answer of an attempt that was given up comes when it has been sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from kentongan.channels.contract import Absent, Ambiguous, Found, Published, Rejected, RetryLater
from kentongan.core import audit, clock
from kentongan.core.models import Message
from kentongan.publishing import actions, content, queries, worker
from kentongan.publishing.actions import answers, firing, reconciling
from kentongan.publishing.actions.recalling import Proof
from kentongan.publishing.actions.resolving import Resolution
from kentongan.publishing.models import Attempt, Delivery, RecallTask
from kentongan.publishing.recalls import looking, telling
from kentongan.publishing.recalls import queries as recalls
from kentongan.publishing.states import State
from named_cast import SYSTEM
from publishing.desk import Desk, Platform

FIRST = Published("77", "https://contoh.social/@kabar/77")
SECOND = "https://contoh.social/@kabar/1"
WORD = "Sudah saya hapus dari aplikasi."


@dataclass
class Late:
    """A delivery that was sent again; the first attempt's worker lives on, and its answer is still to come."""

    desk: Desk
    delivery: Delivery
    claim: firing.Claim
    attempt: Attempt

    def answers(self, result: Published | Rejected | RetryLater | Ambiguous = FIRST) -> State | None:
        return firing.finish(SYSTEM, self.claim, self.attempt, result)

    @property
    def tasks(self) -> list[RecallTask]:
        return recalls.strays_of(self.delivery)


@pytest.fixture
def given_up(desk: Desk, platform: Platform) -> Late:
    """Looked for in vain, longer than the attempt could last, and put back into the queue."""
    account = desk.account()
    with clock.playing(clock.now() - timedelta(hours=2)):
        delivery = desk.schedule(account, late_minutes=600)
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        assert attempt is not None
    firing.sweep(SYSTEM)
    Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
    assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), clock.now()) == State.READY
    return Late(desk, delivery, claim, attempt)


@pytest.fixture
def sent_again(desk: Desk, given_up: Late) -> Late:
    """Sent again, and accepted."""
    assert desk.run() == [State.PUBLISHED]
    given_up.delivery.refresh_from_db()
    return given_up


class TestItIsNoticed:
    """Whenever the two answers come, people are asked to delete the one too many, once."""

    def test_the_late_answer_comes_when_the_second_is_out(self, desk: Desk, sent_again: Late):
        assert sent_again.answers() is None
        (task,) = sent_again.tasks
        assert (task.url, task.is_one_too_many, task.is_in_doubt) == (FIRST.url, True, False)
        assert audit.trail(task)[0].verb == "publishing.delivery.finish"
        assert desk.state(sent_again.delivery) == State.PUBLISHED
        assert sent_again.delivery.url == SECOND
        assert recalls.open_task(sent_again.delivery) is None, "the delivery itself is not taken back"

    def test_the_late_answer_comes_while_it_is_sent_again(self, desk: Desk, platform: Platform, given_up: Late):
        platform.during = lambda: given_up.answers() and None
        assert desk.run() == [State.PUBLISHED]
        (task,) = given_up.tasks
        assert task.url == FIRST.url

    def test_the_second_got_no_answer_and_the_first_is_out(self, desk: Desk, platform: Platform, given_up: Late):
        platform.answers = [httpx.ReadTimeout("lost")]
        assert desk.run() == [State.UNKNOWN]
        given_up.answers()
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        (task,) = given_up.tasks
        assert (task.is_in_doubt, task.url) == (True, ""), "nobody knows whether there is a second one"
        assert desk.state(given_up.delivery) == State.PUBLISHED
        assert given_up.delivery.url == FIRST.url

    def test_of_the_second_it_is_heard_later_that_it_was_refused(self, desk: Desk, given_up: Late):
        (again,) = firing.claim_due()
        second = firing.begin(SYSTEM, again, content.post_of(given_up.delivery))
        assert second is not None
        desk.later(given_up.delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        given_up.answers()
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        assert [task.is_open for task in given_up.tasks] == [True]
        firing.finish(SYSTEM, again, second, Rejected("Teks terlalu panjang"))
        assert [task.state for task in given_up.tasks] == ["done"]

    def test_of_the_second_it_is_heard_later_that_it_is_there(self, desk: Desk, given_up: Late):
        (again,) = firing.claim_due()
        second = firing.begin(SYSTEM, again, content.post_of(given_up.delivery))
        assert second is not None
        desk.later(given_up.delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        given_up.answers()
        worker.look(reconciling.claim_doubts()[0])
        firing.finish(SYSTEM, again, second, Published("78", "https://contoh.social/@kabar/78"))
        (task,) = given_up.tasks
        assert (task.is_in_doubt, task.url) == (False, "https://contoh.social/@kabar/78")

    def test_three_are_two_too_many(self, desk: Desk, platform: Platform, sent_again: Late):
        sent_again.answers()
        third = Attempt.objects.create(
            delivery=sent_again.delivery, kind="publish", digest="x", started_at=clock.now(), platform="mastodon"
        )
        firing.finish(SYSTEM, sent_again.claim, third, Published("79", "https://contoh.social/@kabar/79"))
        fourth = Attempt.objects.create(
            delivery=sent_again.delivery, kind="publish", digest="x", started_at=clock.now(), platform="mastodon"
        )
        firing.finish(SYSTEM, sent_again.claim, fourth, FIRST)  # its server knew the key of the first
        assert sorted(task.url[-2:] for task in sent_again.tasks) == ["77", "79"]


class TestItIsNotTwice:
    """What looks like it, and is not."""

    def test_a_server_that_knew_the_key_answers_with_the_same_post(self, sent_again: Late):
        sent_again.answers(Published("1", SECOND))
        assert sent_again.tasks == []

    @pytest.mark.parametrize("result", [Rejected("Tidak"), RetryLater("Sibuk"), Ambiguous("?")])
    def test_the_late_answer_is_no_acceptance(self, sent_again: Late, result: Rejected | RetryLater | Ambiguous):
        sent_again.answers(result)
        assert sent_again.tasks == []

    def test_what_was_looked_for_in_vain_before_it_was_sent_again(self, desk: Desk, platform: Platform):
        platform.answers = [httpx.ReadTimeout("lost")]
        delivery = desk.schedule(desk.account())
        assert desk.run() == [State.UNKNOWN]
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
        assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), clock.now()) == State.READY
        assert desk.run() == [State.PUBLISHED]
        assert recalls.strays_of(delivery) == []

    def test_what_is_found_is_what_got_no_answer(self, desk: Desk, platform: Platform):
        platform.answers = [httpx.ReadTimeout("lost")]
        delivery = desk.schedule(desk.account())
        desk.run()
        assert reconciling.reconcile(SYSTEM, delivery.pk, Found("5", SECOND), clock.now()) == State.PUBLISHED
        assert recalls.strays_of(delivery) == []

    def test_what_a_person_saw_there_is_what_the_late_answer_tells_of(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        assert attempt is not None
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        seen = "https://contoh.social/kabar/77?utm=x"
        actions.resolve(desk.cast.actor("hendra"), delivery.pk, Resolution.PUBLISHED, url=seen)
        firing.finish(SYSTEM, claim, attempt, FIRST)
        assert recalls.strays_of(delivery) == []

    def test_the_post_of_another_delivery(self, desk: Desk, platform: Platform, sent_again: Late):
        other = desk.schedule(sent_again.delivery.account, item=desk.item(text="Lain sama sekali."))
        assert desk.run() == [State.PUBLISHED]
        other.refresh_from_db()
        sent_again.answers(Published(other.remote_id, other.url))
        assert sent_again.tasks == []


class TestWhatBecomesOfIt:
    """The second post goes, the delivery stays; and both can be taken back."""

    def test_when_it_is_deleted_the_delivery_stays_published(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        (task,) = sent_again.tasks
        actions.done(desk.cast.actor("arif"), task.pk, Proof(note=WORD))
        assert desk.state(sent_again.delivery) == State.PUBLISHED
        assert not queries.alarm(desk.cast.actor("hendra"))

    def test_its_own_address_is_looked_up(self, sent_again: Late, monkeypatch: pytest.MonkeyPatch):
        sent_again.answers()
        asked: list[str] = []
        monkeypatch.setattr(looking, "look", lambda url: asked.append(url) or RecallTask.Look.GONE)
        assert looking.look_for(sent_again.tasks[0]) == "gone"
        assert asked == [FIRST.url]

    def test_that_it_cannot_be_deleted_says_nothing_of_the_delivery(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        actions.decline(desk.cast.actor("arif"), sent_again.tasks[0].pk, note="Sudah dibagikan ribuan kali")
        sent_again.delivery.refresh_from_db()
        assert (sent_again.delivery.state, sent_again.delivery.recall_problem) == (State.PUBLISHED, "")

    def test_both_may_stay(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        hendra = desk.cast.actor("hendra")
        actions.recall(hendra, sent_again.delivery.pk, reason="Keliru")
        actions.call_off(hendra, sent_again.tasks[0].pk, reason="Keduanya dikomentari warga")
        sent_again.delivery.refresh_from_db()
        assert sent_again.delivery.recall_at is not None, "the recall of the other one goes on"

    def test_when_the_delivery_is_taken_back_the_other_is_still_asked_for(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        actions.recall(desk.cast.actor("hendra"), sent_again.delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(sent_again.delivery) == State.RECALLED
        assert [task.is_open for task in sent_again.tasks] == [True]

    def test_an_answered_one_is_not_asked_for_again(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        (task,) = sent_again.tasks
        actions.done(desk.cast.actor("arif"), task.pk, Proof(note=WORD))
        with transaction.atomic():
            answers.ask_for_strays(SYSTEM, Delivery.objects.select_for_update().get(pk=sent_again.delivery.pk))
        assert [one.pk for one in sent_again.tasks] == [task.pk]
        with transaction.atomic(), pytest.raises(IntegrityError):
            RecallTask.objects.create(
                delivery=task.delivery,
                stray=task.stray,
                unit=task.unit,
                reason="x",
                asked_at=clock.now(),
                due_at=clock.now(),
            )


class TestItIsSeen:
    """Who keeps the account is told, who runs the desk is alarmed."""

    def test_who_keeps_the_account_is_told_which_one_goes(self, sent_again: Late):
        sent_again.answers()
        telling.tell(SYSTEM)
        body = Message.objects.filter(purpose=telling.PURPOSE).first().body
        assert "dua kali" in body or "twice" in body

    def test_on_the_screens(self, desk: Desk, sent_again: Late, sign_in: Callable[..., Client]):
        hendra = desk.cast.actor("hendra")
        assert not queries.alarm(hendra)
        sent_again.answers()
        assert queries.alarm(hendra).twice == 1
        page = sign_in(desk.cast.user("hendra"))
        (task,) = sent_again.tasks
        for address in (
            reverse("publishing:index"),
            reverse("publishing:attention"),
            reverse("publishing:recalls"),
            reverse("publishing:delivery", args=(sent_again.delivery.pk,)),
        ):
            shown = page.get(address)
            assert shown.status_code == 200
            assert reverse("publishing:recalls") in shown.text
        assert FIRST.url in shown.text
        assert task.get_absolute_url() in shown.text
        shown = page.get(task.get_absolute_url())
        assert FIRST.url in shown.text
        assert SECOND in shown.text, "so that nobody deletes the wrong one"
