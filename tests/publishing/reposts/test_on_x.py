"""One account posts on X and another reposts that, through the worker, against the stub of X."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import translation

from kentongan.core import clock
from kentongan.core.models import User
from kentongan.publishing import actions, signing_in, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import x
from servers.proxy import Fault, Proxy, between
from servers.x import XServer


@pytest.fixture
def server() -> Iterator[XServer]:
    with x.serve() as server, translation.override("en"):
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(server: XServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def repost(desk: Desk, server: XServer, proxy: Proxy) -> Delivery:
    """What the regency's account, signed in at X, reposts; the post of a district is out."""
    User.objects.update(language="en")
    arif = desk.cast.actor("arif")
    given = {"client_id": x.CLIENT_ID, "client_secret": x.CLIENT_SECRET, "service": proxy.url}
    actions.set_app(arif, "x", **given)
    declared = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="x", handle="KabarUji")
    back = server.allow(signing_in.begin(arif, declared.pk, "sesi"))
    account = signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")
    other = desk.account("x", unit=desk.cast.tambun_selatan)
    desk.schedule(account, other, item=desk.item(kinds=["x"]), origin_ids=[other.pk])
    number = server.post_of_others("Jalan Setu ditutup").number
    out = {"state": State.PUBLISHED, "remote_id": number, "url": f"https://x.com/lain/status/{number}"}
    Delivery.objects.filter(account=other).update(**out, published_at=clock.now())
    return Delivery.objects.get(account=account)


def test_it_goes_out_once_and_is_taken_back(desk: Desk, server: XServer, repost: Delivery):
    assert desk.run() == [State.PUBLISHED]
    assert desk.state(repost) == State.PUBLISHED
    [there], [origin] = server.tweets, server.others
    assert (there.reposts, repost.remote_id) == (origin.number, origin.number)
    assert repost.url == f"https://x.com/lain/status/{origin.number}"
    actions.recall(desk.cast.actor("hendra"), repost.pk, reason="Keliru")
    worker.take_back(reconciling.claim_recalls()[0])
    assert (desk.state(repost), server.tweets, server.problems) == (State.RECALLED, [], [])


@pytest.mark.parametrize(("accept", "state"), [(True, State.PUBLISHED), (False, State.READY)])
def test_a_lost_answer_is_looked_for(desk: Desk, server: XServer, proxy: Proxy, repost: Delivery, accept: bool, state):
    proxy.faults.append(Fault("/retweets", accept=accept))
    assert desk.run() == [State.UNKNOWN]
    desk.later(repost, timedelta(hours=1), "settled_at")
    Delivery.objects.update(look_at=clock.now())
    assert worker.look(reconciling.claim_doubts()[0]) == state
    assert len(server.tweets) == int(accept)
