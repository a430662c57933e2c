"""Reposts follow the post that they repost: its version, its time, its recall; and what people are told of them."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlsplit

import httpx
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.channels import registry as channels
from kentongan.core import audit, clock, tokens
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import Message
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions, queries, worker
from kentongan.publishing.actions import reconciling
from kentongan.publishing.forms import RepostForm
from kentongan.publishing.models import Delivery, RecallTask
from kentongan.publishing.recalls import looking, telling
from kentongan.publishing.recalls import queries as recalls
from kentongan.publishing.spreading import Spread
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.actions.custody import Correction
from kentongan.registry.models import Account, Connection, Person, Unit
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.reposts.boosting import Boosting, schedule

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def accounts(accounts: list[Account]) -> list[Account]:
    """The account of a district, the office's, and that of another district: the first one posts."""
    return [accounts[2], accounts[0], accounts[1]]


def soon() -> datetime:
    """Return a full minute in an hour."""
    return (clock.now() + HOUR).replace(second=0, microsecond=0)


def states(*deliveries: Delivery) -> list[str]:
    """Return the present states."""
    known = dict(Delivery.objects.values_list("pk", "state"))
    return [known[one.pk] for one in deliveries]


class TestVersions:
    """What was corrected is not carried on by others."""

    @pytest.fixture
    def corrected(self, desk: Desk, boosting: Boosting, accounts: list[Account]) -> ContentItem:
        """An item that is out in its first version, was corrected, and was approved again."""
        item = desk.item(kinds=["mastodon"])
        desk.schedule(accounts[0], item=item)
        assert desk.run() == [State.PUBLISHED]
        approver, when = item.approved_by, item.approved_at
        rows = ContentItem.objects.filter(pk=item.pk)
        rows.update(state="draft", version=2, approved_by=None, approved_at=None)
        rows.update(state="in_review")
        rows.update(state="approved", approved_by=approver, approved_at=when)
        return item

    def test_a_post_of_an_older_version_is_not_reposted(self, desk: Desk, boosting: Boosting, accounts, corrected):
        with pytest.raises(Invalid) as refused:
            desk.schedule(accounts[1], item=corrected, origin_ids=[accounts[0].pk])
        assert refused.value.fields["origins"] == [f"{accounts[0].known_as} has an older version of this item."]
        assert Delivery.objects.count() == 1

    def test_it_is_not_offered(self, desk: Desk, accounts, corrected, sign_in: Callable[..., Client]):
        address = reverse("publishing:schedule", args=[corrected.pk])
        page = sign_in(desk.cast.user("hendra")).get(address).content.decode()
        assert f"{accounts[0].known_as} posts it" not in page
        assert f"{accounts[1].known_as} posts it" in page


class TestRecalls:
    """What reposts a post is taken back with it, in numbers that are seen before."""

    def test_what_is_foreseen_is_what_is_done(self, desk: Desk, boosting: Boosting, accounts):
        first, others = schedule(desk, accounts)
        assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.PUBLISHED] * 2]
        joko, of = desk.cast.actor("joko"), recalls.of(first.item_id, None)
        foreseen = recalls.foresee(joko, of)
        assert (foreseen.counts["delete"], foreseen.along, foreseen.elsewhere, foreseen.total) == (1, 2, 0, 3)
        actions.recall(desk.cast.actor("hendra"), others[0].pk, reason="Yang ini dulu")
        recall = partial(actions.recall_many, joko, item_id=first.item_id, reason="Keliru")
        with pytest.raises(Conflict):
            recall(seen=foreseen.digest)
        foreseen = recalls.foresee(joko, of)
        assert (foreseen.along, foreseen.elsewhere) == (1, 1)
        done = recall(seen=foreseen.digest)
        assert (done.total, done.along) == (2, 1)
        assert not Delivery.objects.filter(recall_at=None).exists()
        assert {entry.verb for entry in audit.trail(others[1])} >= {"publishing.recall.many"}

    def test_the_screen_and_the_api_name_them(
        self, desk: Desk, boosting: Boosting, accounts, sign_in: Callable[..., Client]
    ):
        item = desk.item(unit=desk.cast.tambun_selatan, kinds=["mastodon"])
        first, _others = schedule(desk, accounts, item=item, due_at=clock.now() + HOUR)
        joko = sign_in(desk.cast.user("joko"))
        page = joko.get(reverse("publishing:recall_item", args=[first.item_id])).content.decode()
        assert "reposts by other units: taken back with the posts that they repost" in page
        one = joko.get(reverse("publishing:delivery", args=[first.pk])).content.decode()
        assert "With it 2 reposts by other accounts are taken back." in one
        _row, secret = tokens.create(desk.cast.actor("joko"), "uji", ["publishing:read", "publishing:write"])
        told = joko.post(
            "/api/v1/publishing/recalls/many",
            {"item_id": first.item_id},
            headers={"Authorization": f"Bearer {secret}"},
            content_type="application/json",
        ).json()
        assert (told["stop"], told["along"], told["elsewhere"]) == (1, 2, 0)

    def test_for_many_reposts_as_many_queries_as_for_one(self, desk: Desk, boosting: Boosting):
        counts = []
        for n in (2, 5):
            made = [desk.account(unit=desk.cast.root, handle=f"kabar{n}{k}") for k in range(n)]
            first, _others = schedule(desk, made, due_at=clock.now() + HOUR)
            with CaptureQueriesContext(connection) as asked:
                actions.recall(desk.cast.actor("hendra"), first.pk, reason="Keliru")
            counts.append(len(asked))
        assert counts[0] == counts[1]
        assert set(Delivery.objects.values_list("state", flat=True)) == {State.RECALLED}


