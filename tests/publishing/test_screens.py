"""The screens: who sees what, what they say, and that lists stay cheap."""

import re
from datetime import timedelta

import httpx
import pytest
from django.test import Client
from django.urls import reverse

from kentongan.core import clock
from kentongan.publishing import actions
from kentongan.publishing.models import Booking, Delivery, Pause
from kentongan.publishing.states import State
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from publishing.desk import SYSTEM, Desk, Platform

LISTS = ("index", "coming", "attention", "accounts")


@pytest.fixture
def full(desk: Desk, platform: Platform) -> Desk:
    """A desk with something in most states."""
    first, second = desk.account(), desk.account(handle="lain")
    platform.answers = [httpx.ReadTimeout("x"), httpx.Response(422, json={"error": "Ditolak"})]
    for _n in range(4):
        desk.schedule(first, second, item=desk.item())
    desk.run()
    desk.schedule(first, item=desk.item(), due_at=clock.now() + timedelta(days=1))
    return desk


@pytest.mark.parametrize("name", LISTS)
def test_staff_read_the_lists_and_others_do_not(full: Desk, sign_in, client: Client, name: str):
    address = reverse(f"publishing:{name}")
    assert client.get(address).status_code == 302
    for who, status in (("wulan", 200), ("dewi", 200), ("sari", 200), ("maman", 404), ("tono", 404)):
        assert sign_in(full.cast.user(who)).get(address).status_code == status, who


@pytest.mark.parametrize("name", LISTS)
def test_lists_take_the_same_queries_however_long(full: Desk, sign_in, name: str, django_assert_max_num_queries):
    browser = sign_in(full.cast.user("wulan"))
    with django_assert_max_num_queries(30):
        browser.get(reverse(f"publishing:{name}"))


def test_the_ledger_filters_and_exports(full: Desk, sign_in):
    browser = sign_in(full.cast.user("wulan"))
    index = reverse("publishing:index")
    assert len(browser.get(index, {"state": "unknown"}).context["page"]) == 1
    assert len(browser.get(index, {"state": "to_come"}).context["page"]) == 1
    assert len(browser.get(index, {"since": "2099-01-01"}).context["page"]) == 0
    for nonsense in ("x", "99999999999999999999", "-1"):
        assert browser.get(index, {"account": nonsense, "unit": nonsense, "since": nonsense}).status_code == 200
    csv = b"".join(browser.get(index, {"format": "csv"})).decode()
    assert len(csv.strip().splitlines()) == Delivery.objects.count() + 1
    assert browser.get(index, {"format": "xlsx"})["Content-Type"].endswith("sheet")


def test_a_newsroom_is_called_by_its_name_and_not_by_its_address(desk: Desk, sign_in):
    named = {"platform": "newsroom", "handle": "alamat-situs", "display_name": "Kabar Kabupaten"}
    account = registry.declare_account(SYSTEM, desk.cast.root.pk, **named)
    registry.connect(SYSTEM, account.pk, secrets={"name": "Kabar Kabupaten"})
    desk.schedule(desk.account())
    desk.schedule(account, due_at=clock.now() + timedelta(hours=1))
    browser = sign_in(desk.cast.user("wulan"))
    form = reverse("publishing:schedule", args=[desk.item().pk])
    for address in (
        *(reverse(f"publishing:{name}") for name in ("index", "coming", "accounts")),
        form,
        "/daftar/akun/",
    ):
        page = browser.get(address).content.decode()
        assert "Kabar Kabupaten" in page, address
        assert "alamat-situs" not in page, address
        assert "kabar-" in page, "a handle on a platform is still shown"
    csv = b"".join(browser.get(reverse("publishing:index"), {"format": "csv"})).decode()
    assert "Kabar Kabupaten" in csv


def test_a_neighbour_sees_none_of_it(full: Desk, sign_in):
    browser = sign_in(full.cast.user("joko"))
    assert browser.get(reverse("publishing:index")).context["total"].planned == 0
    pk = Delivery.objects.values_list("pk", flat=True)[0]
    assert browser.get(reverse("publishing:delivery", args=[pk])).status_code == 404
    for act in ("recall", "resolve", "send_again", "release"):
        assert (
            browser.post(reverse(f"publishing:{act}", args=[pk]), {"reason": "x", "how": "give_up"}).status_code == 404
        )


def test_an_unknown_delivery_is_resolved_on_its_page(full: Desk, sign_in):
    delivery = Delivery.objects.get(state=State.UNKNOWN)
    browser = sign_in(full.cast.user("hendra"))
    page = browser.get(reverse("publishing:delivery", args=[delivery.pk])).content.decode()
    assert reverse("publishing:resolve", args=[delivery.pk]) in page
    address = reverse("publishing:resolve", args=[delivery.pk])
    assert browser.post(address, {"how": "published", "url": ""}).status_code == 422
    assert browser.post(address, {"how": "published", "url": "https://contoh.social/1"}).status_code == 302
    assert full.state(delivery) == State.PUBLISHED


def test_an_editor_reads_a_delivery_and_may_not_act(full: Desk, sign_in):
    delivery = Delivery.objects.get(state=State.UNKNOWN)
    browser = sign_in(full.cast.user("dewi"))
    page = browser.get(reverse("publishing:delivery", args=[delivery.pk])).content.decode()
    assert reverse("publishing:resolve", args=[delivery.pk]) not in page
    answer = browser.post(reverse("publishing:resolve", args=[delivery.pk]), {"how": "give_up"})
    assert answer.status_code == 403
    assert full.state(delivery) == State.UNKNOWN


