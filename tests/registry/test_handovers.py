"""Handovers and alarms: a term that ends is seen in time, told once, and the account passes on."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from kentongan.core import clock, ticks
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import Message, User
from kentongan.registry import actions, queries
from kentongan.registry.actions.custody import Correction, GivenLetter
from kentongan.registry.actions.handovers import Checklist
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, CustodyAlarm, Handover, Membership, Person
from named_cast import SYSTEM, Cast

SignIn = Callable[[User], Client]
ALL = {"password_changed": True, "recovery_changed": True, "second_factor_moved": True}


def person(cast: Cast, name: str, ends_on: date | None = None) -> Person:
    """Put somebody on the list of Tambun Selatan."""
    made = actions.add_person(cast.actor("joko"), NewPerson(name, cast.tambun_selatan.pk, "Staf", "SK 1/2026"))
    Membership.objects.filter(person=made).update(ends_on=ends_on)
    return made


def today(days: int = 0) -> date:
    """Return today, or some days from it."""
    return clock.now().date() + timedelta(days=days)


@pytest.fixture
def account(cast: Cast) -> Account:
    """An account with two custodians who serve."""
    made = actions.declare_account(cast.actor("joko"), cast.tambun_selatan.pk, handle="kectambun", platform="x")
    wanted = Correction(custodian_id=person(cast, "Rini").pk, deputy_id=person(cast, "Budi").pk)
    return actions.correct_account(cast.actor("joko"), made.pk, wanted)


def live(account: Account) -> set[str]:
    """Return the kinds of alarm that hold."""
    return set(account.alarms.filter(cleared_at=None).values_list("kind", flat=True))


def tick() -> None:
    """Come round until nothing is left to do."""
    for _round in range(5):
        if not ticks.run_once("registry.custody"):
            return
    pytest.fail("The tick never comes to rest.")


def test_two_who_serve_raise_no_alarm(account: Account) -> None:
    tick()
    assert live(account) == set()
    assert not Message.objects.exists()


def test_a_term_that_ends_soon_opens_a_handover_and_is_told_once(cast: Cast, account: Account) -> None:
    Membership.objects.filter(person=account.custodian).update(ends_on=today(20))
    tick()
    tick()
    assert live(account) == {"term"}
    handover = Handover.objects.get()
    assert (handover.giver, handover.receiver, handover.reason, handover.due_on) == (
        account.custodian,
        None,
        "term",
        today(20),
    )
    message = Message.objects.get()
    assert message.address == "joko@example.id"
    assert reverse("registry:custody", args=[cast.tambun_selatan.pk]) in message.link


def test_nobody_left_is_another_alarm_than_one_left(account: Account) -> None:
    Membership.objects.filter(person=account.custodian).update(ends_on=today(-1))
    tick()
    assert live(account) == {"one"}
    Person.objects.filter(pk=account.deputy_custodian_id).update(state=Person.State.WITHDRAWN)
    tick()
    assert live(account) == {"none"}
    assert Message.objects.count() == 2


def test_many_alarms_are_one_mail_to_the_nearest_administrators(cast: Cast) -> None:
    for name in ("satu", "dua", "tiga"):
        actions.declare_account(cast.actor("arif"), cast.sukamahi.pk, handle=f"desa{name}", platform="x")
    tick()
    message = Message.objects.get()
    assert message.address == "arif@example.id", "the village and its district have no administrator of their own"
    assert message.subject.startswith("3 ")


def test_an_alarm_that_comes_again_is_told_again(account: Account) -> None:
    keeper = Membership.objects.get(person=account.custodian)
    for ends_on in (today(-1), None, today(-1)):
        Membership.objects.filter(pk=keeper.pk).update(ends_on=ends_on)
        tick()
    assert account.alarms.filter(kind="one").count() == 2
    assert Message.objects.count() == 2


def test_a_prolonged_term_lets_the_handover_fall(account: Account) -> None:
    Membership.objects.filter(person=account.custodian).update(ends_on=today(5))
    tick()
    with pytest.raises(Conflict):
        actions.cancel_handover(SYSTEM, Handover.objects.get().pk)
    Membership.objects.filter(person=account.custodian).update(ends_on=today(400))
    tick()
    assert Handover.objects.get().cancelled_at is not None
    assert live(account) == set()


def test_an_account_out_of_use_alarms_nobody(cast: Cast, account: Account) -> None:
    Membership.objects.filter(person=account.custodian).update(ends_on=today(-1))
    tick()
    actions.move_account(cast.actor("joko"), account.pk, "retire", reason="Tidak dipakai")
    tick()
    assert live(account) == set()
    assert Handover.objects.get().cancelled_at is not None


def test_the_seat_passes_on_when_all_is_checked_off(cast: Cast, account: Account) -> None:
    joko = cast.actor("joko")
    siti = person(cast, "Siti")
    handover = actions.begin_handover(joko, account.pk, account.custodian_id, siti.pk, due_on=today(7))
    actions.check_handover(joko, handover.pk, Checklist(password_changed=True))
    account.refresh_from_db()
    assert account.custodian != siti
    rest = Checklist(recovery_changed=True, second_factor_moved=True, letter=GivenLetter("7/SK", date(2026, 11, 1)))
    done = actions.check_handover(joko, handover.pk, rest)
    account.refresh_from_db()
    assert account.custodian == siti
    assert account.letter.number == "7/SK"  # type: ignore[union-attr]
    assert (done.done_by_id, done.is_open) == (cast.user("joko").pk, False)
    with pytest.raises(Conflict):
        actions.check_handover(joko, handover.pk, Checklist(**ALL))
    with pytest.raises(Conflict):
        actions.cancel_handover(joko, handover.pk)


def test_completing_a_due_handover_clears_the_alarm_at_once(cast: Cast, account: Account) -> None:
    Membership.objects.filter(person=account.custodian).update(ends_on=today(-3))
    tick()
    handover = Handover.objects.get()
    joko = cast.actor("joko")
    with pytest.raises(Invalid) as caught:
        actions.check_handover(joko, handover.pk, Checklist(**ALL))
    assert "receiver" in caught.value.fields
    handover.refresh_from_db()
    assert not handover.password_changed, "what was refused is not half noted"
    actions.check_handover(joko, handover.pk, Checklist(**ALL, receiver_id=person(cast, "Siti").pk))
    assert live(account) == set()


def test_the_receiver_accepts_without_being_an_administrator(cast: Cast, account: Account, sign_in: SignIn) -> None:
    euis = Person.objects.get(user=cast.user("euis"))
    handover = actions.begin_handover(
        cast.actor("joko"), account.pk, account.deputy_custodian_id, euis.pk, due_on=today(3)
    )
    client = sign_in(cast.user("euis"))
    address = reverse("registry:handover", args=[handover.pk])
    shown = client.get(address).content.decode()
    assert "password_changed" in shown
    assert 'name="receiver"' not in shown
    assert client.post(address, {**ALL, "receiver": account.custodian_id}).status_code == 302
    account.refresh_from_db()
    assert account.deputy_custodian == euis
    for who in ("dewi", "maman", "tono"):
        with pytest.raises(NotFound):
            actions.check_handover(cast.actor(who), handover.pk, Checklist(**ALL))


def test_the_receiver_may_neither_name_another_nor_call_it_off(cast: Cast, account: Account) -> None:
    euis = Person.objects.get(user=cast.user("euis"))
    siti = person(cast, "Siti")
    handover = actions.begin_handover(cast.actor("joko"), account.pk, account.custodian_id, euis.pk, due_on=today(3))
    as_euis = Actor.of_user(cast.user("euis"))
    with pytest.raises(NotAllowed):
        actions.check_handover(as_euis, handover.pk, Checklist(receiver_id=siti.pk))
    with pytest.raises(NotAllowed):
        actions.cancel_handover(as_euis, handover.pk)
    with pytest.raises(NotAllowed):
        actions.begin_handover(as_euis, account.pk, account.custodian_id, siti.pk, due_on=today(3))


def test_what_cannot_be_handed_over_is_refused(cast: Cast, account: Account) -> None:
    joko = cast.actor("joko")
    siti = person(cast, "Siti")
    former = person(cast, "Mantan", today(-1))
    begin = actions.begin_handover
    for giver, receiver, due_on, field in (
        (siti.pk, siti.pk, today(3), "giver"),
        (account.custodian_id, account.deputy_custodian_id, today(3), "receiver"),
        (account.custodian_id, former.pk, today(3), "receiver"),
        (account.custodian_id, siti.pk, today(-1), "due_on"),
    ):
        with pytest.raises(Invalid) as caught:
            begin(joko, account.pk, giver, receiver, due_on=due_on)
        assert field in caught.value.fields
    begin(joko, account.pk, account.custodian_id, siti.pk, due_on=today(3))
    with pytest.raises(Conflict):
        begin(joko, account.pk, account.custodian_id, siti.pk, due_on=today(3))


def test_a_receiver_who_left_meanwhile_does_not_get_the_seat(cast: Cast, account: Account) -> None:
    siti = person(cast, "Siti")
    handover = actions.begin_handover(cast.actor("joko"), account.pk, account.custodian_id, siti.pk, due_on=today(3))
    Membership.objects.filter(person=siti).update(ends_on=today(-1))
    with pytest.raises(Invalid):
        actions.check_handover(cast.actor("joko"), handover.pk, Checklist(**ALL))


def test_the_database_wants_all_checked_before_done(cast: Cast, account: Account) -> None:
    siti = person(cast, "Siti")
    handover = actions.begin_handover(cast.actor("joko"), account.pk, account.custodian_id, siti.pk, due_on=today(3))
    with pytest.raises(IntegrityError, match="registry_handover_all_checked"), transaction.atomic():
        Handover.objects.filter(pk=handover.pk).update(done_at=clock.now())


def test_the_list_of_custodians_takes_the_same_queries_for_1_and_for_20(
    cast: Cast, account: Account, sign_in: SignIn, django_assert_max_num_queries
) -> None:
    Membership.objects.filter(person=account.custodian).update(ends_on=today(-1))
    tick()
    client = sign_in(cast.user("joko"))
    address = reverse("registry:custody", args=[cast.tambun_selatan.pk])
    assert "kectambun" in client.get(address).content.decode()
    with django_assert_max_num_queries(40) as few:
        client.get(address)
    for number in range(20):
        actions.declare_account(cast.actor("joko"), cast.tambun_selatan.pk, handle=f"tambun{number}", platform="x")
    tick()
    with django_assert_max_num_queries(len(few)):
        assert "tambun19" in client.get(address).content.decode()
    assert queries.in_alarm(cast.actor("joko"), cast.tambun_selatan, "none").count() == 20
    assert client.get(address, {"format": "csv"}).status_code == 200
    assert sign_in(cast.user("euis")).get(address).status_code == 403


def test_the_screen_begins_and_completes_a_handover(cast: Cast, account: Account, sign_in: SignIn) -> None:
    client = sign_in(cast.user("joko"))
    siti = person(cast, "Siti")
    address = reverse("registry:handover_begin", args=[account.pk])
    posted = {"giver": account.custodian_id, "receiver": siti.pk, "due_on": today(3).isoformat()}
    assert client.post(address, {**posted, "receiver": 999_999}).status_code == 422
    where = client.post(address, posted).headers["Location"]
    assert client.post(where, {"password_changed": "on"}).status_code == 302
    assert "Siti" in client.get(where).content.decode()
    assert client.post(where, {"recovery_changed": "on", "second_factor_moved": "on"}).status_code == 302
    account.refresh_from_db()
    assert account.custodian == siti
    assert CustodyAlarm.objects.filter(account=account, cleared_at=None).count() == 0
