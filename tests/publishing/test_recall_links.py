"""Recalls that custodians without a sign-in answer on their phone: a link each, while they keep the account."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from kentongan.channels import registry as channels
from kentongan.core import audit, clock, ids
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, NotFound
from kentongan.core.links import limits
from kentongan.core.models import Message, User
from kentongan.core.models.files import StoredFile
from kentongan.publishing import access, actions
from kentongan.publishing.actions import recalling
from kentongan.publishing.actions.recalling import Proof
from kentongan.publishing.models import Delivery, RecallLink, RecallTask
from kentongan.publishing.recalls import links, looking, telling
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry import personal
from kentongan.registry.actions.custody import Correction
from kentongan.registry.models import Account, Membership, Person
from named_cast import SYSTEM
from publishing.desk import Desk, Platform
from publishing.reposts import boosting
from publishing.sheets import PNG

WORD = "Sudah saya hapus dari aplikasi."


@pytest.fixture(autouse=True)
def undeletable(monkeypatch: pytest.MonkeyPatch, desk: Desk) -> Iterator[None]:
    """Mastodon as a platform that lets nobody but its custodians delete; nothing is asked of the network."""
    cache.clear()
    channel, known = channels.get("mastodon"), channels.get
    other = replace(channel, manifest=replace(channel.manifest, recalls=False))
    monkeypatch.setattr(channels, "get", lambda kind: other if kind == "mastodon" else known(kind))
    monkeypatch.setattr(looking, "look", lambda url: RecallTask.Look.UNSURE)
    User.objects.update(language="en")
    with translation.override("en"):
        yield


@pytest.fixture
def maman(desk: Desk) -> Person:
    """A custodian with a phone, who does not sign in here."""
    person = Person.objects.get(user=desk.cast.user("maman"))
    person.user, person.phone, person.language = None, "+6281211112222", "en"
    person.save()
    return person


@pytest.fixture
def account(desk: Desk, maman: Person) -> Account:
    """An account of a village that he keeps."""
    account = desk.account(unit=desk.cast.sukamahi)
    registry.correct_account(desk.cast.actor("arif"), account.pk, Correction(custodian_id=maman.pk))
    account.refresh_from_db()
    return account


@pytest.fixture
def task(desk: Desk, platform: Platform, account: Account) -> RecallTask:
    """A post that is to be deleted."""
    delivery = desk.schedule(account)
    assert desk.run() == [State.PUBLISHED]
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Angkanya keliru")
    return RecallTask.objects.get()


@pytest.fixture
def address(task: RecallTask) -> str:
    """The path of the link that he was sent."""
    telling.tell(SYSTEM)
    return _sent()[-1]


def _sent() -> list[str]:
    letters = Message.objects.filter(purpose=telling.PURPOSE, person_id__isnull=False).order_by("pk")
    return [urlsplit(letter.link).path for letter in letters]


def _asked(delivery: Delivery) -> tuple[RecallTask, str]:
    """Ask people about a delivery; return the task, and the path of the link that was sent."""
    delivery.refresh_from_db()
    task = recalling.ask(SYSTEM, delivery, "Angkanya keliru")
    telling.tell(SYSTEM)
    assert task is not None
    return task, _sent()[-1]


def _staff(desk: Desk, name: str = "hendra") -> Client:
    staff = Client()
    staff.force_login(desk.cast.user(name), backend="allauth.account.auth_backends.AuthenticationBackend")
    return staff


@pytest.fixture
def phone(address: str, client: Client) -> Client:
    """His phone, on which the link was opened."""
    assert client.post(address, {"intent": "open"}).status_code == 302
    return client


class TestTheLink:
    """One for each, whose token is stored nowhere."""

    def test_it_is_sent_once_to_their_phone(self, task: RecallTask, maman: Person, address: str):
        assert telling.tell(SYSTEM) == 0
        letter = Message.objects.get(person_id=maman.pk)
        assert (letter.channel, letter.person_id) == (Message.Channel.LINK, maman.pk)
        assert "please delete this post of" in letter.body
        link = RecallLink.objects.get()
        assert link.digest == ids.token_digest(address.split("/")[2])
        assert address.split("/")[2] not in " ".join(map(str, RecallLink.objects.values().get().values()))
        assert timedelta(days=14) < link.expires_at - clock.now() < timedelta(days=16)

    @pytest.mark.parametrize("method", ["get", "head"])
    def test_a_preview_changes_nothing(self, task: RecallTask, address: str, method: str, client: Client):
        before = list(RecallLink.objects.values()), list(RecallTask.objects.values())
        response = getattr(client, method)(address)
        assert response.status_code == 200
        assert "noindex" in response["X-Robots-Tag"]
        assert (list(RecallLink.objects.values()), list(RecallTask.objects.values())) == before

    def test_the_phone_that_opens_it_first_keeps_it(self, task: RecallTask, phone: Client, address: str):
        task.refresh_from_db()
        assert (task.state, task.seen_by) == ("seen", None)
        page = phone.get(address).content.decode()
        assert "Angkanya keliru" in page
        assert task.delivery.url in page
        other = Client()
        for response in (other.get(address), other.post(address, {"intent": "done", "note": WORD})):
            assert response.status_code == 403
        task.refresh_from_db()
        assert task.is_open

    def test_no_more_is_shown_than_is_needed(self, desk: Desk, phone: Client, address: str):
        page = phone.get(address).content.decode()
        for person in Person.objects.exclude(full_name="Maman"):
            assert person.full_name not in page
        assert "+6281211112222" not in page
        assert "example.id" not in page

    def test_an_unknown_one_tells_nothing_and_guesses_are_few(
        self, address: str, monkeypatch: pytest.MonkeyPatch, client
    ):
        monkeypatch.setattr(limits, "MISSES", 2)
        assert [client.get("/h/tidak-ada/").status_code for _n in range(3)] == [404, 404, 429]

    def test_acts_are_few(self, address: str, phone: Client, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(limits, "TRIES", 2)
        said = [phone.post(address, {"intent": "decline"}).status_code for _n in range(3)]
        assert said[-1] == 429

    def test_over_it_can_be_asked_for_again_and_a_new_one_ends_it(self, task: RecallTask, address: str, client: Client):
        RecallLink.objects.update(expires_at=clock.now() - timedelta(days=1))
        assert client.get(address).status_code == 410
        assert telling.tell(SYSTEM) == 0
        assert "Your wish has arrived" in client.post(address, {"intent": "ask"}).content.decode()
        assert [telling.tell(SYSTEM), telling.tell(SYSTEM)] == [1, 0]
        new = _sent()[-1]
        assert new != address
        assert client.get(new).status_code == 200
        assert "newer link" in client.get(address).content.decode()

    def test_who_holds_an_old_one_does_not_end_the_one_in_use(self, task: RecallTask, address: str, client: Client):
        RecallLink.objects.update(expires_at=clock.now() - timedelta(days=1))
        client.post(address, {"intent": "ask"})
        telling.tell(SYSTEM)
        new = _sent()[-1]
        client.post(new, {"intent": "open"})
        page = Client().post(address, {"intent": "ask"}).content.decode()
        assert "is in use" in page
        assert "Your wish has arrived" not in page
        RecallLink.objects.update(asked_again_at=clock.now())
        RecallLink.objects.filter(digest=ids.token_digest(new.split("/")[2])).update(asked_again_at=None)
        assert telling.tell(SYSTEM) == 0
        assert client.get(new).status_code == 200

    def test_another_phone_asks_through_the_link_itself_and_staff_see_it(
        self, desk: Desk, task: RecallTask, phone: Client, address: str
    ):
        assert "Your wish has arrived" in Client().post(address, {"intent": "ask"}).content.decode()
        assert "Asked for a new link" in _staff(desk).get(task.get_absolute_url()).content.decode()
        assert telling.tell(SYSTEM) == 1
        assert phone.get(address).status_code == 410

    def test_once_it_is_answered_no_other_is_promised(self, desk: Desk, task: RecallTask, phone: Client, address: str):
        actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Angkanya ternyata benar")
        for response in (Client().get(address), Client().post(address, {"intent": "ask"})):
            page = response.content.decode()
            assert "Nothing is expected from you" in page
            assert "new link" not in page
        assert RecallLink.objects.get().asked_again_at is None

    def test_whose_sign_in_was_closed_has_one_too(self, desk: Desk, task: RecallTask, maman: Person):
        user = desk.cast.user("maman")
        user.is_active = False
        user.save()
        maman.user = user
        maman.save()
        telling.tell(SYSTEM)
        assert len(_sent()) == 1
        assert "has a link of their own" in _staff(desk).get(task.get_absolute_url()).content.decode()

    def test_where_nobody_keeps_the_account_no_link_is_spoken_of(self, desk: Desk, task: RecallTask):
        Account.objects.update(custodian=None)
        page = _staff(desk).get(task.get_absolute_url()).content.decode()
        assert "has a link of their own" not in page
        assert "administrators may answer" in page

    def test_nobody_is_sent_links_without_end(self, address: str, client: Client, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(links, "MOST", 2)
        RecallLink.objects.update(expires_at=clock.now() - timedelta(days=1))
        told = []
        for _n in range(3):
            page = client.post(address, {"intent": "ask"}).content.decode()
            told.append((telling.tell(SYSTEM), "Your wish has arrived" in page, "No more links" in page))
        assert told == [(1, True, False), (0, False, True), (0, False, True)]

    def test_for_many_recalls_as_many_queries_as_for_one(self, desk: Desk, task: RecallTask, account: Account):
        counts = []
        for number in range(3):
            delivery = desk.schedule(account, item=desk.item(text=f"Angka {number} dari dinas."))
            desk.run()
            actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
            RecallLink.objects.all().delete()
            Message.objects.all().delete()
            with CaptureQueriesContext(connection) as queried:
                telling.tell(SYSTEM)
            counts.append(len(queried))
        assert len(set(counts[1:])) == 1


class TestTheAnswer:
    """Deleted with a proof, or declined with a reason, by whom it was."""

    def test_deleted(self, desk: Desk, task: RecallTask, phone: Client, address: str, maman: Person):
        refused = phone.post(address, {"intent": "done", "note": "hilang"})
        assert refused.status_code == 422
        assert "does not prove it" in refused.content.decode()
        assert phone.post(address, {"intent": "done", "note": WORD}).status_code == 302
        assert "Thank you" in phone.get(address).content.decode()
        task.refresh_from_db()
        assert (task.state, task.note, task.answered_by, task.answered_person) == ("done", WORD, None, maman)
        assert desk.state(task.delivery) == State.RECALLED
        entry = audit.trail(task).get(verb="publishing.recall.done")
        assert (entry.actor_kind, entry.person_id) == ("link", maman.pk)

    def test_with_a_picture(self, desk: Desk, task: RecallTask, phone: Client, address: str):
        picture = SimpleUploadedFile("layar.png", PNG, "image/png")
        assert phone.post(address, {"intent": "done", "picture": picture}).status_code == 302
        task.refresh_from_db()
        assert task.proof.name == "layar.png"
        assert desk.state(task.delivery) == State.RECALLED

    def test_what_is_no_picture_is_refused(self, task: RecallTask, phone: Client, address: str):
        said = phone.post(address, {"intent": "done", "picture": SimpleUploadedFile("x.png", b"MZ" + b"x" * 99)})
        assert said.status_code == 422
        task.refresh_from_db()
        assert task.is_open

    def test_declined(self, desk: Desk, task: RecallTask, phone: Client, address: str):
        assert phone.post(address, {"intent": "decline"}).status_code == 422
        assert phone.post(address, {"intent": "decline", "note": "Kata sandinya hilang"}).status_code == 302
        task.refresh_from_db()
        assert task.state == "declined"
        assert desk.state(task.delivery) == State.PUBLISHED
        (letter,) = (one for one in Message.objects.all() if one.address == "hendra@example.id")
        assert "Kata sandinya hilang" in letter.body

    def test_who_was_quicker_or_called_it_off_is_said(self, desk: Desk, task: RecallTask, phone: Client, address: str):
        actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Angkanya ternyata benar")
        assert phone.post(address, {"intent": "done", "note": WORD}).status_code == 302
        page = phone.get(address).content.decode()
        assert "called off" in page
        assert "<form" not in page.split("<main", 1)[-1]

    def test_a_picture_that_comes_too_late_is_not_kept(
        self, desk: Desk, task: RecallTask, phone: Client, address: str, monkeypatch: pytest.MonkeyPatch
    ):
        """Before it is taken in, or (race) while it is."""

        def post() -> None:
            picture = SimpleUploadedFile("layar.png", PNG, "image/png")
            assert phone.post(address, {"intent": "done", "picture": picture}).status_code == 302

        def quicker(delivery: Delivery) -> str:
            assert StoredFile.objects.count() == 1
            actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Angkanya ternyata benar")
            return RecallTask.Look.UNSURE

        monkeypatch.setattr(looking, "look_for", quicker)
        post()
        assert not StoredFile.objects.exists()
        monkeypatch.setattr(looking, "look_for", lambda task: pytest.fail("nothing is looked up"))
        post()
        assert not StoredFile.objects.exists()

    def test_of_what_may_not_be_there_that_is_said(self, desk: Desk, account: Account, platform: Platform, client):
        platform.answers = [httpx.ReadTimeout("lost")]
        delivery = desk.schedule(account)
        assert desk.run() == [State.UNKNOWN]
        task, address = _asked(delivery)
        client.post(address, {"intent": "open"})
        for page in (client.get(address), _staff(desk, "arif").get(task.get_absolute_url())):
            assert "it may not be there" in page.content.decode()
            assert "It is not there (any more)" in page.content.decode()
        assert "please look whether this post" in Message.objects.get(person_id__isnull=False).body

    def test_a_repost_is_undone_and_shows_no_empty_words(
        self, desk: Desk, account: Account, platform: Platform, client
    ):
        _first, [repost] = boosting.schedule(desk, [desk.account(), account])
        task, address = _asked(repost)
        client.post(address, {"intent": "open"})
        for page in (client.get(address), _staff(desk, "arif").get(task.get_absolute_url())):
            assert "It is undone" in page.content.decode()
            assert "It cannot be undone" in page.content.decode()
            assert "<blockquote" not in page.content.decode()
            assert "What is out there" not in page.content.decode()

    def test_staff_see_who_answered(self, desk: Desk, task: RecallTask, phone: Client, address: str):
        phone.post(address, {"intent": "done", "note": WORD})
        assert "Maman (by a link)" in _staff(desk).get(task.get_absolute_url()).content.decode()


class TestWhoMay:
    """Nobody but who keeps the account, for this one recall."""

    def test_who_loses_the_seat_loses_the_link(self, desk: Desk, task: RecallTask, phone: Client, address: str):
        Account.objects.update(custodian=None)
        for response in (phone.get(address), phone.post(address, {"intent": "done", "note": WORD})):
            assert response.status_code == 410
        task.refresh_from_db()
        assert task.is_open

    def test_whose_term_ended_too(self, phone: Client, address: str, maman: Person):
        yesterday = clock.now().date() - timedelta(days=1)
        Membership.objects.filter(person=maman).update(starts_on=yesterday - timedelta(days=9), ends_on=yesterday)
        assert phone.get(address).status_code == 410

    def test_a_link_opens_one_recall(
        self, desk: Desk, task: RecallTask, phone: Client, account: Account, maman: Person
    ):
        delivery = desk.schedule(account, item=desk.item(text="Angka lain dari dinas."))
        desk.run()
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Keliru")
        other = RecallTask.objects.get(delivery=delivery)
        holder = Actor.of_link(maman.pk, maman.full_name)
        assert access.recall_task(holder, task.pk, answering=True) == task
        for act in (
            lambda: actions.done(holder, other.pk, Proof(note=WORD)),
            lambda: actions.call_off(holder, task.pk, reason="x"),
            lambda: actions.done(Actor.of_link(0, "x"), task.pk, Proof(note=WORD)),
        ):
            with pytest.raises(NotFound):
                act()

    def test_what_they_said_is_told_and_erased_with_them(self, task: RecallTask, phone: Client, address, maman: Person):
        picture = SimpleUploadedFile("layar.png", PNG, "image/png")
        phone.post(address, {"intent": "done", "note": WORD, "picture": picture})
        keeper = dict(personal.keepers())["recalls"]
        assert [one["note"] for one in keeper.kept(maman.pk)] == [WORD]
        keeper.forget(SYSTEM, maman.pk)
        task.refresh_from_db()
        assert (task.state, task.note, task.proof, task.answered_person) == ("done", "–", None, None)
        assert not RecallLink.objects.exists()
        assert phone.get(address).status_code == 404

    def test_of_two_people_who_are_one_the_links_of_the_other_go(self, desk: Desk, address: str, maman: Person):
        dict(personal.keepers())["recalls"].join(maman.pk, Person.objects.get(user=desk.cast.user("dewi")).pk)
        assert not RecallLink.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_workers_one_makes_the_link(task: RecallTask):
    """Otherwise the message of the one would hold a token that the other did not store."""
    gate = threading.Barrier(2, timeout=30)

    def work() -> None:
        try:
            gate.wait()
            telling.tell(SYSTEM)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    [path] = _sent()
    assert RecallLink.objects.get().digest == ids.token_digest(path.split("/")[2])


@pytest.mark.django_db(transaction=True)
def test_of_two_phones_one_gets_it(task: RecallTask, maman: Person):
    telling.tell(SYSTEM)
    link, won, gate = RecallLink.objects.get(), [], threading.Barrier(2, timeout=30)

    def work() -> None:
        try:
            gate.wait()
            won.append(actions.bind(Actor.of_link(maman.pk, maman.full_name), link.pk))
        except Conflict:
            pass
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(won) == 1
