"""A sign-in is revoked in the middle of a run: the rest is held for the custodian, and goes out once they return."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from django.utils import translation

from faults.conftest import CREATE, Workers, connect, until
from kentongan.core import audit
from kentongan.publishing import actions, connections, queries, signing_in
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account, Connection
from publishing.desk import SYSTEM, Desk
from servers import x
from servers.pds import Pds
from servers.proxy import Fault, between

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]
COUNT, OUT_BEFORE = 8, 3


@dataclass
class Line:
    """An account that is signed in, how its sign-in is revoked there, and how its custodian signs in again."""

    account: Account
    texts: Callable[[], list[str]]
    revoke: Callable[[], None]
    sign_in_again: Callable[[], None]


@pytest.fixture
def bluesky(desk: Desk, pds: Pds) -> Iterator[Line]:
    """A real server of Bluesky. It lets an access token live for two hours, so the proxy says that those are over."""
    made = pds.account()
    with between(pds.url) as proxy:
        entered = {"service": proxy.url, "handle": made["handle"], "app_password": made["app_password"]}
        account = connect(desk, "bluesky", entered)

        def revoke() -> None:
            body = b'{"error": "ExpiredToken", "message": "Token has expired"}'
            proxy.faults.append(Fault(CREATE["bluesky"], accept=False, status=400, body=body, times=1000))
            pds.call("com.atproto.server.revokeAppPassword", made["token"], post={"name": "kentongan"})

        def sign_in_again() -> None:
            proxy.faults.clear()
            word = pds.call("com.atproto.server.createAppPassword", made["token"], post={"name": "baru"})
            connections.connect(SYSTEM, account.pk, entered | {"app_password": word["password"]})

        yield Line(account, lambda: [one["value"]["text"] for one in pds.posts(made["did"])], revoke, sign_in_again)


@pytest.fixture
def x_line(desk: Desk) -> Iterator[Line]:
    """The stub of X: a person takes the app's permission away in its settings."""
    with x.serve() as server:
        server.redirect = signing_in.redirect()
        arif = desk.cast.actor("arif")
        given = {"client_id": x.CLIENT_ID, "client_secret": x.CLIENT_SECRET, "service": server.url}
        actions.set_app(arif, "x", **given)
        account = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="x", handle=server.username)

        def sign_in() -> None:
            back = server.allow(signing_in.begin(arif, account.pk, "sesi"))
            signing_in.finish(arif, "sesi", state=back["state"], code=back["code"], error="")

        sign_in()
        yield Line(account, lambda: [tweet.text for tweet in server.tweets], server.revoke, sign_in)


def _revoke_after(line: Line) -> None:
    """Let some go out, and revoke the sign-in while the worker is at it."""
    until(lambda: len(line.texts()) >= OUT_BEFORE, "the first posts")
    line.revoke()
    until(lambda: not Delivery.objects.filter(state__in=["ready", "claimed", "sending"]).exists(), "the rest")


@pytest.mark.parametrize("platform", ["bluesky", "x_line"])
def test_the_rest_is_held_and_goes_out_once_after_the_custodian_signed_in_again(
    desk: Desk,
    workers: Workers,
    platform: str,
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
):
    line: Line = request.getfixturevalue(platform)
    kind = line.account.platform
    texts = [f"Izin dicabut, nomor {number}, {random.randrange(10**9)}" for number in range(COUNT)]
    made = [desk.schedule(line.account, item=desk.item(text=text, kinds=[kind])) for text in texts]
    workers.start()
    _revoke_after(line)

    states = Counter(Delivery.objects.values_list("state", flat=True))
    assert set(states) == {State.PUBLISHED, State.HELD}
    assert states[State.PUBLISHED] == len(line.texts()) >= OUT_BEFORE
    held = Delivery.objects.filter(state=State.HELD)
    assert all(one.awaits_sign_in and one.reason for one in held)
    connection = Connection.objects.get(account=line.account)
    assert connection.healthy is False
    assert connection.problem, "the custodian reads why"

    with translation.override("id"):
        line.sign_in_again()
    until(lambda: Delivery.objects.filter(state=State.PUBLISHED).count() == COUNT, "those that were held")
    assert Counter(line.texts()) == Counter(texts), "each once, none twice"
    assert Connection.objects.get(account=line.account).healthy
    total = queries.ledger(SYSTEM).as_dict()
    assert total["planned"] == total["published"] == COUNT
    verbs = {entry.verb for delivery in made for entry in audit.trail(delivery)}
    assert "publishing.delivery.reconnect" in verbs
    with capsys.disabled():
        print(f"\n  {kind}: {COUNT} deliveries, {dict(states)} when it was revoked, all out after a new sign-in")
