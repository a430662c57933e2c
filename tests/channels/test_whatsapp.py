"""WhatsApp's Cloud API: an approved template to one person, its receipts, and what an organisation may connect."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import httpx
import pytest
from django.utils import translation

from channels.benches import MALFORMED
from kentongan.channels import addresses, registry
from kentongan.channels.addresses import business
from kentongan.channels.contract import Ambiguous, ChannelError, Credentials, CredentialsExpired, Rejected, RetryLater
from kentongan.channels.messaging import Fate, Letter, Receipt, Refusal
from kentongan.channels.whatsapp.messenger import LONGEST
from kentongan.core import http
from servers import whatsapp
from servers.proxy import Fault, Proxy, between
from servers.whatsapp import NUMBER_ID, WhatsAppServer

SEND = "/messages"
LETTER = Letter(
    "tanda0001", "+6281211112222", "Puskesmas buka\nsampai malam.\n\nhttps://a.id/m/1", "https://a.id/stop/1"
)


@pytest.fixture(autouse=True)
def _english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def server() -> Iterator[WhatsAppServer]:
    """The stub."""
    with whatsapp.serve() as server:
        yield server


@pytest.fixture
def proxy(server: WhatsAppServer) -> Iterator[Proxy]:
    """A fault proxy before it."""
    with between(server.url.removesuffix(f"/{whatsapp.VERSION}")) as proxy:
        yield proxy


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    with http.client() as client:
        yield client


def entered(proxy: Proxy, **more: str) -> dict[str, str]:
    """Return what an administrator copies from Meta's pages."""
    given = {
        "number_id": NUMBER_ID,
        "business_id": whatsapp.BUSINESS_ID,
        "token": whatsapp.TOKEN,
        "app_secret": whatsapp.APP_SECRET,
        "template": whatsapp.TEMPLATE,
        "language": whatsapp.LANGUAGE,
        "service": f"{proxy.url}/{whatsapp.VERSION}",
    }
    return given | more


@pytest.fixture
def credentials(proxy: Proxy, client: httpx.Client) -> Credentials:
    """The number, connected through the proxy."""
    return registry.get("whatsapp").connector.connect(entered(proxy), client)


def send(credentials: Credentials, client: httpx.Client, letter: Letter = LETTER) -> str | ChannelError:
    try:
        return registry.get("whatsapp").messenger.send(letter, credentials, client)
    except ChannelError as error:
        return error


class TestConnecting:
    """A number, a token, a template."""

    def test_the_number_is_learnt_and_healthy(self, credentials: Credentials, client, server: WhatsAppServer):
        assert credentials.handle == "+622189970001"
        health = registry.get("whatsapp").connector.health(credentials, client)
        assert (health.ready, health.problem) == (True, "")
        assert (health.name, health.url) == ("Pemkab Bekasi", "https://wa.me/622189970001")
        assert server.problems == []
        assert whatsapp.TOKEN not in repr(credentials)
        assert whatsapp.APP_SECRET not in repr(credentials)

    @pytest.mark.parametrize(
        ("given", "words"),
        [
            ({"token": "E" * 60}, "does not accept this token"),
            ({"number_id": "+62 21 8997"}, "phone number ID"),
            ({"app_secret": "bukan"}, "app secret"),
            ({"template": "Kabar Layanan"}, "template's name"),
            ({"language": "indonesia"}, "language"),
            ({"service": "http://graph.contoh.id"}, "https://"),
        ],
    )
    def test_what_is_wrong_is_said(self, proxy: Proxy, client, given: dict[str, str], words: str):
        with pytest.raises(Rejected, match=words):
            registry.get("whatsapp").connector.connect(entered(proxy, **given), client)

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"template_status": "PAUSED"}, "not approved"),
            ({"template_status": ""}, "knows no template"),
            ({"template_text": "Kabar: {{1}}. Salam."}, "needs {{1}} and {{2}}"),
            ({"template_text": "Kabar: {{1}}, {{2}}, {{3}}. Salam."}, "needs {{1}} and {{2}}"),
            ({"revoked": True}, "Connect the number again"),
        ],
    )
    def test_a_number_that_cannot_send_is_not_ready(
        self, server: WhatsAppServer, credentials: Credentials, client, changed: Mapping[str, Any], words: str
    ):
        for name, value in changed.items():
            setattr(server, name, value)
        health = registry.get("whatsapp").connector.health(credentials, client)
        assert not health.ready
        assert words in health.problem

    def test_a_number_that_people_block_is_ready_with_a_warning(self, server: WhatsAppServer, credentials, client):
        server.quality = "RED"
        health = registry.get("whatsapp").connector.health(credentials, client)
        assert health.ready
        assert "blocked or reported" in health.problem

    def test_nothing_is_published_there_and_people_can_share(self):
        channel = registry.get("whatsapp")
        assert not channel.publishes
        assert channel.connects
        assert channel.manifest.neutral_only
        assert (
            channel.share.link(text="Halo", url="https://a.id/1") == "https://wa.me/?text=Halo+https%3A%2F%2Fa.id%2F1"
        )


