"""What is on its platform and seen by nobody is not published: held, looked at again, taken back."""

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import translation

from kentongan.channels.contract import CalledOff, Found, Health, RetryLater, Unsure
from kentongan.core import audit, clock
from kentongan.core.errors import Conflict, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, Message, User
from kentongan.publishing import actions, connections, content, hiding, queries, signing_in, telling, worker
from kentongan.publishing.actions import answers, firing, reconciling, viewing
from kentongan.publishing.models import Delivery, PlatformApp, RecallTask
from kentongan.publishing.panels import HeldDeliveries
from kentongan.publishing.states import Outcome, State
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.videos import connected, look, scheduled
from servers import youtube
from servers.proxy import Fault, Proxy, between
from servers.youtube import YouTubeServer


@pytest.fixture(autouse=True)
def english(desk: Desk) -> Iterator[None]:
    User.objects.update(language="en")
    with translation.override("en"):
        yield


@pytest.fixture
def google() -> Iterator[YouTubeServer]:
    with youtube.serve() as server:
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(google: YouTubeServer) -> Iterator[Proxy]:
    with between(google.url) as proxy:
        google.seen_at = proxy.url
        yield proxy


@pytest.fixture
def channel(desk: Desk, google: YouTubeServer, proxy: Proxy) -> Account:
    """The regency's YouTube channel."""
    return connected(desk, "youtube", google, proxy.url)


@pytest.fixture
def hidden(desk: Desk, channel: Account, google: YouTubeServer) -> Delivery:
    """A video that came out private, since the project was not audited."""
    google.audited = False
    delivery = scheduled(desk, channel)
    assert desk.run() == [State.HELD]
    delivery.refresh_from_db()
    return delivery


def view(delivery: Delivery) -> State | None:
    Delivery.objects.filter(pk=delivery.pk).update(look_at=clock.now())
    [due] = viewing.claim_views()
    return worker.view(due)


class TestNotPublished:
    """Nothing that nobody sees counts as out, and the address is kept."""

    def test_it_is_held_with_its_address_and_the_ledger_adds_up(self, desk: Desk, hidden: Delivery, google):
        assert hidden.is_hidden
        assert hidden.url == f"https://www.youtube.com/watch?v={google.videos[0].number}"
        assert hidden.published_at is None
        assert "audit" in hidden.reason
        assert hidden.attempts.get().outcome == Outcome.HIDDEN
        line = queries.ledger(desk.cast.actor("hendra"))
        assert (line.planned, line.published, line.held) == (1, 0, 1)
        assert audit.trail(hidden).first().verb == "publishing.delivery.finish"

    def test_what_comes_next_is_held_before_it_is_uploaded(
        self, desk: Desk, hidden: Delivery, google, channel: Account
    ):
        second = scheduled(desk, channel)
        assert desk.run() == [None]
        assert desk.state(second) == State.HELD
        assert not second.is_hidden
        assert not second.attempts.exists()
        assert second.awaits_sign_in
        assert "has not audited" in second.reason
        assert len(google.videos) == 1

    def test_one_that_is_being_uploaded_meanwhile_is_called_off(self, desk: Desk, hidden: Delivery, channel: Account):
        second = scheduled(desk, channel)
        PlatformApp.objects.update(hidden_since=None)
        [claim] = firing.claim_due()
        firing.begin(SYSTEM, claim, content.post_of(firing.check(SYSTEM, claim)))
        PlatformApp.objects.update(hidden_since=clock.now())
        with pytest.raises(CalledOff, match="has not audited"):
            firing.confirm(claim)
        assert desk.state(second) == State.SENDING

    def test_the_account_is_not_well_and_who_keeps_it_is_told(self, desk: Desk, hidden: Delivery, channel: Account):
        stored = Connection.objects.get()
        assert stored.healthy is False
        assert "has not audited" in stored.problem
        health = connections.test(desk.cast.actor("arif"), channel.pk)
        assert (health.ready, health.problem) == (False, stored.problem)
        assert telling.tell(SYSTEM) == 1
        assert "has not audited" in Message.objects.get().body

    def test_signing_in_anew_does_not_make_it_well(self, desk: Desk, hidden: Delivery, channel: Account):
        second = scheduled(desk, channel)
        desk.run()
        account = connections.keep(SYSTEM, channel, connections.credentials_of(channel), Health(True, url=channel.url))
        assert account.connection.healthy is False
        desk.run()
        assert desk.state(second) == State.HELD

    def test_a_hidden_video_is_never_sent_a_second_time(self, desk: Desk, hidden: Delivery):
        hendra = desk.cast.actor("hendra")
        for act in (
            lambda: actions.send_again(hendra, hidden.pk),
            lambda: actions.release(
                desk.cast.actor("arif"), hidden.pk, reason="Sudah diperiksa kepala dinas, biar saja"
            ),
            lambda: actions.reschedule(hendra, hidden.pk, clock.now() + timedelta(hours=1)),
        ):
            with pytest.raises(Conflict):
                act()
        assert desk.state(hidden) == State.HELD
        for wrong in ({"state": State.READY}, {"look_at": None}):
            with pytest.raises(IntegrityError), transaction.atomic():
                Delivery.objects.filter(pk=hidden.pk).update(**wrong)

    def test_it_is_not_among_what_a_quiet_period_holds(self, desk: Desk, hidden: Delivery):
        assert HeldDeliveries().count(desk.cast.actor("arif")) == 0


