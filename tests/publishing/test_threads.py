"""A Threads account from signing in to taking back, through the worker, against the stub."""

from collections.abc import Iterator

import pytest
from django.utils import translation

from kentongan.channels.graph import containers
from kentongan.publishing import actions, connections, signing_in, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import threads
from servers.graph import APP_ID, APP_SECRET
from servers.proxy import Fault, Proxy, between
from servers.threads import ThreadsServer


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadsServer]:
    monkeypatch.setattr(containers, "PAUSES", (0.0,))
    with threads.serve() as server, translation.override("en"):
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(server: ThreadsServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def connected(desk: Desk, proxy: Proxy, server: ThreadsServer) -> Account:
    """An account that is signed in, on an installation without a public address."""
    arif = desk.cast.actor("arif")
    actions.set_app(arif, "threads", client_id=APP_ID, client_secret=APP_SECRET, service=proxy.url)
    account = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="threads", handle="kabaruji")
    back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


def test_a_text_goes_out_and_is_taken_back_without_a_public_address(desk: Desk, connected, server: ThreadsServer):
    health = connections.test(desk.cast.actor("hendra"), connected.pk)
    assert health.ready
    assert "KENTONGAN_PUBLIC_URL" in health.problem
    delivery = desk.schedule(connected, item=desk.item(kinds=["threads"]))
    assert desk.run() == [State.PUBLISHED]
    assert [one.text for one in server.posts] == [delivery.content["text"]]
    desk.state(delivery)
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
    worker.take_back(reconciling.claim_recalls()[0])
    assert desk.state(delivery) == State.RECALLED
    assert server.posts == []


def test_a_lost_answer_is_found_by_looking(desk: Desk, connected, server: ThreadsServer, proxy: Proxy):
    delivery = desk.schedule(connected, item=desk.item(kinds=["threads"]))
    proxy.faults.append(Fault("/threads_publish ", accept=True))
    assert desk.run() == [State.UNKNOWN]
    assert worker.look(reconciling.claim_doubts()[0]) == State.PUBLISHED
    assert desk.state(delivery) == State.PUBLISHED
    assert delivery.url.startswith("https://www.threads.com/@kabaruji/post/")
    assert len(server.posts) == 1


def test_a_token_that_is_half_over_is_renewed_before_it_is_used(desk: Desk, connected, server: ThreadsServer):
    server.age(40)
    stored = Connection.objects.get()
    before = dict(stored.secrets)
    stored.secrets = {**before, "expires_at": server.tokens[-1].ends_at.isoformat()}
    stored.save()
    desk.schedule(connected, item=desk.item(kinds=["threads"]))
    assert desk.run() == [State.PUBLISHED]
    assert server.refreshes == 1
    assert Connection.objects.get().secrets["access"] not in {"", before["access"]}