class TestSending:
    """One request, one message, or a doubt that stays one."""

    def test_a_template_goes_out_with_the_text_in_one_line(self, server: WhatsAppServer, credentials, client):
        named = send(credentials, client)
        sent = server.sent[0]
        assert named == sent.number
        assert (sent.to, sent.mark) == ("6281211112222", "tanda0001")
        assert sent.parameters == ["Puskesmas buka sampai malam. https://a.id/m/1", "https://a.id/stop/1"]
        assert server.problems == []

    @pytest.mark.parametrize(
        "made",
        [
            {"accept": True},
            {"accept": True, "half": True},
            {"accept": True, "status": 200, "body": MALFORMED},
            {"accept": True, "status": 200, "body": b'{"messages": []}'},
            {"accept": True, "status": 500},
            {"accept": True, "status": 400},
            {"accept": False},
            {"accept": False, "status": 502, "body": MALFORMED},
        ],
    )
    def test_what_may_have_been_taken_is_in_doubt(self, server, credentials, client, proxy: Proxy, made):
        proxy.faults.append(Fault(SEND, **made))
        assert isinstance(send(credentials, client), Ambiguous)
        assert len(server.sent) == made["accept"]

    @pytest.mark.parametrize(("headers", "after"), [((("Retry-After", "37"),), 37), ((), None)])
    def test_a_rate_limit_says_when_if_it_says_when(self, server, credentials, client, proxy: Proxy, headers, after):
        said = {"error": {"message": "(#130429) Rate limit hit", "code": 130429, "error_data": {"details": "Slower"}}}
        proxy.faults.append(Fault(SEND, accept=False, status=429, body=json.dumps(said).encode(), headers=headers))
        outcome = send(credentials, client)
        assert isinstance(outcome, RetryLater)
        assert (outcome.after.total_seconds() if outcome.after else None) == after
        assert server.sent == []

    def test_a_server_that_is_not_there_was_sent_nothing(self, credentials, client):
        assert isinstance(send(replace(credentials, service="http://127.0.0.1:1"), client), RetryLater)

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"revoked": True}, "token"),
            ({"locked": True}, "locked"),
            ({"template_status": "PAUSED"}, "template"),
            ({"template_text": "{{1}}"}, "template"),
        ],
    )
    def test_what_a_person_has_to_mend_is_told_apart(self, server, credentials, client, changed, words):
        for name, value in changed.items():
            setattr(server, name, value)
        outcome = send(credentials, client)
        assert isinstance(outcome, CredentialsExpired)
        assert words in outcome.message

    def test_a_phone_without_whatsapp_is_a_refusal(self, server: WhatsAppServer, credentials, client):
        server.unreachable = {"6281211112222"}
        outcome = send(credentials, client)
        assert isinstance(outcome, Rejected)
        assert "Unable to deliver" in outcome.message

    def test_a_text_that_no_template_holds_is_refused_before_it_is_sent(self, server, credentials, client):
        assert isinstance(send(credentials, client, replace(LETTER, text="x" * LONGEST)), str)
        outcome = send(credentials, client, replace(LETTER, text="x" * (LONGEST + 1)))
        assert isinstance(outcome, Rejected)
        assert len(server.sent) == 1


