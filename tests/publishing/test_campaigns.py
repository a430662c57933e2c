"""The ledger of a campaign, and its stop: asked at the claim and after it, by any number of workers."""

import threading
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kentongan.cli import ledger as ledger_command
from kentongan.cli import publish as publish_command
from kentongan.core import clock, tokens
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.planning import actions as planning
from kentongan.planning.drafts import CampaignDraft
from kentongan.planning.models import Campaign, ContentItem
from kentongan.publishing import actions, queries, worker
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery, Pause
from kentongan.publishing.queries import Filter
from kentongan.publishing.states import State
from kentongan.registry.models import Unit
from publishing.desk import Desk, Platform
from publishing.test_states import _force


def _campaign(desk: Desk, name: str = "Jaga Kali", unit: Unit | None = None) -> Campaign:
    draft = CampaignDraft(name=name, purpose="service", starts_on=clock.now().date())
    return planning.open_campaign(desk.cast.actor("dewi"), (unit or desk.cast.root).pk, draft)


def _item(desk: Desk, campaign: Campaign | None, unit: Unit | None = None) -> ContentItem:
    item = desk.item(unit=unit)
    ContentItem.objects.filter(pk=item.pk).update(campaign=campaign)
    item.refresh_from_db()
    return item


@pytest.mark.django_db
class TestLedger:
    """Planned = published + rejected + missed + held + unknown + recalled + to come, per day, unit and campaign."""

    def test_a_delivery_is_of_the_campaign_of_its_item_whatever_is_written(self, desk: Desk):
        river, market = _campaign(desk), _campaign(desk, "Pasar Bersih")
        item = _item(desk, river)
        delivery = desk.schedule(desk.account(), item=item)
        delivery.refresh_from_db()
        assert delivery.campaign == river
        ContentItem.objects.filter(pk=item.pk).update(campaign=market)
        delivery.refresh_from_db()
        assert delivery.campaign == market
        Delivery.objects.filter(pk=delivery.pk).update(campaign=river)
        delivery.refresh_from_db()
        assert delivery.campaign == market

    @settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(data=st.lists(st.tuples(st.sampled_from(list(State)), *[st.integers(0, 2)] * 3), min_size=1, max_size=9))
    def test_every_line_adds_up_and_so_do_all_of_them(self, desk: Desk, data: list[tuple[State, int, int, int]]):
        with transaction.atomic():
            mark = uuid.uuid4().hex[:6]
            campaigns = [None, _campaign(desk, f"Satu {mark}"), _campaign(desk, f"Dua {mark}")]
            units = [desk.cast.root, desk.cast.sukamahi, desk.cast.tambun_selatan]
            accounts = [desk.account(unit=unit, handle=f"kabar{mark}") for unit in units]
            for state, day, unit, campaign in data:
                due = clock.now() + timedelta(days=day, seconds=5)
                _force(desk.schedule(accounts[unit], item=_item(desk, campaigns[campaign]), due_at=due), state)
            wulan = desk.cast.actor("wulan")
            total = queries.ledger(wulan)
            assert total.planned == len(data)
            for lines in queries.LINES.values():
                found = lines(wulan, Filter())
                assert queries.summed(found).as_dict() == total.as_dict()
                for line in found:
                    parts = line.as_dict()
                    assert parts.pop("planned") == sum(parts.values())
            for campaign in campaigns[1:]:
                wanted = Filter(campaign_id=campaign.pk)
                mine = queries.ledger(wulan, wanted).as_dict()
                (line,) = [one for one in queries.campaigns(wulan) if one.key == campaign.pk] or [queries.Sum()]
                assert mine == line.as_dict() == queries.summed(queries.days(wulan, wanted)).as_dict()
                assert mine["planned"] == Delivery.objects.filter(item__campaign=campaign).count()
            transaction.set_rollback(True)

    def test_it_counts_what_the_reader_may_see_only(self, desk: Desk):
        river = _campaign(desk)
        for unit in (desk.cast.root, desk.cast.tambun_selatan):
            desk.schedule(desk.account(unit=unit), item=_item(desk, river))
        assert queries.ledger(desk.cast.actor("wulan"), Filter(campaign_id=river.pk)).planned == 2
        joko = desk.cast.actor("joko")
        assert [line.planned for line in queries.campaigns(joko)] == [1]
        assert [line.name for line in queries.units(joko)] == [desk.cast.tambun_selatan.name]

    def test_the_lines_take_as_many_queries_for_many(self, desk: Desk, sign_in: Callable[..., Client]):
        client = sign_in(desk.cast.user("wulan"))
        address = reverse("publishing:lines")

        def asked(per: str) -> int:
            with CaptureQueriesContext(connection) as queried:
                assert client.get(address, {"per": per}).status_code == 200
            return len(queried)

        desk.schedule(desk.account(), item=_item(desk, _campaign(desk, "Nol")))
        asked("day")
        few = [asked(per) for per in queries.LINES]
        for n in range(6):
            unit = (desk.cast.root, desk.cast.sukamahi, desk.cast.tambun_selatan)[n % 3]
            account = desk.account(unit=unit, handle=f"kabar{n}")
            desk.schedule(account, item=_item(desk, _campaign(desk, f"K{n}")), due_at=clock.now() + timedelta(days=n))
        assert [asked(per) for per in queries.LINES] == few

    def test_screen_download_api_and_command_say_the_same(
        self, desk: Desk, sign_in: Callable[..., Client], run_command: Callable[..., dict[str, object]]
    ):
        river = _campaign(desk)
        desk.schedule(desk.account(), item=_item(desk, river))
        desk.schedule(desk.account(handle="lain"))
        client = sign_in(desk.cast.user("wulan"))
        page = client.get(reverse("publishing:lines"), {"per": "campaign"}).content.decode()
        assert "Jaga Kali" in page
        assert "tanpa program" in page
        rows = client.get(reverse("publishing:lines"), {"per": "campaign", "format": "csv"})
        lines = b"".join(rows.streaming_content).decode().splitlines()
        assert [line.split(",")[:2] for line in lines[1:]] == [
            ["Jaga Kali", "1"],
            ["tanpa program", "1"],
            ["Semua", "2"],
        ]
        listed = client.get(reverse("publishing:index"), {"campaign": river.pk, "format": "csv"})
        assert len(b"".join(listed.streaming_content).splitlines()) == 2
        _row, secret = tokens.create(desk.cast.actor("wulan"), "uji", ["publishing:read"])
        say = {"headers": {"Authorization": f"Bearer {secret}"}}
        base = "/api/v1/publishing"
        answer = client.get(f"{base}/ledger/lines", {"per": "campaign"}, **say).json()
        assert [(row["id"], row["name"], row["planned"]) for row in answer["items"]] == [
            (river.pk, "Jaga Kali", 1),
            (None, "tanpa program", 1),
        ]
        assert client.get(f"{base}/ledger", {"campaign_id": river.pk}, **say).json()["planned"] == 1
        assert client.get(f"{base}/deliveries", {"campaign_id": river.pk}, **say).json()["total"] == 1
        said = run_command(ledger_command, "--per", "campaign", "--campaign", river.pk, "--as", "wulan@example.id")
        assert (said["ledger"]["planned"], [row["campaign"] for row in said["campaigns"]]) == (1, ["Jaga Kali"])


