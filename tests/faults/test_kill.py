"""Workers die and race; every post that should be there is there once, and the ledger adds up."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from faults.conftest import Workers, until
from kentongan.core import audit
from kentongan.core.actor import Actor
from kentongan.publishing import connections, queries
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Attempt, Circuit, Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from publishing.desk import SYSTEM, Desk
from servers.mastodon import MastodonServer
from servers.pds import Pds
from servers.proxy import Fault, Proxy, between

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
CREATE = {"bluesky": "com.atproto.repo.createRecord", "mastodon": "POST /api/v1/statuses"}


@dataclass
class Line:
    """An account of ours on a real server, a fault proxy in between, and what is really there."""

    account: Account
    proxy: Proxy
    texts: Callable[[], list[str]]

    def copies(self, text: str) -> int:
        """Return how many posts on the server hold that text."""
        return sum(text in there for there in self.texts())


LATER = {"bluesky": "nanti.example", "mastodon": "nanti@kab.example"}


def _connect(desk: Desk, platform: str, entered: dict[str, str]) -> Account:
    declared = registry.declare_account(SYSTEM, desk.cast.root.pk, platform=platform, handle=LATER[platform])
    return connections.connect(SYSTEM, declared.pk, entered)


@pytest.fixture
def bluesky(desk: Desk, pds: Pds) -> Iterator[Line]:
    """Bluesky, a real personal data server."""
    made = pds.account()
    with between(pds.url) as proxy:
        entered = {"service": proxy.url, "handle": made["handle"], "app_password": made["app_password"]}
        account = _connect(desk, "bluesky", entered)
        yield Line(account, proxy, lambda: [post["value"]["text"] for post in pds.posts(made["did"])])


@pytest.fixture
def mastodon(desk: Desk, mastodon_server: MastodonServer) -> Iterator[Line]:
    """Mastodon, on a server that ignores Idempotency-Key."""
    with between(mastodon_server.url) as proxy:
        proxy.strip = frozenset({"idempotency-key"})
        account = _connect(desk, "mastodon", {"service": proxy.url, "access_token": mastodon_server.token})
        yield Line(account, proxy, lambda: [status["content"] for status in mastodon_server.statuses()])


def _let_leases_lapse() -> None:
    Delivery.objects.filter(claimed_until__isnull=False).update(claimed_until=Now() - timedelta(seconds=1))


def _let_platforms_settle() -> None:
    waiting = Delivery.objects.filter(state=State.UNKNOWN, settled_at__gt=Now())
    waiting.update(settled_at=Now() - timedelta(seconds=1), look_at=Now())
    Delivery.objects.filter(state=State.READY, try_at__gt=Now()).update(try_at=F("due_at"))
    Circuit.objects.filter(open_until__gt=Now()).update(open_until=Now())


@pytest.mark.parametrize("platform", ["bluesky", "mastodon"])
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
    _let_leases_lapse()
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


@pytest.mark.parametrize("platform", ["bluesky", "mastodon"])
def test_kill_before_sending_is_sent_once_by_the_next(
    desk: Desk, workers: Workers, platform: str, request: pytest.FixtureRequest
):
    line: Line = request.getfixturevalue(platform)
    text = f"Dibunuh sebelum kirim {random.randrange(10**9)}"
    delivery = desk.schedule(line.account, item=desk.item(text=text))
    assert len(firing.claim_due()) == 1
    _let_leases_lapse()
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
        _let_leases_lapse_of_the_dead()
        _let_platforms_settle()
        return Delivery.objects.exclude(state=State.PUBLISHED).count() == 0

    until(settled, f"all published, but: {Counter(Delivery.objects.values_list('state', flat=True))}")
    wrong = [(line.account.platform, text, n) for line in lines for text in texts if (n := line.copies(text)) != 1]
    assert wrong == []
    total = queries.ledger(SYSTEM).as_dict()
    assert total["planned"] == total["published"] == 32
    outcomes = Counter(Attempt.objects.values_list("kind", "outcome"))
    with capsys.disabled():
        print(f"\n  32 deliveries, 2 workers, 1 kill, 10 faults: {dict(outcomes)}")


def _let_leases_lapse_of_the_dead() -> None:
    """Ten seconds stand for the lease: a living worker is done with a request on loopback long before."""
    old = Delivery.objects.filter(claimed_until__lt=Now() + firing.LEASE - timedelta(seconds=10))
    old.update(claimed_until=Now() - timedelta(seconds=1))
