"""What people do: schedule, hold and release, resolve, recall, pause."""

import threading
from datetime import date, timedelta

import httpx
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from kentongan.core import audit, clock
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Held, Invalid, KentonganError, NotAllowed, NotFound
from kentongan.core.permissions import Role
from kentongan.publishing import actions, queries, worker
from kentongan.publishing.actions import Resolution, firing, reconciling
from kentongan.publishing.models import Delivery, Pause
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Organisation
from kentongan.safeguards.models import Election, QuietPeriod
from publishing.desk import Desk, Platform

SYSTEM = Actor.system("tests")


def _unknown(desk: Desk, platform: Platform) -> Delivery:
    platform.answers = [httpx.ReadTimeout("x")]
    delivery = desk.schedule(desk.account())
    assert desk.run() == [State.UNKNOWN]
    return delivery


def _settle(delivery: Delivery) -> None:
    now = clock.now()
    Delivery.objects.filter(pk=delivery.pk).update(settled_at=now - timedelta(seconds=1), look_at=now)


def _look() -> list[State | None]:
    return [worker.look(doubt) for doubt in reconciling.claim_doubts()]


class TestSchedule:
    """One delivery for each account, of an approved item, by whoever may publish there."""

    def test_only_an_approved_item(self, desk: Desk):
        item = desk.item()
        type(item).objects.filter(pk=item.pk).update(state="draft", approved_by=None, approved_at=None)
        with pytest.raises(Conflict):
            desk.schedule(desk.account(), item=item)

    def test_twice_to_one_account_is_refused(self, desk: Desk):
        account, item = desk.account(), desk.item()
        desk.schedule(account, item=item)
        with pytest.raises(Conflict):
            desk.schedule(account, item=item)
        assert Delivery.objects.count() == 1

    @pytest.mark.parametrize("name", ["dewi", "sari", "joko"])
    def test_only_to_accounts_where_one_may_publish(self, desk: Desk, name: str):
        with pytest.raises((Invalid, NotFound, NotAllowed)):
            desk.schedule(desk.account(), actor=desk.cast.actor(name))
        assert Delivery.objects.count() == 0

    def test_not_in_the_past_and_not_to_nobody(self, desk: Desk):
        item = desk.item()
        with pytest.raises(Invalid) as refused:
            actions.schedule(SYSTEM, item.pk, [], clock.now() - timedelta(hours=1))
        assert set(refused.value.fields) == {"accounts", "due_at"}

    def test_a_version_that_is_too_long_is_refused(self, desk: Desk):
        with pytest.raises(Invalid):
            desk.schedule(desk.account(), item=desk.item(text="x" * 501))

    def test_a_text_is_held_against_what_the_accounts_own_server_states(self, desk: Desk):
        account = desk.account()
        registry.record_health(SYSTEM, account.pk, healthy=True, limits={"text": 60, "link": 40})
        link = desk.item(text="Baca https://b.id ya. Jalan Setu ditutup.")
        with pytest.raises(Invalid) as refused:
            desk.schedule(account, item=link)
        (said,) = refused.value.fields["accounts"]
        assert account.handle in said
        assert "60" in said
        assert "69" in said
        registry.record_health(SYSTEM, account.pk, healthy=True, limits={"text": 5_000, "link": 23})
        assert desk.schedule(account, item=desk.item(text="x" * 4_000)).state == State.READY

    def test_a_check_that_learns_no_limits_keeps_those_known(self, desk: Desk):
        account = desk.account()
        registry.record_health(SYSTEM, account.pk, healthy=True, limits={"text": 60})
        registry.record_health(SYSTEM, account.pk, healthy=False, problem="Tidak menjawab")
        account.connection.refresh_from_db()
        assert account.connection.limits == {"text": 60}

    def test_a_neutral_body_never_schedules_campaign_content(self, party_desk: Desk):
        account, item = party_desk.account(), party_desk.item(purpose="campaign")
        Organisation.objects.update(kind=Organisation.Kind.COMMISSION)
        with pytest.raises(Held):
            party_desk.schedule(account, item=item)


