"""The outbox: once, with consent, and in doubt never again by itself."""

import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.core import mail
from django.db import connection
from django.test import Client, override_settings

from core.databases import environment
from kentongan.core import clock, messages, secrets
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.messages import Contact, Draft, contract, queries, sending
from kentongan.core.models import AuditEntry, Message, OptOut, User
from named_cast import Cast

SYSTEM = Actor.system("tests")
State = Message.State
SignIn = Callable[[User], Client]


class People:
    """Wulan has both addresses, Arif no e-mail, Tono does not want any."""

    refused = "Tidak bersedia."

    def __init__(self) -> None:
        self.known = {
            1: Contact("Wulan", "wulan@example.id", "+628111"),
            2: Contact("Arif", "", "+628222"),
            3: Contact("Tono", "tono@example.id", "+628333", refusal=self.refused),
        }

    def contacts(self, person_ids: Collection[int], purpose: str) -> Mapping[int, Contact]:
        return {key: contact for key, contact in self.known.items() if key in person_ids}


@pytest.fixture
def people(monkeypatch: pytest.MonkeyPatch) -> People:
    found = People()
    monkeypatch.setattr(contract, "_directory", found)
    return found


def queue(**fields: Any) -> Message:
    defaults: dict[str, Any] = {
        "channel": "email",
        "address": "wulan@example.id",
        "purpose": "test.news",
        "subject": "Kabar",
        "body": "Halo.",
        "link": "https://kentongan.example.id/m/abc",
        "dedupe_key": "kabar:1",
    }
    return messages.queue(SYSTEM, **defaults | fields)


@pytest.mark.django_db
def test_message_goes_out_once_with_the_way_to_end_it() -> None:
    message = queue()
    assert messages.send_due() == 1
    assert messages.send_due() == 0
    message.refresh_from_db()
    assert message.state == State.SENT
    assert message.sent_at
    [sent] = mail.outbox
    assert sent.to == ["wulan@example.id"]
    assert "https://kentongan.example.id/m/abc" in sent.body
    assert queries.opt_out_url(message) in sent.body
    assert sent.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.django_db
def test_same_key_is_one_message() -> None:
    first, second = queue(), queue(subject="Lain")
    assert first == second
    assert messages.queue_many(SYSTEM, [Draft("email", "test.news", "x", "kabar:1", address="a@b.id")]) == 0
    assert Message.objects.count() == 1


@pytest.mark.django_db
def test_people_without_address_or_consent_are_held_back_with_the_reason(people: People) -> None:
    drafts = [Draft("email", "test.news", "Halo", f"k:{person}", person_id=person) for person in (1, 2, 3, 4)]
    assert messages.queue_many(SYSTEM, drafts) == 4
    states = {message.person_id: message for message in Message.objects.all()}
    assert [states[person].state for person in (1, 2, 3, 4)] == [State.QUEUED, *[State.SUPPRESSED] * 3]
    assert states[3].reason == people.refused
    assert states[2].reason
    assert states[1].recipient == "Wulan"
    messages.send_due()
    assert [sent.to for sent in mail.outbox] == [["wulan@example.id"]]


