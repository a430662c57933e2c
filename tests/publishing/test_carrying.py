"""Messages that a business number carries instead of a person's phone: to whom, once, with receipts, and its end."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from channels.test_whatsapp import entered
from kentongan.core import clock, messages
from kentongan.core.errors import Conflict
from kentongan.core.models import Message, OptOut
from kentongan.publishing import actions, carrying, connections
from kentongan.registry import actions as registry
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Person, Unit
from named_cast import SYSTEM
from publishing.desk import Desk
from servers import whatsapp
from servers.proxy import Fault, Proxy, between
from servers.whatsapp import WhatsAppServer

AGREED = "Saya setuju Diskominfo Bekasi menulis kepada saya lewat WhatsApp atau surel."
State = Message.State


@pytest.fixture
def server() -> Iterator[WhatsAppServer]:
    with whatsapp.serve() as server, translation.override("en"):
        yield server


@pytest.fixture
def proxy(server: WhatsAppServer) -> Iterator[Proxy]:
    with between(server.url.removesuffix(f"/{whatsapp.VERSION}")) as proxy:
        yield proxy


@pytest.fixture
def number(desk: Desk, proxy: Proxy) -> Account:
    """The regency's number, declared and connected as its administrator does it."""
    declared = registry.declare_account(
        SYSTEM, desk.cast.root.pk, platform="whatsapp", handle="https://wa.me/622189970001"
    )
    return connections.connect(desk.cast.actor("arif"), declared.pk, entered(proxy))


def person(desk: Desk, phone: str = "+6281211112222", text: str = AGREED, unit: Unit | None = None) -> Person:
    """Return somebody of a village who agreed."""
    made = registry.add_person(
        SYSTEM,
        NewPerson("Euis Komala", (unit or desk.cast.sukamahi).pk, "Warga", "Daftar hadir", phone=phone),
    )
    if text:
        registry.give_consent(SYSTEM, made.pk, "contact", text=text, channel="form")
    return made


def queued(desk: Desk, who: Person, key: str = "kabar:1", **more: object) -> Message:
    given = {
        "channel": "link",
        "person_id": who.pk,
        "purpose": "missions.instruction",
        "body": "Mohon periksa data satuan.",
        "link": f"https://kentongan.contoh.id/m/{key}",
        "dedupe_key": key,
        "unit_id": desk.cast.sukamahi.pk,
    }
    return messages.queue(SYSTEM, **given | more)


def state(message: Message) -> str:
    message.refresh_from_db()
    return message.state


def call_back(number: Account, value: dict[str, object], **more: str) -> int:
    """Let WhatsApp call back; return the status it is answered with."""
    body, signature = whatsapp.hook(value, **more)
    address = reverse("publishing:hook", args=[number.pk])
    answer = Client(enforce_csrf_checks=True).post(
        address, body, content_type="application/json", headers={"X-Hub-Signature-256": signature}
    )
    return answer.status_code


def test_a_message_goes_out_once_and_its_receipts_come_back(desk: Desk, number: Account, server: WhatsAppServer):
    message = queued(desk, person(desk))
    assert carrying.carry() == 1
    assert carrying.carry() == 0
    [sent] = server.sent
    assert sent.to == "6281211112222"
    assert sent.parameters[0] == f"Mohon periksa data satuan. {message.link}"
    assert sent.parameters[1] == messages.opt_out_url(message)
    assert state(message) == State.SENT
    assert call_back(number, whatsapp.status(sent, "delivered")) == 200
    message.refresh_from_db()
    first = message.delivered_at
    assert first is not None
    for again in ("sent", "delivered", "read"):
        assert call_back(number, whatsapp.status(sent, again)) == 200
    message.refresh_from_db()
    assert (message.state, message.delivered_at) == (State.SENT, first)
    assert call_back(number, whatsapp.failed(sent, 131026, "Message undeliverable")) == 200
    assert state(message) == State.SENT


@pytest.mark.parametrize("text", ["", "Saya setuju dihubungi lewat surel."])
def test_without_a_consent_that_names_it_a_person_hands_it_over(desk: Desk, number, server: WhatsAppServer, text: str):
    message = queued(desk, person(desk, text=text))
    assert carrying.carry() == 0
    assert state(message) == State.QUEUED
    assert server.sent == []
    assert message in messages.to_hand_over(desk.cast.actor("arif"))