class TestQuietPeriod:
    """A quiet period holds campaign items; service items go on."""

    @pytest.fixture
    def quiet(self, party_desk: Desk) -> QuietPeriod:
        election = Election.objects.create(name="Pilkada Uji", kind="regional", vote_on=date(2030, 1, 1), source="uji")
        today = clock.now().date()
        return QuietPeriod.objects.create(
            election=election,
            name="Masa tenang",
            starts_on=today - timedelta(days=1),
            ends_on=today + timedelta(days=1),
            source="uji",
        )

    def test_campaign_is_held_when_scheduled_and_service_goes_out(
        self, party_desk: Desk, platform: Platform, quiet: QuietPeriod
    ):
        account = party_desk.account()
        held = party_desk.schedule(account, item=party_desk.item(purpose="campaign"))
        sent = party_desk.schedule(account, item=party_desk.item(purpose="service"))
        party_desk.run()
        assert party_desk.state(held) == State.HELD
        assert "Masa tenang" in held.reason
        assert party_desk.state(sent) == State.PUBLISHED

    def test_it_is_asked_again_when_it_fires(self, party_desk: Desk, platform: Platform, quiet: QuietPeriod):
        QuietPeriod.objects.update(active=False)
        delivery = party_desk.schedule(party_desk.account(), item=party_desk.item(purpose="campaign"))
        QuietPeriod.objects.update(active=True)
        party_desk.run()
        assert party_desk.state(delivery) == State.HELD
        assert platform.posted == []

    def test_sending_it_again_does_not_get_around_it_a_release_does(
        self, party_desk: Desk, platform: Platform, quiet: QuietPeriod
    ):
        delivery = party_desk.schedule(party_desk.account(), item=party_desk.item(purpose="campaign"))
        actions.send_again(party_desk.cast.actor("hendra"), delivery.pk)
        party_desk.run()
        assert party_desk.state(delivery) == State.HELD
        reason = "Koreksi atas kabar yang keliru, disetujui KPU."
        with pytest.raises(KentonganError):
            actions.release(party_desk.cast.actor("hendra"), delivery.pk, reason=reason)
        actions.release(party_desk.cast.actor("arif"), delivery.pk, reason=reason)
        party_desk.run()
        assert party_desk.state(delivery) == State.PUBLISHED
        assert delivery.release.reason == reason


