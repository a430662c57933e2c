"""Accounts that cannot publish, or not for much longer: noticed, told to who keeps them, connected anew by them."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from kentongan.channels.contract import Credentials, Health
from kentongan.core import clock
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import AuditEntry, Message, User
from kentongan.publishing import connections, queries, tasks, telling
from kentongan.registry import actions as registry
from kentongan.registry.actions.custody import Correction
from kentongan.registry.models import Account, Connection, Membership, Person
from named_cast import SYSTEM
from publishing.desk import Desk, Platform

DAY = timedelta(days=1)


def morning(days: int = 1) -> datetime:
    """Return nine o'clock in Jakarta, in so many days."""
    return (clock.now() + timedelta(days=days)).replace(hour=2, minute=0)


@pytest.fixture(autouse=True)
def english(db: None) -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def account(desk: Desk) -> Account:
    """An account of a village with Maman as its custodian, who signs in here and has no role that administers."""
    User.objects.update(language="en")
    account, maman = desk.account(unit=desk.cast.sukamahi), Person.objects.get(user=desk.cast.user("maman"))
    registry.correct_account(desk.cast.actor("arif"), account.pk, Correction(custodian_id=maman.pk))
    account.refresh_from_db()
    return account


def _unwell(account: Account, problem: str = "The sign-in is over.") -> None:
    registry.record_health(SYSTEM, account.pk, healthy=False, problem=problem)


