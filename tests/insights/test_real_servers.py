"""What is published to real servers by the real path is counted there, and read back as the servers say."""

from dataclasses import dataclass

import pytest
from django.core.cache import cache
from django.test import Client

from kentongan.insights import tasks
from kentongan.insights.models import Probe, Snapshot
from kentongan.publishing import connections
from kentongan.publishing.models import Delivery
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from named_cast import SYSTEM, Cast
from publishing.desk import Desk
from servers.mastodon import MastodonServer
from servers.pds import Pds

BROWSER = "Mozilla/5.0 (Linux; Android 14) Gecko/20100101 Firefox/130.0"


@dataclass
class Room:
    """Connects accounts as people do, publishes as the worker does."""

    desk: Desk

    def published(self, platform: str, handle: str, entered: dict[str, str]) -> Delivery:
        """Return a delivery that went out to a newly connected account."""
        declared = registry.declare_account(SYSTEM, self.desk.cast.root.pk, platform=platform, handle=handle)
        connections.connect(SYSTEM, declared.pk, entered)
        account = Account.objects.select_related("unit", "connection").get(pk=declared.pk)
        delivery = self.desk.schedule(account)
        assert self.desk.run() == ["published"]
        delivery.refresh_from_db()
        return delivery


@pytest.fixture
def room(cast: Cast) -> Room:
    cache.clear()
    return Room(Desk(cast))


def _read(delivery: Delivery) -> tuple[int | None, ...]:
    assert tasks.collect() == 1
    taken = Snapshot.objects.get(delivery=delivery)
    return taken.views, taken.likes, taken.shares, taken.replies


def test_what_people_do_on_mastodon_is_counted(room: Room, mastodon_server: MastodonServer) -> None:
    entered = {"service": mastodon_server.url, "access_token": mastodon_server.token}
    delivery = room.published("mastodon", "kabar@contoh.social", entered)
    headers = {"Authorization": f"Bearer {mastodon_server.token}"}
    for act in ("favourite", "reblog"):
        address = f"{mastodon_server.url}/api/v1/statuses/{delivery.remote_id}/{act}"
        mastodon_server.client.post(address, headers=headers).raise_for_status()
    assert _read(delivery) == (None, 1, 1, 0)


def test_a_status_deleted_on_mastodon_is_told_apart_from_a_silent_one(
    room: Room, mastodon_server: MastodonServer
) -> None:
    entered = {"service": mastodon_server.url, "access_token": mastodon_server.token}
    delivery = room.published("mastodon", "kabar@contoh.social", entered)
    headers = {"Authorization": f"Bearer {mastodon_server.token}"}
    mastodon_server.client.delete(
        f"{mastodon_server.url}/api/v1/statuses/{delivery.remote_id}", headers=headers
    ).raise_for_status()
    tasks.collect()
    assert Probe.objects.get(delivery=delivery).outcome == "gone"


def test_bluesky_without_an_app_view_reports_nothing_which_is_not_zero(room: Room, pds: Pds) -> None:
    made = pds.account()
    entered = {"service": pds.url, "handle": made["handle"], "app_password": made["app_password"]}
    delivery = room.published("bluesky", made["handle"], entered)
    assert [record["uri"] for record in pds.posts(made["did"])] == [delivery.remote_id]
    tasks.collect()
    assert Probe.objects.get(delivery=delivery).outcome == "silent"
    assert not Snapshot.objects.exists()


def test_a_reader_of_the_newsroom_is_counted(room: Room, client: Client) -> None:
    delivery = room.published("newsroom", "kabar-uji", {"handle": "kabar-uji", "name": "Kabar Uji", "tagline": ""})
    page = client.get(delivery.url, headers={"user-agent": BROWSER})
    assert page.status_code == 200
    assert _read(delivery) == (1, None, None, None)
