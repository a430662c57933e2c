"""What comes up while a video is carried to a platform: it is asked once more before the request that publishes."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from io import BytesIO
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.db.models import F
from django.utils import translation

from core import samples
from kentongan.channels.contract import Ambiguous, StillWorking
from kentongan.channels.x import upload
from kentongan.core import clock, files
from kentongan.core.models import User
from kentongan.planning import actions as planning
from kentongan.publishing import actions, signing_in, worker
from kentongan.publishing.actions import circuits, firing
from kentongan.publishing.models import Attempt, Circuit, Delivery
from kentongan.publishing.states import Outcome, State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from kentongan.safeguards.models import Election, QuietPeriod
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import x
from servers.x import XServer

MP4 = samples.clean(padding=200_000)
During = Callable[[Callable[[], object]], None]


@pytest.fixture
def server() -> Iterator[XServer]:
    with x.serve() as server, translation.override("en"):
        server.redirect, server.working = signing_in.redirect(), 1
        yield server


@pytest.fixture
def during(monkeypatch: pytest.MonkeyPatch) -> During:
    """Have something happen while the worker waits for X to work on the video."""

    def happens(what: Callable[[], object]) -> None:
        once = iter([what])
        monkeypatch.setattr(upload, "time", SimpleNamespace(sleep=lambda _seconds: next(once, lambda: None)()))

    return happens


def connected(desk: Desk, server: XServer) -> Account:
    """Return the account, signed in at X."""
    User.objects.update(language="en")
    arif = desk.cast.actor("arif")
    actions.set_app(arif, "x", client_id=x.CLIENT_ID, client_secret=x.CLIENT_SECRET, service=server.url)
    declared = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="x", handle="KabarUji")
    back = server.allow(signing_in.begin(arif, declared.pk, "sesi"))
    return signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")


def scheduled(desk: Desk, account: Account, purpose: str = "service") -> Delivery:
    stored = files.store(SYSTEM, BytesIO(MP4), "setu.mp4", unit_id=desk.cast.root.pk)
    assets = [{"file": stored, "alt": "Mobil lewat di Jalan Setu"}]
    return desk.schedule(account, item=desk.item(purpose, "Jalan Setu dibuka lagi", kinds=["x"], assets=assets))


def nothing_came_of(delivery: Delivery, server: XServer) -> None:
    """The upload is there, no post is, and it counts as no try."""
    assert (len(server.uploads), server.tweets, server.problems) == (1, [], [])
    assert delivery.attempts.get().outcome == Outcome.RETRY
    assert not Circuit.objects.filter(failures__gt=0).exists()
    delivery.refresh_from_db()
    assert delivery.tries == 0


def test_a_pause_during_the_upload_keeps_it_back_until_it_ends(desk: Desk, server: XServer, during: During):
    account = connected(desk, server)
    delivery, hendra, pauses = scheduled(desk, account), desk.cast.actor("hendra"), []
    during(lambda: pauses.append(actions.pause(hendra, account_id=account.pk, reason="Gempa")))
    assert desk.run() == [State.READY]
    nothing_came_of(delivery, server)
    assert desk.run() == []
    actions.resume(hendra, pauses[0].pk)
    assert desk.run() == [State.PUBLISHED]
    assert len(server.tweets) == 1


def test_a_quiet_period_that_begins_during_the_upload_holds_it(party_desk: Desk, server: XServer, during: During):
    """Due at 23:30 on the last day of the campaign, carried there half an hour later."""
    delivery = scheduled(party_desk, connected(party_desk, server), "campaign")
    election = Election.objects.create(name="Pilkada Uji", kind="regional", vote_on=date(2030, 1, 1), source="uji")
    today = clock.now().date()
    days = {"starts_on": today - timedelta(days=1), "ends_on": today + timedelta(days=1)}
    during(lambda: QuietPeriod.objects.create(election=election, name="Masa tenang", source="uji", **days))
    assert party_desk.run() == [State.READY]
    nothing_came_of(delivery, server)
    assert "Masa tenang" in delivery.reason
    party_desk.run()
    assert party_desk.state(delivery) == State.HELD
    assert server.tweets == []


def test_an_item_that_is_withdrawn_during_the_upload_is_held(desk: Desk, server: XServer, during: During):
    delivery = scheduled(desk, connected(desk, server))
    during(lambda: planning.withdraw(desk.cast.actor("dewi"), delivery.item_id, "Keliru"))
    assert desk.run() == [State.READY]
    nothing_came_of(delivery, server)
    desk.run()
    assert desk.state(delivery) == State.HELD
    assert "withdrawn" in delivery.reason
    assert server.tweets == []


def test_what_becomes_too_late_during_the_upload_is_missed(desk: Desk, server: XServer, during: During):
    delivery = scheduled(desk, connected(desk, server))
    during(lambda: Delivery.objects.update(late_until=F("due_at")))
    assert desk.run() == [State.READY]
    nothing_came_of(delivery, server)
    desk.run()
    assert desk.state(delivery) == State.MISSED
    assert server.tweets == []


def test_a_claim_that_lapsed_during_the_upload_publishes_nothing(desk: Desk, server: XServer, during: During):
    """Who has it looked for, and sent again, must not be overtaken by the one that was given up."""
    delivery = scheduled(desk, connected(desk, server))

    def lapses() -> None:
        Delivery.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
        assert firing.sweep(SYSTEM) == 1

    during(lapses)
    assert desk.run() == [None]
    assert desk.state(delivery) == State.UNKNOWN
    nothing_came_of(delivery, server)


def test_where_nobody_can_be_asked_nothing_is_published(desk: Desk, server: XServer, monkeypatch):
    delivery = scheduled(desk, connected(desk, server))

    def down(_claim: firing.Claim) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(worker, "RECORDING_SECONDS", -1.0)
    monkeypatch.setattr(upload, "SHORTEST", 0.0)
    monkeypatch.setattr(firing, "confirm", down)
    assert desk.run() == [State.READY]
    assert desk.state(delivery) == State.READY
    assert "could not be asked" in delivery.reason
    assert (delivery.tries, server.tweets) == (1, [])


def test_a_platform_that_works_on_what_it_took_is_not_spared_one_that_is_silent_is(desk: Desk):
    account = desk.account()
    for _time in range(circuits.MOST_FAILURES):
        circuits.learn(account, StillWorking("Still working", "123"), clock.now())
    assert not circuits.is_open(account)
    for _time in range(circuits.MOST_FAILURES):
        circuits.learn(account, Ambiguous("No answer"), clock.now())
    assert circuits.is_open(account)


def test_a_post_that_is_sent_at_once_is_asked_about_once(desk: Desk, platform, monkeypatch):
    """Only what takes long is asked about again: each question costs a query."""
    asked = []
    monkeypatch.setattr(firing, "confirm", asked.append)
    desk.schedule(desk.account())
    assert desk.run() == [State.PUBLISHED]
    assert asked == []
    assert Attempt.objects.get().outcome == Outcome.PUBLISHED
