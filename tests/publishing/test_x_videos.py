"""A video for X through the worker: in the lane of videos, in segments, once."""

from collections.abc import Iterator
from datetime import timedelta
from io import BytesIO

import pytest
from django.utils import translation

from core import samples
from kentongan.channels.x import upload
from kentongan.core import clock, files, ticks
from kentongan.core.models import User
from kentongan.publishing import actions, signing_in, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import x
from servers.proxy import Fault, Proxy, between
from servers.x import XServer

MP4 = samples.clean(padding=300_000)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[XServer]:
    for name, value in (("SEGMENT", 100_000), ("SHORTEST", 0.0), ("LONGEST", 0.0)):
        monkeypatch.setattr(upload, name, value)
    with x.serve() as server, translation.override("en"):
        server.redirect = signing_in.redirect()
        yield server


@pytest.fixture
def proxy(server: XServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


@pytest.fixture
def account(desk: Desk, server: XServer, proxy: Proxy) -> Account:
    """The regency's account, signed in at X."""
    User.objects.update(language="en")
    arif = desk.cast.actor("arif")
    given = {"client_id": x.CLIENT_ID, "client_secret": x.CLIENT_SECRET, "service": proxy.url}
    actions.set_app(arif, "x", **given)
    declared = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="x", handle="KabarUji")
    back = server.allow(signing_in.begin(arif, declared.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


def scheduled(desk: Desk, account: Account, *, ai: bool = False) -> Delivery:
    stored = files.store(SYSTEM, BytesIO(MP4), "setu.mp4", unit_id=desk.cast.root.pk)
    asset = {"file": stored, "alt": "Mobil lewat di Jalan Setu", "ai_generated": ai}
    return desk.schedule(account, item=desk.item(text="Jalan Setu dibuka lagi", kinds=["x"], assets=[asset]))


def test_it_goes_out_in_the_lane_of_videos_and_is_taken_back(desk: Desk, account: Account, server: XServer):
    delivery, server.working = scheduled(desk, account, ai=True), 2
    assert ticks.run_once("publishing.due") == 0
    assert ticks.run_once("publishing.videos.1") == 1
    assert desk.state(delivery) == State.PUBLISHED
    [tweet], [sent] = server.tweets, server.uploads.values()
    assert (tweet.media, tweet.made_with_ai, sent.content) == ((sent.number,), True, MP4)
    assert delivery.url == f"https://x.com/KabarUji/status/{tweet.number}"
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
    worker.take_back(reconciling.claim_recalls()[0])
    assert (desk.state(delivery), server.tweets, server.problems) == (State.RECALLED, [], [])


def test_an_upload_that_is_lost_is_begun_anew_and_makes_one_post(desk, account: Account, server: XServer, proxy: Proxy):
    delivery = scheduled(desk, account)
    proxy.faults.append(Fault("/finalize", accept=True, status=500))
    assert desk.run() == [State.READY]
    assert server.tweets == []
    Delivery.objects.update(try_at=clock.now())
    assert desk.run() == [State.PUBLISHED]
    desk.state(delivery)
    assert (len(server.tweets), delivery.attempts.count(), len(server.uploads)) == (1, 2, 2)


@pytest.mark.parametrize(("accept", "state"), [(True, State.PUBLISHED), (False, State.READY)])
def test_a_lost_answer_of_the_post_is_looked_for(desk, account: Account, server, proxy: Proxy, accept: bool, state):
    delivery = scheduled(desk, account)
    proxy.faults.append(Fault("POST /2/tweets", accept=accept))
    assert desk.run() == [State.UNKNOWN]
    desk.later(delivery, timedelta(hours=1), "settled_at")
    Delivery.objects.update(look_at=clock.now())
    assert worker.look(reconciling.claim_doubts()[0]) == state
    assert len(server.tweets) == int(accept)