@pytest.mark.django_db
def test_thousands_cost_a_fixed_number_of_queries(
    people: People, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    drafts = [Draft("link", "test.news", "Halo", f"k:{index}", person_id=1) for index in range(900)]
    with django_assert_max_num_queries(10):
        assert messages.queue_many(SYSTEM, drafts) == 900
    assert AuditEntry.objects.filter(verb="core.message.queue").count() == 1


@pytest.mark.django_db
def test_consent_withdrawn_after_queueing_holds_it_back(people: People) -> None:
    message = queue(address="", person_id=1)
    people.known[1] = Contact("Wulan", "wulan@example.id", refusal="Ditarik.")
    messages.send_due()
    message.refresh_from_db()
    assert (message.state, message.reason) == (State.SUPPRESSED, "Ditarik.")
    assert not mail.outbox


@pytest.mark.django_db
def test_not_before_it_is_due() -> None:
    queue(due_at=clock.now() + timedelta(minutes=1))
    assert messages.send_due() == 0


@pytest.mark.django_db
def test_unknown_channel_is_refused() -> None:
    with pytest.raises(Invalid):
        queue(channel="pigeon")


@pytest.mark.django_db
def test_opt_out_by_the_signed_link(client: Client) -> None:
    message = queue()
    waiting = queue(dedupe_key="kabar:2", due_at=clock.now() + timedelta(days=1))
    other = queue(dedupe_key="lain:1", purpose="test.other", due_at=clock.now() + timedelta(days=1))
    messages.send_due()
    url = re.search(r"/pesan/berhenti/\S+", str(mail.outbox[0].body))
    assert url
    assert client.get(url[0]).status_code == 200
    assert not OptOut.objects.exists()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(url[0], {"List-Unsubscribe": "One-Click"}).status_code == 200
    for row, state in ((message, State.SENT), (waiting, State.SUPPRESSED), (other, State.QUEUED)):
        row.refresh_from_db()
        assert row.state == state
    assert queue(dedupe_key="kabar:3").state == State.SUPPRESSED
    assert queue(dedupe_key="kabar:4", address=" WULAN@example.id").state == State.SUPPRESSED
    assert client.post(url[0], {"what": "everything"}).status_code == 200
    other.refresh_from_db()
    assert other.state == State.SUPPRESSED
    assert messages.opt_in(SYSTEM, message) == 2
    assert queue(dedupe_key="kabar:5").state == State.QUEUED


@pytest.mark.django_db
def test_forged_opt_out_links_lead_nowhere(client: Client) -> None:
    message = queue()
    for token in ("x", str(message.pk), secrets.sign("other", message.pk), secrets.sign("message.opt_out", 999)):
        assert client.post(f"/pesan/berhenti/{token}/").status_code == 404
    assert not OptOut.objects.exists()


class MailServer:
    """A real SMTP server that answers as it is told and keeps what it accepts."""

    def __init__(self) -> None:
        self.accepted: list[bytes] = []
        self.answer = "250 OK"
        self.breaks = False

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        if self.answer.startswith("250"):
            self.accepted.append(envelope.content or b"")
        if self.breaks:
            server.transport.abort()
        return self.answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(settings: Any) -> Iterator[MailServer]:
    handler = MailServer()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    settings.EMAIL_PORT = controller.port
    settings.EMAIL_TIMEOUT = 5
    yield handler
    controller.stop()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "state"),
    [("250 OK", State.SENT), ("550 no such user", State.FAILED), ("451 try later", State.QUEUED)],
)
def test_every_answer_of_a_real_server_is_classified(server: MailServer, answer: str, state: str) -> None:
    server.answer = answer
    message = queue()
    sending.send_due()
    message.refresh_from_db()
    assert message.state == state
    if state == State.QUEUED:
        assert message.due_at > clock.now()
    assert len(server.accepted) == (state == State.SENT)


@pytest.mark.django_db
def test_broken_connection_after_the_text_is_unknown_and_not_repeated(server: MailServer) -> None:
    server.breaks = True
    message = queue()
    sending.send_due()
    server.breaks = False
    sending.send_due()
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    assert len(server.accepted) == 1