def test_a_consent_that_ended_meanwhile_ends_it(desk: Desk, number: Account, server: WhatsAppServer):
    who = person(desk)
    message = queued(desk, who)
    registry.revoke_consent(SYSTEM, who.pk, "contact")
    carrying.carry()
    assert state(message) != State.SENT
    assert server.sent == []


def test_who_writes_stop_gets_no_more(desk: Desk, number: Account, server: WhatsAppServer):
    who = person(desk)
    queued(desk, who)
    carrying.carry()
    assert call_back(number, whatsapp.text("6281211112222", "STOP")) == 200
    assert call_back(number, whatsapp.text("6281299998888", "STOP")) == 200
    assert OptOut.objects.get().purpose == ""
    later = queued(desk, who, "kabar:2")
    assert state(later) == State.SUPPRESSED
    carrying.carry()
    assert len(server.sent) == 1


def test_a_lost_answer_is_not_sent_again_and_its_receipt_ends_the_doubt(desk, number, server, proxy: Proxy):
    message = queued(desk, person(desk))
    proxy.faults.append(Fault("/messages", accept=True))
    carrying.carry()
    assert state(message) == State.UNKNOWN
    carrying.carry()
    assert len(server.sent) == 1
    call_back(number, whatsapp.status(server.sent[0], "delivered"))
    message.refresh_from_db()
    assert (message.state, message.remote_id) == (State.SENT, server.sent[0].number)
    assert message.delivered_at is not None


def test_one_that_never_arrives_fails_with_the_reason(desk: Desk, number: Account, server: WhatsAppServer):
    message = queued(desk, person(desk))
    carrying.carry()
    call_back(number, whatsapp.failed(server.sent[0], 131026, "Message undeliverable"))
    assert state(message) == State.FAILED
    assert message.reason == "Message undeliverable"


def test_a_killed_worker_leaves_a_doubt_not_a_second_message(desk: Desk, number: Account, server: WhatsAppServer):
    message = queued(desk, person(desk))
    assert messages.claim("link") == message
    Message.objects.update(claimed_at=clock.now() - timedelta(minutes=10))
    messages.send_due()
    carrying.carry()
    assert state(message) == State.UNKNOWN
    assert server.sent == []


def test_a_token_that_was_revoked_keeps_what_waits_and_marks_the_number(desk: Desk, number, server: WhatsAppServer):
    first, second = queued(desk, person(desk)), queued(desk, person(desk, "+6281233334444"), "kabar:2")
    server.revoked = True
    assert carrying.carry() == 1
    assert (state(first), state(second)) == (State.QUEUED, State.QUEUED)
    number.connection.refresh_from_db()
    assert number.connection.healthy is False
    assert carrying.carry() == 0
    server.revoked = False
    connections.test(desk.cast.actor("hendra"), number.pk)
    Message.objects.update(due_at=clock.now())
    assert carrying.carry() == 2
    assert (state(first), state(second)) == (State.SENT, State.SENT)


def test_when_asked_to_wait_it_waits_as_long(desk: Desk, number: Account, server: WhatsAppServer, proxy: Proxy):
    message = queued(desk, person(desk))
    body = b'{"error": {"message": "(#130429) Rate limit hit", "code": 130429}}'
    proxy.faults.append(Fault("/messages", accept=False, status=429, body=body, headers=(("Retry-After", "600"),)))
    carrying.carry()
    assert state(message) == State.QUEUED
    assert message.due_at > clock.now() + timedelta(minutes=9)
    assert server.sent == []


def test_while_paused_nothing_goes_out(desk: Desk, number: Account, server: WhatsAppServer):
    message = queued(desk, person(desk))
    hendra = desk.cast.actor("hendra")
    pause = actions.pause(hendra, unit_id=desk.cast.root.pk, platform="", reason="Berduka")
    assert carrying.carry() == 0
    actions.resume(hendra, pause.pk)
    assert carrying.carry() == 1
    assert state(message) == State.SENT


