"""The calendar of planning: what is wanted and due, in the viewer's zone, and moving it."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from kentongan.core import audit, clock
from kentongan.core.errors import Conflict, NotAllowed
from kentongan.core.models import User
from kentongan.planning import actions, calendar
from kentongan.planning.drafts import ItemDraft
from kentongan.planning.models import Brief, ContentItem
from named_cast import Cast

from .conftest import shorter

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
MONDAY = date(2026, 12, 7)


def at(hour: int, day: date = MONDAY, zone: str = "Asia/Jakarta") -> datetime:
    """Return an hour of a day in a zone."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=clock.zone(zone))


@pytest.fixture
def make(cast: Cast, draft: ItemDraft) -> Callable[..., ContentItem]:
    """Return a function that makes an item which is wanted at a time."""

    def run(when: datetime, title: str = "Materi", who: str = "dewi", **extra: object) -> ContentItem:
        unit = cast.tambun_selatan if who == "euis" else cast.root
        wanted = shorter(draft, title=title, planned_for=when, **extra)
        return actions.create_item(cast.actor(who), wanted, unit_id=unit.pk)

    return run


def wanted(days: int = 7, **extra: object) -> calendar.Wanted:
    """Return the days from Monday."""
    return calendar.Wanted(calendar.period(MONDAY, days), **extra)  # type: ignore[arg-type]


def titles(days: list[calendar.Day]) -> dict[int, list[str]]:
    """Return the titles by day of the month."""
    return {day.date.day: [entry.title for entry in day.cell.entries] for day in days if day.cell.total}


def test_a_day_shows_the_first_few_and_how_many_more(cast: Cast, make: Callable[..., ContentItem]) -> None:
    for hour in (15, 9, 12, 10, 20):
        make(at(hour), f"Pukul {hour}")
    make(at(8, MONDAY + timedelta(days=2)), "Rabu")
    with timezone.override("Asia/Jakarta"):
        days = calendar.month(cast.actor("dewi"), wanted())
    assert titles(days) == {7: ["Pukul 9", "Pukul 10", "Pukul 12"], 9: ["Rabu"]}
    assert (days[0].cell.total, days[0].cell.more, len(days)) == (5, 2, 7)


def test_the_week_shows_hours(cast: Cast, make: Callable[..., ContentItem]) -> None:
    for minute in (5, 20, 50):
        make(at(9) + timedelta(minutes=minute), f"Menit {minute}")
    with timezone.override("Asia/Jakarta"):
        monday = calendar.week(cast.actor("dewi"), wanted())[0]
    assert [hour for hour in range(24) if monday.hours[hour].total] == [9]
    assert ([entry.title for entry in monday.hours[9].entries], monday.hours[9].more) == (["Menit 5", "Menit 20"], 1)
    assert monday.cell.total == 3


@pytest.mark.parametrize(("zone", "day"), [("Asia/Jakarta", 7), ("Asia/Makassar", 7), ("Asia/Jayapura", 8)])
def test_days_are_those_of_the_viewers_zone(cast: Cast, make: Callable[..., ContentItem], zone: str, day: int) -> None:
    make(datetime(2026, 12, 7, 15, 30, tzinfo=UTC), "Larut malam")  # 22.30 WIB, 23.30 WITA, 00.30 WIT
    with timezone.override(zone):
        assert titles(calendar.month(cast.actor("dewi"), wanted())) == {day: ["Larut malam"]}


def test_filters_narrow_it(cast: Cast, make: Callable[..., ContentItem], brief: Brief, draft: ItemDraft) -> None:
    dewi = cast.actor("dewi")
    make(at(9), "Semua kanal")
    only = {"newsroom": draft.renditions["newsroom"]}
    make(at(10), "Hanya situs", renditions=only)
    make(at(11), "Tambun", who="euis")
    of_brief = actions.create_item(dewi, shorter(draft, title="Dari brief", planned_for=at(12)), brief_id=brief.pk)
    actions.withdraw(dewi, make(at(13), "Ditarik").pk)
    actions.submit(dewi, of_brief.pk)

    def shown(**extra: object) -> list[str]:
        with timezone.override("Asia/Jakarta"):
            rows = calendar.listed(dewi, wanted(**extra))
            return [entry.title for entry in calendar.entries_of(dewi, rows)]

    assert shown() == ["Semua kanal", "Hanya situs", "Tambun", "Dari brief"]
    assert shown(channel="mastodon") == ["Semua kanal", "Tambun", "Dari brief"]
    assert shown(unit=cast.tambun_selatan) == ["Tambun"]
    assert shown(brief_id=brief.pk) == ["Dari brief"]
    assert shown(state="item.in_review") == ["Dari brief"]
    assert shown(state="brief.due") == []
    assert shown(purpose="campaign") == []


def test_everybody_sees_their_own_units_only(cast: Cast, make: Callable[..., ContentItem]) -> None:
    make(at(9), "Kabupaten")
    make(at(10), "Tambun", who="euis")
    with timezone.override("Asia/Jakarta"):
        assert titles(calendar.month(cast.actor("euis"), wanted())) == {7: ["Tambun"]}
        assert titles(calendar.month(cast.actor("sari"), wanted())) == {7: ["Kabupaten", "Tambun"]}
        assert titles(calendar.month(cast.actor("maman"), wanted())) == {}


def test_moving_keeps_the_approval_and_is_audited(cast: Cast, approved: ContentItem) -> None:
    actions.plan_item(cast.actor("dewi"), approved.pk, at(9))
    moved = actions.plan_item(cast.actor("dewi"), approved.pk, at(15), seen=at(9))
    assert (moved.planned_for, moved.state, moved.version) == (at(15), "approved", approved.version)
    assert audit.trail(moved)[0].verb == "planning.item.plan"


