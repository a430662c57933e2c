"""Workers die and race; every post that should be there is there once, and the ledger adds up."""

import random
from collections import Counter

import pytest

from faults.conftest import (
    CREATE,
    Line,
    Workers,
    let_leases_lapse,
    let_leases_lapse_of_the_dead,
    let_platforms_settle,
    until,
)
from kentongan.core import audit
from kentongan.core.actor import Actor
from kentongan.publishing import queries
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import State
from publishing.desk import SYSTEM, Desk
from servers.proxy import Fault

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("platform", ["bluesky", pytest.param("mastodon", marks=pytest.mark.slow)])
def test_kill_between_sent_and_recorded_is_unknown_then_published_and_there_is_one_post(
    desk: Desk, workers: Workers, platform: str, request: pytest.FixtureRequest
):
    line: Line = request.getfixturevalue(platform)
    line.proxy.hold = CREATE[platform]
    text = f"Dibunuh di tengah jalan {random.randrange(10**9)}"
    delivery = desk.schedule(line.account, item=desk.item(text=text))
    victim = workers.start()
    assert line.proxy.reached.wait(60), "the server never got the post"
    workers.kill(victim)
    line.proxy.hold = ""
    line.proxy.gate.set()

    assert desk.state(delivery) == State.SENDING
    assert line.copies(text) == 1
    let_leases_lapse()
    firing.sweep(Actor.system("tests"))
    assert desk.state(delivery) == State.UNKNOWN

    workers.start()
    until(lambda: desk.state(delivery) != State.UNKNOWN, "reconciliation")
    assert desk.state(delivery) == State.PUBLISHED
    assert delivery.url
    assert line.copies(text) == 1
    sent = [attempt for attempt in delivery.attempts.all() if attempt.kind == Attempt.Kind.PUBLISH]
    assert len(sent) == 1
    verbs = [entry.verb for entry in audit.trail(delivery)]
    assert verbs == ["publishing.delivery.reconcile", "publishing.delivery.lapse", "publishing.schedule"]


@pytest.mark.parametrize("platform", ["bluesky", pytest.param("mastodon", marks=pytest.mark.slow)])
def test_kill_before_sending_is_sent_once_by_the_next(
    desk: Desk, workers: Workers, platform: str, request: pytest.FixtureRequest
):
    line: Line = request.getfixturevalue(platform)
    text = f"Dibunuh sebelum kirim {random.randrange(10**9)}"
    delivery = desk.schedule(line.account, item=desk.item(text=text))
    assert len(firing.claim_due()) == 1
    let_leases_lapse()
    workers.start()
    until(lambda: desk.state(delivery) == State.PUBLISHED, "the next worker")
    assert line.copies(text) == 1


def test_two_workers_race_through_faults_and_a_kill(
    desk: Desk, workers: Workers, bluesky: Line, mastodon: Line, capsys: pytest.CaptureFixture[str]
):
    chance, lines = random.Random(20261122), (bluesky, mastodon)
    for line in lines:
        where = CREATE[line.account.platform]
        line.proxy.faults = [
            Fault(where, accept=chance.random() < 0.5, status=chance.choice([None, 500])) for _n in range(5)
        ]
    texts = [f"Balapan nomor {number} dari {chance.randrange(10**9)}" for number in range(16)]
    for text in texts:
        desk.schedule(bluesky.account, mastodon.account, item=desk.item(text=text))
    first, _second = workers.start(), workers.start()
    until(lambda: Attempt.objects.count() >= 6, "six attempts")
    workers.kill(first)
    workers.start()

    def settled() -> bool:
        let_leases_lapse_of_the_dead()
        let_platforms_settle()
        return Delivery.objects.exclude(state=State.PUBLISHED).count() == 0

    until(settled, f"all published, but: {Counter(Delivery.objects.values_list('state', flat=True))}")
    wrong = [(line.account.platform, text, n) for line in lines for text in texts if (n := line.copies(text)) != 1]
    assert wrong == []
    total = queries.ledger(SYSTEM).as_dict()
    assert total["planned"] == total["published"] == 32
    outcomes = Counter(Attempt.objects.values_list("kind", "outcome"))
    with capsys.disabled():
        print(f"\n  32 deliveries, 2 workers, 1 kill, 10 faults: {dict(outcomes)}")
