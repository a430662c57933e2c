"""The calendar in other programs: a file by RFC 5545, only what its person may see now, behind an address that ends."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from icalendar import Calendar, Event

from kentongan.config.logs import HideTokens
from kentongan.core import audit, clock, ids
from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.models import User
from kentongan.planning import actions
from kentongan.planning.drafts import ItemDraft
from kentongan.planning.models import CalendarFeed, ContentItem
from kentongan.planning.views import feeds
from kentongan.registry import actions as registry
from kentongan.registry.models import Grant
from named_cast import SYSTEM, Cast

from .conftest import shorter

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


def soon(hours: int = 30) -> datetime:
    """Return a full hour that is still to come."""
    return (clock.now() + timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)


@pytest.fixture
def item(cast: Cast, draft: ItemDraft) -> ContentItem:
    """Something of the root that is wanted soon."""
    wanted = shorter(draft, title="Jalan Setu, ditutup; lewat jalur Serang", planned_for=soon())
    return actions.create_item(cast.actor("dewi"), wanted, unit_id=cast.root.pk)


def address(cast: Cast, who: str = "dewi") -> str:
    """Return the address of somebody's file."""
    _feed, secret = actions.make_feed(cast.actor(who))
    return reverse("planning:calendar_file", args=[secret])


def events(client: Client, where: str) -> list[Event]:
    """Return the events that a calendar program reads."""
    response = client.get(where)
    assert (response.status_code, response["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert all(len(line) <= 75 for line in response.content.split(b"\r\n"))
    return list(Calendar.from_ical(response.content).walk("VEVENT"))


@pytest.mark.parametrize("zone", ["Asia/Jakarta", "Asia/Jayapura"])
def test_a_program_reads_the_right_moment_in_the_persons_zone(
    cast: Cast, item: ContentItem, client: Client, zone: str
) -> None:
    User.objects.filter(pk=cast.user("dewi").pk).update(timezone=zone)
    (event,) = events(client, address(cast))
    assert event.decoded("dtstart") == soon()
    assert event["dtstart"].params["TZID"] == zone
    assert item.title in event["summary"]
    assert str(event["url"]).endswith(item.get_absolute_url())
    assert str(event["uid"]).startswith(f"item-{item.pk}@")
    actions.plan_item(cast.actor("dewi"), item.pk, soon(50))
    (moved,) = events(client, address(cast))
    assert (moved["uid"], moved.decoded("dtstart")) == (event["uid"], soon(50))


def test_it_shows_what_the_person_may_see_when_it_is_asked(cast: Cast, item: ContentItem, client: Client) -> None:
    mine, neighbours = address(cast), address(cast, "euis")
    assert len(events(client, mine)) == 1
    assert events(client, neighbours) == []
    registry.grant_role(SYSTEM, cast.user("euis").pk, cast.root.pk, "analyst")
    assert len(events(client, neighbours)) == 1
    Grant.objects.filter(user=cast.user("dewi")).delete()
    assert client.get(mine).status_code == 404


def test_who_may_not_sign_in_any_more_has_no_calendar(cast: Cast, item: ContentItem, client: Client) -> None:
    where = address(cast)
    User.objects.filter(pk=cast.user("dewi").pk).update(is_active=False)
    assert client.get(where).status_code == 404


def test_a_new_address_ends_the_one_before(cast: Cast, item: ContentItem, client: Client) -> None:
    first, second = address(cast), address(cast)
    assert client.get(first).status_code == 404
    assert len(events(client, second)) == 1
    ended = actions.end_feed(cast.actor("dewi"))
    assert client.get(second).status_code == 404
    assert [entry.verb for entry in audit.trail(ended)] == ["planning.feed.end", "planning.feed.create"]
    with pytest.raises(NotFound):
        actions.end_feed(cast.actor("dewi"))


@pytest.mark.parametrize(("most", "kept"), [(3, [30, 50, 70]), (4, [-20, 30, 50, 70]), (9, [-400, -20, 30, 50, 70])])
def test_what_comes_goes_before_what_was(
    cast: Cast, draft: ItemDraft, client: Client, monkeypatch: pytest.MonkeyPatch, most: int, kept: list[int]
) -> None:
    monkeypatch.setattr(feeds, "MOST", most)
    for hours in (-400, 50, -20, 70, 30):
        wanted = shorter(draft, title=f"{hours} jam", planned_for=soon(hours - 24 if hours < 0 else hours))
        actions.create_item(cast.actor("dewi"), wanted, unit_id=cast.root.pk)
    names = [str(event["summary"]).partition(" jam")[0] for event in events(client, address(cast))]
    assert names == [str(hours) for hours in kept]


@pytest.mark.django_db(transaction=True)
def test_of_two_presses_at_once_the_later_one_lives(cast: Cast) -> None:
    dewi, start = cast.actor("dewi"), Barrier(4)

    def press(_n: int) -> str:
        start.wait(10)
        try:
            return actions.make_feed(dewi)[1]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        secrets = list(pool.map(press, range(4)))
    (live,) = CalendarFeed.objects.filter(ended_at=None)
    assert live.digest in {ids.token_digest(secret) for secret in secrets}
    assert CalendarFeed.objects.count() == 4


def test_only_the_digest_is_kept(cast: Cast) -> None:
    feed, secret = actions.make_feed(cast.actor("dewi"))
    assert feed.digest == ids.token_digest(secret)
    assert secret not in "".join(str(value) for value in CalendarFeed.objects.values().get().values())
    assert secret not in str([entry.__dict__ for entry in audit.trail(feed)])


def test_only_people_who_read_planning_make_one(cast: Cast) -> None:
    for who in ("maman", "tono"):
        with pytest.raises(NotAllowed):
            actions.make_feed(cast.actor(who))
    with pytest.raises(NotAllowed):
        actions.make_feed(SYSTEM)
    with pytest.raises(NotAllowed):
        actions.make_feed(Actor.of_token(cast.user("dewi"), frozenset({"planning:write"}), "uji"))


def test_a_program_that_asks_too_often_waits(
    cast: Cast, item: ContentItem, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "ASKED", 2)
    where = address(cast)
    assert [client.get(where).status_code for _n in range(3)] == [200, 200, 429]
    assert client.get(address(cast, "sari")).status_code == 200


def test_guessing_is_slowed_down(cast: Cast, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "GUESSED", 2)
    where = [reverse("planning:calendar_file", args=[ids.token()]) for _n in range(3)]
    assert [client.get(one).status_code for one in where] == [404, 404, 429]
    assert client.get(address(cast)).status_code == 200


def test_the_address_does_not_reach_the_log(cast: Cast, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    secret = ids.token()
    with caplog.at_level(logging.WARNING):
        client.get(reverse("planning:calendar_file", args=[secret]))
    assert caplog.records
    for record in caplog.records:  # as the one handler of the product does
        HideTokens().filter(record)
    assert secret not in " ".join(record.getMessage() for record in caplog.records)


def test_the_page_shows_the_address_once(cast: Cast, item: ContentItem, sign_in: SignIn) -> None:
    client = sign_in(cast.user("dewi"))
    where = reverse("planning:calendar_feed")
    assert CalendarFeed.objects.count() == 0
    assert client.get(where).status_code == 200
    made = client.post(where)
    assert "no-store" in made["Cache-Control"]
    shown = made.context["address"]
    assert shown in made.content.decode()
    assert len(events(Client(), urlsplit(shown).path)) == 1
    assert urlsplit(shown).path not in client.get(where).content.decode()
    assert client.post(reverse("planning:calendar_feed_end")).status_code == 302
    assert Client().get(urlsplit(shown).path).status_code == 404


@pytest.mark.parametrize("who", ["maman", "tono"])
def test_members_have_no_such_page(cast: Cast, sign_in: SignIn, who: str) -> None:
    assert sign_in(cast.user(who)).get(reverse("planning:calendar_feed")).status_code == 403


@pytest.mark.parametrize(("zone", "name", "hour"), [("Asia/Jakarta", "WIB", 0), ("Asia/Jayapura", "WIT", 2)])
def test_the_list_is_downloaded_in_the_viewers_zone(
    cast: Cast, item: ContentItem, sign_in: SignIn, zone: str, name: str, hour: int
) -> None:
    User.objects.filter(pk=cast.user("dewi").pk).update(timezone=zone)
    local = soon().astimezone(clock.zone("Asia/Jakarta"))
    query = {"view": "list", "from": f"{clock.now().date()}", "format": "csv"}
    response = sign_in(cast.user("dewi")).get(reverse("planning:calendar"), query)
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    (line,) = [row for row in text.splitlines() if item.title in row]
    assert f"{local + timedelta(hours=hour):%Y-%m-%d %H:%M}" in line
    assert name in line
    assert item.title not in _downloaded(sign_in(cast.user("euis")), query)


def _downloaded(client: Client, query: dict[str, str]) -> str:
    response = client.get(reverse("planning:calendar"), query)
    return b"".join(response.streaming_content).decode()
