"""A Telegram channel from connecting to taking back, through the worker, against the stub behind the fault proxy."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from kentongan.core import clock
from kentongan.core.models.files import StoredFile
from kentongan.planning import media
from kentongan.planning.models import ItemAsset, Rendition
from kentongan.publishing import actions, connections, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import telegram
from servers.proxy import Fault, Proxy, between
from servers.telegram import Chat, TelegramServer

SECRET = telegram.TOKEN.partition(":")[2]


@pytest.fixture
def server(settings) -> Iterator[TelegramServer]:
    with telegram.serve() as server, translation.override("en"):
        settings.KENTONGAN_TELEGRAM_URL = server.url
        yield server


@pytest.fixture
def channel(server: TelegramServer) -> Chat:
    return server.channel("KabarUji")


@pytest.fixture
def proxy(server: TelegramServer) -> Iterator[Proxy]:
    with between(server.url) as proxy:
        yield proxy


def entered(proxy: Proxy, **more: str) -> dict[str, str]:
    return {"handle": "@KabarUji", "token": telegram.TOKEN, "service": proxy.url, **more}


@pytest.fixture
def account(desk: Desk, proxy: Proxy, channel: Chat) -> Account:
    """The regency's channel, connected as its administrator does it."""
    declared = registry.declare_account(SYSTEM, desk.cast.root.pk, platform="telegram", handle="kabaruji")
    return connections.connect(desk.cast.actor("arif"), declared.pk, entered(proxy))


def scheduled(desk: Desk, account: Account, text: str = "Puskesmas buka sampai malam") -> Delivery:
    return desk.schedule(account, item=desk.item(text=text, kinds=["telegram"]))


def look(delivery: Delivery) -> State | None:
    delivery.refresh_from_db()
    Delivery.objects.filter(pk=delivery.pk).update(look_at=clock.now())
    return worker.look(reconciling.claim_doubts()[0])


def test_it_goes_out_once_and_is_taken_back(desk: Desk, account: Account, channel: Chat):
    delivery = scheduled(desk, account)
    assert desk.run() == [State.PUBLISHED]
    assert [one.text for one in channel.messages] == ["Puskesmas buka sampai malam"]
    desk.state(delivery)
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
    worker.take_back(reconciling.claim_recalls()[0])
    assert desk.state(delivery) == State.RECALLED
    assert channel.messages == []


def test_a_lost_answer_is_found_in_the_preview_of_a_public_channel(desk: Desk, account, channel, proxy: Proxy):
    delivery = scheduled(desk, account)
    proxy.faults.append(Fault("/sendMessage ", accept=True))
    assert desk.run() == [State.UNKNOWN]
    assert look(delivery) == State.PUBLISHED
    assert desk.run() == []
    desk.state(delivery)
    assert delivery.remote_id == str(channel.messages[0].number)


def test_of_a_private_channel_a_person_decides_and_nothing_is_sent_twice(desk, account, channel: Chat, proxy: Proxy):
    delivery = scheduled(desk, account)
    channel.name = ""
    proxy.faults.append(Fault("/sendMessage ", accept=True))
    desk.run()
    desk.later(delivery, timedelta(days=1), "settled_at")
    assert look(delivery) == State.UNKNOWN
    assert desk.run() == []
    assert len(channel.messages) == 1
    assert "private channel" in delivery.attempts.last().message


def test_what_never_arrived_waits_for_a_person_too(desk: Desk, account: Account, channel: Chat, proxy: Proxy):
    delivery = scheduled(desk, account)
    proxy.faults.append(Fault("/sendMessage ", accept=False))
    desk.run()
    desk.later(delivery, timedelta(days=1), "settled_at")
    assert look(delivery) == State.UNKNOWN
    actions.resolve(desk.cast.actor("hendra"), delivery.pk, actions.Resolution.SEND_AGAIN)
    assert desk.run() == [State.PUBLISHED]
    assert len(channel.messages) == 1


def test_a_bot_without_its_right_holds_the_post_and_marks_the_account(desk: Desk, account: Account, channel: Chat):
    delivery = scheduled(desk, account)
    channel.rights = set()
    assert desk.run() == [State.READY]
    assert desk.run() == [State.HELD]
    account.connection.refresh_from_db()
    assert account.connection.healthy is False
    assert "administrator" in account.connection.problem
    channel.rights = {"can_post_messages"}
    actions.send_again(desk.cast.actor("hendra"), delivery.pk)
    assert desk.run() == [State.PUBLISHED]


def test_after_48_hours_people_are_asked_to_delete_it(desk: Desk, account: Account, channel: Chat):
    delivery = scheduled(desk, account)
    desk.run()
    desk.later(delivery, timedelta(hours=49), "published_at")
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Terlambat")
    assert reconciling.claim_recalls() == []
    assert (desk.state(delivery), len(channel.messages)) == (State.PUBLISHED, 1)
    assert RecallTask.objects.get().delivery == delivery


def test_the_connect_page_says_what_is_wrong_and_shows_no_token(desk: Desk, account, proxy: Proxy, sign_in, server):
    browser, address = sign_in(desk.cast.user("arif")), reverse("publishing:connect", args=[account.pk])
    assert SECRET not in browser.get(address).content.decode()
    wrong = browser.post(address, entered(proxy, token=f"{telegram.BOT_ID}:{'q' * 35}"))
    assert wrong.status_code == 422
    assert "@BotFather" in wrong.content.decode()
    assert "q" * 35 not in wrong.content.decode()
    server.chats[0].rights = {"can_delete_messages"}
    assert browser.post(address, entered(proxy)).status_code == 422
    server.chats[0].rights = {"can_post_messages"}
    assert browser.post(address, entered(proxy)).status_code == 302
    for who, status in (("dewi", 403), ("tono", 404)):
        assert sign_in(desk.cast.user(who)).get(address).status_code == status, who


@pytest.mark.django_db
def test_a_long_text_beside_a_picture_is_refused_when_it_is_handed_in():
    asset = ItemAsset(file=StoredFile(name="setu.png", media_type="image/png", size=10, sha256="1" * 64))
    version = Rendition(kind="telegram", text="x" * 1_025)
    with translation.override("en"):
        assert "1024 characters beside a picture or video" in media.problems([version], [asset])["telegram"][0]
    assert media.problems([version], []) == {}
    version.text = "x" * 1_024
    assert media.problems([version], [asset]) == {}
