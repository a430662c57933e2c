"""PostgreSQL goes away in the middle of a run and comes back: workers go on, nothing is lost, nothing is doubled."""

import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest
from django.db import connections

from faults.conftest import CREATE, Line, Workers, let_leases_lapse_of_the_dead, let_platforms_settle, until
from kentongan.core.postgres import Cluster
from kentongan.publishing import queries
from kentongan.publishing.models import Attempt, Delivery
from kentongan.publishing.states import State
from publishing.desk import SYSTEM, Desk

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
COUNT = 12


def _postmaster(cluster: Cluster) -> int:
    return int((cluster.data_dir / "postmaster.pid").read_text().split()[0])


def _restart(cluster: Cluster, sent: signal.Signals) -> None:
    """Stop it as its administrator would, and start it as the supervisor does once it finds it gone."""
    os.kill(_postmaster(cluster), sent)
    until(lambda: not cluster.alive(), "the end of PostgreSQL")
    connections.close_all()
    cluster.restart()


@pytest.mark.parametrize(
    "sent", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGQUIT], ids=["fast", "immediate"]
)
def test_workers_go_on_after_the_database_was_restarted(
    desk: Desk,
    workers: Workers,
    mastodon: Line,
    postgres: Cluster,
    sent: signal.Signals,
    capsys: pytest.CaptureFixture[str],
):
    texts = [f"Basis data dimulai ulang, nomor {number}, {random.randrange(10**9)}" for number in range(COUNT)]
    for text in texts:
        desk.schedule(mastodon.account, item=desk.item(text=text))
    mastodon.proxy.hold = CREATE["mastodon"]
    running = [workers.start(), workers.start()]
    assert mastodon.proxy.reached.wait(60), "nothing was sent"
    sending = Delivery.objects.filter(state=State.SENDING).count()
    assert sending

    _restart(postgres, sent)
    mastodon.proxy.hold = ""
    mastodon.proxy.gate.set()

    def settled() -> bool:
        let_leases_lapse_of_the_dead()
        let_platforms_settle()
        return not Delivery.objects.exclude(state=State.PUBLISHED).exists()

    until(settled, f"all published, but: {Counter(Delivery.objects.values_list('state', flat=True))}")
    assert [worker.poll() for worker in running] == [None, None], "the same workers, which were not started again"
    assert Counter(mastodon.copies(text) for text in texts) == {1: COUNT}
    total = queries.ledger(SYSTEM).as_dict()
    assert total["planned"] == total["published"] == COUNT
    logs = "".join(Path(log).read_text() for log in workers.folder.glob("worker-*.log"))
    assert "has no database" in logs or "left to the sweep" in logs, "somebody noticed"
    outcomes = Counter(f"{kind} {outcome}" for kind, outcome in Attempt.objects.values_list("kind", "outcome"))
    assert outcomes["publish published"] == COUNT, "the answers waited for the database"
    with capsys.disabled():
        print(f"\n  {COUNT} deliveries, {sending} at their call when PostgreSQL got {sent.name}: {dict(outcomes)}")
