"""The clock is moved by an hour, for all or for one machine: nothing goes out twice, nothing before or after its time.

The real clock stays as it is: libfaketime moves the one that PostgreSQL and the workers see.
"""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connections
from django.db.models.functions import Now

from faults.conftest import CREATE, Line, Workers, until
from faults.means import Clock, movable_clock
from kentongan.core import clock
from kentongan.core.postgres import Cluster
from kentongan.publishing import queries
from kentongan.publishing.actions import circuits, firing
from kentongan.publishing.models import Circuit, Delivery
from kentongan.publishing.states import State
from publishing.desk import SYSTEM, Desk

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
HOUR = 3600
TOKEN = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def wall() -> Iterator[Clock]:
    """A clock that shows the real time at first."""
    with movable_clock() as made:
        yield made


@pytest.fixture
def everywhere(wall: Clock, postgres: Cluster, monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Iterator[Clock]:
    """The clock of the one machine that runs PostgreSQL and the workers."""

    def restart(**environment: str) -> None:
        connections.close_all()
        postgres.stop()
        with monkeypatch.context() as patch:
            for name, value in environment.items():
                patch.setenv(name, value)
            postgres.start()

    restart(**wall.environment)
    yield wall
    restart()


def _text(what: str) -> str:
    return f"Jam digeser: {what} {random.randrange(10**9)}"


def _in(delivery: Delivery, **wait: float) -> Delivery:
    """Let a delivery be due after a while by the database's clock; it may be ten minutes late."""
    moment = Now() + timedelta(**wait)
    late = moment + timedelta(minutes=10)
    Delivery.objects.filter(pk=delivery.pk).update(due_at=moment, try_at=moment, late_until=late, late_minutes=10)
    return delivery


@pytest.mark.parametrize("leap", [pytest.param(HOUR, marks=pytest.mark.slow), -HOUR], ids=["forward", "back"])
def test_the_clock_of_all_is_moved_while_one_is_sent_and_others_wait(
    desk: Desk,
    workers: Workers,
    mastodon: Line,
    everywhere: Clock,
    leap: int,
    capsys: pytest.CaptureFixture[str],
):
    texts = {what: _text(what) for what in ("dikirim", "sejam lagi", "dua jam lagi", "diulang")}
    account = mastodon.account
    made = {what: desk.schedule(account, item=desk.item(text=text)) for what, text in texts.items()}
    soon, later = _in(made["sejam lagi"], minutes=30), _in(made["dua jam lagi"], hours=2)
    again = made["diulang"]
    wait = Now() + firing.LONGEST_WAIT
    long_due = Now() - 2 * timedelta(seconds=HOUR)  # by either clock: nothing goes out before its time
    Delivery.objects.filter(pk=again.pk).update(due_at=long_due, try_at=wait, reason="x", tries=3)
    resting = Circuit.objects.create(
        server="mastodon lain.example", failures=9, opened_at=clock.now(), open_until=clock.now() + circuits.FIRST_REST
    )
    mastodon.proxy.hold = CREATE["mastodon"]
    for _each in range(2):
        workers.start(**everywhere.environment)
    assert mastodon.proxy.reached.wait(60), "nothing was sent"
    sent = made["dikirim"]
    lease = _lease_of(sent)

    everywhere.move(leap)
    # A sweep notices and gives the claim its whole lease again, by the clock as it is now.
    until(lambda: abs(_lease_of(sent) - lease - timedelta(seconds=leap)) < timedelta(minutes=1), "a renewed lease")
    until(lambda: leap < 0 or desk.state(soon) == State.MISSED, "what is too late by its own policy")
    assert desk.state(sent) == State.SENDING, "its worker still sends it: nobody may take it for lapsed"
    mastodon.proxy.hold = ""
    mastodon.proxy.gate.set()
    until(lambda: desk.state(sent) == State.PUBLISHED, "the call's end")

    assert desk.state(soon) == (State.MISSED if leap > 0 else State.READY)
    assert desk.state(later) == State.READY, "it is not due yet, by either time"
    if leap < 0:
        until(lambda: _seconds_to(sent, "due_at") > 0, "the moved clock in this connection too")
        longest = firing.LONGEST_WAIT.total_seconds()
        until(lambda: _seconds_to(again, "try_at") <= longest, "a retry waits no hour longer")
        resting.refresh_from_db()
        assert Circuit.objects.filter(pk=resting.pk, open_until__lte=Now() + circuits.FIRST_REST).exists()
    else:
        until(lambda: desk.state(again) == State.PUBLISHED, "what waited for another try")
    there = Counter({what: mastodon.copies(text) for what, text in texts.items()})
    # After the clock went back it is tried again within seconds: that it was already, or not yet, is all the same.
    again_there = there.pop("diulang")
    assert again_there == 1 or (leap < 0 and again_there == 0)
    assert there == {"dikirim": 1, "sejam lagi": 0, "dua jam lagi": 0}
    total = queries.ledger(SYSTEM).as_dict()
    assert total["planned"] == 4
    assert total["unknown"] == 0
    with capsys.disabled():
        print(f"\n  the clock went {leap:+d} s: {total}")


def _lease_of(delivery: Delivery) -> datetime:
    lease = Delivery.objects.get(pk=delivery.pk).claimed_until
    assert lease is not None
    return lease


def _seconds_to(delivery: Delivery, name: str) -> float:
    row = Delivery.objects.filter(pk=delivery.pk).annotate(now=Now()).values(name, "now").get()
    return (row[name] - row["now"]).total_seconds()


@pytest.mark.parametrize("offset", [HOUR, pytest.param(-HOUR, marks=pytest.mark.slow)], ids=["ahead", "behind"])
def test_a_machine_whose_clock_is_wrong_goes_by_the_databases(
    desk: Desk, workers: Workers, mastodon: Line, wall: Clock, offset: int
):
    texts = {what: _text(what) for what in ("sekarang", "nanti", "dikirim", "terbengkalai")}
    made = {what: desk.schedule(mastodon.account, item=desk.item(text=text)) for what, text in texts.items()}
    later = _in(made["nanti"], minutes=30)
    held, lapsed = made["dikirim"], made["terbengkalai"]
    for state in (State.CLAIMED, State.SENDING):  # as another worker has it, at its call now
        Delivery.objects.filter(pk=held.pk).update(state=state, claim_token=TOKEN, claimed_until=Now() + firing.LEASE)
    over = Now() - timedelta(seconds=1)
    Delivery.objects.filter(pk=lapsed.pk).update(state=State.CLAIMED, claim_token=TOKEN, claimed_until=over)
    wall.move(offset)
    workers.start(**wall.environment)
    now = made["sekarang"]
    until(lambda: desk.state(now) == State.PUBLISHED, "what is due")
    now.refresh_from_db()
    assert abs(_seconds_to(now, "published_at")) < 60, "written down by the database's clock"
    until(lambda: desk.state(lapsed) == State.PUBLISHED, "a sweep")
    assert desk.state(later) == State.READY, "it is not due"
    assert desk.state(held) == State.SENDING, "another worker sends it"
    assert mastodon.copies(texts["sekarang"]) == mastodon.copies(texts["terbengkalai"]) == 1
    assert mastodon.copies(texts["nanti"]) == mastodon.copies(texts["dikirim"]) == 0