class TestWhoIsTold:
    """One letter for each, once for each trouble."""

    def test_the_custodian_who_signs_in_here(self, account: Account):
        _unwell(account)
        assert telling.tell(SYSTEM) == 1
        letter = Message.objects.get()
        assert (letter.address, letter.subject) == ("maman@example.id", "1 account needs to be connected anew")
        assert "The sign-in is over." in letter.body
        assert letter.link.endswith(reverse("publishing:connect", args=[account.pk]))
        assert telling.tell(SYSTEM) == 0

    def test_administrators_where_no_custodian_does(self, desk: Desk, account: Account):
        Account.objects.update(custodian=None)
        other = desk.account(unit=desk.cast.tambun_selatan)
        for one in (account, other):
            _unwell(one)
        assert telling.tell(SYSTEM) == 2
        letters = {letter.address: letter.body for letter in Message.objects.all()}
        assert set(letters) == {"arif@example.id", "joko@example.id"}
        assert "Tambun Selatan" in letters["joko@example.id"]
        assert "Tambun Selatan" not in letters["arif@example.id"]

    def test_a_week_before_the_sign_in_ends_and_no_sooner(self, account: Account):
        registry.record_health(SYSTEM, account.pk, healthy=True, ends_at=clock.now() + 8 * DAY)
        assert telling.tell(SYSTEM) == 0
        with clock.playing(clock.now() + 2 * DAY):
            assert telling.tell(SYSTEM) == 1
            assert telling.tell(SYSTEM) == 0
        assert "its sign-in ends on" in Message.objects.get().body

    def test_new_trouble_is_told_anew_and_old_trouble_after_three_days(self, account: Account):
        _unwell(account)
        telling.tell(SYSTEM)
        with clock.playing(clock.now() + 2 * DAY):
            assert telling.tell(SYSTEM) == 0
            registry.record_health(SYSTEM, account.pk, healthy=True)
            _unwell(account, "The page was taken away.")
            assert telling.tell(SYSTEM) == 1
        with clock.playing(clock.now() + 6 * DAY):
            assert telling.tell(SYSTEM) == 1
        assert Message.objects.count() == 3

    def test_what_comes_and_goes_within_a_day_is_told_once(self, account: Account):
        for _number in range(3):
            _unwell(account)
            telling.tell(SYSTEM)
            registry.record_health(SYSTEM, account.pk, healthy=True)
        assert Message.objects.count() == 1

    def test_that_a_server_does_not_answer_says_nothing_of_the_account(self, account: Account, platform: Platform):
        registry.record_health(SYSTEM, account.pk, healthy=True)
        platform.down = True
        health = connections.test(SYSTEM, account.pk)
        assert not health.ready
        assert Connection.objects.get(account=account).healthy
        assert telling.tell(SYSTEM) == 0

    def test_a_custodian_who_left_is_not_told_but_the_administrators_are(self, account: Account, desk: Desk):
        Membership.objects.filter(person__user=desk.cast.user("maman")).update(ends_on=clock.now().date() - DAY)
        _unwell(account)
        telling.tell(SYSTEM)
        assert Message.objects.get().address == "arif@example.id"

    def test_once_in_the_morning_and_not_at_night(self, desk: Desk, account: Account):
        _unwell(account)
        with clock.playing(morning().replace(hour=20)):  # three in the morning in Jakarta
            assert tasks.tell_of_connections() == 0
        with clock.playing(morning()):
            assert tasks.tell_of_connections() == 1
        Connection.objects.filter(account=account).update(told_at=morning())
        other = desk.account(handle="lain")
        with clock.playing(morning() + timedelta(hours=2)):
            _unwell(other)
            assert tasks.tell_of_connections() == 0  # one letter a day
        with clock.playing(morning(2)):
            assert tasks.tell_of_connections() == 1

    def test_many_accounts_are_one_letter_and_as_many_queries(self, desk: Desk, account: Account):
        _unwell(account)
        with CaptureQueriesContext(connection) as few:
            telling.tell(SYSTEM)
        Message.objects.all().delete()
        Connection.objects.update(told_at=None)
        for number in range(20):
            more = desk.account(handle=f"lain{number}", unit=desk.cast.sukamahi)
            Account.objects.filter(pk=more.pk).update(custodian=account.custodian_id)
            _unwell(more)
        with CaptureQueriesContext(connection) as many:
            assert telling.tell(SYSTEM) == 21
        assert Message.objects.count() == 1
        assert "and 9 more" in Message.objects.get().body
        assert len(many) == len(few)

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_tell_it_once(self, account: Account):
        _unwell(account)
        gate = threading.Barrier(2)

        def work() -> None:
            gate.wait()
            telling.tell(SYSTEM)
            connection.close()

        threads = [threading.Thread(target=work) for _number in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert Message.objects.count() == 1


class TestWhoConnectsAnew:
    """The custodian by the link in the letter, where the account was connected before."""

    def test_a_custodian_enters_what_connects_it(
        self, account: Account, desk: Desk, sign_in, monkeypatch: pytest.MonkeyPatch
    ):
        stored = Credentials(account.handle, "https://contoh.social", {"access_token": "baru"})
        ends = clock.now() + 60 * DAY
        health = Health(True, url="https://contoh.social/@kabar", ends_at=ends)
        connector = connections.connector_of(account)
        monkeypatch.setattr(type(connector), "connect", lambda *_given: stored)
        monkeypatch.setattr(type(connector), "health", lambda *_given: health)
        _unwell(account)
        telling.tell(SYSTEM)
        client = sign_in(desk.cast.user("maman"))
        address = reverse("publishing:connect", args=[account.pk])
        assert client.get(address).status_code == 200
        answer = client.post(address, {"service": "https://contoh.social", "access_token": "baru"})
        assert (answer.status_code, answer.url) == (302, "/")
        kept = Connection.objects.get(account=account)
        assert (kept.healthy, kept.ends_at, kept.told_at) == (True, ends, None)
        assert kept.secrets == {"access_token": "baru"}
        entry = AuditEntry.objects.filter(verb="registry.account.connect").latest("pk")
        assert entry.user_id == desk.cast.user("maman").pk

    @pytest.mark.parametrize("who", ["dewi", "sari", "tono", "euis", "joko"])
    def test_nobody_else_without_the_right(self, account: Account, desk: Desk, sign_in, who: str):
        answer = sign_in(desk.cast.user(who)).get(reverse("publishing:connect", args=[account.pk]))
        assert answer.status_code in (403, 404)
        with pytest.raises((NotAllowed, NotFound)):
            registry.connect(desk.cast.actor(who), account.pk, secrets={"access_token": "curi"})

    def test_a_custodian_who_left_no_more(self, account: Account, desk: Desk):
        Membership.objects.filter(person__user=desk.cast.user("maman")).update(ends_on=clock.now().date() - DAY)
        with pytest.raises((NotAllowed, NotFound)):
            registry.connect(desk.cast.actor("maman"), account.pk, secrets={"access_token": "lama"})

    def test_a_custodian_does_not_connect_what_never_was(self, account: Account, desk: Desk):
        registry.disconnect(desk.cast.actor("arif"), account.pk)
        with pytest.raises((NotAllowed, NotFound)):
            registry.connect(desk.cast.actor("maman"), account.pk, secrets={"access_token": "x"})

    def test_a_custodian_does_not_put_another_account_in_its_place(
        self, account: Account, desk: Desk, monkeypatch: pytest.MonkeyPatch
    ):
        connector = type(connections.connector_of(account))
        monkeypatch.setattr(connector, "health", lambda *_given: Health(True))
        entered = {"service": "https://contoh.social", "access_token": "baru"}
        for handle, service in (("maman@contoh.social", "https://contoh.social"), (account.handle, "https://lain.id")):
            own = Credentials(handle, service, {"access_token": "curi"})
            monkeypatch.setattr(connector, "connect", lambda *_given, own=own: own)
            with pytest.raises(Conflict):
                connections.connect(desk.cast.actor("maman"), account.pk, entered)
        account.refresh_from_db()
        assert account.connection.secrets["access_token"] == "rahasia"

    def test_a_refused_entry_leaves_what_is_stored(self, account: Account, desk: Desk, platform: Platform):
        with pytest.raises(Invalid):
            connections.connect(desk.cast.actor("maman"), account.pk, {"service": "https://contoh.social"})
        assert Connection.objects.get(account=account).secrets["access_token"] == "rahasia"


class TestWhenHealthIsAsked:
    """Daily, hourly while it is bad, and before something is due."""

    def _asked(self, account: Account, hours: int, *, healthy: bool = True) -> bool:
        Connection.objects.filter(account=account).update(
            checked_at=clock.now() - timedelta(hours=hours), healthy=healthy
        )
        return account in queries.accounts_to_check()

    def test_daily_and_hourly_while_it_is_bad(self, account: Account):
        assert [self._asked(account, hours) for hours in (2, 23, 25)] == [False, False, True]
        assert self._asked(account, 2, healthy=False)
        assert not self._asked(account, 0, healthy=False)

    def test_once_a_day_where_asking_is_paid_for(self, desk: Desk):
        paid = desk.account("x")
        desk.schedule(paid, item=desk.item(kinds=["x"]), due_at=clock.now() + timedelta(minutes=50))
        assert [self._asked(paid, hours, healthy=False) for hours in (2, 23, 25)] == [False, False, True]

    def test_before_firing(self, desk: Desk, account: Account):
        desk.schedule(account, due_at=clock.now() + timedelta(hours=3))
        assert not self._asked(account, 7)
        desk.schedule(account, item=desk.item(), due_at=clock.now() + timedelta(minutes=50))
        assert self._asked(account, 7)
        assert not self._asked(account, 5)


def test_the_list_says_that_a_sign_in_ends(desk: Desk, account: Account, sign_in, client: Client):
    registry.record_health(SYSTEM, account.pk, healthy=True, ends_at=clock.now() + 3 * DAY)
    page = sign_in(desk.cast.user("wulan")).get(reverse("publishing:accounts")).content.decode()
    assert "Sign-in ends" in page
