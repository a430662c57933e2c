"""Numbers read back: missing is not zero, fresh posts often, a failing platform hurts nobody else, who sees what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from kentongan.channels.contract import Counts, Published
from kentongan.core import clock, tokens
from kentongan.insights import actions, panels, queries, states, tasks
from kentongan.insights.models import Probe, Snapshot
from kentongan.insights.queries import Period, deliveries, issues, last_days
from kentongan.listening.models import Issue, IssueCount
from kentongan.publishing import connections, content
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery
from kentongan.registry.models import Account
from named_cast import SYSTEM, Cast
from publishing.desk import Desk, Platform

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class Server(Platform):
    """A Mastodon server that also tells the numbers of a status; a number that is left out is not reported."""

    numbers: dict[str, dict[str, Any]]
    broken: bool = False
    down: bool = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and "/api/v1/statuses/" in request.url.path:
            if self.broken:
                return httpx.Response(401, json={"error": "The access token was revoked"})
            if self.down:
                return httpx.Response(503, text="<h1>Down for maintenance</h1>")
            status = request.url.path.rsplit("/", 1)[-1]
            if status not in self.numbers:
                return httpx.Response(404, json={"error": "Record not found"})
            return httpx.Response(200, json={"id": status} | self.numbers[status])
        return super().__call__(request)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    scripted = Server()
    scripted.numbers = {}
    monkeypatch.setattr(connections, "client", scripted.client)
    return scripted


@pytest.fixture
def desk(cast: Cast) -> Desk:
    return Desk(cast)


@pytest.fixture
def published(desk: Desk, server: Server) -> Delivery:
    """A post on Mastodon, out since now."""
    delivery = desk.schedule(desk.account())
    desk.run()
    delivery.refresh_from_db()
    assert delivery.state == "published"
    return delivery


def snapshot(delivery: Delivery, ago: timedelta, **counts: int | None) -> Snapshot:
    at = clock.now() - ago
    return Snapshot.objects.create(delivery=delivery, taken_at=at, bucket=at, **counts)


def aged(delivery: Delivery, ago: timedelta) -> Delivery:
    Delivery.objects.filter(pk=delivery.pk).update(published_at=clock.now() - ago)
    delivery.refresh_from_db()
    return delivery


def test_what_a_platform_does_not_report_stays_missing(published: Delivery, server: Server) -> None:
    server.numbers[published.remote_id] = {"favourites_count": 3, "reblogs_count": 0, "replies_count": 1}
    assert tasks.collect() == 1
    taken = Snapshot.objects.get()
    assert (taken.views, taken.likes, taken.shares, taken.replies) == (None, 3, 0, 1)
    assert Probe.objects.get().outcome == "read"


def test_an_outage_is_a_failure_and_not_silence(published: Delivery, server: Server) -> None:
    snapshot(published, HOUR, likes=3)
    server.down = True
    tasks.collect()
    probe = Probe.objects.get()
    assert (probe.outcome, probe.failures) == ("failed", 1)
    assert "503" in probe.problem
    assert Snapshot.objects.get().likes == 3


def test_a_status_that_was_deleted_there_is_told_apart(published: Delivery, server: Server) -> None:
    tasks.collect()
    assert Probe.objects.get().outcome == "gone"
    assert not Snapshot.objects.exists()


def test_a_post_that_is_not_reported_on_is_silent_not_zero(published: Delivery, server: Server) -> None:
    server.numbers[published.remote_id] = {}
    tasks.collect()
    assert not Snapshot.objects.exists()
    assert Probe.objects.get().outcome == "silent"
    reach = queries.reach(SYSTEM, last_days(7))
    assert (reach.sums.live, reach.sums.silent, reach.sums.views, reach.sums.likes) == (1, 1, None, None)


def test_a_broken_platform_is_noted_and_asked_later_and_later(published: Delivery, server: Server) -> None:
    server.broken = True
    waits = []
    for _ in range(3):
        tasks.collect()
        probe = Probe.objects.get()
        assert (probe.outcome, bool(probe.problem)) == ("failed", True)
        assert probe.due_at is not None
        waits.append(probe.due_at - clock.now())
        Probe.objects.update(due_at=clock.now())
    assert waits[0] < waits[1] < waits[2]
    server.broken = False
    server.numbers[published.remote_id] = {"favourites_count": 1, "reblogs_count": 0, "replies_count": 0}
    tasks.collect()
    assert Probe.objects.get().failures == 0


def test_one_failing_account_does_not_keep_others_from_being_read(
    desk: Desk, server: Server, published: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = desk.schedule(
        desk.account(unit=desk.cast.tambun_selatan, handle="tambun"), item=desk.item(unit=desk.cast.tambun_selatan)
    )
    desk.run()
    other.refresh_from_db()
    read = connections.read_counts

    def fail_first(account: Account, ids: Any) -> Any:
        if account.pk == published.account_id:
            raise RuntimeError("a mistake in an adapter")
        return read(account, ids)

    monkeypatch.setattr(connections, "read_counts", fail_first)
    server.numbers[other.remote_id] = {"favourites_count": 7, "reblogs_count": 0, "replies_count": 0}
    tasks.collect()
    assert dict(Probe.objects.values_list("delivery_id", "outcome")) == {published.pk: "failed", other.pk: "read"}


def test_no_transaction_is_open_while_a_platform_is_asked(published: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    depth = len(connection.savepoint_ids)

    def read(account: Account, ids: Any) -> dict[str, Any]:
        assert len(connection.savepoint_ids) == depth
        return {}

    monkeypatch.setattr(connections, "read_counts", read)
    assert tasks.collect() == 1


def test_a_recalled_post_is_not_read_any_more(published: Delivery) -> None:
    actions.enrol()
    Delivery.objects.filter(pk=published.pk).update(state="recalled")
    assert actions.claim() == []
    assert Probe.objects.get().due_at is None


def test_a_repost_is_not_read_besides_its_post(published: Delivery, desk: Desk) -> None:
    again = desk.account(unit=desk.cast.tambun_selatan)
    desk.schedule(again, item=published.item, origin_ids=[published.account_id])
    (claim,) = firing.claim_due()
    delivery = Delivery.objects.select_related("account").get(pk=claim.delivery_id)
    attempt = firing.begin(SYSTEM, claim, content.post_of(delivery))
    assert firing.finish(SYSTEM, claim, attempt, Published("2", "https://contoh.social/2")) == "published"
    assert Delivery.objects.filter(repost_of=published, state="published").exists()
    assert actions.enrol() == 1
    assert Probe.objects.get().delivery == published


def test_what_is_claimed_is_left_alone_until_the_lease_is_over(published: Delivery) -> None:
    actions.enrol()
    assert len(actions.claim()) == 1
    assert actions.claim() == []


def test_two_collectors_in_one_minute_leave_one_snapshot(published: Delivery, monkeypatch: pytest.MonkeyPatch) -> None:
    at = clock.now().replace(second=30)
    actions.enrol()
    probes = list(Probe.objects.select_related("delivery"))
    counts = {published.remote_id: Counts(likes=3)}
    monkeypatch.setattr(clock, "now", lambda: at)
    actions.record(probes, counts)
    actions.record(probes, counts)
    assert Snapshot.objects.count() == 1


def test_the_database_refuses_negative_and_empty_snapshots(published: Delivery) -> None:
    for counts in ({"views": -1}, {}):
        with pytest.raises(IntegrityError), transaction.atomic():
            snapshot(published, HOUR, **counts)  # type: ignore[arg-type]


@given(st.integers(min_value=0, max_value=300 * 24), st.integers(min_value=0, max_value=300 * 24))
def test_readings_grow_rarer_with_age(first: int, second: int) -> None:
    younger, older = sorted((first, second))
    one, two = states.interval(younger * HOUR), states.interval(older * HOUR)
    assert two is None or (one is not None and one <= two)


def test_what_was_gained_counts_from_before_the_period(cast: Cast, published: Delivery) -> None:
    aged(published, 20 * DAY)
    snapshot(published, 10 * DAY, views=100, likes=None)
    snapshot(published, 2 * DAY, views=130, likes=4)
    period = Period(clock.now() - 7 * DAY, clock.now() + HOUR)
    sums = queries.reach(cast.actor("sari"), period).sums
    assert sums.views == 30
    assert sums.likes == 0  # known since the first reading only: what it had before is not claimed as gained
    assert sums.shares is None
    assert (sums.posts, sums.live, sums.silent) == (0, 1, 0)


def test_a_fresh_post_counts_from_zero_and_the_period_before_is_empty(cast: Cast, published: Delivery) -> None:
    snapshot(published, timedelta(0), views=55)
    reach = queries.reach(cast.actor("sari"), last_days(7))
    assert (reach.sums.views, reach.sums.posts, reach.before.views, reach.before.posts) == (55, 1, None, 0)
    assert [(row.key, row.sums.views) for row in reach.platforms] == [("mastodon", 55)]


def test_no_reading_in_the_period_is_missing_not_zero(cast: Cast, published: Delivery) -> None:
    aged(published, 20 * DAY)
    snapshot(published, 10 * DAY, views=100)
    sums = queries.reach(cast.actor("sari"), Period(clock.now() - 7 * DAY, clock.now())).sums
    assert (sums.views, sums.silent) == (None, 1)


def test_by_day_a_day_without_a_reading_is_a_gap(cast: Cast, published: Delivery) -> None:
    aged(published, 5 * DAY)
    snapshot(published, 4 * DAY, views=10)
    snapshot(published, 1 * DAY, views=25)
    days = dict(queries.by_day(cast.actor("sari"), last_days(7), "views"))
    assert sorted(value for value in days.values() if value is not None) == [10, 15]
    assert sum(value is None for value in days.values()) == 5


def test_a_neighbour_measures_only_their_own(cast: Cast, published: Delivery, sign_in: Callable[..., Client]) -> None:
    snapshot(published, timedelta(0), views=55)
    assert queries.reach(cast.actor("joko"), last_days(7)).sums == queries.Sums()
    item = reverse("insights:item", args=[published.item_id])
    assert sign_in(cast.user("joko")).get(item).status_code == 404
    assert sign_in(cast.user("sari")).get(item).status_code == 200
    for name in ("maman", "tono"):
        assert queries.reach(cast.actor(name), last_days(7)).sums == queries.Sums()
        assert sign_in(cast.user(name)).get(item).status_code in (403, 404)


def test_every_screen_says_missing_where_nothing_was_reported(
    cast: Cast, published: Delivery, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("sari"))
    snapshot(published, timedelta(0), likes=4)
    for name in ("insights:index", "insights:print", "insights:deliveries"):
        body = client.get(reverse(name)).content.decode()
        assert "belum dilaporkan" in body, name
    export = client.get(reverse("insights:export") + "?format=csv")
    line = b"".join(export.streaming_content).decode().splitlines()[1]
    assert ",,4,,," in line


def test_lists_take_a_constant_number_of_queries(
    cast: Cast, desk: Desk, published: Delivery, sign_in: Callable[..., Client]
) -> None:
    client = sign_in(cast.user("sari"))
    snapshot(published, timedelta(0), views=5)
    pages = [
        reverse("insights:index"),
        reverse("insights:deliveries"),
        reverse("insights:item", args=[published.item_id]),
    ]

    def count(url: str) -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(url).status_code == 200
        return len(seen)

    before = [count(url) for url in pages]
    account = Account.objects.get(pk=published.account_id)
    for n in range(6):
        desk.schedule(account, item=desk.item(text=f"Kabar nomor {n} tentang hal lain sama sekali."))
        desk.run()
    for delivery in Delivery.objects.exclude(pk=published.pk):
        snapshot(delivery, timedelta(0), views=9)
    assert [count(url) for url in pages] == before


def test_an_issue_is_compared_over_equal_spans_and_without_a_cause(cast: Cast, published: Delivery) -> None:
    now = clock.now()
    issue = Issue.objects.create(unit=cast.root, title="Jalan Setu", first_at=now - 9 * DAY, last_at=now)
    published.item.issue = issue
    published.item.save(update_fields=["issue"])
    aged(published, 4 * DAY)
    for ago, posts in ((6 * DAY, 40), (5 * DAY, 20), (3 * DAY, 9), (8 * DAY, 100), (timedelta(hours=2), 50)):
        IssueCount.objects.create(issue=issue, at=now - ago, posts=posts, complaints=0)
    compared = issues.volume(cast.actor("sari"), issue).comparison
    assert compared is not None
    assert (compared.before, compared.after) == (60, 9)
    aged(published, 1 * DAY)
    running = issues.volume(cast.actor("sari"), issue).comparison
    assert running is not None
    assert (running.after, running.so_far) == (None, 50)
    assert panels.IssueVolume().context(cast.actor("sari"), issue) is not None
    assert panels.IssueVolume().context(cast.actor("joko"), issue) is None


def test_the_api_keeps_null_and_wants_its_scope(cast: Cast, published: Delivery) -> None:
    snapshot(published, timedelta(0), likes=4)
    _token, secret = tokens.create(cast.actor("sari"), "uji", ["insights:read"])
    _other, wrong = tokens.create(cast.actor("sari"), "lain", ["planning:read"])

    def get(path: str, token: str) -> Any:
        return Client().get(f"/api/v1/insights/{path}", headers={"authorization": f"Bearer {token}"})

    assert Client().get("/api/v1/insights/reach").status_code == 401
    assert get("reach", wrong).status_code == 403
    reach = get("reach?days=7", secret).json()
    assert (reach["sums"]["likes"], reach["sums"]["views"]) == (4, None)
    row = get("deliveries", secret).json()["items"][0]
    assert (row["likes"], row["views"]) == (4, None)


def test_the_course_carries_a_counter_on_and_never_invents_a_beginning(published: Delivery, desk: Desk) -> None:
    snapshot(published, 3 * HOUR, views=1)
    snapshot(published, 2 * HOUR, views=None, likes=5)
    snapshot(published, 1 * HOUR, views=8)
    curve = deliveries.course([published], "views")
    assert [list(one.values) for one in curve.series] == [[1, 8]]
    assert deliveries.course([published], "replies").empty
