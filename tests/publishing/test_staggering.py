"""Spreading posts over units: times that fit and repeat, a preview that schedules nothing, the same rights."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from kentongan.core import audit, clock, tokens
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotAllowed
from kentongan.core.models import User
from kentongan.planning import actions as planning
from kentongan.publishing import actions
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery
from kentongan.publishing.spreading import Spread
from kentongan.publishing.states import State
from named_cast import Cast
from publishing.desk import Desk

SignIn = Callable[[User], Client]
START = datetime(2027, 3, 1, 8, tzinfo=clock.zone("Asia/Jakarta"))
MINUTE = timedelta(minutes=1)


def soon(hours: int = 24) -> datetime:
    """Return a full hour that is still to come."""
    return (clock.now() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)


def test_evenly_reaches_from_the_start_to_the_end() -> None:
    times = Spread(START, START + 60 * MINUTE).times(5)
    assert [(moment - START) // MINUTE for moment in times] == [0, 15, 30, 45, 60]
    assert Spread(START, START + 60 * MINUTE).times(1) == [START]


def test_so_many_every_so_many_minutes() -> None:
    times = Spread(START, START + 60 * MINUTE, each=2, minutes=20).times(5)
    assert [(moment - START) // MINUTE for moment in times] == [0, 0, 20, 20, 40]
    with pytest.raises(Invalid) as refused:
        Spread(START, START + 60 * MINUTE, each=2, minutes=20).times(9)
    assert "8" in refused.value.fields["end"][0]


@given(
    count=st.integers(1, 300),
    span=st.integers(0, 3000),
    jitter=st.integers(0, 720),
    seed=st.integers(0, 2**31 - 1),
    each=st.one_of(st.none(), st.integers(300, 400)),
)
def test_times_stay_within_the_span_in_order_and_repeat(
    count: int, span: int, jitter: int, seed: int, each: int | None
) -> None:
    spread = Spread(START, START + span * MINUTE, each, each and 5, jitter, seed)
    times = spread.times(count)
    assert times == sorted(times) == spread.times(count)
    assert len(times) == count
    assert all(spread.start <= moment <= spread.end for moment in times)


@pytest.mark.parametrize(
    ("spread", "count"),
    [
        (Spread(START, START - MINUTE), 2),
        (Spread(START, START + timedelta(days=100)), 2),
        (Spread(START, START + MINUTE, each=2), 2),
        (Spread(START, START + MINUTE, each=0, minutes=0), 2),
        (Spread(START, START + MINUTE, jitter=-1), 2),
        (Spread(START, START + MINUTE, jitter=721), 2),
        (Spread(START, START + MINUTE), 0),
        (Spread(START, START + MINUTE), 5_001),
    ],
)
def test_what_makes_no_sense_is_refused(spread: Spread, count: int) -> None:
    with pytest.raises(Invalid):
        spread.times(count)


def accounts(desk: Desk) -> list[int]:
    """Return accounts of four units, in the order of the tree."""
    cast = desk.cast
    units = (cast.root, cast.cikarang_pusat, cast.sukamahi, cast.tambun_selatan)
    return [desk.account(unit=unit, handle=f"kabar{n}").pk for n, unit in enumerate(units)]


def form_data(cast: Cast, **extra: object) -> dict[str, object]:
    """Return what the form sends."""
    local = soon().astimezone(clock.zone("Asia/Jakarta"))
    return {
        "unit": cast.root.code,
        "waiting": "new",
        "start": f"{local:%Y-%m-%dT%H:%M}",
        "end": f"{local + timedelta(hours=3):%Y-%m-%dT%H:%M}",
        "how": "evenly",
        "jitter": 0,
        "seed": 5,
    } | extra


@pytest.mark.django_db
def test_the_first_press_shows_the_second_one_does(desk: Desk, sign_in: SignIn) -> None:
    ids, item = accounts(desk), desk.item()
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:stagger", args=[item.pk])
    assert client.get(address).status_code == 200
    shown = client.post(address, form_data(desk.cast))
    assert [(line.at, line.account.pk) for line in shown.context["lines"]] == [
        (soon() + timedelta(hours=n), pk) for n, pk in enumerate(ids)
    ]
    assert not Delivery.objects.exists()
    assert client.post(address, form_data(desk.cast, confirm=shown.context["digest"])).status_code == 302
    assert list(Delivery.objects.order_by("due_at").values_list("due_at", "account")) == [
        (soon() + timedelta(hours=n), pk) for n, pk in enumerate(ids)
    ]
    empty = client.post(address, form_data(desk.cast))
    assert empty.status_code == 422
    assert not Delivery.objects.exclude(state=State.READY).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"unit": "root"}, {"jitter": 30}, {"seed": 6, "jitter": 30}, {"confirm": "1"}])
def test_only_what_was_shown_is_scheduled(desk: Desk, sign_in: SignIn, change: dict[str, object]) -> None:
    accounts(desk)
    item, narrow = desk.item(), form_data(desk.cast, unit=desk.cast.sukamahi.code)
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:stagger", args=[item.pk])
    digest = client.post(address, narrow | {"jitter": 60}).context["digest"]
    change = change | ({"unit": desk.cast.root.code} if "unit" in change else {})
    again = client.post(address, narrow | {"jitter": 60, "confirm": digest} | change)
    assert again.status_code == 200
    assert not Delivery.objects.exists()
    assert again.context["lines"]
    assert again.context["digest"] != digest or "confirm" in change
    assert "Ini bukan yang tadi Anda lihat" in again.content.decode()


@pytest.mark.django_db
def test_an_account_that_came_since_is_shown_first(desk: Desk, sign_in: SignIn) -> None:
    accounts(desk)
    item, given = desk.item(), form_data(desk.cast)
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:stagger", args=[item.pk])
    digest = client.post(address, given).context["digest"]
    desk.account(handle="baru")
    again = client.post(address, given | {"confirm": digest})
    assert (again.status_code, again.context["count"]) == (200, 5)
    assert not Delivery.objects.exists()


@pytest.mark.django_db
def test_what_waits_is_given_new_times(desk: Desk, sign_in: SignIn) -> None:
    ids, item = accounts(desk), desk.item()
    actions.schedule(desk.cast.actor("hendra"), item.pk, ids, soon(48))
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:stagger", args=[item.pk])
    given = form_data(desk.cast, waiting="waiting", how="waves", each=2, minutes=30)
    client.post(address, given | {"confirm": client.post(address, given).context["digest"]})
    times = Delivery.objects.order_by("due_at").values_list("due_at", flat=True)
    assert [(moment - soon()) // MINUTE for moment in times] == [0, 0, 30, 30]


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.HELD, State.MISSED])
def test_what_is_held_or_missed_does_not_wait(desk: Desk, sign_in: SignIn, state: State) -> None:
    ids, item = accounts(desk), desk.item()
    stopped, *waiting = actions.schedule(desk.cast.actor("hendra"), item.pk, ids, soon(48))
    Delivery.objects.filter(pk=stopped.pk).update(state=state, reason="Masa tenang")
    client, address = sign_in(desk.cast.user("hendra")), reverse("publishing:stagger", args=[item.pk])
    shown = client.post(address, form_data(desk.cast, waiting="waiting"))
    assert [line.account.pk for line in shown.context["lines"]] == [one.account_id for one in waiting]
    with pytest.raises(Conflict):
        actions.respread(desk.cast.actor("hendra"), [stopped.pk, waiting[0].pk], Spread(soon(), soon() + MINUTE))
    stopped.refresh_from_db()
    assert (stopped.state, stopped.due_at) == (state, soon(48))


@pytest.mark.django_db
def test_all_of_them_or_none(desk: Desk) -> None:
    ids, item = accounts(desk), desk.item()
    made = actions.schedule(desk.cast.actor("hendra"), item.pk, ids, clock.now())
    assert firing.claim_due(limit=1)
    before = list(Delivery.objects.order_by("pk").values_list("due_at", flat=True))
    with pytest.raises(Conflict):
        actions.respread(desk.cast.actor("hendra"), [one.pk for one in made], Spread(soon(), soon() + 60 * MINUTE))
    assert list(Delivery.objects.order_by("pk").values_list("due_at", flat=True)) == before


@pytest.mark.django_db
def test_only_who_publishes_there_spreads(desk: Desk, sign_in: SignIn) -> None:
    ids, item = accounts(desk), desk.item()
    spread = Spread(soon(), soon() + 60 * MINUTE)
    with pytest.raises(Invalid):
        actions.stagger(desk.cast.actor("dewi"), item.pk, ids, spread)
    made = actions.stagger(desk.cast.actor("hendra"), item.pk, ids, spread)
    with pytest.raises(NotAllowed):
        actions.respread(desk.cast.actor("dewi"), [one.pk for one in made], spread)
    assert audit.trail(made[0])[0].verb == "publishing.stagger"
    response = sign_in(desk.cast.user("dewi")).post(
        reverse("publishing:stagger", args=[item.pk]), form_data(desk.cast, confirm="1")
    )
    assert response.status_code == 422


@pytest.mark.django_db
def test_unapproved_content_is_not_spread(desk: Desk) -> None:
    ids, item = accounts(desk), desk.item()
    item.state, item.approved_by, item.approved_at = "draft", None, None
    item.save()
    with pytest.raises(Conflict):
        actions.stagger(desk.cast.actor("hendra"), item.pk, ids, Spread(soon(), soon() + MINUTE))


@pytest.mark.django_db
def test_many_accounts_cost_no_more_reads_each(desk: Desk) -> None:
    few, more = accounts(desk)[:1], [desk.account(handle=f"banyak{n}").pk for n in range(10)]
    spread = Spread(soon(), soon() + 60 * MINUTE)
    item, other = desk.item(), desk.item()
    with CaptureQueriesContext(connection) as one:
        actions.stagger(desk.cast.actor("hendra"), item.pk, few, spread)
    with CaptureQueriesContext(connection) as ten:
        actions.stagger(desk.cast.actor("hendra"), other.pk, more, spread)
    assert len(ten) == len(one)


@pytest.mark.django_db
def test_many_posts_are_moved_in_as_many_queries_as_one(desk: Desk) -> None:
    hendra, item = desk.cast.actor("hendra"), desk.item()
    made = actions.schedule(hendra, item.pk, [desk.account(handle=f"banyak{n}").pk for n in range(11)], soon(48))
    pks, spread = [one.pk for one in reversed(made)], Spread(soon(), soon() + 60 * MINUTE)
    with CaptureQueriesContext(connection) as one:
        actions.respread(hendra, pks[:1], spread)
    with CaptureQueriesContext(connection) as ten:
        moved = actions.respread(hendra, pks[1:], spread)
    assert len(ten) == len(one)
    assert [row.pk for row in moved] == pks[1:]
    locked = [query["sql"] for query in ten.captured_queries if "FOR UPDATE" in query["sql"]]
    assert len(locked) == 2, "they, and what reposts them"
    assert all('ORDER BY "publishing_delivery"."id" ASC FOR UPDATE' in sql for sql in locked)
    stored = Delivery.objects.in_bulk(pks[1:])
    assert [stored[pk].due_at for pk in pks[1:]] == spread.times(10)
    assert all(row.try_at == row.due_at < row.late_until for row in stored.values())
    entry = audit.trail(moved[0])[0]
    assert (entry.verb, entry.user_id, entry.unit_id) == ("publishing.respread", hendra.user_id, moved[0].unit_id)
    assert (entry.before["due_at"], entry.after["due_at"]) == (soon(48).isoformat(), soon().isoformat())


def call(client: Client, user: User, path: str, body: dict[str, Any], scope: str = "publishing:write") -> Any:
    """Call the API."""
    secret = tokens.create(Actor.of_user(user), "uji", [scope])[1]
    response = client.post(
        f"/api/v1/publishing{path}",
        json.dumps(body),
        content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )
    return response.status_code, response.json()


@pytest.mark.django_db
def test_the_api_previews_spreads_and_moves(desk: Desk, client: Client) -> None:
    ids, item, hendra = accounts(desk), desk.item(), desk.cast.user("hendra")
    body = {
        "item_id": item.pk,
        "unit_id": desk.cast.root.pk,
        "start": soon().isoformat(),
        "end": (soon() + timedelta(hours=3)).isoformat(),
    }
    status, shown = call(client, hendra, "/stagger", body | {"preview": True})
    assert (status, [row["account_id"] for row in shown]) == (200, ids)
    assert not Delivery.objects.exists()
    status, made = call(client, hendra, "/stagger", body)
    assert status == 201
    assert [row["due_at"] for row in made] == [row["due_at"] for row in shown]
    numbers = [row["delivery_id"] for row in reversed(made)]
    status, again = call(client, hendra, "/deliveries/spread", body | {"delivery_ids": numbers})
    assert (status, [row["delivery_id"] for row in again]) == (200, numbers)
    path = f"/deliveries/{numbers[0]}/reschedule"
    moved = {"due_at": soon(72).isoformat(), "seen": again[0]["due_at"]}
    assert call(client, hendra, path, moved)[0] == 200
    assert call(client, hendra, path, moved)[0] == 409
    assert call(client, desk.cast.user("dewi"), path, moved)[0] == 403
    assert call(client, hendra, path, moved, "publishing:read")[0] == 403
    assert call(client, desk.cast.user("euis"), "/stagger", body)[0] in (403, 404)
    assert call(client, hendra, path, {"due_at": "9999-12-31T00:00:00Z"})[0] == 422


@pytest.mark.django_db
def test_the_api_lists_the_calendar(desk: Desk, client: Client) -> None:
    desk.schedule(desk.account(), due_at=soon())
    day = soon().astimezone(clock.zone("Asia/Jakarta")).date()

    def entries(who: str, query: str, *scopes: str) -> Any:
        held = ["planning:read", *(scopes or ["publishing:read"])]
        secret = tokens.create(desk.cast.actor(who), "uji", held)[1]
        response = client.get(f"/api/v1/planning/calendar?{query}", headers={"authorization": f"Bearer {secret}"})
        return response.status_code, response.json()

    status, page = entries("sari", f"since={day}&until={day}")
    assert (status, page["total"], page["items"][0]["source"]) == (200, 1, "delivery")
    assert entries("sari", f"since={day}&until={day}", "planning:read")[1]["total"] == 0
    assert entries("euis", f"since={day}&until={day}")[1]["total"] == 0
    assert entries("maman", f"since={day}&until={day}")[0] == 403
    assert entries("sari", f"since={day}&until={day - timedelta(days=1)}")[0] == 422
    assert entries("sari", "since=2026-01-01&until=2026-12-31")[0] == 422
    assert entries("euis", f"since={day}&until={day}&unit_id={desk.cast.root.pk}")[0] == 404


@pytest.mark.django_db
def test_a_token_without_publishing_sees_the_item_instead(desk: Desk, client: Client) -> None:
    item = desk.item()
    planning.plan_item(desk.cast.actor("dewi"), item.pk, soon())
    desk.schedule(desk.account(), item=item, due_at=soon())
    day = soon().astimezone(clock.zone("Asia/Jakarta")).date()
    for scopes, source in ((["planning:read"], "item"), (["planning:read", "publishing:read"], "delivery")):
        secret = tokens.create(desk.cast.actor("sari"), "uji", scopes)[1]
        address = f"/api/v1/planning/calendar?since={day}&until={day}"
        page = client.get(address, headers={"authorization": f"Bearer {secret}"}).json()
        assert [entry["source"] for entry in page["items"]] == [source]


@pytest.mark.django_db
@pytest.mark.parametrize(("zone", "days"), [("Asia/Jakarta", 0), ("Asia/Jayapura", 1)])
def test_days_of_the_api_are_those_of_the_tokens_person(desk: Desk, client: Client, zone: str, days: int) -> None:
    User.objects.filter(pk=desk.cast.user("sari").pk).update(timezone=zone)
    late = soon(48).astimezone(clock.zone("Asia/Jakarta")).replace(hour=23)  # 01.00 of the next day in Jayapura
    planning.plan_item(desk.cast.actor("dewi"), desk.item().pk, late)
    secret = tokens.create(desk.cast.actor("sari"), "uji", ["planning:read"])[1]
    for shift in (0, 1):
        day = late.date() + timedelta(days=shift)
        address = f"/api/v1/planning/calendar?since={day}&until={day}"
        page = client.get(address, headers={"authorization": f"Bearer {secret}"}).json()
        assert page["total"] == (1 if shift == days else 0)