class TestUnderWay:
    """A recall passes over what is with a worker; that is taken back once it is out."""

    @pytest.fixture
    def out(self, desk: Desk, boosting: Boosting, accounts) -> tuple[Delivery, Delivery, Delivery]:
        """A post that is out, and two that repost it next."""
        first, (one, other) = schedule(desk, accounts)
        assert desk.run() == [State.PUBLISHED]
        return first, one, other

    def recall(self, desk: Desk, first: Delivery) -> None:
        actions.recall(desk.cast.actor("hendra"), first.pk, reason="Keliru")

    def take_back(self) -> None:
        for due in reconciling.claim_recalls():
            worker.take_back(due)

    def test_a_repost_that_is_being_sent(self, desk: Desk, boosting: Boosting, out):
        waiting = [lambda: self.recall(desk, out[0])]
        boosting.during = lambda: waiting.pop()() if waiting else None
        assert desk.run() == [State.PUBLISHED, None]
        assert states(*out) == [State.PUBLISHED, State.PUBLISHED, State.HELD]
        assert Delivery.objects.get(pk=out[1].pk).reason == "The post that it reposts was refused or taken back."
        self.take_back()
        assert states(*out) == [State.RECALLED, State.RECALLED, State.HELD]
        assert sorted(boosting.deleted) == ["1", "91"]

    @pytest.mark.parametrize("by", ["look", "person", "evidence"])
    def test_a_repost_of_unknown_fate(self, desk: Desk, boosting: Boosting, out, by: str):
        first, one, _other = out
        boosting.refusals = [httpx.ReadTimeout("cut")]
        assert desk.run() == [State.UNKNOWN, State.PUBLISHED]
        self.recall(desk, first)
        if by == "person":
            how = actions.Resolution.PUBLISHED
            actions.resolve(desk.cast.actor("hendra"), one.pk, how, url="https://contoh.social/@b/91")
        elif by == "look":
            created_at = first.due_at.isoformat()
            boosting.listed = [{"id": "91", "reblog": {"id": "1"}, "content": "", "created_at": created_at}]
            (doubt,) = reconciling.claim_doubts()
            assert worker.look(doubt) == State.PUBLISHED
        else:
            seen = worker.Found("91", "https://contoh.social/@b/91")
            assert reconciling.reconcile(SYSTEM, one.pk, seen, clock.now()) == State.PUBLISHED
        one.refresh_from_db()
        assert (one.state, one.recall_at is None) == (State.PUBLISHED, False)

    def test_nothing_reposts_what_people_are_asked_to_delete(self, desk: Desk, boosting: Boosting, out):
        first, one, other = out
        Delivery.objects.filter(pk=first.pk).update(recall_at=clock.now(), reason="Keliru")
        for _n in range(len(reconciling.PAUSES)):
            reconciling.recalled(SYSTEM, first.pk, clock.now(), worker.RetryLater("Tidak menjawab"))
        assert Delivery.objects.get(pk=first.pk).recall_at is None
        assert RecallTask.objects.get().delivery == first
        assert desk.run() == [None, None]
        assert states(one, other) == [State.HELD] * 2
        assert not boosting.boosted


