"""Accounts booked on an item's page, before anybody approves it."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.core import audit, clock, tokens
from kentongan.core.models import User
from kentongan.planning import actions as planning
from kentongan.planning.drafts import ItemDraft, RenditionDraft
from kentongan.planning.models import ContentItem
from kentongan.publishing.models import Booking, Delivery
from kentongan.safeguards import actions as safeguards
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.sheets import DAY, approve

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


@pytest.fixture
def item(desk: Desk) -> ContentItem:
    """A draft with a version for Mastodon, wanted in three days."""
    safeguards.load_rules(SYSTEM)
    text = "Jalan Setu ditutup sampai Jumat."
    versions = {"mastodon": RenditionDraft(text)}
    draft = ItemDraft("Jalan Setu", text, "service", planned_for=clock.now() + 3 * DAY, renditions=versions)
    return planning.create_item(desk.cast.actor("dewi"), draft, unit_id=desk.cast.root.pk)


def test_who_writes_books_on_the_page_and_the_approval_schedules_it(
    desk: Desk, item: ContentItem, sign_in: SignIn
) -> None:
    ours, other = desk.account(), desk.account("bluesky")
    browser, address = sign_in(desk.cast.user("dewi")), reverse("publishing:book", args=[item.pk])
    assert address in browser.get(item.get_absolute_url()).content.decode()
    page = browser.get(address).content.decode()
    assert f'value="{ours.pk}"' in page
    assert f'value="{other.pk}"' not in page, "it has no version for that platform"
    assert browser.post(address, {"accounts": [ours.pk]}).status_code == 302
    assert browser.post(address, {"accounts": [other.pk]}).status_code == 422
    assert [one.account_id for one in item.bookings.all()] == [ours.pk]
    assert audit.trail(item)[0].verb == "publishing.book"
    planning.submit(desk.cast.actor("dewi"), item.pk)
    approve(desk, ContentItem.objects.get(pk=item.pk))
    assert Delivery.objects.get().account == ours
    assert browser.get(address).status_code == 409
    assert address not in browser.get(item.get_absolute_url()).content.decode()


def test_none_is_an_answer_and_what_others_booked_stays(desk: Desk, item: ContentItem, sign_in: SignIn) -> None:
    ours, theirs = desk.account(), desk.account(unit=desk.cast.tambun_selatan, handle="tambun")
    Booking.objects.create(item=item, account=ours, booked_by=desk.cast.user("dewi"))
    Booking.objects.create(item=item, account=theirs, booked_by=desk.cast.user("euis"))
    address = reverse("publishing:book", args=[item.pk])
    assert sign_in(desk.cast.user("dewi")).post(address, {"accounts": []}).status_code == 302
    assert not item.bookings.filter(account=ours).exists()
    moved = ContentItem.objects.filter(pk=item.pk)
    moved.update(unit=desk.cast.tambun_selatan)
    Booking.objects.get_or_create(item=item, account=ours, defaults={"booked_by": desk.cast.user("dewi")})
    browser = sign_in(desk.cast.user("euis"))
    assert browser.post(address, {"accounts": [theirs.pk]}).status_code == 302
    assert set(item.bookings.values_list("account_id", flat=True)) == {ours.pk, theirs.pk}


@pytest.mark.parametrize(("who", "status"), [("hendra", 403), ("sari", 403), ("joko", 403), ("euis", 404)])
def test_who_does_not_write_there_books_nothing(
    desk: Desk, item: ContentItem, sign_in: SignIn, who: str, status: int
) -> None:
    ours = desk.account()
    answer = sign_in(desk.cast.user(who)).post(reverse("publishing:book", args=[item.pk]), {"accounts": [ours.pk]})
    assert answer.status_code in (status, 403, 404)
    assert not Booking.objects.exists()


def test_without_accounts_the_page_says_what_to_do(desk: Desk, item: ContentItem, sign_in: SignIn) -> None:
    page = sign_in(desk.cast.user("dewi")).get(reverse("publishing:book", args=[item.pk])).content.decode()
    assert reverse("publishing:accounts") in page
    ContentItem.objects.update(planned_for=None)
    desk.account()
    page = sign_in(desk.cast.user("dewi")).get(reverse("publishing:book", args=[item.pk])).content.decode()
    assert "k-notice" in page


def test_for_many_accounts_as_many_queries_as_for_few(desk: Desk, item: ContentItem, sign_in: SignIn) -> None:
    browser, address, counted = sign_in(desk.cast.user("dewi")), reverse("publishing:book", args=[item.pk]), []
    for count in (2, 6):
        for number in range(count):
            desk.account(handle=f"kabar{count}-{number}")
        browser.get(address)
        with CaptureQueriesContext(connection) as captured:
            browser.get(address)
        counted.append(len(captured))
    assert counted[0] == counted[1]


def test_the_api_books_too(desk: Desk, item: ContentItem, client: Client) -> None:
    ours = desk.account()
    for who, status in (("dewi", 200), ("hendra", 403)):
        _row, secret = tokens.create(desk.cast.actor(who), "uji", ("publishing:write",))
        answer = client.post(
            "/api/v1/publishing/bookings",
            {"item_id": item.pk, "account_ids": [ours.pk]},
            "application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )
        assert answer.status_code == status, answer.content
    assert [one.account_id for one in item.bookings.all()] == [ours.pk]
