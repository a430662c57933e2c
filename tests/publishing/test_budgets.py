"""What all accounts of a platform share: the app's quota, its money, and what the planner says before approval."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from kentongan.channels import registry as channels
from kentongan.channels.contract import Rate
from kentongan.core import clock
from kentongan.planning.models import ContentItem
from kentongan.publishing import actions, budgets, content, planner
from kentongan.publishing.actions import circuits, firing
from kentongan.publishing.models import Attempt, Circuit, Delivery, PlatformApp
from kentongan.publishing.states import State
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.test_api import Api

HOUR = timedelta(hours=1)
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.fixture
def app(desk: Desk) -> PlatformApp:
    """X, with a quota of its own of two posts a day."""
    arif = desk.cast.actor("arif")
    return actions.set_app(arif, "x", client_id="c", client_secret="s", service="https://api.x.com", posts_a_day=2)


def _attempt(delivery: Delivery, at: datetime, cost: str | None = None) -> Attempt:
    return Attempt.objects.create(
        delivery=delivery, kind="publish", digest="d", started_at=at, ended_at=at, outcome="published",
        platform=delivery.account.platform, cost_usd=cost and Decimal(cost),
    )  # fmt: skip


def _posts(desk: Desk, count: int, **more: object) -> list[Delivery]:
    """Return that many deliveries, each of an item of its own to an account of its own."""
    found = []
    for number in range(count):
        item = desk.item(kinds=["x"], text=f"Pasar ke-{number} buka pukul enam.")
        found.append(desk.schedule(desk.account("x", handle=f"kabar{number}"), item=item, **more))
    return found


def _reposted(desk: Desk) -> tuple[Delivery, Delivery]:
    """Return a post on X with a link, and its repost by another account."""
    item = desk.item(kinds=["x"], text="Pasar pindah. https://bekasi.go.id/pasar")
    accounts = [desk.account("x", handle=f"kanal{number}") for number in range(2)]
    desk.schedule(*accounts, item=item, origin_ids=[accounts[0].pk])
    one = Delivery.objects.get(account=accounts[1])
    assert one.repost_of is not None
    return one.repost_of, one


def _begin(delivery: Delivery) -> Attempt | None:
    claim = firing.Claim(delivery.pk, uuid.uuid4())
    held = {"state": State.CLAIMED, "claim_token": claim.token, "claimed_until": clock.now() + HOUR}
    Delivery.objects.filter(pk=delivery.pk).update(**held)
    return firing.begin(SYSTEM, claim, content.post_of(delivery))


class TestTheQuotaOfTheApp:
    """Counted over all accounts of the platform, and shared by all workers."""

    def test_a_third_post_waits_until_the_first_leaves_the_window(self, desk: Desk, app: PlatformApp):
        first, second, third = _posts(desk, 3, late_minutes=7 * 24 * 60)
        gone = _attempt(first, clock.now() - 5 * HOUR)
        _attempt(second, clock.now() - HOUR)
        assert _begin(third) is None
        third.refresh_from_db()
        assert (third.state, third.try_at) == (State.READY, gone.started_at + timedelta(days=1))
        assert "dipakai bersama" in third.reason

    def test_what_would_be_too_late_by_then_is_held_at_once(self, desk: Desk, app: PlatformApp):
        first, second, third = _posts(desk, 3)
        _attempt(first, clock.now())
        _attempt(second, clock.now())
        assert _begin(third) is None
        assert desk.state(third) == State.HELD

    def test_what_waits_for_room_is_not_prepared_again_before_there_is_some(self, desk: Desk, app: PlatformApp):
        first, second, third = _posts(desk, 3, late_minutes=7 * 24 * 60)
        _attempt(first, clock.now())
        _attempt(second, clock.now())
        assert _begin(third) is None
        Delivery.objects.filter(pk=third.pk).update(try_at=F("due_at"))
        claim = next(one for one in firing.claim_due() if one.delivery_id == third.pk)
        assert firing.check(SYSTEM, claim) is None
        assert desk.state(third) == State.READY

    def test_who_has_no_room_does_not_use_up_the_one_try_at_a_silent_server(self, desk: Desk, app: PlatformApp):
        first, second, third = _posts(desk, 3, late_minutes=7 * 24 * 60)
        _attempt(first, clock.now())
        _attempt(second, clock.now())
        silent = Circuit.objects.create(
            server=circuits.server_of(third.account), failures=5, opened_at=clock.now() - HOUR, open_until=clock.now()
        )
        claim = next(one for one in firing.claim_due() if one.delivery_id == third.pk)
        assert firing.check(SYSTEM, claim) is None
        assert desk.state(third) == State.READY
        before, _ = silent.open_until, silent.refresh_from_db()
        assert silent.open_until == before

    def test_the_usual_quota_holds_where_none_is_entered(self, desk: Desk, app: PlatformApp):
        manifest = channels.get("x").manifest
        assert budgets.app_rate(manifest, app) == Rate(2, timedelta(days=1))
        app.posts_a_day = None
        assert budgets.app_rate(manifest, app) == manifest.app_rate == budgets.app_rate(manifest, None)

    def test_posts_on_other_platforms_take_nothing(self, desk: Desk, app: PlatformApp):
        other = desk.schedule(desk.account("mastodon"), item=desk.item())
        for _number in range(3):
            _attempt(other, clock.now())
        assert _begin(_posts(desk, 1)[0]) is not None

    def test_reposts_have_a_rate_of_their_own_besides(self, desk: Desk):
        """X takes fewer reposts of an account than posts."""
        limits, now = channels.get("x").manifest, clock.now()
        assert limits.repost_rate is not None
        first, one = _reposted(desk)
        for number in range(limits.repost_rate.posts):
            _attempt(one, now - timedelta(minutes=10) + timedelta(seconds=number))
        with translation.override("en"):
            room = budgets.full(one.account, None, now, repost=True)
            assert room == budgets.Full(now + timedelta(minutes=5), "Waits for the account's rate budget of reposts.")
            assert budgets.full(one.account, None, now) is None
            assert budgets.full(first.account, None, now, repost=True) is None
            first.state, first.remote_id, first.published_at = State.PUBLISHED, "9", now
            first.save()
            assert _begin(one) is None
            one.refresh_from_db()
            assert one.reason == "Waits for the account's rate budget of reposts."

    def test_a_repost_costs_what_a_post_without_a_link_costs(self, desk: Desk):
        first, one = _reposted(desk)
        first.state, first.remote_id, first.published_at = State.PUBLISHED, "9", clock.now()
        first.save()
        begun = _begin(one)
        assert begun is not None
        assert begun.cost_usd == Decimal("0.015")

    @pytest.mark.django_db(transaction=True)
    def test_two_workers_never_take_the_last_place_both(self, desk: Desk, app: PlatformApp):
        deliveries = _posts(desk, 8, late_minutes=7 * 24 * 60)
        claims = firing.claim_due(50)
        assert len(claims) == 8
        begun, gate = [], threading.Barrier(8)

        def work(claim: firing.Claim) -> None:
            delivery = Delivery.objects.get(pk=claim.delivery_id)
            gate.wait()
            begun.append(firing.begin(SYSTEM, claim, content.post_of(delivery)))
            connection.close()

        threads = [threading.Thread(target=work, args=[claim]) for claim in claims]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len([attempt for attempt in begun if attempt]) == 2
        states = sorted(desk.state(delivery) for delivery in deliveries)
        assert states == [State.READY] * 6 + [State.SENDING] * 2


class TestMoney:
    """What a month may cost."""

    @pytest.fixture
    def dear(self, desk: Desk, app: PlatformApp) -> PlatformApp:
        """A cent and three tenths a month: not enough for a post."""
        app.posts_a_day, app.month_usd = None, Decimal("0.03")
        app.save()
        return app

    def test_what_the_month_does_not_suffice_for_is_held(self, desk: Desk, dear: PlatformApp):
        first, second, third = _posts(desk, 3)
        assert _begin(first) is not None
        assert _begin(second) is not None
        assert budgets.spent("x") == Decimal("0.03")
        assert _begin(third) is None
        third.refresh_from_db()
        assert third.state == State.HELD
        assert third.reason.startswith("Dana")

    def test_what_was_refused_costs_nothing_and_doubt_counts(self, desk: Desk, dear: PlatformApp):
        first, second = _posts(desk, 2)
        begun = _begin(first)
        assert begun is not None
        firing.note(begun, firing.Rejected("no"))
        assert budgets.spent("x") == 0
        doubtful = _begin(second)
        assert doubtful is not None
        firing.note(doubtful, firing.Ambiguous("?"))
        assert budgets.spent("x") == Decimal("0.015")

    def test_a_link_costs_more_and_last_month_is_over(self, desk: Desk, dear: PlatformApp):
        delivery = _posts(desk, 1)[0]
        _attempt(delivery, budgets.month_of(clock.now()) - timedelta(seconds=1), cost="9")
        assert budgets.spent("x") == 0
        assert budgets.cost_of("x", "Kabar", "https://bekasi.go.id/a") == Decimal("0.2")
        assert budgets.full(delivery.account, Decimal("0.2"), NOON).until == datetime(2026, 12, 1, tzinfo=UTC)

    @pytest.mark.parametrize("wrong", [{"posts_a_day": 0}, {"month_usd": Decimal(-1)}])
    def test_the_database_refuses_what_is_no_budget(self, app: PlatformApp, wrong: dict[str, object]):
        for name, value in wrong.items():
            setattr(app, name, value)
        with pytest.raises(Exception, match=r"platform_app_|posts_a_day"):
            app.save()


class TestForecast:
    """What the planner says is what workers do."""

    def _item(self, desk: Desk, count: int, **more: object) -> ContentItem:
        for number in range(count):
            desk.account("x", handle=f"kanal{number}")
        item = desk.item(kinds=["x", "mastodon"])
        for name, value in more.items():
            setattr(item, name, value)
        item.save()
        return item

    def test_five_accounts_with_two_posts_a_day_take_three_days(self, desk: Desk, app: PlatformApp):
        item = self._item(desk, 5)
        (found,) = planner.before_approval(desk.cast.actor("hendra"), item, 120)
        assert (found.posts, found.days, found.late, found.cost_usd) == (5, 3, 3, Decimal("0.075"))
        assert found.ends - found.begins == timedelta(days=2)

    def test_where_one_text_goes_to_one_account_the_others_repost_it(self, desk: Desk, app: PlatformApp):
        self._item(desk, 5)
        item = desk.item(kinds=["x"], text="Pasar pindah. https://bekasi.go.id/pasar")
        (found,) = planner.before_approval(desk.cast.actor("hendra"), item, 120)
        assert (found.posts, found.reposts, found.cost_usd) == (5, 4, Decimal("0.2") + 4 * Decimal("0.015"))

    def test_what_waits_already_goes_first(self, desk: Desk, app: PlatformApp):
        _posts(desk, 2)
        item = self._item(desk, 1)
        found = planner.forecasts(planner.of_item(item, [desk.account("x", handle="lagi")], [clock.now()]), 120)
        assert found[0].late == 1
        assert found[0].ends - found[0].begins > timedelta(hours=23)

    def test_behind_very_many_the_days_are_counted_by_the_quota(
        self, desk: Desk, app: PlatformApp, monkeypatch: pytest.MonkeyPatch
    ):
        monkeypatch.setattr(planner, "MOST_WAITING", 2)
        _posts(desk, 4)
        accounts = [desk.account("x", handle=f"banyak{number}") for number in range(4)]
        (found,) = planner.forecasts(planner.of_item(self._item(desk, 1), accounts, [clock.now()] * 4), 120)
        assert (found.posts, found.late, found.days) == (4, 4, 4)  # two days for what waits, two more for these

    def test_only_booked_accounts_count_once_there_are_some(self, desk: Desk, app: PlatformApp):
        item = self._item(desk, 3)
        account = desk.account("x", handle="dipesan")
        item.bookings.create(account=account, booked_by=desk.cast.user("dewi"))
        assert planner.before_approval(desk.cast.actor("hendra"), item, 120)[0].posts == 1

    def test_nothing_is_said_where_nothing_is_limited(self, desk: Desk, app: PlatformApp):
        desk.account("mastodon")
        assert planner.before_approval(desk.cast.actor("hendra"), desk.item(kinds=["mastodon"]), 120) == []

    def test_the_month_that_does_not_suffice_is_told(self, desk: Desk, app: PlatformApp):
        PlatformApp.objects.update(month_usd=Decimal("0.05"), posts_a_day=None)
        (found,) = planner.before_approval(desk.cast.actor("hendra"), self._item(desk, 5), 120)
        assert found.too_dear
        assert found.month_usd == Decimal("0.05")

    def test_it_asks_as_many_queries_for_many_accounts(self, desk: Desk, app: PlatformApp):
        item = self._item(desk, 2)
        hendra = desk.cast.actor("hendra")
        with CaptureQueriesContext(connection) as few:
            planner.before_approval(hendra, item, 120)
        for number in range(20):
            desk.account("x", handle=f"lain{number}")
        with CaptureQueriesContext(connection) as many:
            assert planner.before_approval(hendra, item, 120)[0].posts == 22
        assert len(many) == len(few)

    @given(
        gone=st.lists(st.integers(1, 1_400), max_size=6),
        wanted=st.lists(st.integers(0, 4_000), min_size=1, max_size=12),
        posts=st.integers(1, 4),
    )
    def test_never_more_than_the_quota_in_any_window(self, gone: list[int], wanted: list[int], posts: int):
        rate = Rate(posts, timedelta(days=1))
        past = sorted(NOON - timedelta(minutes=minutes) for minutes in gone)
        asked = sorted(NOON + timedelta(minutes=minutes) for minutes in wanted)
        out = planner.through(past, [(moment, True) for moment in asked], rate)
        assert all(goes >= moment for goes, moment in zip(out, asked, strict=True))
        for at in out:
            window = [one for one in [*past[-posts:], *out] if at - rate.per < one <= at]
            assert len(window) <= posts


class TestScreens:
    """What people see of it."""

    @pytest.fixture(autouse=True)
    def english(self) -> Iterator[None]:
        with translation.override("en"):
            yield

    def _client(self, desk: Desk, who: str) -> Client:
        user = desk.cast.user(who)
        user.language = "en"
        user.save()
        client = Client()
        client.force_login(user)
        return client

    def test_the_item_says_what_it_costs_before_it_is_approved(self, desk: Desk, app: PlatformApp):
        for number in range(5):
            desk.account("x", handle=f"kanal{number}")
        item = desk.item(kinds=["x"])
        page = self._client(desk, "hendra").get(item.get_absolute_url()).content.decode()
        assert all(text in page for text in ("3 days with this quota", "0.075 USD", "3 would not go out in time"))

    def test_the_api_says_the_same(self, desk: Desk, app: PlatformApp, client: Client):
        item = desk.item(kinds=["x"])
        desk.account("x")
        api = Api(client, desk, "hendra", "publishing:read")
        (found,) = api.get(f"/items/{item.pk}/forecast").json()
        told = [found[name] for name in ("platform", "posts", "reposts", "cost_usd", "days")]
        assert told == ["x", 1, 0, 0.015, 1]
        assert api.get("/items/999999/forecast").status_code == 404
        assert api.get(f"/items/{item.pk}/forecast", late_minutes=-1).status_code == 422

    def test_the_cost_shown_for_scheduling_is_of_what_is_suggested_there(self, desk: Desk, app: PlatformApp):
        accounts = [desk.account("x", handle=f"kanal{number}") for number in range(3)]
        item = desk.item(kinds=["x"], text="Pasar pindah. https://bekasi.go.id/pasar")
        client, address = self._client(desk, "hendra"), reverse("publishing:schedule", args=[item.pk])
        page = client.get(address).content.decode()
        assert "(2 of them reposts)" in page
        assert "0.23 USD" in page
        given = {"accounts": [one.pk for one in accounts], "due_at": "2027-01-05T09:00", "late_minutes": 120}
        refused = client.post(address, given | {"origin_x": ""})
        assert refused.status_code == 422
        assert "0.60 USD" in refused.content.decode()

    def test_an_administrator_sets_quota_and_money(self, desk: Desk, app: PlatformApp):
        given = {"client_id": "c", "service": "https://api.x.com", "posts_a_day": "500", "month_usd": "40"}
        client = self._client(desk, "arif")
        assert client.post(reverse("publishing:app", args=["x"]), given).status_code == 302
        app.refresh_from_db()
        assert (app.posts_a_day, app.month_usd, app.client_secret) == (500, Decimal(40), "s")
        answer = client.post(reverse("publishing:app", args=["x"]), given | {"posts_a_day": "0", "month_usd": "-1"})
        assert answer.status_code == 422