@pytest.mark.django_db
class TestStop:
    """Of a campaign nothing goes out: everywhere, or below a unit."""

    def test_at_its_own_unit_all_of_it_stops_wherever_it_goes_out(self, desk: Desk, platform: Platform):
        market = _campaign(desk, "Tambun Tertib", desk.cast.tambun_selatan)
        elsewhere, beside = desk.account(), desk.account(handle="lain")
        stopped = desk.schedule(elsewhere, item=_item(desk, market, desk.cast.tambun_selatan))
        sent = desk.schedule(beside, item=_item(desk, _campaign(desk)))
        pause = actions.pause(desk.cast.actor("joko"), campaign_id=market.pk, reason="Keliru")
        assert pause.unit == desk.cast.tambun_selatan
        desk.run()
        assert (desk.state(stopped), desk.state(sent)) == (State.READY, State.PUBLISHED)
        assert queries.stopped_by(stopped) == [pause]
        assert not queries.alarm(desk.cast.actor("wulan"))
        actions.resume(desk.cast.actor("joko"), pause.pk)
        desk.run()
        assert desk.state(stopped) == State.PUBLISHED

    def test_at_another_unit_it_stops_there_and_below(self, desk: Desk, platform: Platform):
        river = _campaign(desk)
        below, beside = desk.account(unit=desk.cast.sukamahi), desk.account(unit=desk.cast.tambun_selatan)
        item = _item(desk, river)
        stopped, sent = desk.schedule(below, item=item), desk.schedule(beside, item=item)
        actions.pause(
            desk.cast.actor("hendra"), campaign_id=river.pk, unit_id=desk.cast.cikarang_pusat.pk, reason="Keliru"
        )
        desk.run()
        assert (desk.state(stopped), desk.state(sent)) == (State.READY, State.PUBLISHED)
        assert not queries.pauses_of(below)

    def test_what_is_claimed_already_stops_too(self, desk: Desk, platform: Platform):
        river = _campaign(desk)
        delivery = desk.schedule(desk.account(), item=_item(desk, river))
        (claim,) = firing.claim_due()
        actions.pause(desk.cast.actor("wulan"), campaign_id=river.pk, reason="Keliru")
        assert worker.deliver(claim) is None
        assert (desk.state(delivery), platform.posted) == (State.READY, [])

    def test_what_joins_a_stopped_campaign_stops_and_what_leaves_it_goes_on(self, desk: Desk, platform: Platform):
        river = _campaign(desk)
        inside, outside = _item(desk, river), _item(desk, None)
        first = desk.schedule(desk.account(), item=inside)
        second = desk.schedule(desk.account(handle="lain"), item=outside)
        actions.pause(desk.cast.actor("wulan"), campaign_id=river.pk, reason="Keliru")
        ContentItem.objects.filter(pk=inside.pk).update(campaign=None)
        ContentItem.objects.filter(pk=outside.pk).update(campaign=river)
        desk.run()
        assert (desk.state(first), desk.state(second)) == (State.PUBLISHED, State.READY)

    @pytest.mark.parametrize("name", ["dewi", "sari", "maman", "joko", "euis"])
    def test_only_who_publishes_there(self, desk: Desk, name: str):
        river = _campaign(desk)
        with pytest.raises((NotAllowed, NotFound)):
            actions.pause(desk.cast.actor(name), campaign_id=river.pk, reason="x")
        assert not Pause.objects.exists()

    def test_it_is_of_one_thing_and_once(self, desk: Desk):
        river, hendra = _campaign(desk), desk.cast.actor("hendra")
        for wrong in ({"platform": "mastodon"}, {"account_id": desk.account().pk}):
            with pytest.raises(Invalid):
                actions.pause(hendra, campaign_id=river.pk, reason="x", **wrong)
        with pytest.raises(Invalid):
            actions.pause(hendra, reason="x")
        pause = actions.pause(hendra, campaign_id=river.pk, reason="x")
        with pytest.raises(Conflict):
            actions.pause(hendra, campaign_id=river.pk, reason="x")
        with pytest.raises(IntegrityError), transaction.atomic():
            Pause.objects.filter(pk=pause.pk).update(platform="mastodon")

    def test_screens_api_and_command(
        self, desk: Desk, sign_in: Callable[..., Client], run_command: Callable[..., object], platform: Platform
    ):
        river = _campaign(desk)
        delivery = desk.schedule(desk.account(), item=_item(desk, river), due_at=clock.now() + timedelta(hours=1))
        client = sign_in(desk.cast.user("hendra"))
        switch = f"{reverse('publishing:pause')}?campaign={river.pk}"
        assert switch in client.get(river.get_absolute_url()).content.decode()
        form = client.get(switch).context["form"]
        assert (form["campaign"].value(), form["unit"].value()) == (river.pk, desk.cast.root.code)
        given = {"campaign": river.pk, "unit": "32.16", "platform": "mastodon", "reason": "Keliru"}
        assert client.post(switch, given).status_code == 422
        client.post(switch, {**given, "platform": ""})
        pause = Pause.objects.get()
        assert pause.campaign == river
        pages = [reverse("publishing:index"), river.get_absolute_url(), delivery.item.get_absolute_url()]
        for page in [*pages, reverse("publishing:delivery", args=(delivery.pk,))]:
            assert "Program “Jaga Kali” dijeda" in client.get(page).content.decode(), page
        publish_command.app(
            args=["resume", "--campaign", str(river.pk), "--as", "hendra@example.id"], standalone_mode=False
        )
        pause.refresh_from_db()
        assert pause.ended_at
        _row, secret = tokens.create(desk.cast.actor("hendra"), "uji", ["publishing:read", "publishing:write"])
        say = {"headers": {"Authorization": f"Bearer {secret}"}, "content_type": "application/json"}
        made = client.post("/api/v1/publishing/pauses", {"campaign_id": river.pk, "reason": "Lagi"}, **say)
        assert (made.status_code, made.json()["campaign_id"], made.json()["unit_id"]) == (
            201,
            river.pk,
            desk.cast.root.pk,
        )
        client.post(f"/api/v1/publishing/pauses/{made.json()['id']}/resume", {}, **say)
        publish_command.app(
            args=["pause", "--campaign", str(river.pk), "--reason", "Salah", "--yes", "--as", "hendra@example.id"],
            standalone_mode=False,
        )
        assert Pause.objects.filter(ended_at=None).get().campaign == river


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_stop_at_once_send_nothing_after_it(desk: Desk, platform: Platform) -> None:
    """What was being sent when the pause was made is out once; nothing begins after it."""
    river = _campaign(desk)
    made = [desk.schedule(desk.account(handle=f"kabar{n}"), item=_item(desk, river)) for n in range(12)]
    sending, stopped = threading.Event(), threading.Event()

    def slow() -> None:
        sending.set()
        stopped.wait(10)

    platform.during = slow

    def work() -> None:
        try:
            for claim in firing.claims():
                worker.deliver(claim)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _n in range(2)]
    for one in workers:
        one.start()
    assert sending.wait(20)
    actions.pause(Actor.of_user(desk.cast.user("wulan")), campaign_id=river.pk, reason="Keliru")
    stopped.set()
    for one in workers:
        one.join(30)
    states = [desk.state(one) for one in made]
    assert set(states) <= {State.PUBLISHED, State.READY}
    assert states.count(State.PUBLISHED) == len(platform.posted) <= 2
    assert desk.run() == []
    Pause.objects.update(ended_at=clock.now())
    platform.during = lambda: None
    while desk.run():
        pass
    assert [desk.state(one) for one in made] == [State.PUBLISHED] * 12
    assert len({sent["key"] for sent in platform.posted}) == len(platform.posted) == 12