class TestTimes:
    """A repost goes out after its post, waits at no cost, and moves with it."""

    def test_nobody_works_at_what_waits_for_its_post(self, desk: Desk, boosting: Boosting, accounts):
        first, _others = schedule(desk, accounts)
        Delivery.objects.filter(pk=first.pk).update(state=State.HELD, reason="Ditahan")
        past = clock.now() - HOUR
        Delivery.objects.update(try_at=past, due_at=past)
        before = list(Delivery.objects.order_by("pk").values())
        assert desk.run() == []
        assert list(Delivery.objects.order_by("pk").values()) == before
        assert queries.alarm(desk.cast.actor("hendra")).late == 0

    def test_they_move_with_it(self, desk: Desk, boosting: Boosting, accounts):
        due = soon()
        first, (one, other) = schedule(desk, accounts, due_at=due)
        hendra = desk.cast.actor("hendra")
        actions.reschedule(hendra, other.pk, due + HOUR)
        actions.reschedule(desk.cast.actor("joko"), first.pk, due + 6 * HOUR)
        for row, moment in ((one, due + 6 * HOUR), (other, due + 7 * HOUR)):
            row.refresh_from_db()
            assert (row.due_at, row.try_at, row.late_until) == (moment, moment, moment + 2 * HOUR)
        assert "publishing.delivery.reschedule" in {entry.verb for entry in audit.trail(one)}
        actions.reschedule(hendra, one.pk, due)
        one.refresh_from_db()
        assert one.due_at == due + 6 * HOUR, "not before its post"
        actions.respread(hendra, [first.pk], Spread(due + 2 * HOUR, due + 2 * HOUR))
        one.refresh_from_db()
        assert one.due_at == due + 2 * HOUR

    def test_spread_anew_together_a_repost_is_not_before_its_post(self, desk: Desk, boosting: Boosting, accounts):
        due = soon()
        first, (one, other) = schedule(desk, accounts, due_at=due)
        wanted = [one.pk, first.pk, other.pk]
        actions.respread(desk.cast.actor("hendra"), wanted, Spread(due, due + 2 * HOUR))
        moments = dict(Delivery.objects.values_list("pk", "due_at"))
        assert [moments[pk] for pk in wanted] == [due + HOUR, due + HOUR, due + 2 * HOUR]

    def test_what_is_due_tomorrow_is_not_reposted_today(self, desk: Desk, boosting: Boosting, accounts):
        item, tomorrow = desk.item(kinds=["mastodon"]), clock.now() + 24 * HOUR
        desk.schedule(accounts[0], item=item, due_at=tomorrow)
        repost = desk.schedule(accounts[1], item=item, origin_ids=[accounts[0].pk])
        assert repost.due_at == tomorrow
        assert repost.late_until > tomorrow


class TestWords:
    """Nobody is asked to delete the other account's post."""

    @pytest.fixture
    def task(self, desk: Desk, boosting: Boosting, monkeypatch: pytest.MonkeyPatch) -> RecallTask:
        """A repost that Maman has to undo, who keeps the account and signs in here."""
        made = [desk.account(unit=desk.cast.root), desk.account(unit=desk.cast.sukamahi)]
        maman = Person.objects.get(user=desk.cast.user("maman"))
        registry.correct_account(desk.cast.actor("arif"), made[1].pk, Correction(custodian_id=maman.pk))
        _first, (one,) = schedule(desk, made)
        assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.PUBLISHED]]
        channel, known = channels.get("mastodon"), channels.get
        kept = replace(channel, manifest=replace(channel.manifest, recalls=False))
        monkeypatch.setattr(channels, "get", lambda kind: kept if kind == "mastodon" else known(kind))
        monkeypatch.setattr(looking, "look", lambda _url: RecallTask.Look.GONE)
        actions.recall(desk.cast.actor("hendra"), one.pk, reason="Keliru")
        return RecallTask.objects.get()

    def test_the_letters_ask_to_undo_the_repost(self, desk: Desk, task: RecallTask):
        telling.tell(SYSTEM)
        RecallTask.objects.update(due_at=clock.now() - HOUR)
        assert telling.rise(SYSTEM) == 1
        actions.decline(desk.cast.actor("maman"), task.pk, note="Kata sandinya hilang")
        asked, late, declined = Message.objects.filter(purpose=telling.PURPOSE).order_by("pk")
        assert "please undo the repost by" in asked.body
        assert "nobody has undone the repost by" in late.body
        assert "was not undone" in declined.body
        assert [one.subject for one in (asked, late, declined)] == [
            "A repost has to be undone",
            "A repost has to be undone",
            "A repost was not undone",
        ]

    def test_a_stranger_is_told_whose_post_it_is_on_the_page_of_the_link(self, desk: Desk, task: RecallTask, client):
        Person.objects.filter(user=desk.cast.user("maman")).update(user=None, language="en")
        telling.tell(SYSTEM)
        (letter,) = (one for one in Message.objects.filter(purpose=telling.PURPOSE) if "/h/" in one.link)
        assert "please undo the repost by" in letter.body
        assert "The post itself is another account's" in client.get(urlsplit(letter.link).path).content.decode()

    def test_the_address_of_the_post_proves_nothing(self, desk: Desk, task: RecallTask, sign_in: Callable[..., Client]):
        maman = sign_in(desk.cast.user("maman"))
        page = maman.get(task.get_absolute_url()).content.decode()
        assert "Undo the repost by" in page
        assert "Delete this post of" not in page
        assert maman.post(task.get_absolute_url(), {"intent": "done"}).status_code == 422
        _row, secret = tokens.create(desk.cast.actor("maman"), "uji", ["publishing:read", "publishing:write"])
        post = partial(maman.post, headers={"Authorization": f"Bearer {secret}"}, content_type="application/json")
        done = f"/api/v1/publishing/recalls/tasks/{task.pk}/done"
        assert post(done, {}).status_code == 422
        told = post(done, {"note": "Sudah saya batalkan di aplikasi."}).json()
        assert (told["state"], told["look"], told["is_repost"]) == ("done", "unsure", True)
        assert Delivery.objects.get(pk=task.delivery_id).state == State.RECALLED