class TestUnknown:
    """Only the finder or a person moves it on."""

    def test_found_is_published(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        content = f"<p>{delivery.content['text']}</p>"
        now = clock.now().isoformat()
        platform.listed = [{"id": "9", "url": "https://contoh.social/9", "created_at": now, "content": content}]
        assert _look() == [State.PUBLISHED]
        assert desk.state(delivery) == State.PUBLISHED
        assert delivery.remote_id == "9"

    def test_absent_counts_only_after_the_settling_time(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        assert _look() == [State.UNKNOWN]
        assert _look() == []
        _settle(delivery)
        assert _look() == [State.READY]
        assert desk.run() == [State.PUBLISHED]
        assert len({sent["key"] for sent in platform.posted}) == 1

    def test_unsure_stays_unknown(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        text = f"<p>{delivery.content['text']}</p>"
        now = clock.now().isoformat()
        platform.listed = [{"id": n, "url": "u", "created_at": now, "content": text} for n in ("1", "2")]
        _settle(delivery)
        assert _look() == [State.UNKNOWN]
        assert desk.run() == []

    def test_a_person_says_where_it_is(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        actor = desk.cast.actor("hendra")
        with pytest.raises(Invalid):
            actions.resolve(actor, delivery.pk, Resolution.PUBLISHED, url="di sana")
        actions.resolve(actor, delivery.pk, Resolution.PUBLISHED, url="https://contoh.social/5", note="Saya lihat.")
        assert desk.state(delivery) == State.PUBLISHED
        entry = audit.trail(delivery).first()
        assert (entry.verb, entry.user_id, entry.note) == (
            "publishing.delivery.resolve",
            desk.cast.user("hendra").pk,
            "Saya lihat.",
        )

    def test_a_person_sends_it_again_with_the_same_key(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        actions.resolve(desk.cast.actor("hendra"), delivery.pk, Resolution.SEND_AGAIN)
        assert desk.run() == [State.PUBLISHED]
        assert platform.posted[0] == platform.posted[1]

    def test_a_person_gives_up(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        actions.resolve(desk.cast.actor("hendra"), delivery.pk, Resolution.GIVE_UP)
        assert desk.state(delivery) == State.REJECTED

    def test_others_may_not(self, desk: Desk, platform: Platform):
        delivery = _unknown(desk, platform)
        for name, error in (("dewi", NotAllowed), ("maman", NotFound), ("joko", NotFound)):
            with pytest.raises(error):
                actions.resolve(desk.cast.actor(name), delivery.pk, Resolution.GIVE_UP)
        assert desk.state(delivery) == State.UNKNOWN

    def test_it_raises_the_alarm(self, desk: Desk, platform: Platform):
        assert not queries.alarm(desk.cast.actor("wulan"))
        _unknown(desk, platform)
        assert queries.alarm(desk.cast.actor("wulan")).unknown == 1
        assert not queries.alarm(desk.cast.actor("joko"))


class TestRecall:
    """What is not out never goes out; what is out is deleted there."""

    def test_before_it_is_out(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Salah tanggal")
        assert desk.run() == []
        assert desk.state(delivery) == State.RECALLED

    def test_after_it_is_out(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        desk.run()
        actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Salah tanggal")
        assert desk.state(delivery) == State.PUBLISHED
        for doomed in reconciling.claim_recalls():
            worker.take_back(doomed)
        assert desk.state(delivery) == State.RECALLED
        assert delivery.attempts.last().outcome == "deleted"

    def test_it_needs_a_reason(self, desk: Desk):
        delivery = desk.schedule(desk.account())
        with pytest.raises(Invalid):
            actions.recall(desk.cast.actor("hendra"), delivery.pk, reason=" ")


class TestPause:
    """Everything, a unit's subtree, or one account."""

    def test_a_unit_stops_its_subtree_only(self, desk: Desk, platform: Platform):
        below, beside = desk.account(unit=desk.cast.sukamahi), desk.account(unit=desk.cast.tambun_selatan)
        stopped, sent = desk.schedule(below), desk.schedule(beside)
        pause = actions.pause(desk.cast.actor("hendra"), unit_id=desk.cast.cikarang_pusat.pk, reason="Salah info")
        desk.run()
        assert (desk.state(stopped), desk.state(sent)) == (State.READY, State.PUBLISHED)
        actions.resume(desk.cast.actor("hendra"), pause.pk)
        desk.run()
        assert desk.state(stopped) == State.PUBLISHED

    def test_the_root_stops_everything_and_what_gets_too_late_is_missed(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account(), late_minutes=30)
        actions.pause(desk.cast.actor("wulan"), unit_id=desk.cast.root.pk, reason="Bencana")
        assert desk.run() == []
        desk.later(delivery, timedelta(hours=1), "due_at", "try_at", "late_until")
        assert firing.miss(SYSTEM) == 1
        assert desk.state(delivery) == State.MISSED
        assert not queries.alarm(desk.cast.actor("wulan"))

    def test_an_account(self, desk: Desk, platform: Platform):
        first, second = desk.account(), desk.account(handle="lain")
        stopped, sent = desk.schedule(first), desk.schedule(second)
        actions.pause(desk.cast.actor("hendra"), unit_id=first.unit_id, account_id=first.pk, reason="Diretas?")
        desk.run()
        assert (desk.state(stopped), desk.state(sent)) == (State.READY, State.PUBLISHED)

    def test_an_account_on_the_screens_stays_and_goes_on(self, desk: Desk, platform: Platform, client: Client):
        account = desk.account()
        delivery = desk.schedule(account)
        client.force_login(desk.cast.user("hendra"))
        switch = reverse("publishing:pause_account", args=[account.pk])
        screens = [reverse("registry:account", args=[account.pk]), reverse("publishing:accounts")]
        for screen in screens:
            assert switch in client.get(screen).content.decode()
        client.post(switch, {"reason": "Diretas?"})
        assert (desk.run(), desk.state(delivery)) == ([], State.READY)
        go_on = reverse("publishing:resume", args=[Pause.objects.get().pk])
        for screen in screens:
            assert go_on in client.get(screen).content.decode()
        client.post(go_on)
        assert desk.run() == [State.PUBLISHED]

    def test_what_is_claimed_already_stops_too(self, desk: Desk, platform: Platform):
        delivery = desk.schedule(desk.account())
        (claim,) = firing.claim_due()
        actions.pause(desk.cast.actor("wulan"), unit_id=desk.cast.root.pk, reason="Bencana")
        assert worker.deliver(claim) is None
        assert (desk.state(delivery), platform.posted) == (State.READY, [])

    def test_a_platform_stops_below_the_unit_only(self, desk: Desk, platform: Platform):
        below, beside = desk.account(unit=desk.cast.sukamahi), desk.account(unit=desk.cast.tambun_selatan)
        other = desk.account("newsroom", unit=desk.cast.sukamahi)
        stopped, sent, elsewhere = desk.schedule(below), desk.schedule(beside), desk.schedule(other)
        who, unit = desk.cast.actor("hendra"), desk.cast.cikarang_pusat
        pause = actions.pause(who, unit_id=unit.pk, platform="mastodon", reason="Salah info")
        assert [one.pk for one in queries.pauses_of(below)] == [pause.pk]
        assert not queries.pauses_of(other)
        desk.run()
        assert (desk.state(stopped), desk.state(sent)) == (State.READY, State.PUBLISHED)
        assert desk.state(elsewhere) != State.READY
        actions.pause(who, unit_id=unit.pk, reason="Semua berhenti")
        with pytest.raises(Conflict):
            actions.pause(who, unit_id=unit.pk, platform="mastodon", reason="Lagi")
        for wrong in ({"platform": "friendster"}, {"platform": "mastodon", "account_id": below.pk}):
            with pytest.raises(Invalid):
                actions.pause(who, unit_id=unit.pk, reason="Salah", **wrong)

    def test_it_is_paused_once(self, desk: Desk):
        actions.pause(desk.cast.actor("hendra"), unit_id=desk.cast.root.pk, reason="Bencana")
        with pytest.raises(Conflict):
            actions.pause(desk.cast.actor("hendra"), unit_id=desk.cast.root.pk, reason="Bencana")


def test_x_forbids_one_text_from_several_accounts(desk: Desk):
    first, second = (desk.account("x", handle=handle) for handle in ("satu", "dua"))
    item, who = desk.item(kinds=("x",)), desk.cast.actor("hendra")
    with pytest.raises(Invalid, match="X"):
        actions.schedule(who, item.pk, [first.pk, second.pk], clock.now())
    made = actions.schedule(who, item.pk, [first.pk], clock.now() + timedelta(hours=1))[0]
    with pytest.raises(Invalid):
        actions.schedule(who, item.pk, [second.pk], clock.now())
    actions.recall(who, made.pk, reason="Pindah akun")
    assert actions.schedule(who, item.pk, [second.pk], clock.now())


def test_x_forbids_nearly_one_text_of_two_items_from_two_accounts(desk: Desk):
    first, second = (desk.account("x", handle=handle) for handle in ("satu", "dua"))
    who, text = desk.cast.actor("hendra"), "Jalan Setu ditutup sampai Jumat sore. Lewat jalur Serang, petugas berjaga."
    items = [desk.item(kinds=("x",), text=said) for said in (text, f"Halo warga! {text}", "Pasar buka pukul enam.")]
    made = actions.schedule(who, items[0].pk, [first.pk], clock.now() + timedelta(hours=1))[0]
    with pytest.raises(Invalid) as refused:
        actions.schedule(who, items[1].pk, [second.pk], clock.now())
    assert items[0].title in str(refused.value.fields["accounts"])
    assert actions.schedule(who, items[2].pk, [second.pk], clock.now())
    # The account may say it again itself; and what never went out stands in nobody's way.
    assert actions.schedule(who, items[1].pk, [first.pk], clock.now())
    for delivery in Delivery.objects.filter(account=first):
        actions.recall(who, delivery.pk, reason="Pindah akun")
    assert actions.schedule(who, items[0].pk, [second.pk], made.due_at)


def test_x_is_asked_again_when_a_text_is_put_back(desk: Desk):
    first, second = (desk.account("x", handle=handle) for handle in ("satu", "dua"))
    who, item = desk.cast.actor("hendra"), desk.item(kinds=("x",))
    late = actions.schedule(who, item.pk, [first.pk], clock.now())[0]
    Delivery.objects.filter(pk=late.pk).update(state=State.MISSED, reason="Terlambat")
    made = actions.schedule(who, item.pk, [second.pk], clock.now())[0]
    with pytest.raises(Invalid):
        actions.send_again(who, late.pk)
    with pytest.raises(Invalid):
        actions.reschedule(who, late.pk, clock.now() + timedelta(hours=1))
    actions.recall(who, made.pk, reason="Pindah akun")
    assert actions.send_again(who, late.pk).state == State.READY


def test_what_another_unit_says_is_not_told_to_who_may_not_read_it(desk: Desk):
    theirs, mine = desk.account("x"), desk.account("x", unit=desk.cast.tambun_selatan)
    actions.schedule(desk.cast.actor("hendra"), desk.item(kinds=("x",)).pk, [theirs.pk], clock.now())
    grant = registry.grant_role(SYSTEM, desk.cast.user("euis").pk, desk.cast.tambun_selatan.pk, Role.APPROVER)
    assert grant
    item = desk.item(kinds=("x",), unit=desk.cast.tambun_selatan)
    with pytest.raises(Invalid) as refused:
        actions.schedule(desk.cast.actor("euis"), item.pk, [mine.pk], clock.now())
    assert theirs.handle not in str(refused.value.fields)
    assert refused.value.fields["accounts"]


@pytest.mark.django_db(transaction=True)
def test_two_who_schedule_such_texts_at_once_see_each_other(desk: Desk):
    accounts = [desk.account("x", handle=handle) for handle in ("satu", "dua")]
    items = [desk.item(kinds=("x",)) for _number in range(2)]
    who, gate, refused = desk.cast.actor("hendra"), threading.Barrier(2), []

    def work(item_id: int, account_id: int) -> None:
        gate.wait()
        try:
            actions.schedule(who, item_id, [account_id], clock.now() + timedelta(hours=1))
        except Invalid as error:
            refused.append(error)
        finally:
            connection.close()

    pairs = zip(items, accounts, strict=True)
    threads = [threading.Thread(target=work, args=[item.pk, account.pk]) for item, account in pairs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(refused), Delivery.objects.count()) == (1, 1)


def test_a_new_time_before_the_first_try_only(desk: Desk, platform: Platform):
    delivery = desk.schedule(desk.account(), due_at=clock.now() + timedelta(days=1))
    later = clock.now() + timedelta(days=2)
    actions.reschedule(desk.cast.actor("hendra"), delivery.pk, later)
    desk.state(delivery)
    assert delivery.due_at == delivery.try_at == later
    sent = desk.schedule(desk.account(handle="lain"))
    desk.run()
    with pytest.raises(Conflict):
        actions.reschedule(desk.cast.actor("hendra"), sent.pk, later)
