"""The circuit breaker: a server that does not answer is left alone, by all workers, until one delivery gets through."""

from datetime import timedelta

import httpx
import pytest
from django.db.models import F
from django.urls import reverse

from kentongan.channels.contract import Rejected
from kentongan.core import clock
from kentongan.publishing.actions import circuits, firing
from kentongan.publishing.models import Circuit, Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Connection
from named_cast import SYSTEM
from publishing.desk import Desk, Platform

SILENT = [httpx.ReadTimeout("x"), httpx.Response(500, text="oops"), httpx.ConnectError("x"), httpx.Response(502)]


@pytest.fixture
def full(desk: Desk) -> Desk:
    """A desk with twelve deliveries that are due."""
    desk.schedule(*(desk.account(handle=f"kabar{number}") for number in range(12)))
    return desk


def _silence(platform: Platform, times: int) -> None:
    platform.answers = [SILENT[number % len(SILENT)] for number in range(times)]


def _open(desk: Desk, platform: Platform) -> Circuit:
    _silence(platform, circuits.MOST_FAILURES)
    desk.run()
    return Circuit.objects.get()


def _let_time_pass(circuit: Circuit) -> None:
    Circuit.objects.filter(pk=circuit.pk).update(open_until=clock.now() - timedelta(seconds=1))
    for delivery in Delivery.objects.filter(state=State.READY):
        Delivery.objects.filter(pk=delivery.pk).update(try_at=delivery.due_at)


def test_after_a_few_failures_in_a_row_nothing_is_sent_there(full: Desk, platform: Platform) -> None:
    circuit = _open(full, platform)
    assert circuit.server == "mastodon contoh.social"
    assert circuit.open_until is not None
    assert len(platform.posted) == circuits.MOST_FAILURES
    full.run()
    assert len(platform.posted) == circuits.MOST_FAILURES
    waiting = Delivery.objects.filter(state=State.READY, attempts=None)
    assert waiting.count() == 12 - circuits.MOST_FAILURES
    assert min(one.try_at for one in waiting) >= circuit.open_until
    assert {one.tries for one in waiting} == {0}, "no try of theirs is used up"


def test_then_one_tries_for_all_and_an_answer_lets_the_others_go_on(full: Desk, platform: Platform) -> None:
    circuit = _open(full, platform)
    full.run()
    _let_time_pass(circuit)
    sent = []
    platform.during = lambda: sent.append(Delivery.objects.filter(state=State.SENDING).count())
    assert full.run().count(State.PUBLISHED) >= 1
    assert sent[0] == 1
    assert not Circuit.objects.filter(opened_at__isnull=False).exists()
    full.run()
    full.run()
    assert not Delivery.objects.exclude(state__in=[State.PUBLISHED, State.UNKNOWN]).exists()


def test_while_one_tries_the_others_wait_and_a_failure_rests_longer(full: Desk, platform: Platform) -> None:
    circuit = _open(full, platform)
    full.run()
    _let_time_pass(circuit)
    account = Delivery.objects.filter(state=State.READY).first().account
    assert circuits.rests_until(account) is None, "this one tries"
    until = circuits.rests_until(account)
    assert until is not None
    assert until > clock.now() + timedelta(minutes=1)
    _let_time_pass(circuit)
    _silence(platform, 1)
    before = clock.now()
    full.run()
    circuit.refresh_from_db()
    assert circuit.failures == circuits.MOST_FAILURES + 1
    assert circuit.open_until >= before + 2 * circuits.FIRST_REST


def test_what_was_on_its_way_when_it_opened_says_nothing_new(full: Desk, platform: Platform) -> None:
    circuit = _open(full, platform)
    account = Delivery.objects.first().account
    failure = Delivery.objects.get(pk=Delivery.objects.filter(state=State.UNKNOWN).first().pk).attempts.last()
    circuits.learn(account, circuits.Ambiguous("late"), failure.started_at)
    assert Circuit.objects.get().failures == circuit.failures


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(422, json={"error": "x"}), httpx.Response(429, headers={"Retry-After": "9"}), None],
    ids=["refused", "asked to wait", "taken"],
)
def test_an_answer_between_failures_begins_anew(full: Desk, platform: Platform, answer: httpx.Response | None) -> None:
    _silence(platform, circuits.MOST_FAILURES - 1)
    platform.answers += [answer or platform.accepted(99), *SILENT[: circuits.MOST_FAILURES - 1]]
    full.run()
    assert not Circuit.objects.filter(open_until__isnull=False).exists()
    assert len(platform.posted) >= circuits.MOST_FAILURES