class TestLateAnswers:
    """However the word of it arrives, it is held once, with its address."""

    def test_a_lost_answer_is_found_hidden(self, desk: Desk, channel: Account, google: YouTubeServer, proxy: Proxy):
        google.audited = False
        delivery = scheduled(desk, channel)
        proxy.faults.append(Fault("PUT /upload/", accept=True, times=5))
        assert desk.run() == [State.UNKNOWN]
        proxy.faults.clear()
        assert look(delivery) == State.HELD
        delivery.refresh_from_db()
        assert delivery.is_hidden
        assert delivery.attempts.last().outcome == Outcome.HIDDEN
        assert hiding.hides("youtube")
        assert Connection.objects.get().healthy is False

    @pytest.mark.parametrize("meanwhile", [State.READY, State.HELD, State.MISSED, State.REJECTED])
    def test_one_that_was_given_up(self, desk: Desk, channel: Account, google: YouTubeServer, meanwhile: State):
        google.audited = False
        delivery = scheduled(desk, channel)
        [claim] = firing.claim_due()
        post = content.post_of(firing.check(SYSTEM, claim))
        attempt = firing.begin(SYSTEM, claim, post)
        Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
        firing.sweep(SYSTEM)
        steps = (State.REJECTED,) if meanwhile == State.REJECTED else (State.READY, meanwhile)
        for step in dict.fromkeys(steps):
            Delivery.objects.filter(pk=delivery.pk).update(state=step, reason="x", look_at=None, settled_at=None)
        with connections.client() as calls:
            made = connections.publisher_of(channel).publish(post, connections.credentials_of(channel), calls)
        firing.finish(SYSTEM, claim, attempt, made)
        delivery.refresh_from_db()
        assert delivery.is_hidden
        assert desk.run() == []
        assert len(google.videos) == 1

    def test_two_alike_are_not_taken_for_each_other(self, desk: Desk, hidden: Delivery, channel: Account, proxy: Proxy):
        PlatformApp.objects.update(hidden_since=None)
        second = scheduled(desk, channel)
        proxy.faults.append(Fault("PUT /upload/", accept=True, times=5))
        assert desk.run() == [State.UNKNOWN]
        proxy.faults.clear()
        assert look(second) == State.HELD
        second.refresh_from_db()
        assert second.remote_id != hidden.remote_id


