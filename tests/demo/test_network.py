"""The demo's own network: real servers, and our accounts on them."""

import pytest
from pytest_django import Settings

from kentongan.core.errors import Unavailable
from kentongan.publishing import worker
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account
from kentongan.web import demo
from kentongan.web.demo import network
from servers.process import missing


@pytest.mark.django_db
def test_what_the_newsroom_published_goes_out_on_both_servers(settings: Settings) -> None:
    settings.KENTONGAN_ALLOW_LOCAL_NETWORK = True
    if len(network._programs()) < 2:
        missing("The servers of the demo network are not installed")
    demo.load(posts=600)
    with network.running() as servers:
        list(network.connect(servers))
        states = dict(Account.objects.values_list("platform", "state"))
        assert states["bluesky"] == states["mastodon"] == Account.State.CONNECTED
        for claim in firing.claim_due():
            assert worker.deliver(claim) == State.PUBLISHED
        out = Delivery.objects.filter(state=State.PUBLISHED)
        assert {"bluesky", "mastodon", "newsroom"} == set(out.values_list("account__platform", flat=True))
        assert out.filter(account__platform="bluesky").get().url
        processes = [server.process for server in servers]
    assert all(process.poll() is not None for process in processes)


def test_it_says_how_to_allow_and_to_install(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KENTONGAN_ALLOW_LOCAL_NETWORK = False
    with pytest.raises(Unavailable, match="KENTONGAN_ALLOW_LOCAL_NETWORK=yes"), network.running():
        pass
    settings.KENTONGAN_ALLOW_LOCAL_NETWORK = True
    monkeypatch.setattr(network, "_programs", list)
    with pytest.raises(Unavailable) as caught, network.running():
        pass
    assert "make test-servers" in str(caught.value.remedy)
