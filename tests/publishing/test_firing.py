"""A delivery goes out once, or is visibly unknown."""

from datetime import timedelta

import httpx
import pytest
from django.db import IntegrityError, transaction
from django.db.models import Q

from kentongan.channels.contract import Absent, Ambiguous, Published
from kentongan.channels.facebook.manifest import MANIFEST
from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.publishing import content, worker
from kentongan.publishing.actions import firing, leaps, reconciling
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import Outcome, State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection, Grant
from publishing.desk import TEXT as TEXT
from publishing.desk import Desk, Platform

SYSTEM = Actor.system("tests")


def test_what_is_due_is_published_once_with_its_attempt_and_trail(desk: Desk, platform: Platform):
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.PUBLISHED]
    assert desk.run() == []
    assert desk.state(delivery) == State.PUBLISHED
    assert (delivery.remote_id, delivery.url) == ("1", "https://contoh.social/@kabar/1")
    (attempt,) = delivery.attempts.all()
    assert (attempt.kind, attempt.outcome) == ("publish", Outcome.PUBLISHED)
    assert attempt.digest == content.post_of(delivery).digest()
    assert attempt.response["id"] == "1"
    assert [entry.verb for entry in audit.trail(delivery)] == ["publishing.delivery.finish", "publishing.schedule"]


def test_the_attempt_is_there_before_the_call(desk: Desk, platform: Platform):
    delivery, seen = desk.schedule(desk.account()), []
    platform.during = lambda: seen.append((Attempt.objects.get().outcome, Delivery.objects.get().state))
    desk.run()
    assert seen == [(Outcome.OPEN, State.SENDING)]
    assert delivery.attempts.get().ended_at is not None


def test_what_is_not_due_waits(desk: Desk, platform: Platform):
    delivery = desk.schedule(desk.account(), due_at=clock.now() + timedelta(minutes=1))
    assert desk.run() == []
    assert desk.state(delivery) == State.READY


def test_a_refusal_is_final(desk: Desk, platform: Platform):
    platform.answers = [httpx.Response(422, json={"error": "Text too long"})]
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.REJECTED]
    assert desk.state(delivery) == State.REJECTED
    assert delivery.reason == "Text too long"
    assert desk.run() == []


def test_a_rate_limit_is_obeyed_to_the_second(desk: Desk, platform: Platform):
    platform.answers = [httpx.Response(429, json={"error": "slow"}, headers={"Retry-After": "90"})]
    delivery, before = desk.schedule(desk.account()), clock.now()
    assert desk.run() == [State.READY]
    desk.state(delivery)
    assert timedelta(seconds=90) <= delivery.try_at - before <= timedelta(seconds=90 * 1.25 + 5)
    assert desk.run() == []


def test_tries_have_an_end_and_then_a_person_is_asked(desk: Desk, platform: Platform):
    delivery = desk.schedule(desk.account(), late_minutes=10_000)
    for _try in range(firing.MOST_TRIES):
        platform.answers.append(httpx.Response(503, json={"error": "x"}, headers={"Retry-After": "1"}))
        Delivery.objects.update(try_at=delivery.due_at)
        desk.run()
    assert desk.state(delivery) == State.HELD
    assert len(platform.posted) == firing.MOST_TRIES
    assert len({sent["key"] for sent in platform.posted}) == 1
    assert len({sent["body"] for sent in platform.posted}) == 1


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("x"),
        httpx.RemoteProtocolError("x"),
        httpx.Response(500, text="oops"),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={}),
        httpx.Response(400, text="Bad Request"),
    ],
    ids=str,
)
def test_doubt_is_never_tried_again_by_itself(desk: Desk, platform: Platform, answer: httpx.Response | Exception):
    platform.answers = [answer]
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.UNKNOWN]
    Delivery.objects.update(try_at=delivery.due_at, claimed_until=None)
    assert desk.run() == []
    assert firing.sweep(SYSTEM) == 0
    assert len(platform.posted) == 1


def test_a_mistake_in_an_adapter_after_sending_is_doubt(desk: Desk, platform: Platform):
    platform.answers = [ZeroDivisionError()]
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.UNKNOWN]
    assert "ZeroDivisionError" in delivery.attempts.get().response["error"]


def test_an_expired_sign_in_is_tried_once_more_then_held(desk: Desk, platform: Platform):
    delivery = desk.schedule(desk.account())
    platform.answers = [httpx.Response(401, json={"error": "revoked"})] * 2
    assert desk.run() == [State.READY]
    Delivery.objects.update(try_at=delivery.due_at)
    assert desk.run() == [State.HELD]
    assert desk.state(delivery) == State.HELD
    assert delivery.reason == "revoked"