class TestReceipts:
    """What WhatsApp calls back with is believed only where the app's secret has signed it."""

    def told(self, credentials: Credentials, value: Mapping[str, Any], **more: str) -> list[Receipt | Refusal]:
        body, signature = whatsapp.hook(value, **more)
        headers = {"X-Hub-Signature-256": signature}
        return list(registry.get("whatsapp").messenger.told(body, headers, credentials))

    def test_each_fate_comes_back_with_its_mark(self, server: WhatsAppServer, credentials, client):
        named = send(credentials, client)
        for fate in ("sent", "delivered", "read"):
            assert self.told(credentials, whatsapp.status(server.sent[0], fate)) == [
                Receipt("tanda0001", named, Fate(fate))
            ]
        [one] = self.told(credentials, whatsapp.failed(server.sent[0], 131026, "Message undeliverable"))
        assert one == Receipt("tanda0001", named, Fate.FAILED, "Message undeliverable")

    @pytest.mark.parametrize(
        ("said", "ends"), [("STOP", True), (" Berhenti. ", True), ("Stop dulu ya", False), ("", False)]
    )
    def test_who_writes_stop_wants_no_more(self, credentials, said: str, ends: bool):
        assert self.told(credentials, whatsapp.text("6281211112222", said)) == [Refusal("+6281211112222")] * ends

    def test_another_number_of_the_same_app_is_left_alone(self, server: WhatsAppServer, credentials, client):
        send(credentials, client)
        assert self.told(credentials, whatsapp.status(server.sent[0], "read"), number="999") == []

    @pytest.mark.parametrize("signature", ["", "sha256=", "sha256=" + "0" * 64, "sha1=abc", "\xe9"])
    def test_what_is_not_signed_is_refused(self, credentials, signature: str):
        body, _right = whatsapp.hook({})
        with pytest.raises(Rejected):
            registry.get("whatsapp").messenger.told(body, {"X-Hub-Signature-256": signature}, credentials)

    def test_a_body_that_was_changed_is_refused(self, credentials):
        body, signature = whatsapp.hook({})
        with pytest.raises(Rejected):
            registry.get("whatsapp").messenger.told(body + b" ", {"X-Hub-Signature-256": signature}, credentials)

    @pytest.mark.parametrize(
        "value", [{"statuses": [None, {}, {"id": 5, "status": "sent"}, {"id": "a", "status": "x"}]}, {"messages": "x"}]
    )
    def test_what_makes_no_sense_tells_nothing(self, credentials, value):
        assert self.told(credentials, value) == []

    @pytest.mark.parametrize(
        ("query", "answer"),
        [
            ({"hub.mode": "subscribe", "hub.verify_token": "kata", "hub.challenge": "1158201444"}, "1158201444"),
            ({"hub.mode": "subscribe", "hub.verify_token": "lain", "hub.challenge": "1158201444"}, None),
            ({"hub.mode": "unsubscribe", "hub.verify_token": "kata", "hub.challenge": "1"}, None),
            ({"hub.mode": "subscribe", "hub.verify_token": "kata", "hub.challenge": "9" * 201}, None),
            ({}, None),
        ],
    )
    def test_the_challenge_is_answered_to_who_knows_our_word(self, query: dict[str, str], answer: str | None):
        messenger = registry.get("whatsapp").messenger
        if answer is not None:
            assert messenger.challenge(query, "kata") == answer
            return
        with pytest.raises(Rejected):
            messenger.challenge(query, "kata")


class TestNumbers:
    """An organisation's number is an official account; a person's phone is none."""

    @pytest.mark.parametrize(
        ("text", "platform", "key"),
        [
            ("https://wa.me/6281234567890", "", "+6281234567890"),
            ("wa.me/6281234567890?text=Halo", "whatsapp", "+6281234567890"),
            ("https://api.whatsapp.com/send?phone=6281234567890", "", "+6281234567890"),
            ("0812-3456-7890", "whatsapp", "+6281234567890"),
            ("+62 21 8997 0001", "whatsapp", "+622189970001"),
        ],
    )
    def test_it_is_read_however_it_is_written(self, text: str, platform: str, key: str):
        found = business.number(text, platform)
        assert (found.platform, found.key, found.handle) == ("whatsapp", key, key)
        assert found.url == f"https://wa.me/{key[1:]}"

    @pytest.mark.parametrize(
        ("text", "platform"),
        [
            ("081234567890", ""),
            ("081234567890", "telegram"),
            ("123", "whatsapp"),
            ("https://wa.me/", ""),
            ("Kabar", "whatsapp"),
        ],
    )
    def test_what_is_none_is_left_to_others(self, text: str, platform: str):
        assert business.number(text, platform) is None

    def test_a_phone_of_a_person_is_still_no_account(self):
        with pytest.raises(addresses.Unreadable):
            addresses.parse("https://wa.me/6281234567890")