def test_a_pause_below_the_number_stops_what_waits_there(desk: Desk, number: Account, server: WhatsAppServer):
    paused = queued(desk, person(desk))
    other = queued(desk, person(desk, "+6281233334444"), "kabar:2", unit_id=desk.cast.tambun_selatan.pk)
    hendra, below = desk.cast.actor("hendra"), desk.cast.cikarang_pusat.pk
    made = actions.pause(hendra, unit_id=below, platform="", reason="Berduka")
    carrying.carry()
    assert (state(paused), state(other)) == (State.QUEUED, State.SENT)
    actions.resume(hendra, made.pk)
    actions.pause(hendra, unit_id=below, platform="mastodon", reason="Berduka")
    carrying.carry()
    assert state(paused) == State.SENT


def test_two_numbers_of_which_one_is_paused_cost_as_many_queries_as_one(desk, number: Account, server, proxy: Proxy):
    queued(desk, person(desk))
    queued(desk, person(desk, "+6281233334444"), "kabar:2", unit_id=desk.cast.tambun_selatan.pk)
    with CaptureQueriesContext(connection) as one:
        assert list(carrying.queries.carried(neutral=True)) == [number]
    server.display = "+62 812-0000-1111"
    nearer = registry.declare_account(
        SYSTEM, desk.cast.cikarang_pusat.pk, platform="whatsapp", handle="+62 812 0000 1111"
    )
    connections.connect(desk.cast.actor("arif"), nearer.pk, entered(proxy))
    with CaptureQueriesContext(connection) as two:
        assert set(carrying.queries.carried(neutral=True)) == {number, nearer}
    assert len(two) == len(one)
    actions.pause(desk.cast.actor("hendra"), account_id=nearer.pk, reason="Berduka")
    assert carrying.queries.carried(neutral=True) == {number: [desk.cast.tambun_selatan.pk]}


def handed_over(desk: Desk, message: Message) -> bool:
    """Whether the number leaves it alone and a person can hand it over, whatever comes round in between."""
    for _again in range(2):
        carrying.carry()
    assert state(message) == State.QUEUED
    arif = desk.cast.actor("arif")
    waits = message in messages.to_hand_over(arif)
    messages.hand_over(arif, message.pk)
    return waits and state(message) == State.HANDED_OVER


@pytest.mark.parametrize("body", ["x" * 701, "x" * 690])
def test_what_is_too_long_for_the_number_is_handed_over_by_a_person(desk, number, server: WhatsAppServer, body: str):
    message = queued(desk, person(desk), body=body)
    assert handed_over(desk, message)
    assert server.sent == []


def test_what_the_platform_refuses_is_handed_over_by_a_person(desk, number, server: WhatsAppServer, proxy: Proxy):
    message = queued(desk, person(desk))
    body = b'{"error": {"message": "(#131026) Message undeliverable", "code": 131026}}'
    proxy.faults.append(Fault("/messages", accept=False, status=400, body=body))
    carrying.carry()
    message.refresh_from_db()
    assert "undeliverable" in message.reason
    assert handed_over(desk, message)
    assert server.sent == []


def test_what_never_arrived_is_sent_again_by_hand(desk: Desk, number: Account, server: WhatsAppServer):
    message = queued(desk, person(desk))
    carrying.carry()
    call_back(number, whatsapp.failed(server.sent[0], 131026, "Message undeliverable"))
    messages.send_again(desk.cast.actor("arif"), message.pk)
    assert handed_over(desk, message)
    assert len(server.sent) == 1


def test_the_nearest_number_above_carries_it(desk: Desk, number: Account, server: WhatsAppServer, proxy: Proxy):
    server.display = "+62 812-0000-1111"
    nearer = registry.declare_account(
        SYSTEM, desk.cast.cikarang_pusat.pk, platform="whatsapp", handle="+62 812 0000 1111"
    )
    connections.connect(desk.cast.actor("arif"), nearer.pk, entered(proxy))
    queued(desk, person(desk))
    queued(desk, person(desk, "+6281233334444"), "kabar:2", unit_id=desk.cast.tambun_selatan.pk)
    found = carrying.queries.carried(neutral=True)
    assert {account.pk: units for account, units in found.items()} == {
        nearer.pk: [desk.cast.sukamahi.pk],
        number.pk: [desk.cast.tambun_selatan.pk],
    }