def test_who_signs_in_again_while_the_old_sign_in_is_refused_has_nothing_held(desk: Desk, platform: Platform):
    account = desk.account()
    delivery = desk.schedule(account)
    platform.answers = [httpx.Response(401, json={"error": "revoked"})] * 2
    assert desk.run() == [State.READY]
    Delivery.objects.update(try_at=delivery.due_at)

    def sign_in_again() -> None:
        fresh = {"access_token": "baru", "account_id": "1"}
        registry.connect(SYSTEM, account.pk, secrets=fresh, service_url="https://contoh.social")

    platform.during = sign_in_again
    assert desk.run() == [State.READY]
    assert Connection.objects.get(account=account).healthy, "nobody is asked to sign in once more"
    platform.during = lambda: None
    Delivery.objects.update(try_at=delivery.due_at)
    assert desk.run() == [State.PUBLISHED]


def test_a_server_that_is_not_there_is_tried_later(desk: Desk, platform: Platform):
    platform.answers = [httpx.ConnectError("refused")]
    desk.schedule(desk.account())
    assert desk.run() == [State.READY]


class TestLapsedClaims:
    """A worker that dies holds nothing for ever."""

    def test_without_an_attempt_it_is_ready_again(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        firing.claim_due()
        assert firing.sweep(SYSTEM) == 0
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        assert firing.sweep(SYSTEM) == 1
        assert desk.state(delivery) == State.READY
        assert platform.posted == []

    def test_with_an_attempt_it_is_unknown(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        assert firing.sweep(SYSTEM) == 1
        assert desk.state(delivery) == State.UNKNOWN

    def test_a_late_answer_does_not_complete_a_lost_claim_but_is_kept_and_believed(
        self, desk: Desk, platform: Platform
    ):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        late = firing.finish(SYSTEM, claim, attempt, Published("77", "https://contoh.social/77"))
        assert late is None
        assert desk.state(delivery) == State.UNKNOWN
        assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
        assert desk.state(delivery) == State.PUBLISHED
        assert delivery.remote_id == "77"

    def test_absence_does_not_count_while_the_attempt_may_still_run(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        desk.later(delivery, timedelta(hours=1), "settled_at")
        for _look in range(2):
            assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), clock.now()) == State.UNKNOWN
        delivery.refresh_from_db()
        until = attempt.started_at + 2 * firing.LEASE
        assert abs(delivery.look_at - until) < timedelta(seconds=2), "the next look is the one that counts"
        assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), until) == State.READY

    def test_what_is_out_after_all_is_not_sent_again(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
        later = clock.now() + timedelta(hours=2)
        assert reconciling.reconcile(SYSTEM, delivery.pk, Absent(), later) == State.READY
        (second,) = firing.claim_due()
        assert firing.finish(SYSTEM, claim, attempt, Published("77", "https://contoh.social/77")) is None
        assert worker.deliver(second) is None
        assert platform.posted == []
        assert desk.state(delivery) == State.PUBLISHED
        assert (delivery.remote_id, delivery.url) == ("77", "https://contoh.social/77")
        assert audit.trail(delivery)[0].verb == "publishing.delivery.finish"
        assert desk.run() == []

    @pytest.mark.parametrize("then", [State.READY, State.HELD, State.MISSED, State.REJECTED, State.RECALLED])
    def test_what_was_given_up_and_is_out_after_all_counts_as_published_at_once(
        self, desk: Desk, platform: Platform, then: State
    ):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
        reconciling.reconcile(SYSTEM, delivery.pk, Absent(), clock.now() + timedelta(hours=2))
        if then != State.READY:
            Delivery.objects.filter(pk=delivery.pk).update(state=State.HELD, reason="Ditahan")
        if then == State.REJECTED:
            desk.later(delivery, timedelta(0), "due_at")
            Delivery.objects.filter(pk=delivery.pk).update(state=State.READY)
            (again,) = firing.claim_due()
            firing.begin(SYSTEM, again, content.post_of(delivery))
            Delivery.objects.filter(pk=delivery.pk).update(
                state=State.REJECTED, claim_token=None, claimed_until=None, reason="Ditolak"
            )
        elif then not in (State.READY, State.HELD):
            Delivery.objects.filter(pk=delivery.pk).update(state=then, reason="Terlambat")
        assert firing.finish(SYSTEM, claim, attempt, Published("77", "https://contoh.social/77")) is None
        assert desk.state(delivery) == State.PUBLISHED
        if then == State.RECALLED:
            assert delivery.recall_at, "who stopped it is not overruled"
            [due] = reconciling.claim_recalls()
            worker.take_back(due)
            assert desk.state(delivery) == State.RECALLED
            return
        assert (delivery.remote_id, delivery.reason, delivery.claim_token) == ("77", "", None)
        assert audit.trail(delivery)[0].verb == "publishing.delivery.finish"
        assert desk.run() == []
        assert platform.posted == []

    def test_a_late_answer_that_belongs_to_another_post_settles_nothing(self, desk: Desk, platform: Platform):
        account = desk.account()
        other, delivery = desk.schedule(account), desk.schedule(account, item=desk.item(text="Lain sama sekali."))
        first, second = firing.claim_due()
        attempts = {one.delivery_id: firing.begin(SYSTEM, one, content.post_of(other)) for one in (first, second)}
        claims = {one.delivery_id: one for one in (first, second)}
        firing.finish(SYSTEM, claims[other.pk], attempts[other.pk], Published("77", "https://contoh.social/77"))
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        Delivery.objects.filter(pk=delivery.pk).update(settled_at=clock.now())
        reconciling.reconcile(SYSTEM, delivery.pk, Absent(), clock.now() + timedelta(hours=2))
        Delivery.objects.filter(pk=delivery.pk).update(state=State.MISSED, reason="Terlambat")
        late = Published("77", "https://contoh.social/77")
        assert firing.finish(SYSTEM, claims[delivery.pk], attempts[delivery.pk], late) is None
        assert desk.state(delivery) == State.MISSED

    def test_a_claim_written_by_the_clock_as_it_was_is_not_held_for_an_hour(self, desk: Desk, platform: Platform):
        """The clock went back an hour when the statement that writes it had begun: it came after the renewal."""
        account = desk.account()
        claimed, sending, fresh = (desk.schedule(account, item=desk.item(text=f"Nomor {n}.")) for n in range(3))
        claims = {claim.delivery_id: claim for claim in firing.claim_due()}
        for one in (sending, fresh):
            firing.begin(SYSTEM, claims[one.pk], content.post_of(one))
        hour = timedelta(hours=1)
        desk.later(claimed, -hour, "claimed_until")
        desk.later(sending, -hour, "claimed_until", "changed_at")
        fresh.refresh_from_db()
        before = fresh.claimed_until
        assert leaps.renew_strays(SYSTEM) == 2
        for one in (claimed, sending):
            one.refresh_from_db()
            assert one.claimed_until <= clock.now() + firing.LEASE + timedelta(seconds=5)
        fresh.refresh_from_db()
        assert fresh.claimed_until == before
        assert leaps.renew_strays(SYSTEM) == 0

    def test_what_was_tried_before_the_clock_went_back_is_looked_for_from_then_on(self, desk: Desk, platform: Platform):
        """By the clock as it is now, that attempt began an hour later than it did."""
        hour = timedelta(hours=1)
        account = desk.account()
        delivery, untried = desk.schedule(account), desk.schedule(account, item=desk.item(text="Nanti."))
        Delivery.objects.filter(pk=untried.pk).update(try_at=clock.now() + hour)
        began = clock.now()
        with clock.playing(began + hour):
            (claim,) = firing.claim_due(1)
            attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
            firing.finish(SYSTEM, claim, attempt, Ambiguous("?"))
        leaps.renew(SYSTEM, -hour)
        (doubt,) = reconciling.claim_doubts()
        assert doubt.since <= began + timedelta(seconds=5)
        leaps.renew(SYSTEM, hour)
        delivery.refresh_from_db()
        untried.refresh_from_db()
        assert delivery.clock_went_back == hour, "forward, it is looked for from early enough"
        assert untried.clock_went_back == timedelta(0)

    def test_what_was_claimed_before_the_clock_went_back_waits_no_hour_for_its_next_claim(self, desk: Desk):
        delivery = desk.schedule(desk.account())
        Delivery.objects.filter(pk=delivery.pk).update(try_at=clock.now() + timedelta(hours=1))
        with clock.playing(clock.now() + timedelta(hours=2)):
            assert len(firing.claim_due()) == 1
        desk.later(delivery, timedelta(hours=3), "claimed_until")
        assert firing.sweep(SYSTEM) == 1
        assert [claim.delivery_id for claim in firing.claim_due()] == [delivery.pk]

    def test_after_a_leap_a_video_settles_as_long_as_videos_do(self, desk: Desk, monkeypatch: pytest.MonkeyPatch):
        account = desk.account()
        text, film = desk.schedule(account), desk.schedule(account, item=desk.item(text="Film."))
        monkeypatch.setattr(leaps, "with_video", lambda: Q(pk=film.pk))
        for claim in firing.claim_due():
            attempt = firing.begin(SYSTEM, claim, content.post_of(text))
            firing.finish(SYSTEM, claim, attempt, Ambiguous("?"))
        Account.objects.filter(pk=account.pk).update(platform=MANIFEST.kind)
        leaps.renew(SYSTEM, timedelta(hours=1))
        for delivery, settles in ((text, MANIFEST.settling), (film, MANIFEST.video_settling)):
            delivery.refresh_from_db()
            assert abs(delivery.settled_at - clock.now() - settles) < timedelta(seconds=5)

    def test_who_lost_the_claim_cannot_begin(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (first,) = firing.claim_due()
        desk.later(delivery, timedelta(hours=1), "claimed_until")
        firing.sweep(SYSTEM)
        (second,) = firing.claim_due()
        assert worker.deliver(first) is None
        assert worker.deliver(second) == State.PUBLISHED
        assert len(platform.posted) == 1


class TestAskedAgainAtFiringTime:
    """What was right when it was scheduled is asked again when it fires."""

    def test_lateness(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account(), late_minutes=30)
        desk.later(delivery, timedelta(hours=1), "due_at", "try_at", "late_until")
        desk.run()
        assert desk.state(delivery) == State.MISSED
        assert platform.posted == []

    def test_the_right_of_whoever_scheduled_it(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        Grant.objects.filter(user=desk.cast.user("hendra")).delete()
        desk.run()
        assert desk.state(delivery) == State.HELD

    def test_the_approval(self, desk: Desk, platform: Platform):
        item = desk.item()
        delivery = desk.schedule(desk.account(), item=item)
        type(item).objects.filter(pk=item.pk).update(state="draft", version=2, approved_by=None, approved_at=None)
        desk.run()
        assert desk.state(delivery) == State.HELD

    def test_the_connection(self, desk: Desk, platform: Platform):
        account = desk.account()
        delivery = desk.schedule(account)
        registry.disconnect(SYSTEM, account.pk)
        desk.run()
        assert desk.state(delivery) == State.HELD

    def test_the_rate_budget_of_the_account(self, desk: Desk, platform: Platform, monkeypatch: pytest.MonkeyPatch):
        account = desk.account()
        budget = timedelta(minutes=5)
        made = [desk.schedule(account, item=desk.item()) for _n in range(3)]
        rate = type(firing.channels.get(account.platform).manifest.rate)(2, budget)
        manifest = firing.channels.get(account.platform).manifest
        object.__setattr__(manifest, "rate", rate)
        try:
            desk.run()
        finally:
            object.__setattr__(manifest, "rate", type(rate)(300, budget))
        states = [desk.state(delivery) for delivery in made]
        assert sorted(states) == [State.PUBLISHED, State.PUBLISHED, State.READY]
        waiting = made[states.index(State.READY)]
        assert waiting.try_at > clock.now() + timedelta(minutes=4)


def test_what_a_platform_puts_off_beyond_its_time_is_held_at_once(desk: Desk, platform: Platform):
    soon, late = (httpx.Response(429, headers={"Retry-After": str(seconds)}) for seconds in (600, 86_400))
    platform.answers = [soon, late]
    made = [desk.schedule(desk.account(handle=handle), item=desk.item()) for handle in ("satu", "dua")]
    desk.run()
    assert [desk.state(delivery) for delivery in made] == [State.READY, State.HELD]
    assert made[1].reason


def test_a_refused_token_never_loses_stored_secrets(desk: Desk):
    account = desk.account(access="a", refresh="r", app_password="p")
    registry.renew_secrets(SYSTEM, account.pk, secrets={"access": "", "refresh": None})
    assert Connection.objects.get(account=account).secrets == {"access": "a", "refresh": "r", "app_password": "p"}


def test_one_version_goes_to_one_account_once_by_the_database(desk: Desk):
    account, item = desk.account(), desk.item()
    delivery = desk.schedule(account, item=item)
    copy = Delivery.objects.get(pk=delivery.pk)
    copy.pk, copy.key = None, "another"
    with pytest.raises(IntegrityError, match="delivery_once"), transaction.atomic():
        copy.save(force_insert=True)