class TestLookingAgain:
    """Until everybody sees it, or it is gone."""

    def test_while_it_is_hidden_it_is_looked_at_ever_more_rarely(self, desk: Desk, hidden: Delivery):
        waits = []
        for _n in range(4):
            assert view(hidden) == State.HELD
            hidden.refresh_from_db()
            waits.append(round((hidden.look_at - clock.now()) / timedelta(hours=1)))
        assert waits == [1, 6, 24, 24]
        assert viewing.claim_views() == []

    def test_once_everybody_sees_it_it_is_published_and_the_rest_goes_on(
        self, desk: Desk, hidden: Delivery, google: YouTubeServer, channel: Account
    ):
        second = scheduled(desk, channel)
        desk.run()
        google.audited = True
        google.lock("public")
        assert view(hidden) == State.PUBLISHED
        hidden.refresh_from_db()
        assert (hidden.reason, hidden.published_at is not None) == ("", True)
        assert not hiding.hides("youtube")
        assert desk.state(second) == State.READY
        assert desk.run() == [State.PUBLISHED]
        assert connections.test(desk.cast.actor("arif"), channel.pk).ready

    def test_one_that_youtube_locks_only_later_is_not_out_any_more(self, desk: Desk, channel: Account, google):
        delivery = scheduled(desk, channel)
        assert desk.run() == [State.PUBLISHED]
        delivery.refresh_from_db()
        assert timedelta(minutes=9) < delivery.look_at - clock.now() <= timedelta(minutes=10)
        google.lock()
        assert view(delivery) == State.HELD
        delivery.refresh_from_db()
        assert delivery.is_hidden
        assert delivery.published_at is None
        assert hiding.hides("youtube")
        assert "has not audited" in Connection.objects.get().problem

    def test_one_that_a_person_hides_after_all_saw_it_holds_nothing_else(self, desk: Desk, channel: Account, google):
        delivery = scheduled(desk, channel)
        desk.run()
        assert view(delivery) == State.PUBLISHED
        google.lock()
        assert view(delivery) == State.HELD
        assert not hiding.hides("youtube")
        assert Connection.objects.get().healthy is not False

    def test_two_outages_do_not_count_as_everybody_having_seen_it(
        self, desk: Desk, channel: Account, google: YouTubeServer, proxy: Proxy
    ):
        delivery = scheduled(desk, channel)
        desk.run()
        proxy.faults.append(Fault("GET /youtube/v3/videos", accept=False, times=2))
        assert [view(delivery), view(delivery)] == [State.PUBLISHED, State.PUBLISHED]
        proxy.faults.clear()
        google.lock()
        assert view(delivery) == State.HELD
        assert hiding.hides("youtube")
        assert Connection.objects.get().healthy is False

    def test_while_nothing_can_be_learnt_it_is_looked_at_ever_more_rarely(self, desk: Desk, channel: Account, proxy):
        delivery = scheduled(desk, channel)
        desk.run()
        for hours, wait in ((0, timedelta(minutes=10)), (5, timedelta(hours=5)), (90, timedelta(hours=24))):
            Delivery.objects.update(published_at=clock.now() - timedelta(hours=hours), look_at=clock.now())
            viewing.viewed(SYSTEM, delivery.pk, Unsure("Tidak menjawab"), clock.now())
            delivery.refresh_from_db()
            assert abs(delivery.look_at - clock.now() - wait) < timedelta(minutes=1)

    def test_what_was_public_before_the_rest_was_hidden_lets_nothing_go(
        self, desk: Desk, channel: Account, google: YouTubeServer
    ):
        old = scheduled(desk, channel)
        desk.run()
        google.audited = False
        scheduled(desk, channel)
        assert desk.run() == [State.HELD]
        waiting = scheduled(desk, channel)
        desk.run()
        assert view(old) == State.PUBLISHED
        assert hiding.hides("youtube")
        assert desk.state(waiting) == State.HELD

    def test_one_that_youtube_refuses_holds_nothing_else(self, desk: Desk, channel: Account, google: YouTubeServer):
        delivery, second = scheduled(desk, channel), scheduled(desk, channel)
        [claim] = firing.claim_due(1)
        worker.deliver(claim)
        google.videos[0].status |= {"uploadStatus": "rejected", "rejectionReason": "duplicate"}
        assert view(delivery) == State.HELD
        delivery.refresh_from_db()
        assert "duplicate" in delivery.reason
        assert not hiding.hides("youtube")
        assert desk.run() == [State.PUBLISHED]
        assert desk.state(second) == State.PUBLISHED

    def test_a_late_answer_teaches_as_an_early_one(self, desk: Desk, hidden: Delivery):
        PlatformApp.objects.update(hidden_since=None)
        known = answers.evidence(hidden)
        assert known.unaudited

    def test_what_stays_public_is_looked_at_twice(self, desk: Desk, channel: Account):
        delivery = scheduled(desk, channel)
        desk.run()
        assert [view(delivery), view(delivery)] == [State.PUBLISHED, State.PUBLISHED]
        delivery.refresh_from_db()
        assert delivery.look_at is None
        assert viewing.claim_views() == []

    def test_one_that_was_deleted_there_can_be_sent_again(self, desk: Desk, hidden: Delivery, google: YouTubeServer):
        google.videos.clear()
        assert view(hidden) == State.HELD
        hidden.refresh_from_db()
        assert hidden.is_hidden  # it may not be listed yet
        assert _later(hidden, timedelta(hours=1)) == State.HELD
        hidden.refresh_from_db()
        assert (hidden.is_hidden, hidden.url) == (False, "")
        google.audited = True
        actions.audited(desk.cast.actor("arif"), "youtube")
        actions.send_again(desk.cast.actor("hendra"), hidden.pk)
        assert desk.run() == [State.PUBLISHED]

    def test_an_outage_changes_nothing(self, desk: Desk, hidden: Delivery, proxy: Proxy):
        proxy.faults.append(Fault("GET /youtube/v3/videos", accept=False))
        assert view(hidden) == State.HELD
        hidden.refresh_from_db()
        assert hidden.is_hidden
        assert hidden.attempts.last().outcome == Outcome.UNSURE

    def test_two_workers_look_once(self, hidden: Delivery):
        Delivery.objects.update(look_at=clock.now())
        assert [len(viewing.claim_views()), len(viewing.claim_views())] == [1, 0]