def test_an_answer_pulls_forward_what_waited(full: Desk, platform: Platform) -> None:
    circuit = _open(full, platform)
    full.run()
    waiting = Delivery.objects.filter(state=State.READY, attempts=None)
    last = waiting.last()
    assert last.try_at > clock.now() + timedelta(seconds=30)
    Circuit.objects.filter(pk=circuit.pk).update(open_until=clock.now())
    probe = waiting.first()
    Delivery.objects.filter(pk=probe.pk).update(try_at=probe.due_at)
    full.run()
    assert full.state(probe) == State.PUBLISHED
    assert full.state(last) == State.READY
    assert last.try_at <= clock.now()


def test_an_answer_pulls_forward_what_waited_for_that_server_alone(full: Desk, platform: Platform) -> None:
    addresses = ("https://contoh.social.lain.example", "https://contohxsocial", "https://contoh.social:8443")
    others = []
    for number, address in enumerate(addresses):
        other = full.account(handle=f"lain{number}")
        Connection.objects.filter(account=other).update(service_url=address)
        others.append(full.schedule(other))
    same = full.schedule(full.account(handle="sama"))
    Connection.objects.filter(account=same.account).update(service_url="https://contoh.social/mastodon")
    much_later = clock.now() + timedelta(minutes=9)
    waiting = Delivery.objects.filter(pk__in=[same.pk, *(one.pk for one in others)])
    waiting.update(reason=circuits.waits(), try_at=much_later)
    _open(full, platform)
    circuits.learn(Delivery.objects.first().account, Rejected("an answer"), clock.now())
    assert set(waiting.filter(try_at__lte=clock.now())) == {same}
    assert waiting.filter(try_at=much_later).count() == len(others), "their servers have not answered"


def test_a_fault_of_ours_and_what_was_never_sent_say_nothing_of_the_server(full: Desk, platform: Platform) -> None:
    platform.answers = [ZeroDivisionError() for _each in range(circuits.MOST_FAILURES + 1)]
    full.run()
    assert not Circuit.objects.filter(failures__gt=0).exists()
    Delivery.objects.filter(state=State.READY).delete()
    full.schedule(*(full.account(handle=f"lagi{number}") for number in range(circuits.MOST_FAILURES + 1)))
    circuit = _open(full, platform)
    Delivery.objects.filter(state=State.READY).update(try_at=F("due_at"))
    firing.give_back(SYSTEM, firing.claim_due(1)[0], Rejected("a picture was lost"))
    assert Circuit.objects.get(pk=circuit.pk).opened_at is not None


def test_too_many_requests_without_a_time_is_an_answer(full: Desk, platform: Platform) -> None:
    platform.answers = [httpx.Response(429, json={"error": "slow"}) for _each in range(circuits.MOST_FAILURES + 1)]
    full.run()
    assert not Circuit.objects.filter(failures__gt=0).exists()


def test_another_server_of_the_platform_goes_on(full: Desk, platform: Platform) -> None:
    _open(full, platform)
    other = full.account(handle="lain")
    other.connection.service_url = "https://lain.example"
    other.connection.save()
    delivery = full.schedule(other)
    for _each in range(2):
        full.run()
    assert full.state(delivery) == State.PUBLISHED


def test_the_ledger_says_so(full: Desk, platform: Platform, sign_in) -> None:
    _open(full, platform)
    shown = {
        who: "mastodon contoh.social" in sign_in(full.cast.user(who)).get(reverse("publishing:index")).content.decode()
        for who in ("dewi", "joko")
    }
    assert shown == {"dewi": True, "joko": False}, "whose accounts are there"