@pytest.mark.django_db
def test_server_that_is_down_is_asked_later_and_given_up_in_the_end(settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    message = queue()
    delays = []
    for _try in range(sending.MAX_ATTEMPTS):
        Message.objects.update(due_at=clock.now())
        sending.send_due()
        message.refresh_from_db()
        delays.append(message.due_at - clock.now())
    assert delays[1] > delays[0]
    assert message.state == State.FAILED
    assert message.reason


@pytest.mark.django_db
def test_doubtful_message_is_settled_by_a_person() -> None:
    message = queue()
    Message.objects.update(state=State.SENDING, claimed_at=clock.now() - sending.LAPSES_AFTER * 2)
    messages.send_due()
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    assert not mail.outbox
    assert messages.settle(SYSTEM, message.pk, arrived=True).state == State.SENT
    with pytest.raises(Conflict):
        messages.send_again(SYSTEM, message.pk)


@pytest.mark.django_db
def test_failed_message_is_sent_again_when_a_person_says_so() -> None:
    message = queue()
    Message.objects.update(state=State.FAILED)
    messages.send_again(SYSTEM, message.pk)
    messages.send_due()
    message.refresh_from_db()
    assert message.state == State.SENT


@pytest.mark.django_db(transaction=True)
def test_racing_workers_send_each_message_once(server: MailServer) -> None:
    for index in range(30):
        queue(dedupe_key=f"kabar:{index}", body=f"Nomor {index:03d}.")
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        while sending.send_due():
            pass
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = [re.search(rb"Nomor (\d+)", content) for content in server.accepted]
    assert sorted(found[1] for found in numbers if found) == [b"%03d" % index for index in range(30)]
    assert set(Message.objects.values_list("state", flat=True)) == {State.SENT}


KILLED = """
import django, os, signal
django.setup()
from django.conf import settings
from kentongan.core.messages import sending
settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", int(os.environ["MAIL_PORT"]), False
sending.record = lambda *args: os.kill(os.getpid(), signal.SIGKILL)
sending.send_due()
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_worker_killed_between_sent_and_recorded(server: MailServer, settings: Any) -> None:
    message = queue()
    killed = subprocess.run(
        [sys.executable, "-c", KILLED],
        env={**environment(), "MAIL_PORT": str(settings.EMAIL_PORT)},
        timeout=60,
        capture_output=True,
    )
    assert killed.returncode == -signal.SIGKILL, killed.stderr.decode()
    message.refresh_from_db()
    assert message.state == State.SENDING
    sending.send_due()
    Message.objects.update(claimed_at=clock.now() - sending.LAPSES_AFTER * 2)
    sending.send_due()
    message.refresh_from_db()
    assert message.state == State.UNKNOWN
    assert len(server.accepted) == 1


def test_hand_over_from_the_operators_own_phone(cast: Cast, sign_in: SignIn, people: People) -> None:
    message = queue(channel="link", address="", person_id=2, unit_id=cast.tambun_selatan.pk)
    client = sign_in(cast.user("joko"))
    page = client.get("/pesan/serah/")
    assert "https://wa.me/628222?text=Halo" in page.content.decode()
    assert client.post(f"/pesan/{message.pk}/serah/").status_code == 302
    message.refresh_from_db()
    assert (message.state, message.handed_over_by) == (State.HANDED_OVER, cast.user("joko"))
    assert client.post(f"/pesan/{message.pk}/serah/").status_code == 409
    assert client.post(f"/pesan/{message.pk}/batal-serah/").status_code == 302
    message.refresh_from_db()
    assert message.state == State.QUEUED
    assert messages.send_due() == 0


def test_messages_of_other_units_are_not_seen(cast: Cast, sign_in: SignIn) -> None:
    message = queue(channel="link", address="+628111", unit_id=cast.cikarang_pusat.pk, recipient="Wulan Sari")
    with pytest.raises(NotFound):
        messages.hand_over(cast.actor("joko"), message.pk)
    client = sign_in(cast.user("joko"))
    for url in ("/pesan/", "/pesan/serah/"):
        page = client.get(url)
        assert page.status_code == 200
        assert b"Wulan Sari" not in page.content
    for act in ("serah", "batal-serah", "kirim-ulang", "pastikan"):
        assert client.post(f"/pesan/{message.pk}/{act}/").status_code == 404
    assert sign_in(cast.user("maman")).get("/pesan/").status_code == 403


def test_list_masks_addresses_and_costs_the_same_for_many(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    for index in range(20):
        queue(dedupe_key=f"k:{index}", address=f"rahasia{index}@example.id", unit_id=cast.root.pk)
    client = sign_in(cast.user("arif"))
    with django_assert_max_num_queries(17):
        page = client.get("/pesan/")
    assert b"ra\xe2\x80\xa6@example.id" in page.content
    assert b"rahasia" not in page.content


@pytest.mark.django_db
def test_receipt_notes_the_first_opening_only() -> None:
    message = queue()
    messages.opened(message.public_id)
    message.refresh_from_db()
    first = message.opened_at
    messages.opened(message.public_id)
    message.refresh_from_db()
    assert first
    assert message.opened_at == first


@pytest.mark.django_db
@override_settings(PUBLIC_URL="https://kentongan.example.id")
def test_subject_cannot_smuggle_headers() -> None:
    queue(subject="Kabar\nBcc: semua@example.id")
    messages.send_due()
    assert mail.outbox[0].subject == "Kabar Bcc: semua@example.id"
