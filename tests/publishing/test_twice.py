"""A post that is there twice: the answer of an attempt that was given up comes when it has been sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from kentongan.channels.contract import Absent, Ambiguous, CredentialsExpired, Found, Published, Rejected, RetryLater
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


def lapsed(desk: Desk, delivery: Delivery) -> Late:
    """Send it by a worker that seems to have ended; nobody knows what became of that."""
    (claim,) = firing.claim_due()
    attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
    assert attempt is not None
    desk.later(delivery, timedelta(hours=1), "claimed_until")
    firing.sweep(SYSTEM)
    return Late(desk, delivery, claim, attempt)


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
def doubtful(desk: Desk, given_up: Late) -> Late:
    """Sent again, by a worker that ended; nobody knows what became of that."""
    lapsed(desk, given_up.delivery)
    return given_up


@dataclass
class Doubted:
    """A delivery that is out by its first attempt; what became of the second nobody knows."""

    late: Late
    second: Attempt

    def answers(self, result: Published | Rejected) -> State | None:
        assert self.second.token is not None
        return firing.finish(SYSTEM, firing.Claim(self.late.delivery.pk, self.second.token), self.second, result)


@pytest.fixture
def doubted(doubtful: Late) -> Doubted:
    """The first has answered, and people are asked to look for the second."""
    doubtful.answers()
    assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
    second = doubtful.delivery.attempts.filter(kind="publish").last()
    assert second is not None
    assert [task.is_in_doubt for task in doubtful.tasks] == [True]
    return Doubted(doubtful, second)


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
        second = lapsed(desk, given_up.delivery)
        given_up.answers()
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        assert [task.is_open for task in given_up.tasks] == [True]
        second.answers(Rejected("Teks terlalu panjang"))
        assert [task.state for task in given_up.tasks] == ["done"]

    def test_of_the_second_it_is_heard_later_that_it_is_there(self, desk: Desk, given_up: Late):
        second = lapsed(desk, given_up.delivery)
        given_up.answers()
        worker.look(reconciling.claim_doubts()[0])
        second.answers(Published("78", "https://contoh.social/@kabar/78"))
        doubt, task = given_up.tasks
        assert (doubt.is_open, task.is_open) == (False, True), "asked anew, with its address"
        assert (task.is_in_doubt, task.url) == (False, "https://contoh.social/@kabar/78")

    @pytest.mark.parametrize("answered", [True, False])
    def test_an_address_is_asked_for_though_a_doubt_was_answered(self, doubted: Doubted, desk: Desk, answered: bool):
        (doubt,) = doubted.late.tasks
        if answered:
            actions.done(desk.cast.actor("arif"), doubt.pk, Proof(note=WORD))
        doubted.answers(Published("78", "https://contoh.social/@kabar/78"))
        assert [(task.url[-2:], task.is_open) for task in doubted.late.tasks] == [("", False), ("78", True)]

    def test_the_late_answers_of_two_come_while_a_third_is_prepared(self, desk: Desk, platform: Platform):
        account = desk.account()
        with clock.playing(clock.now() - timedelta(hours=2)):
            delivery = desk.schedule(account, late_minutes=600)
            tries = []
            for _each in range(2):
                (claim,) = firing.claim_due()
                tries.append((claim, firing.begin(SYSTEM, claim, content.post_of(delivery))))
                Delivery.objects.filter(pk=delivery.pk).update(claimed_until=clock.now() - timedelta(seconds=1))
                firing.sweep(SYSTEM)
                Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
                later = clock.now() + timedelta(hours=1)
                assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), later) == State.READY
                Delivery.objects.filter(pk=delivery.pk).update(try_at=clock.now())
        (third,) = firing.claim_due()
        for (claim, attempt), number in zip(tries, ("77", "78"), strict=True):
            firing.finish(SYSTEM, claim, attempt, Published(number, f"https://contoh.social/@kabar/{number}"))
        assert worker.deliver(third) is None
        assert desk.state(delivery) == State.PUBLISHED
        assert platform.posted == []
        assert [task.url[-2:] for task in recalls.strays_of(delivery)] == ["78"]

    @pytest.mark.parametrize("result", [Rejected("Tidak"), RetryLater("Sibuk"), CredentialsExpired("Masuk lagi")])
    def test_the_second_is_refused_when_the_first_is_out(
        self, desk: Desk, given_up: Late, result: Rejected | RetryLater | CredentialsExpired
    ):
        (again,) = firing.claim_due()
        second = firing.begin(SYSTEM, again, content.post_of(given_up.delivery))
        assert second is not None
        given_up.answers()
        assert firing.finish(SYSTEM, again, second, result) == State.PUBLISHED
        assert desk.state(given_up.delivery) == State.PUBLISHED
        assert given_up.delivery.url == FIRST.url
        assert given_up.tasks == []

    def test_the_answer_comes_while_a_worker_prepares_it_that_then_ends(self, desk: Desk, given_up: Late):
        assert len(firing.claim_due()) == 1
        given_up.answers()
        assert desk.state(given_up.delivery) == State.PUBLISHED, "whoever recalls it now has it deleted there"
        assert firing.sweep(SYSTEM) == 0

    def test_the_answer_comes_during_the_look_of_what_was_recalled(self, desk: Desk, doubtful: Late):
        actions.recall(desk.cast.actor("hendra"), doubtful.delivery.pk, reason="Keliru")
        doubtful.answers()
        Delivery.objects.filter(pk=doubtful.delivery.pk).update(settled_at=clock.now())
        later = clock.now() + timedelta(hours=1)
        assert reconciling.reconcile(SYSTEM, doubtful.delivery.pk, Absent(), later) == State.PUBLISHED
        assert [one.pk for one in reconciling.claim_recalls()] == [doubtful.delivery.pk]

    def test_the_answer_of_the_second_is_another_s_post_and_the_first_is_out(self, desk: Desk, given_up: Late):
        other = desk.schedule(given_up.delivery.account, item=desk.item(text="Lain sama sekali."))
        claims = {one.delivery_id: one for one in firing.claim_due()}
        tries = {one: firing.begin(SYSTEM, claims[one.pk], content.post_of(one)) for one in (other, given_up.delivery)}
        theirs = Published("5", "https://contoh.social/@kabar/5")
        firing.finish(SYSTEM, claims[other.pk], tries[other], theirs)
        given_up.answers()
        mine = given_up.delivery
        assert firing.finish(SYSTEM, claims[mine.pk], tries[mine], theirs) == State.PUBLISHED
        assert desk.state(mine) == State.PUBLISHED
        assert mine.url == FIRST.url

    def test_what_everybody_sees_counts_and_what_nobody_sees_goes(self, desk: Desk, given_up: Late):
        (again,) = firing.claim_due()
        second = firing.begin(SYSTEM, again, content.post_of(given_up.delivery))
        assert second is not None
        given_up.answers()
        hidden = Published("78", "https://contoh.social/@kabar/78", hidden="Tidak terlihat")
        assert firing.finish(SYSTEM, again, second, hidden) == State.PUBLISHED
        given_up.delivery.refresh_from_db()
        assert given_up.delivery.url == FIRST.url
        assert [task.url[-2:] for task in given_up.tasks] == ["78"]

    @pytest.mark.parametrize("how", [Resolution.GIVE_UP, Resolution.SEND_AGAIN])
    def test_a_person_gives_up_what_is_out_by_then(self, desk: Desk, doubtful: Late, how: Resolution):
        doubtful.answers()
        actions.resolve(desk.cast.actor("hendra"), doubtful.delivery.pk, how)
        assert desk.state(doubtful.delivery) == State.PUBLISHED
        assert [task.is_in_doubt for task in doubtful.tasks] == [True]

    def test_a_person_finds_one_and_the_answer_tells_of_another(self, desk: Desk, doubtful: Late):
        doubtful.answers()
        actions.resolve(desk.cast.actor("hendra"), doubtful.delivery.pk, Resolution.PUBLISHED, url=SECOND)
        (task,) = doubtful.tasks
        assert (task.url, task.stays_url, task.is_in_doubt) == (FIRST.url, SECOND, True), "it may be the same"

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
        late = lapsed(desk, desk.schedule(desk.account()))
        seen = "https://contoh.social/kabar/77?utm=x"
        actions.resolve(desk.cast.actor("hendra"), late.delivery.pk, Resolution.PUBLISHED, url=seen)
        late.answers()
        assert late.tasks == []

    def test_the_post_of_another_delivery(self, desk: Desk, platform: Platform, sent_again: Late):
        other = desk.schedule(sent_again.delivery.account, item=desk.item(text="Lain sama sekali."))
        assert desk.run() == [State.PUBLISHED]
        other.refresh_from_db()
        sent_again.answers(Published(other.remote_id, other.url))
        assert sent_again.tasks == []

    def test_the_answer_of_what_is_looked_for_names_the_delivery_s_own_post(self, desk: Desk, doubted: Doubted):
        doubted.answers(FIRST)
        assert [task.is_open for task in doubted.late.tasks] == [False]
        assert doubted.late.tasks[0].url == "", "nobody is led to the only post there is"

    def test_the_answer_of_what_is_looked_for_names_another_delivery_s_post(self, desk: Desk, doubted: Doubted):
        other = desk.schedule(doubted.late.delivery.account, item=desk.item(text="Lain sama sekali."))
        assert desk.run() == [State.PUBLISHED]
        other.refresh_from_db()
        doubted.answers(Published(other.remote_id, other.url))
        assert [task.is_open for task in doubted.late.tasks] == [False]

    def test_what_a_person_saw_where_the_first_try_was_refused(self, desk: Desk, platform: Platform):
        platform.answers = [httpx.Response(429, json={})]
        delivery = desk.schedule(desk.account())
        assert desk.run() == [State.READY]
        Delivery.objects.filter(pk=delivery.pk).update(try_at=clock.now())
        late = lapsed(desk, delivery)
        seen = "https://contoh.social/@kabar/77?utm=x"
        actions.resolve(desk.cast.actor("hendra"), delivery.pk, Resolution.PUBLISHED, url=seen)
        late.answers()
        assert late.tasks == []

    def test_what_finder_and_answer_call_by_different_names(self, desk: Desk, platform: Platform):
        late = lapsed(desk, desk.schedule(desk.account()))
        reconciling.reconcile(SYSTEM, late.delivery.pk, Found("page_77", "https://contoh.social/p/77"), clock.now())
        late.answers()
        assert late.tasks == []


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

    def test_a_late_answer_after_a_recall_is_deleted_there_and_asks_nobody(self, desk: Desk, sent_again: Late):
        actions.recall(desk.cast.actor("hendra"), sent_again.delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        sent_again.answers()
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(sent_again.delivery) == State.RECALLED
        assert sent_again.tasks == []

    def test_a_doubt_that_a_recall_settles_is_closed(self, desk: Desk, doubted: Doubted):
        actions.recall(desk.cast.actor("hendra"), doubted.late.delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        doubted.answers(Published("78", "https://contoh.social/@kabar/78"))
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(doubted.late.delivery) == State.RECALLED
        assert [task.is_open for task in doubted.late.tasks] == [False]

    def test_the_public_one_of_two_becomes_the_delivery_s_own(self, desk: Desk, sent_again: Late):
        delivery = sent_again.delivery
        Delivery.objects.filter(pk=delivery.pk).update(state=State.HELD, reason="Tidak terlihat", look_at=clock.now())
        sent_again.answers()
        delivery.refresh_from_db()
        assert (delivery.state, delivery.url) == (State.PUBLISHED, FIRST.url)
        assert [task.url for task in sent_again.tasks] == [SECOND]

    def test_a_stray_of_the_same_address_is_not_gone_with_the_recalled_one(self, desk: Desk, sent_again: Late):
        """Where the platform has told no address yet, posts have that of the profile."""
        sent_again.answers(Published("77", SECOND))
        actions.recall(desk.cast.actor("hendra"), sent_again.delivery.pk, reason="Keliru")
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(sent_again.delivery) == State.RECALLED
        assert [task.is_open for task in sent_again.tasks] == [True]

    def test_a_deletion_under_way_is_of_the_post_that_it_began_with(self, desk: Desk, sent_again: Late):
        delivery = sent_again.delivery
        Delivery.objects.filter(pk=delivery.pk).update(state=State.HELD, reason="Tidak terlihat", look_at=clock.now())
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        (due,) = reconciling.claim_recalls()
        sent_again.answers()
        reconciling.recalled(SYSTEM, due.pk, clock.now(), None, remote_id=due.remote_id)
        assert desk.state(delivery) == State.PUBLISHED, "the public one is deleted next"
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(delivery) == State.RECALLED
        assert not [task for task in sent_again.tasks if task.is_open]

    def test_what_was_deleted_as_one_too_many_is_no_evidence(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        actions.done(desk.cast.actor("arif"), sent_again.tasks[0].pk, Proof(note=WORD))
        known = answers.evidence(sent_again.delivery)
        assert known is not None
        assert known.url == SECOND

    def test_who_administers_hears_that_it_cannot_be_deleted(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        actions.decline(desk.cast.actor("arif"), sent_again.tasks[0].pk, note="Sudah dibagikan ribuan kali")
        told = Message.objects.filter(purpose=telling.PURPOSE)
        assert [(one.address, "ribuan kali" in one.body) for one in told] == [("arif@example.id", True)]

    def test_an_answered_one_is_not_asked_for_again(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        (task,) = sent_again.tasks
        actions.done(desk.cast.actor("arif"), task.pk, Proof(note=WORD))
        with transaction.atomic():
            answers.ask_for_strays(SYSTEM, Delivery.objects.select_for_update().get(pk=sent_again.delivery.pk))
        assert [one.pk for one in sent_again.tasks] == [task.pk]

    def test_the_database_knows_one_open_task_of_a_stray(self, desk: Desk, sent_again: Late):
        sent_again.answers()
        (task,) = sent_again.tasks
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