def _later(delivery: Delivery, wait: timedelta) -> State | None:
    """Look as one does after that time."""
    seen = worker._view(Delivery.objects.select_related("account__connection").get(pk=delivery.pk))
    return viewing.viewed(SYSTEM, delivery.pk, seen, clock.now() + wait)


class TestTakingBack:
    """It is deleted there, by the platform's means or by people."""

    def test_a_recall_deletes_it_there(self, desk: Desk, hidden: Delivery, google: YouTubeServer):
        actions.recall(desk.cast.actor("hendra"), hidden.pk, reason="Keliru")
        assert desk.state(hidden) == State.HELD
        with pytest.raises(Conflict):
            actions.recall(desk.cast.actor("hendra"), hidden.pk, reason="Keliru")
        assert viewing.claim_views() == []
        worker.take_back(reconciling.claim_recalls()[0])
        assert desk.state(hidden) == State.RECALLED
        assert google.videos == []

    def test_what_youtube_does_not_delete_is_asked_of_people(self, desk: Desk, hidden: Delivery):
        task = _asked(hidden)
        actions.done(desk.cast.actor("arif"), task.pk, actions.Proof(note="Sudah saya hapus di Studio."))
        assert desk.state(hidden) == State.RECALLED

    def test_what_a_custodian_deleted_before_saying_so_is_recalled(self, desk: Desk, hidden: Delivery, google):
        task = _asked(hidden)
        google.videos.clear()
        assert _later(hidden, timedelta(hours=1)) == State.RECALLED
        task.refresh_from_db()
        assert (task.state, task.answered_by, task.closed_itself) == ("done", None, True)
        assert audit.trail(task).first().verb == "publishing.delivery.view"
        with pytest.raises(Conflict):
            actions.done(desk.cast.actor("arif"), task.pk, actions.Proof(note="Sudah saya hapus di Studio."))

    def test_called_off_while_a_deletion_is_under_way_it_stays(self, desk: Desk, hidden: Delivery):
        task = _asked(hidden)
        Delivery.objects.filter(pk=hidden.pk).update(recall_at=clock.now())
        [due] = reconciling.claim_recalls()
        actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Ternyata benar")
        reconciling.recalled(SYSTEM, due.pk, clock.now(), RetryLater("Tidak menjawab"))
        hidden.refresh_from_db()
        assert hidden.recall_at is None
        assert RecallTask.objects.get().state == RecallTask.State.CALLED_OFF

    def test_why_it_is_taken_back_is_not_lost_where_it_is_found_hidden(self, desk: Desk, channel: Account, proxy):
        delivery, why = scheduled(desk, channel), "Angkanya keliru. " * 17
        proxy.faults.append(Fault("PUT /upload/", accept=True, times=5))
        assert desk.run() == [State.UNKNOWN]
        proxy.faults.clear()
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason=why)
        there = Found("abc", "https://www.youtube.com/watch?v=abc", hidden="Nobody sees it: make it public there.")
        assert reconciling.reconcile(SYSTEM, delivery.pk, there, clock.now()) == State.HELD
        assert _asked(delivery).reason == why.strip()

    def test_a_long_reason_of_the_platform_is_cut_where_people_are_asked(self, desk: Desk, hidden: Delivery):
        Delivery.objects.update(reason="x" * 500)
        assert _asked(hidden).reason == "x" * 300


def _asked(delivery: Delivery) -> RecallTask:
    """Let the deletion fail until people are asked."""
    Delivery.objects.filter(pk=delivery.pk).update(recall_at=clock.now())
    for _n in range(len(reconciling.PAUSES)):
        reconciling.recalled(SYSTEM, delivery.pk, clock.now(), RetryLater("Tidak menjawab"))
    return RecallTask.objects.get()


