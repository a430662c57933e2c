"""Recalls that people carry out: who is asked, what proves it, who is told of late ones; and recalls of very many."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from kentongan.channels import registry as channels
from kentongan.cli import publish
from kentongan.core import audit, clock, files, tokens
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import Message
from kentongan.planning import actions as planning
from kentongan.planning.drafts import CampaignDraft
from kentongan.planning.models import ContentItem
from kentongan.publishing import access, actions, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.actions.recalling import Proof
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.recalls import looking, queries, telling
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry import personal
from kentongan.registry.actions.custody import Correction
from kentongan.registry.models import Account, Membership, Person
from named_cast import SYSTEM
from publishing.desk import Desk, Platform
from publishing.sheets import PNG

GONE = Proof(RecallTask.Look.GONE)
WORD = "Sudah saya hapus dari aplikasi."


@pytest.fixture(autouse=True)
def undeletable(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[None]:
    """Mastodon as a platform that lets nobody but its custodians delete; everybody reads English."""
    channel = channels.get("mastodon")
    manifest = replace(channel.manifest, recalls=False)
    known = channels.get

    def get(kind: str) -> object:
        return replace(channel, manifest=manifest) if kind == "mastodon" else known(kind)

    monkeypatch.setattr(channels, "get", get)
    with translation.override("en"):
        yield


@pytest.fixture
def account(desk: Desk) -> Account:
    """An account of a village that Maman keeps; he signs in here and has no role that reads deliveries."""
    account, maman = desk.account(unit=desk.cast.sukamahi), Person.objects.get(user=desk.cast.user("maman"))
    registry.correct_account(desk.cast.actor("arif"), account.pk, Correction(custodian_id=maman.pk))
    account.refresh_from_db()
    return account


@pytest.fixture
def out(desk: Desk, platform: Platform, account: Account) -> Delivery:
    """A post that is out."""
    delivery = desk.schedule(account)
    assert desk.run() == [State.PUBLISHED]
    delivery.refresh_from_db()
    return delivery


def ask(desk: Desk, delivery: Delivery) -> RecallTask:
    """Let Hendra recall a post."""
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Angkanya keliru")
    return RecallTask.objects.get(delivery=delivery, state__in=RecallTask.OPEN)


class TestAsking:
    """What the platform does not delete is asked of who keeps the account; until then it is out."""

    def test_it_is_recalled_only_when_it_is_gone(self, desk: Desk, out: Delivery):
        task = ask(desk, out)
        assert desk.state(out) == State.PUBLISHED
        assert queries.waiting_for([task])[task.pk].names == [desk.cast.user("maman").name]
        maman = desk.cast.actor("maman")
        actions.see(maman, task.pk)
        actions.done(maman, task.pk, GONE)
        task.refresh_from_db()
        assert desk.state(out) == State.RECALLED
        assert (task.state, task.look, task.answered_by) == ("done", "gone", desk.cast.user("maman"))
        assert [entry.verb for entry in audit.trail(task)] == [
            "publishing.recall.done",
            "publishing.recall.see",
            "publishing.delivery.recall",
        ]

    def test_it_is_asked_once(self, desk: Desk, out: Delivery):
        task = ask(desk, out)
        with pytest.raises(Conflict):
            ask(desk, out)
        copy = RecallTask.objects.get(pk=task.pk)
        copy.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save(force_insert=True)

    def test_what_a_platform_fails_to_delete_in_the_end_is_asked_too(
        self, desk: Desk, out: Delivery, monkeypatch: pytest.MonkeyPatch
    ):
        Delivery.objects.filter(pk=out.pk).update(recall_at=clock.now(), reason="Keliru")
        error = worker.RetryLater("Tidak menjawab")
        for _n in range(len(reconciling.PAUSES)):
            reconciling.recalled(SYSTEM, out.pk, clock.now(), error)
        task = RecallTask.objects.get()
        assert (task.delivery, task.reason, task.asked_by) == (out, "Keliru", None)

    @pytest.mark.parametrize("proof", [Proof(), Proof("there", "  "), Proof("unsure", "hilang")])
    def test_a_word_or_a_picture_is_needed_where_its_address_proves_nothing(
        self, desk: Desk, out: Delivery, proof: Proof
    ):
        task = ask(desk, out)
        with pytest.raises(Invalid) as refused:
            actions.done(desk.cast.actor("maman"), task.pk, proof)
        assert set(refused.value.fields) == {"note"}
        assert desk.state(out) == State.PUBLISHED
        actions.done(desk.cast.actor("maman"), task.pk, replace(proof, note=WORD))
        assert desk.state(out) == State.RECALLED

    def test_the_database_wants_a_proof_and_a_reason(self, desk: Desk, out: Delivery):
        task, now = ask(desk, out), clock.now()
        for wrong in (
            {"state": "done", "answered_at": now},
            {"state": "declined", "answered_at": now},
            {"state": "done", "look": "gone"},
            {"state": "seen"},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                RecallTask.objects.filter(pk=task.pk).update(**wrong)

    def test_who_declines_says_why_and_the_asker_is_told(self, desk: Desk, out: Delivery):
        task, maman = ask(desk, out), desk.cast.actor("maman")
        with pytest.raises(Invalid):
            actions.decline(maman, task.pk, note=" ")
        actions.decline(maman, task.pk, note="Kata sandinya hilang")
        assert desk.state(out) == State.PUBLISHED
        assert "Kata sandinya hilang" in out.recall_problem
        letter = Message.objects.get(purpose=telling.PURPOSE)
        assert letter.address == "hendra@example.id"
        assert "Kata sandinya hilang" in letter.body
        assert ask(desk, out).pk != task.pk

    def test_it_can_be_called_off(self, desk: Desk, out: Delivery):
        task = ask(desk, out)
        with pytest.raises((NotAllowed, NotFound)):
            actions.call_off(desk.cast.actor("maman"), task.pk, reason="x")
        actions.call_off(desk.cast.actor("hendra"), task.pk, reason="Angkanya ternyata benar")
        with pytest.raises(Conflict):
            actions.done(desk.cast.actor("maman"), task.pk, GONE)
        assert desk.state(out) == State.PUBLISHED


class TestWhoIsAsked:
    """Those who keep the account at this moment; nobody else, and nobody who left."""

    def test_only_custodians_and_administrators_answer(self, desk: Desk, out: Delivery):
        task = ask(desk, out)
        for name in ("hendra", "dewi", "sari", "joko", "euis", "tono"):
            with pytest.raises((NotAllowed, NotFound)):
                actions.done(desk.cast.actor(name), task.pk, GONE)
        for name in ("joko", "euis", "tono"):
            with pytest.raises(NotFound):
                access.recall_task(desk.cast.actor(name), task.pk)
        actions.done(desk.cast.actor("arif"), task.pk, GONE)
        assert desk.state(out) == State.RECALLED

    def test_who_loses_the_seat_loses_the_task_to_the_next(self, desk: Desk, out: Delivery, account: Account):
        task = ask(desk, out)
        telling.tell(SYSTEM)
        maman, dewi = desk.cast.actor("maman"), Person.objects.get(user=desk.cast.user("dewi"))
        assert [one.pk for one in queries.tasks(maman, mine=True)] == [task.pk]
        Account.objects.filter(pk=account.pk).update(custodian=dewi)
        assert not queries.tasks(maman).exists()
        with pytest.raises(NotFound):
            actions.done(maman, task.pk, GONE)
        telling.tell(SYSTEM)
        told = list(Message.objects.filter(purpose=telling.PURPOSE).order_by("pk").values_list("address", flat=True))
        assert told == ["maman@example.id", "dewi@example.id"]
        actions.done(desk.cast.actor("dewi"), task.pk, GONE)
        assert desk.state(out) == State.RECALLED

    def test_a_term_that_ended_counts_as_left_and_administrators_see_it(self, desk: Desk, out: Delivery):
        task = ask(desk, out)
        yesterday = clock.now().date() - timedelta(days=1)
        Membership.objects.filter(person__user=desk.cast.user("maman")).update(
            starts_on=yesterday - timedelta(days=9), ends_on=yesterday
        )
        waiting = queries.waiting_for([task])[task.pk]
        assert (waiting.administrators, waiting.names) == (True, [desk.cast.user("arif").name])
        with pytest.raises(NotFound):
            actions.done(desk.cast.actor("maman"), task.pk, GONE)
        telling.tell(SYSTEM)
        assert Message.objects.get(purpose=telling.PURPOSE).address == "arif@example.id"

    def test_each_is_told_once_by_any_number_of_workers(self, desk: Desk, out: Delivery):
        ask(desk, out)
        assert [telling.tell(SYSTEM), telling.tell(SYSTEM)] == [1, 0]
        letter = Message.objects.get(purpose=telling.PURPOSE)
        assert "Angkanya keliru" in letter.body

    def test_what_is_late_rises_to_the_level_above_once(self, desk: Desk, out: Delivery):
        task = ask(desk, out)
        assert telling.rise(SYSTEM) == 0
        RecallTask.objects.update(due_at=clock.now() - timedelta(minutes=1))
        assert [telling.rise(SYSTEM), telling.rise(SYSTEM)] == [1, 0]
        task.refresh_from_db()
        assert task.risen_at
        assert Message.objects.get(purpose=telling.PURPOSE).address == "arif@example.id"

    def test_however_many_wait_all_are_told_and_all_rise_in_one_go(
        self, desk: Desk, platform: Platform, account: Account, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(telling, "BATCH", 2)
        for number in range(5):
            delivery = desk.schedule(account, item=desk.item(text=f"Angka {number} dari dinas."))
            desk.run()
            delivery.refresh_from_db()
            ask(desk, delivery)
        assert [telling.tell(SYSTEM), telling.tell(SYSTEM)] == [5, 0]
        RecallTask.objects.update(due_at=clock.now() - timedelta(minutes=1))
        assert [telling.rise(SYSTEM), telling.rise(SYSTEM)] == [5, 0]
        told = [letter.address for letter in Message.objects.filter(purpose=telling.PURPOSE)]
        assert (told.count("maman@example.id"), told.count("arif@example.id")) == (5, 5)

    def test_the_command_lists_them_with_those_for_whom_they_wait(
        self, desk: Desk, out: Delivery, run_command: Callable
    ):
        assert run_command(publish, "recalls", "--as", "hendra@example.id") == []
        task = ask(desk, out)
        (row,) = run_command(publish, "recalls", "--as", "hendra@example.id")
        assert (row["id"], row["state"], row["late"], row["waiting_for"]) == (task.pk, "asked", False, "Maman")
        assert [one["id"] for one in run_command(publish, "recalls", "--mine", "--as", "maman@example.id")] == [task.pk]
        assert run_command(publish, "recalls", "--mine", "--as", "hendra@example.id") == []
        assert run_command(publish, "recalls", "--as", "joko@example.id") == []
        actions.decline(desk.cast.actor("maman"), task.pk, note="Kata sandinya hilang")
        (row,) = run_command(publish, "recalls", "--state", "declined", "--as", "hendra@example.id")
        assert (row["note"], row["waiting_for"]) == ("Kata sandinya hilang", "")
        with pytest.raises(Invalid):
            run_command(publish, "recalls", "--state", "gone")

    def test_for_many_tasks_as_many_queries_as_for_one(self, desk: Desk, platform: Platform):
        def asked() -> int:
            with CaptureQueriesContext(connection) as queried:
                queries.waiting_for(RecallTask.objects.select_related(*queries.SEEN))
            return len(queried)

        counts = []
        for n in range(3):
            delivery = desk.schedule(desk.account(handle=f"kabar{n}"))
            desk.run()
            delivery.refresh_from_db()
            ask(desk, delivery)
            counts.append(asked())
        assert len(set(counts)) == 1


class TestWhatIsKeptOfPeople:
    """What somebody said of a post is theirs: told to them, erased with them; that the post is gone stays."""

    def test_words_and_picture_are_told_and_erased(self, desk: Desk, out: Delivery):
        maman = desk.cast.actor("maman")
        picture = files.store(maman, BytesIO(PNG), "layar.png", unit_id=out.unit_id)
        task = ask(desk, out)
        actions.done(maman, task.pk, Proof(RecallTask.Look.UNSURE, WORD, picture))
        person, keeper = Person.objects.get(user=desk.cast.user("maman")), dict(personal.keepers())["recalls"]
        (told,) = keeper.kept(person.pk)
        assert (told["note"], told["state"]) == (WORD, "done")
        keeper.forget(SYSTEM, person.pk)
        task.refresh_from_db()
        picture.refresh_from_db()
        assert (task.state, task.note, task.proof) == ("done", "–", None)
        assert picture.erased_at
        assert desk.state(out) == State.RECALLED

    def test_who_has_answered_nothing_has_nothing_kept(self, desk: Desk, out: Delivery):
        task, keeper = ask(desk, out), dict(personal.keepers())["recalls"]
        person = Person.objects.get(user=desk.cast.user("maman"))
        assert keeper.kept(person.pk) == []
        keeper.forget(SYSTEM, person.pk)
        task.refresh_from_db()
        assert (task.state, task.note) == ("asked", "")

    def test_the_own_page_of_instructions_names_them(self, desk: Desk, out: Delivery, sign_in: Callable[..., Client]):
        address = reverse("missions:mine")
        assert "harus dihapus di sana" not in sign_in(desk.cast.user("maman")).get(address).content.decode()
        ask(desk, out)
        assert "harus dihapus di sana" in sign_in(desk.cast.user("maman")).get(address).content.decode()
        assert "harus dihapus di sana" not in sign_in(desk.cast.user("dewi")).get(address).content.decode()


class TestLooking:
    """The address of a post as everybody sees it."""

    @pytest.fixture
    def site(self, settings: object) -> Iterator[Callable[[int], str]]:
        """A site on this machine, which the installation is allowed to call; its paths are status codes."""
        settings.KENTONGAN_ALLOW_LOCAL_NETWORK = True  # type: ignore[attr-defined]

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(int(self.path[1:]))
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_args: object) -> None:
                """Say nothing."""

        server = HTTPServer(("127.0.0.1", 0), Answer)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield lambda status: f"http://127.0.0.1:{server.server_port}/{status}"
        server.shutdown()
        server.server_close()

    @pytest.mark.parametrize(
        ("status", "said"), [(404, "gone"), (410, "gone"), (200, "there"), (403, "unsure"), (500, "unsure")]
    )
    def test_only_not_found_and_gone_prove_it(self, site: Callable[[int], str], status: int, said: str):
        assert looking.look(site(status)) == said

    @pytest.mark.parametrize("url", ["", "http://127.0.0.1:9/1", "http://169.254.169.254/x", "bukan alamat"])
    def test_what_cannot_or_must_not_be_called_tells_nothing(self, url: str):
        assert looking.look(url) == "unsure"

    def test_on_the_page_the_address_is_looked_up(
        self, desk: Desk, out: Delivery, site: Callable[[int], str], sign_in: Callable[..., Client]
    ):
        task = ask(desk, out)
        Delivery.objects.filter(pk=out.pk).update(url=site(200))
        client = sign_in(desk.cast.user("maman"))
        page = client.get(task.get_absolute_url())
        assert page.status_code == 200
        assert site(200) in page.content.decode()
        client.post(task.get_absolute_url(), {"intent": "seen"})
        task.refresh_from_db()
        assert task.state == "seen"
        assert client.post(task.get_absolute_url(), {"intent": "done"}).status_code == 422
        picture = SimpleUploadedFile("layar.png", PNG, "image/png")
        wrong = SimpleUploadedFile("layar.png", b"<html>", "image/png")
        assert client.post(task.get_absolute_url(), {"intent": "done", "picture": wrong}).status_code == 422
        assert client.post(task.get_absolute_url(), {"intent": "done", "picture": picture}).status_code == 302
        task.refresh_from_db()
        assert (task.state, task.look, bool(task.proof)) == ("done", "there", True)
        assert desk.state(out) == State.RECALLED
        listed = client.get(reverse("publishing:recalls"), {"state": ""}).content.decode()
        assert task.get_absolute_url() in listed

    def test_the_delivery_says_for_whom_it_waits(self, desk: Desk, out: Delivery, sign_in: Callable[..., Client]):
        client = sign_in(desk.cast.user("hendra"))
        page = reverse("publishing:delivery", args=(out.pk,))
        with translation.override("id"):
            assert "diminta menghapusnya" in client.get(page).content.decode()
            client.post(reverse("publishing:recall", args=(out.pk,)), {"reason": "Keliru"})
            shown = client.get(page).content.decode()
        assert "menunggu 1 orang" in shown
        assert desk.cast.user("maman").name in shown
        assert reverse("publishing:recall", args=(out.pk,)) not in shown
        off = reverse("publishing:recall_off", args=(RecallTask.objects.get().pk,))
        assert client.post(off, {"reason": "Batal"}).status_code == 302
        assert RecallTask.objects.get().state == "called_off"


class TestMany:
    """Everything of an item or a campaign, as it was seen before."""

    @pytest.fixture
    def item(self, desk: Desk, platform: Platform, account: Account) -> ContentItem:
        """An item: out on one account, waiting for three, one of them of another unit."""
        item = desk.item()
        desk.schedule(account, item=item)
        assert desk.run() == [State.PUBLISHED]
        units = (desk.cast.root, desk.cast.cikarang_pusat, desk.cast.tambun_selatan)
        later = clock.now() + timedelta(hours=3)
        for unit in units:
            desk.schedule(desk.account(unit=unit, handle="nanti"), item=item, due_at=later)
        return item

    def test_it_does_what_was_seen(self, desk: Desk, item: ContentItem):
        hendra = desk.cast.actor("hendra")
        foreseen = queries.foresee(hendra, queries.of(item.pk, None))
        assert (foreseen.total, foreseen.counts["stop"], foreseen.counts["ask"], foreseen.elsewhere) == (4, 3, 1, 0)
        done = actions.recall_many(hendra, item_id=item.pk, reason="Keliru", seen=foreseen.digest)
        assert done.total == 4
        assert sorted(item.deliveries.values_list("state", flat=True)) == ["published", *["recalled"] * 3]
        assert RecallTask.objects.get().reason == "Keliru"
        again = queries.foresee(hendra, queries.of(item.pk, None))
        assert (again.total, again.counts["asked"], again.counts["gone"]) == (0, 1, 3)
        with pytest.raises(Conflict):
            actions.recall_many(hendra, item_id=item.pk, reason="Lagi", seen=again.digest)

    def test_what_changed_meanwhile_is_seen_first(self, desk: Desk, item: ContentItem):
        hendra = desk.cast.actor("hendra")
        seen = queries.foresee(hendra, queries.of(item.pk, None)).digest
        actions.recall(hendra, item.deliveries.filter(state="ready").first().pk, reason="Yang ini dulu")
        with pytest.raises(Conflict):
            actions.recall_many(hendra, item_id=item.pk, reason="Keliru", seen=seen)
        assert not RecallTask.objects.exists()

    def test_only_where_one_publishes(self, desk: Desk, item: ContentItem):
        joko = desk.cast.actor("joko")
        foreseen = queries.foresee(joko, queries.of(item.pk, None))
        assert (foreseen.total, foreseen.elsewhere) == (1, 3)
        actions.recall_many(joko, item_id=item.pk, reason="Keliru", seen=foreseen.digest)
        assert list(item.deliveries.filter(state="recalled").values_list("unit", flat=True)) == [
            desk.cast.tambun_selatan.pk
        ]

    def test_a_campaign_on_the_screen_and_through_the_api(
        self, desk: Desk, item: ContentItem, sign_in: Callable[..., Client]
    ):
        draft = CampaignDraft(name="Jaga Kali", purpose="service", starts_on=clock.now().date())
        river = planning.open_campaign(desk.cast.actor("dewi"), desk.cast.root.pk, draft)
        ContentItem.objects.filter(pk=item.pk).update(campaign=river)
        client = sign_in(desk.cast.user("hendra"))
        page = reverse("publishing:recall_campaign", args=(river.pk,))
        assert page in client.get(river.get_absolute_url()).content.decode()
        assert (
            reverse("publishing:recall_item", args=(item.pk,)) in client.get(item.get_absolute_url()).content.decode()
        )
        seen = client.get(page).context["foreseen"]
        assert seen.total == 4
        assert client.post(page, {"seen": seen.digest, "reason": ""}).status_code == 422
        assert client.post(page, {"seen": "lama", "reason": "Keliru"}).status_code == 200
        assert not item.deliveries.filter(state="recalled").exists()
        _row, secret = tokens.create(desk.cast.actor("hendra"), "uji", ["publishing:read", "publishing:write"])
        post = partial(client.post, headers={"Authorization": f"Bearer {secret}"}, content_type="application/json")
        many = "/api/v1/publishing/recalls/many"
        told = post(many, {"campaign_id": river.pk}).json()
        assert (told["stop"], told["ask"], told["digest"]) == (3, 1, seen.digest)
        assert post(many, {"campaign_id": river.pk, "reason": "K", "seen": "lama"}).status_code == 409
        assert client.post(page, {"seen": seen.digest, "reason": "Keliru"}).status_code == 302
        assert item.deliveries.filter(state="recalled").count() == 3
        listed = client.get("/api/v1/publishing/recalls/tasks", headers={"Authorization": f"Bearer {secret}"}).json()[
            "items"
        ]
        assert [row["waiting_for"] for row in listed] == [[desk.cast.user("maman").name]]
        task = f"/api/v1/publishing/recalls/tasks/{listed[0]['id']}"
        assert post(f"{task}/done", {"note": WORD}).status_code == 403
        assert post(f"{task}/call-off", {"note": "Batal"}).json()["state"] == "called_off"


@pytest.mark.django_db(transaction=True)
def test_two_who_answer_at_once_answer_once(desk: Desk, platform: Platform, account: Account) -> None:
    """The second one waits for the first, and finds it answered."""
    delivery = desk.schedule(account)
    desk.run()
    delivery.refresh_from_db()
    task = ask(desk, delivery)
    begun, refused = threading.Event(), []

    def second() -> None:
        begun.wait(10)
        try:
            actions.decline(desk.cast.actor("arif"), task.pk, note="Tidak bisa")
        except Conflict as error:
            refused.append(error)
        finally:
            connection.close()

    other = threading.Thread(target=second)
    other.start()
    with transaction.atomic():
        actions.done(desk.cast.actor("maman"), task.pk, GONE)
        begun.set()
        other.join(0.5)
    other.join(10)
    assert len(refused) == 1
    assert desk.state(delivery) == State.RECALLED