class TestForm:
    """Who posts, as the screen offers it."""

    def test_the_highest_unit_comes_first_and_nobody_twice(self):
        low = Account(pk=1, platform="mastodon", handle="rendah@contoh.social", unit=Unit(pk=1, path="a.b.c"))
        high = Account(
            pk=2, platform="mastodon", handle="tinggi@contoh.social", unit=Unit(pk=2, path="kabupaten_bekasi")
        )
        form = RepostForm(accounts=[low, high], posted=[low])
        assert [value for value, _label in form.fields["origin_mastodon"].choices] == ["", "2", "1"]

    def test_who_has_it_is_offered_to_repost_only(
        self, desk: Desk, boosting: Boosting, accounts, sign_in: Callable[..., Client]
    ):
        item, hendra = desk.item(kinds=["mastodon"]), sign_in(desk.cast.user("hendra"))
        address, counts = reverse("publishing:schedule", args=[item.pk]), []
        others = [desk.account(unit=unit, handle="lain") for unit in (desk.cast.root, desk.cast.sukamahi)]
        for account in accounts:
            desk.schedule(account, item=item)
            with CaptureQueriesContext(connection) as asked:
                page = hendra.get(address)
            counts.append(len(asked))
        assert len(set(counts)) == 1
        shown = page.content.decode()
        assert all(shown.count(f"{account.known_as} posts it") == 1 for account in [*accounts, *others])
        offered = {value for value, _label in page.context["form"].fields["accounts"].choices}
        assert offered == {account.pk for account in others}
        for account in others:
            desk.schedule(account, item=item)
        assert "has it already" in hendra.get(address).content.decode()

    def test_a_repost_is_not_measured(self, desk: Desk, boosting: Boosting, accounts):
        """It sends no text, so that its server may take shorter ones."""
        Connection.objects.filter(account=accounts[1]).update(limits={"text": 10})
        item = desk.item(kinds=["mastodon"])
        with pytest.raises(Invalid):
            desk.schedule(*accounts[:2], item=item)
        desk.schedule(*accounts[:2], item=item, origin_ids=[accounts[0].pk])
        assert [desk.run(), desk.run()] == [[State.PUBLISHED], [State.PUBLISHED]]


class TestDatabase:
    """What is reposted is held by the database."""

    def test_it_never_changes(self, desk: Desk, boosting: Boosting, accounts):
        first, (one, other) = schedule(desk, accounts)
        for row, origin in ((one, None), (one, other.pk), (first, one.pk)):
            with pytest.raises(IntegrityError), transaction.atomic():
                Delivery.objects.filter(pk=row.pk).update(repost_of=origin)

    @pytest.mark.parametrize("wrong", ["a repost", "another item", "another version"])
    def test_it_is_a_post_of_the_same(self, desk: Desk, boosting: Boosting, accounts, wrong: str):
        first, (one, other) = schedule(desk, accounts)
        more = Delivery.objects.get(pk=other.pk)
        more.pk, more.key, more.account = None, "lain", desk.account(unit=desk.cast.sukamahi)
        if wrong == "a repost":
            more.repost_of = one
        elif wrong == "another item":
            more.repost_of = desk.schedule(desk.account(handle="lain"), item=desk.item(kinds=["mastodon"]))
        else:
            more.item_version += 1
        with pytest.raises(IntegrityError), transaction.atomic():
            more.save(force_insert=True)
        more.repost_of, more.item_version = first, one.item_version
        more.save(force_insert=True)
