"""Deliveries in the calendar: where they stand, who moves them, and a month with very many of them."""

import html
import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from kentongan.core import audit, clock
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.models import User
from kentongan.planning import actions as planning
from kentongan.planning import calendar
from kentongan.planning.models import ContentItem, Rendition
from kentongan.publishing import actions
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from named_cast import SYSTEM, Cast
from publishing.desk import Desk, Platform

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
JAKARTA = clock.zone("Asia/Jakarta")


def tomorrow(hour: int, days: int = 1) -> datetime:
    """Return an hour of a coming day in Jakarta."""
    day = timezone.localdate(timezone=JAKARTA) + timedelta(days=days)
    return datetime(day.year, day.month, day.day, hour, tzinfo=JAKARTA)


def wanted(**extra: object) -> calendar.Wanted:
    """Return the coming fortnight."""
    return calendar.Wanted(calendar.period(timezone.localdate(), 14), **extra)  # type: ignore[arg-type]


def shown(cast: Cast, who: str, **extra: object) -> list[calendar.Entry]:
    """Return what somebody sees."""
    with timezone.override("Asia/Jakarta"):
        return calendar.entries_of(cast.actor(who), calendar.listed(cast.actor(who), wanted(**extra)))


def test_a_scheduled_item_stands_at_its_deliveries_only(desk: Desk) -> None:
    item = desk.item()
    planning.plan_item(desk.cast.actor("dewi"), item.pk, tomorrow(8))
    assert [entry.source for entry in shown(desk.cast, "dewi")] == ["item"]
    delivery = desk.schedule(desk.account(), item=item, due_at=tomorrow(9))
    (entry,) = shown(desk.cast, "dewi")
    assert (entry.source, entry.at, entry.kinds, entry.state) == ("delivery", tomorrow(9), ("mastodon",), "ready")
    assert (entry.title, entry.account) == ("Penutupan Jalan Setu", delivery.account.handle)
    actions.recall(desk.cast.actor("hendra"), delivery.pk, reason="Batal")
    assert [entry.source for entry in shown(desk.cast, "dewi")] == ["item"]
    assert [entry.state for entry in shown(desk.cast, "dewi", state="delivery.recalled")] == ["recalled"]


def test_an_item_whose_deliveries_are_others_to_see_stands_by_itself(desk: Desk) -> None:
    item = desk.item(unit=desk.cast.tambun_selatan)
    planning.plan_item(SYSTEM, item.pk, tomorrow(8))
    desk.schedule(desk.account(), item=item, due_at=tomorrow(9))
    assert [entry.source for entry in shown(desk.cast, "sari")] == ["delivery"]
    assert [entry.source for entry in shown(desk.cast, "euis")] == ["item"]
    assert [entry.source for entry in shown(desk.cast, "sari", unit=desk.cast.tambun_selatan)] == ["item"]
    desk.schedule(desk.account(unit=desk.cast.tambun_selatan), item=item, due_at=tomorrow(10))
    assert [entry.source for entry in shown(desk.cast, "euis")] == ["delivery"]


def test_filters_narrow_deliveries(desk: Desk) -> None:
    desk.schedule(desk.account(), due_at=tomorrow(9))
    desk.schedule(desk.account("newsroom"), due_at=tomorrow(10))
    desk.schedule(desk.account(unit=desk.cast.tambun_selatan), due_at=tomorrow(11))
    assert [entry.at.astimezone(JAKARTA).hour for entry in shown(desk.cast, "sari")] == [9, 10, 11]
    assert [entry.kinds for entry in shown(desk.cast, "sari", channel="newsroom")] == [("newsroom",)]
    assert len(shown(desk.cast, "sari", unit=desk.cast.tambun_selatan)) == 1
    assert len(shown(desk.cast, "euis")) == 1
    assert shown(desk.cast, "sari", state="delivery.held") == []
    assert shown(desk.cast, "sari", purpose="campaign") == []
    assert shown(desk.cast, "sari", brief_id=1) == []


def test_only_who_publishes_there_may_move_it(desk: Desk) -> None:
    delivery = desk.schedule(desk.account(unit=desk.cast.tambun_selatan), due_at=tomorrow(9))
    for who, may in (("hendra", True), ("joko", True), ("sari", False), ("euis", False)):
        (entry,) = shown(desk.cast, who)
        assert entry.movable is may
    with pytest.raises(NotAllowed):
        actions.reschedule(desk.cast.actor("euis"), delivery.pk, tomorrow(10))
    with pytest.raises(NotFound):
        actions.reschedule(desk.cast.actor("maman"), delivery.pk, tomorrow(10))
    moved = actions.reschedule(desk.cast.actor("joko"), delivery.pk, tomorrow(10), seen=tomorrow(9))
    assert (moved.due_at, moved.try_at, moved.state) == (tomorrow(10), tomorrow(10), State.READY)
    entry = audit.trail(moved)[0]
    assert entry.verb == "publishing.delivery.reschedule"


def test_two_who_move_the_same_post_do_not_overwrite_each_other(desk: Desk) -> None:
    delivery = desk.schedule(desk.account(), due_at=tomorrow(9))
    actions.reschedule(desk.cast.actor("hendra"), delivery.pk, tomorrow(10), seen=tomorrow(9))
    with pytest.raises(Conflict) as refused:
        actions.reschedule(desk.cast.actor("arif"), delivery.pk, tomorrow(12), seen=tomorrow(9))
    assert refused.value.code == "moved"
    delivery.refresh_from_db()
    assert delivery.due_at == tomorrow(10)