class TestAPersonsWord:
    """An administrator of the whole organisation says that the project was audited."""

    def test_what_was_held_goes_on(self, desk: Desk, hidden: Delivery, google: YouTubeServer, channel: Account):
        second = scheduled(desk, channel)
        desk.run()
        google.audited = True
        actions.audited(desk.cast.actor("arif"), "youtube")
        assert desk.run() == [State.PUBLISHED]
        assert desk.state(second) == State.PUBLISHED
        assert desk.state(hidden) == State.HELD
        assert AuditEntry.objects.filter(verb="publishing.app.audited").count() == 1
        with pytest.raises(Conflict):
            actions.audited(desk.cast.actor("arif"), "youtube")

    def test_where_it_was_not_one_more_is_hidden_and_the_rest_waits(self, desk: Desk, hidden, google, channel: Account):
        for _n in range(2):
            scheduled(desk, channel)
        desk.run()
        actions.audited(desk.cast.actor("arif"), "youtube")
        desk.run()
        assert len(google.videos) == 2
        assert Delivery.objects.filter(state=State.HELD, awaits_sign_in=True).count() == 1

    def test_nobody_else_says_so(self, desk: Desk, hidden: Delivery):
        for name in ("hendra", "dewi", "joko"):
            with pytest.raises((NotAllowed, NotFound)):
                actions.audited(desk.cast.actor(name), "youtube")

    def test_of_another_project_nobody_knows(self, desk: Desk, hidden: Delivery, proxy: Proxy):
        arif, same = desk.cast.actor("arif"), youtube.CLIENT_ID
        actions.set_app(arif, "youtube", client_id=same, client_secret=youtube.CLIENT_SECRET, service=proxy.url)
        assert hiding.hides("youtube")
        actions.set_app(arif, "youtube", client_id="lain.apps", client_secret="x", service=proxy.url)
        assert not hiding.hides("youtube")

    def test_other_platforms_are_not_asked_about(self, desk: Desk, django_assert_num_queries):
        with django_assert_num_queries(0):
            assert not hiding.hides("mastodon")


class TestOnTheScreen:
    """Where it is, why nobody sees it, and what to do."""

    def test_the_delivery(self, desk: Desk, hidden: Delivery, sign_in: Callable[..., Client]):
        client = sign_in(desk.cast.user("hendra"))
        page = client.get(reverse("publishing:delivery", args=[hidden.pk])).content.decode()
        assert hidden.url in page
        assert "nobody sees it" in page
        assert reverse("publishing:send_again", args=[hidden.pk]) not in page
        Delivery.objects.update(look_at=clock.now() + timedelta(hours=5))
        again = client.post(reverse("publishing:view_now", args=[hidden.pk]))
        assert again.status_code == 302
        assert len(viewing.claim_views()) == 1
        reader = sign_in(desk.cast.user("dewi"))
        assert reader.post(reverse("publishing:view_now", args=[hidden.pk])).status_code == 403

    def test_the_app(self, desk: Desk, hidden: Delivery, sign_in: Callable[..., Client]):
        client, address = sign_in(desk.cast.user("arif")), reverse("publishing:audited", args=["youtube"])
        assert address in client.get(reverse("publishing:app", args=["youtube"])).content.decode()
        assert "shown to nobody" in client.get(reverse("publishing:apps")).content.decode()
        assert client.post(address).status_code == 302
        assert address not in client.get(reverse("publishing:app", args=["youtube"])).content.decode()
        assert client.post(reverse("publishing:audited", args=["mastodon"])).status_code == 404
        assert sign_in(desk.cast.user("hendra")).post(address).status_code == 403


class TestSignInsThatEnd:
    """Google ends the sign-ins of projects in testing after seven days, and any that is taken away."""

    def test_of_a_project_in_testing_the_custodian_is_told_in_time(self, desk: Desk, channel: Account, google, proxy):
        assert Connection.objects.get().ends_at is None
        google.testing = True
        arif = desk.cast.actor("arif")
        back = google.allow(signing_in.begin(arif, channel.pk, "lain"))
        signing_in.finish(arif, "lain", state=back["state"], code=back["code"], error="")
        left = Connection.objects.get().ends_at - clock.now()
        assert timedelta(days=6, hours=23) < left <= timedelta(days=7)
        assert telling.tell(SYSTEM) == 1
        assert "its sign-in ends on" in Message.objects.get().body

    def test_one_that_was_taken_away_is_held_and_marked(self, desk: Desk, channel: Account, google: YouTubeServer):
        delivery = scheduled(desk, channel)
        google.revoke()
        assert desk.run() == [State.READY]
        assert desk.run() == [None]
        assert desk.state(delivery) == State.HELD
        assert delivery.awaits_sign_in
        stored = Connection.objects.get()
        assert stored.healthy is False
        assert "Sign in again" in stored.problem