def test_who_waits_costs_no_more_queries(desk: Desk, number: Account, server: WhatsAppServer):
    for index in range(6):
        queued(desk, person(desk, f"+62812111122{index:02d}"), f"kabar:{index}")
    with CaptureQueriesContext(connection) as some:
        carrying.queries.carried(neutral=True)
    assert len(some) <= 4


def test_a_number_tells_nothing_of_messages_that_others_carry(desk: Desk, number: Account, server, proxy: Proxy):
    server.display = "+62 812-0000-1111"
    nearer = registry.declare_account(SYSTEM, desk.cast.sukamahi.pk, platform="whatsapp", handle="+62 812 0000 1111")
    connections.connect(desk.cast.actor("arif"), nearer.pk, entered(proxy))
    message = queued(desk, person(desk), unit_id=desk.cast.tambun_selatan.pk)
    carrying.carry()
    assert state(message) == State.SENT
    assert call_back(nearer, whatsapp.failed(server.sent[0], 131026, "Message undeliverable")) == 200
    assert call_back(nearer, whatsapp.text("6281211112222", "STOP")) == 200
    assert state(message) == State.SENT
    assert not OptOut.objects.exists()
    assert call_back(number, whatsapp.text("6281211112222", "STOP")) == 200
    assert OptOut.objects.exists()


class TestParties:
    """WhatsApp lets no party use it: nothing is connected, and nothing goes out."""

    def test_it_is_refused_with_what_to_do_instead(self, party_desk: Desk, proxy: Proxy, sign_in):
        cast = party_desk.cast
        declared = registry.declare_account(SYSTEM, cast.root.pk, platform="whatsapp", handle="+62 21 8997 0001")
        with translation.override("en"), pytest.raises(Conflict, match="parties and candidates") as refused:
            connections.connect(cast.actor("arif"), declared.pk, entered(proxy))
        assert "own phones" in str(refused.value.remedy)
        page = sign_in(cast.user("arif")).get(reverse("publishing:connect", args=[declared.pk]))
        assert page.status_code == 409
        assert not hasattr(Account.objects.get(pk=declared.pk), "connection")

    def test_a_number_from_before_carries_nothing(self, party_desk: Desk, server: WhatsAppServer):
        cast = party_desk.cast
        declared = registry.declare_account(SYSTEM, cast.root.pk, platform="whatsapp", handle="+62 21 8997 0001")
        registry.connect(SYSTEM, declared.pk, secrets={"token": "x"}, service_url=server.url)
        message = queued(party_desk, person(party_desk))
        assert carrying.carry() == 0
        assert state(message) == State.QUEUED


class TestTheHook:
    """Called by nobody who is signed in."""

    def test_the_platform_proves_that_it_was_given_the_address(self, desk: Desk, number: Account):
        address = reverse("publishing:hook", args=[number.pk])
        ask = {"hub.mode": "subscribe", "hub.verify_token": carrying.hook_token(number), "hub.challenge": "<b>5</b>"}
        answer = Client().get(address, ask)
        assert (answer.status_code, answer.content) == (200, b"<b>5</b>")
        assert answer["Content-Type"].startswith("text/plain")
        assert Client().get(address, ask | {"hub.verify_token": "tebakan"}).status_code == 403

    def test_what_is_not_signed_changes_nothing(self, desk: Desk, number: Account, server: WhatsAppServer):
        message = queued(desk, person(desk))
        carrying.carry()
        assert call_back(number, whatsapp.status(server.sent[0], "delivered"), secret="f" * 32) == 403
        message.refresh_from_db()
        assert message.delivered_at is None

    def test_an_account_that_carries_nothing_has_none(self, desk: Desk, number: Account):
        other = desk.account("mastodon")
        for pk in (other.pk, 10**9):
            assert Client().get(reverse("publishing:hook", args=[pk])).status_code == 404

    def test_the_page_shows_where_to_send_it_to_administrators_only(self, desk: Desk, number: Account, sign_in):
        address = reverse("publishing:connect", args=[number.pk])
        page = sign_in(desk.cast.user("arif")).get(address).content.decode()
        assert carrying.hook_url(number) in page
        assert carrying.hook_token(number) in page
        assert whatsapp.TOKEN not in page
        assert whatsapp.APP_SECRET not in page
        for who, status in (("dewi", 403), ("tono", 404)):
            assert sign_in(desk.cast.user(who)).get(address).status_code == status, who