def test_who_saw_an_older_calendar_moves_nothing(cast: Cast, make: Callable[..., ContentItem]) -> None:
    item = make(at(9))
    actions.plan_item(cast.actor("dewi"), item.pk, at(10), seen=at(9))
    with pytest.raises(Conflict):
        actions.plan_item(cast.actor("dewi"), item.pk, at(11), seen=at(9))
    item.refresh_from_db()
    assert item.planned_for == at(10)


def test_only_editors_move(cast: Cast, make: Callable[..., ContentItem], brief: Brief) -> None:
    item = make(at(9))
    with pytest.raises(NotAllowed):
        actions.plan_item(cast.actor("sari"), item.pk, at(10))
    with pytest.raises(NotAllowed):
        actions.move_deadline(cast.actor("sari"), brief.pk, at(10))
    actions.withdraw(cast.actor("dewi"), item.pk)
    with pytest.raises(Conflict):
        actions.plan_item(cast.actor("dewi"), item.pk, at(10))


def _moves(item: ContentItem, **extra: object) -> dict[str, object]:
    return {
        "source": "item",
        "number": item.pk,
        "seen": item.planned_for.isoformat() if item.planned_for else "",
        "day": "2026-12-09",
    } | extra


def test_dropping_on_a_day_keeps_the_time(cast: Cast, make: Callable[..., ContentItem], sign_in: SignIn) -> None:
    item, client = make(at(9) + timedelta(minutes=30)), sign_in(cast.user("dewi"))
    back = reverse("planning:calendar") + "?view=week"
    response = client.post(reverse("planning:calendar_move"), _moves(item, next=back))
    assert (response.status_code, response["Location"]) == (302, back)
    item.refresh_from_db()
    assert item.planned_for == at(9, date(2026, 12, 9)) + timedelta(minutes=30)
    client.post(reverse("planning:calendar_move"), _moves(item, hour="14", next="https://lain.example/"))
    item.refresh_from_db()
    assert item.planned_for == at(14, date(2026, 12, 9)) + timedelta(minutes=30)


def test_a_deadline_is_moved_the_same_way(cast: Cast, brief: Brief, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    given = {"source": "brief", "number": brief.pk, "seen": brief.deadline.isoformat(), "day": "2026-12-24"}
    assert client.post(reverse("planning:calendar_move"), given).status_code == 302
    brief.refresh_from_db()
    assert brief.deadline.astimezone(clock.zone("Asia/Jakarta")).date() == date(2026, 12, 24)


@pytest.mark.parametrize(
    "wrong",
    [{"day": "x"}, {"day": "9999-12-31"}, {"hour": "24"}, {"seen": "kemarin"}, {"number": "0"}, {"number": "9" * 30}],
)
def test_odd_moves_are_refused(
    cast: Cast, make: Callable[..., ContentItem], sign_in: SignIn, wrong: dict[str, str]
) -> None:
    item, client = make(at(9)), sign_in(cast.user("dewi"))
    assert client.post(reverse("planning:calendar_move"), _moves(item) | wrong).status_code == 422
    assert client.post(reverse("planning:calendar_move"), _moves(item) | {"source": "pesawat"}).status_code == 404
    item.refresh_from_db()
    assert item.planned_for == at(9)


def test_moves_of_others_are_refused(cast: Cast, make: Callable[..., ContentItem], sign_in: SignIn) -> None:
    item = make(at(9))
    assert sign_in(cast.user("euis")).post(reverse("planning:calendar_move"), _moves(item)).status_code == 404
    assert sign_in(cast.user("sari")).post(reverse("planning:calendar_move"), _moves(item)).status_code == 403
    assert sign_in(cast.user("maman")).post(reverse("planning:calendar_move"), _moves(item)).status_code == 403


@pytest.mark.parametrize("view", ["month", "week", "list"])
def test_the_zone_is_named_and_kept(cast: Cast, make: Callable[..., ContentItem], sign_in: SignIn, view: str) -> None:
    make(at(9))
    client = sign_in(cast.user("dewi"))
    address = reverse("planning:calendar") + f"?view={view}&from=2026-12-07"
    assert "09.00" in (page := client.get(address).content.decode())
    assert "WIB (Asia/Jakarta)" in page
    client.post(reverse("web:preferences"), {"timezone": "Asia/Jayapura", "next": address})
    assert "11.00" in (page := client.get(address).content.decode())
    assert "WIT (Asia/Jayapura)" in page
    assert 'draggable="true"' in page or view == "list"


def test_an_empty_list_says_what_to_do(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.user("dewi")).get(reverse("planning:calendar") + "?view=list&from=2027-03-01").content.decode()
    assert reverse("planning:item_create") in page


@pytest.mark.parametrize(
    "query",
    [
        "?view=x",
        "?view=list&days=999999",
        "?view=list&page=99",
        "?view=week&from=0001-01-01",
        "?from=9999-12-31",
        "?state=delivery.x",
        "?channel=fax",
        "?brief=abc",
    ],
)
def test_odd_addresses_show_a_calendar(cast: Cast, sign_in: SignIn, query: str) -> None:
    assert sign_in(cast.user("dewi")).get(reverse("planning:calendar") + query).status_code == 200


def test_another_units_code_is_not_found(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.user("euis")).get(reverse("planning:calendar") + "?unit=32.16").status_code == 404
    assert sign_in(cast.user("euis")).get(reverse("planning:calendar") + "?unit=32.16.06").status_code == 200