def test_scheduling_in_the_browser(desk: Desk, sign_in):
    account, item = desk.account(), desk.item()
    browser, address = sign_in(desk.cast.user("hendra")), reverse("publishing:schedule", args=[item.pk])
    assert "kabar" in browser.get(address).content.decode()
    assert browser.post(address, {}).status_code == 422
    due = clock.now() + timedelta(hours=3)
    local = due.astimezone(clock.zone("Asia/Jakarta")).strftime("%Y-%m-%dT%H:%M")
    answer = browser.post(address, {"accounts": [account.pk], "due_at": local, "late_minutes": "30"})
    assert answer.status_code == 302, answer.content.decode()
    delivery = Delivery.objects.get()
    assert abs(delivery.due_at - due) < timedelta(minutes=1)
    assert delivery.late_minutes == 30


def test_pausing_and_resuming_everything(desk: Desk, sign_in):
    browser = sign_in(desk.cast.user("wulan"))
    answer = browser.post(
        reverse("publishing:pause"), {"unit": desk.cast.root.code, "platform": "mastodon", "reason": "Bencana"}
    )
    assert answer.status_code == 302
    page = browser.get(reverse("publishing:index")).content.decode()
    assert "Bencana" in page
    assert "Mastodon" in page
    browser.post(reverse("publishing:resume", args=[Pause.objects.get().pk]))
    assert not Pause.objects.filter(ended_at=None).exists()


class TestConnecting:
    """An account is connected only when the platform says yes, and its secrets are never shown."""

    def _declare(self, desk: Desk, platform: str, handle: str = "kabupaten") -> Account:
        return registry.declare_account(SYSTEM, desk.cast.root.pk, platform=platform, handle=handle)

    def test_the_newsroom_is_on_with_one_form(self, desk: Desk, sign_in):
        account = self._declare(desk, "newsroom")
        browser = sign_in(desk.cast.user("arif"))
        address = reverse("publishing:connect", args=[account.pk])
        answer = browser.post(address, {"handle": "kabupaten", "name": "Kabar Kabupaten", "tagline": ""})
        assert answer.status_code == 302, answer.content.decode()
        assert browser.get("/kabar/kabupaten/").status_code == 200
        account.refresh_from_db()
        assert account.state == Account.State.CONNECTED

    def test_a_refusal_comes_back_in_the_form_without_the_secret(self, desk: Desk, sign_in, platform: Platform):
        account = self._declare(desk, "mastodon", "kabupaten@contoh.social")
        browser = sign_in(desk.cast.user("arif"))
        address = reverse("publishing:connect", args=[account.pk])
        answer = browser.post(address, {"service": "https://contoh.social", "access_token": "sangat-rahasia"})
        assert answer.status_code == 422
        assert "sangat-rahasia" not in answer.content.decode()
        account.refresh_from_db()
        assert account.state == Account.State.DECLARED

    def test_a_platform_that_comes_later_says_so(self, desk: Desk, sign_in):
        account = self._declare(desk, "website", "bekasikab.go.id")
        answer = sign_in(desk.cast.user("arif")).get(reverse("publishing:connect", args=[account.pk]))
        assert answer.status_code == 400

    def test_only_administrators(self, desk: Desk, sign_in):
        account = self._declare(desk, "newsroom")
        for who, status in (("hendra", 403), ("dewi", 403), ("joko", 404)):
            address = reverse("publishing:connect", args=[account.pk])
            assert sign_in(desk.cast.user(who)).get(address).status_code == status, who

    def test_health_is_what_the_platform_says(self, desk: Desk, sign_in, platform: Platform):
        account = desk.account()
        sign_in(desk.cast.user("hendra")).post(reverse("publishing:test", args=[account.pk]))
        account = Account.objects.select_related("connection").get(pk=account.pk)
        assert account.connection.healthy is False
        assert account.connection.problem


def test_an_item_says_to_how_many_accounts_it_goes(desk: Desk, sign_in):
    pks = [desk.account(handle=f"banyak{n}").pk for n in range(15)]
    booked, scheduled = desk.item(), desk.item()
    Booking.objects.bulk_create(Booking(item=booked, account_id=pk, booked_by=booked.created_by) for pk in pks)
    actions.schedule(desk.cast.actor("hendra"), scheduled.pk, pks, clock.now())
    client = sign_in(desk.cast.user("hendra"))
    page = client.get(booked.get_absolute_url()).content.decode()
    assert "15 akun" in page
    assert "3 lagi" in page
    listed = page.rpartition("pl-meter")[2]  # below the versions, of which one speaks as an account
    assert all(listed.count(f"banyak{n}-") == 1 for n in range(15))
    page = client.get(scheduled.get_absolute_url()).content.decode()
    assert f'href="{reverse("publishing:index")}?item={scheduled.pk}">3 lagi' in page
    desk.schedule(Account.objects.get(pk=pks[0]), item=(one := desk.item()))
    assert not re.search(r"\d lagi|\d+ akun", client.get(one.get_absolute_url()).content.decode())