def test_what_a_worker_has_is_not_moved(desk: Desk, platform: Platform) -> None:
    delivery = desk.schedule(desk.account())
    assert firing.claim_due()
    with pytest.raises(Conflict) as refused:
        actions.reschedule(desk.cast.actor("hendra"), delivery.pk, tomorrow(10))
    assert refused.value.code == "fixed"
    delivery.refresh_from_db()
    assert delivery.state == State.CLAIMED


def test_what_is_out_is_not_moved(desk: Desk, platform: Platform) -> None:
    delivery = desk.schedule(desk.account())
    desk.run()
    assert desk.state(delivery) == State.PUBLISHED
    with pytest.raises(Conflict) as refused:
        actions.reschedule(desk.cast.actor("hendra"), delivery.pk, tomorrow(10))
    assert refused.value.code == "fixed"
    (entry,) = shown(desk.cast, "hendra")
    assert not entry.movable


def test_into_the_past_is_refused(desk: Desk) -> None:
    delivery = desk.schedule(desk.account(), due_at=tomorrow(9))
    with pytest.raises(Invalid):
        actions.reschedule(desk.cast.actor("hendra"), delivery.pk, clock.now() - timedelta(days=1))


def test_dragging_and_the_form_do_the_same(desk: Desk, sign_in: SignIn) -> None:
    dragged = desk.schedule(desk.account(), due_at=tomorrow(9))
    typed = desk.schedule(desk.account("newsroom"), due_at=tomorrow(9))
    client = sign_in(desk.cast.user("hendra"))
    day = tomorrow(9, 3).date()
    given = {"source": "delivery", "number": dragged.pk, "seen": dragged.due_at.isoformat(), "day": day, "hour": 16}
    assert client.post(reverse("planning:calendar_move"), given).status_code == 302
    page = client.get(reverse("publishing:delivery", args=[typed.pk])).content.decode()
    assert 'id="waktu"' in page
    client.post(reverse("publishing:reschedule", args=[typed.pk]), {"due_at": f"{day}T16:00"})
    times = [Delivery.objects.get(pk=pk).due_at for pk in (dragged.pk, typed.pk)]
    assert times == [tomorrow(16, 3)] * 2


def test_a_refusal_reaches_who_dragged_as_a_toast(desk: Desk, sign_in: SignIn, platform: Platform) -> None:
    delivery = desk.schedule(desk.account())
    desk.run()
    given = {
        "source": "delivery",
        "number": delivery.pk,
        "seen": delivery.due_at.isoformat(),
        "day": tomorrow(9).date(),
    }
    client = sign_in(desk.cast.user("hendra"))
    response = client.post(reverse("planning:calendar_move"), given, headers={"hx-request": "true"})
    assert response.status_code == 409
    assert (response["HX-Retarget"], response["HX-Reselect"]) == ("#toasts", "unset")


def fill(desk: Desk, count: int) -> None:
    """Schedule so many items to one account, an hour apart within two days."""
    account, first = desk.account(handle=f"ramai{count}"), desk.item()
    values = {"unit": first.unit, "text": "t", "purpose": first.purpose, "created_by": first.created_by}
    approval = {"state": first.state, "approved_by": first.approved_by, "approved_at": first.approved_at}
    # Approved content takes no more versions: so they come first, as through the actions.
    items = ContentItem.objects.bulk_create(
        ContentItem(title=f"Materi {n}", author_ids=first.author_ids, **values) for n in range(count)
    )
    renditions = Rendition.objects.bulk_create(Rendition(item=item, kind="mastodon", text="t") for item in items)
    ContentItem.objects.filter(pk__in=[item.pk for item in items]).update(**approval)
    Delivery.objects.bulk_create(
        Delivery(
            unit=account.unit,
            account=account,
            rendition=rendition,
            item=rendition.item,
            item_version=1,
            content={"item_title": rendition.item.title},
            key=f"{account.pk}-{n}",
            due_at=tomorrow(n % 24, 1 + n % 2),
            late_until=tomorrow(n % 24, 1 + n % 2),
            try_at=tomorrow(n % 24, 1 + n % 2),
        )
        for n, rendition in enumerate(renditions)
    )


@pytest.mark.parametrize("view", ["month", "week", "list"])
def test_the_calendar_costs_the_same_however_full_it_is(
    desk: Desk, sign_in: SignIn, view: str, django_assert_max_num_queries: Callable
) -> None:
    address = reverse("planning:calendar") + f"?view={view}&from={tomorrow(0).date()}"
    client = sign_in(desk.cast.user("hendra"))
    fill(desk, 3)
    client.get(address)
    with CaptureQueriesContext(connection) as few:
        assert client.get(address).status_code == 200
    fill(desk, 400)
    with django_assert_max_num_queries(len(few)):
        page = client.get(address).content.decode()
    more = re.findall(r"\d+ lagi", page)
    assert more or view == "list"
    assert page.count("cal-entry") <= 42 * 24 * 2


def test_a_full_day_leads_to_the_list_of_that_day(desk: Desk, sign_in: SignIn) -> None:
    fill(desk, 200)
    client = sign_in(desk.cast.user("hendra"))
    day = tomorrow(0).date()
    page = client.get(reverse("planning:calendar") + f"?from={day}").content.decode()
    (link,) = set(re.findall(rf'class="cal-more" href="([^"]*from={day}[^"]*)"', page))
    response = client.get(html.unescape(link))
    assert response.context["page"].paginator.count == 100
    assert len(response.context["page"]) == 50
    assert [shown.date for shown, _entries in response.context["days"]] == [day]
