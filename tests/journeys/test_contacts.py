"""Contacts from the list to a meeting; and what becomes of a form when the network or a right goes in the middle."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, expect

from gatherings.test_trainings import keepers, training, wave
from journeys.conftest import DESKTOP, PHONE
from kentongan.core import clock, jobs
from kentongan.core.models import Job
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Role
from kentongan.gatherings import actions as gatherings
from kentongan.gatherings.actions import Plan
from kentongan.gatherings.models import Participant, Wave
from kentongan.registry import actions
from kentongan.registry.models import Account, AccountVisit, Consent, Contact, Grant, VisitedHost
from named_cast import PASSWORD, SYSTEM, Cast

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
__all__ = ["keepers", "training", "wave"]  # fixtures

LIST = """DAFTAR MEDIA DAN MITRA 2026,,,,,
Nama,Jenis,Media,Rubrik,No HP,IG
Ratna Kusuma,Wartawan,Radar Bekasi,kesehatan,081230000001,@ratna.radar
Komunitas Gowes,Komunitas,,transportasi,6281230000002,
Salah Nomor,Wartawan,,,8.12E+10,
"""
OFFLINE, REFUSED = "Peladen tidak menjawab.", 403


@pytest.fixture
def ours(live_server: Any, settings: Any) -> str:
    """The product at an address of its own."""
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def desks(ours: str, cast: Cast, chromium: Browser) -> Iterator[dict[str, BrowserContext]]:
    """Arif, who administers, and Dewi, who gathers, each signed in at a browser of their own."""
    there = {}
    for name in ("arif", "dewi"):
        user = cast.user(name)
        user.set_password(PASSWORD)
        user.save()
        there[name] = chromium.new_context(viewport=DESKTOP, locale="id-ID", base_url=ours)  # type: ignore[arg-type]
        page = there[name].new_page()
        page.goto("/akun/login/")
        page.fill("input[name=login]", user.email)
        page.fill("input[name=password]", PASSWORD)
        page.click("main form button[type=submit] >> nth=0")
        expect(page.locator("#main")).to_be_visible()
        page.close()
    yield there
    for context in there.values():
        context.close()


@pytest.fixture
def phone(ours: str, chromium: Browser) -> Iterator[Page]:
    """A phone without script."""
    context = chromium.new_context(viewport=PHONE, locale="id-ID", base_url=ours, java_script_enabled=False)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def work() -> None:
    """Do what a worker would."""
    for job in Job.objects.filter(state=Job.State.QUEUED).order_by("pk"):
        assert jobs.run_now(job).state == Job.State.DONE, job.error


def test_from_the_list_of_the_press_office_to_a_seat_at_a_meeting(
    desks: dict[str, BrowserContext], phone: Page, cast: Cast
) -> None:
    arif, dewi = desks["arif"].new_page(), desks["dewi"].new_page()
    _bring_in(arif, cast)
    ratna = Contact.objects.get(person__full_name="Ratna Kusuma")
    start = clock.now() + timedelta(days=3)
    meeting = gatherings.plan_gathering(
        cast.actor("dewi"), cast.root.pk, Plan("Temu media", "Aula", start, start + timedelta(hours=2))
    )
    dewi.goto(reverse("gatherings:candidates", args=[meeting.pk]))
    expect(dewi.locator("#main")).not_to_contain_text("Ratna Kusuma")
    _agree(phone, _invite(arif, cast, ratna))
    dewi.reload()
    seat = dewi.locator("li").filter(has_text="Ratna Kusuma")
    seat.locator("button[name=person]").click()
    expect(dewi.locator("#main")).not_to_contain_text("Komunitas Gowes")
    dewi.goto(meeting.get_absolute_url())
    expect(dewi.locator("#main")).to_contain_text("Ratna Kusuma")
    dewi.locator("#main button[popovertarget]", has_text="Undang").first.click()
    dewi.locator(f"form[action='{reverse('gatherings:invite', args=[meeting.pk])}'] button[type=submit]").click()
    dewi.wait_for_load_state()
    assert Participant.objects.get(person=ratna.person_id).state == "invited"
    assert Message.objects.filter(person_id=ratna.person_id).count() == 2


def _bring_in(page: Page, cast: Cast) -> None:
    page.goto(f"/impor/baru/?kind=registry.contacts&unit={cast.root.pk}")
    upload = {"name": "media.csv", "mimeType": "text/csv", "buffer": LIST.encode()}
    page.set_input_files("input[name=file]", upload)  # type: ignore[arg-type]
    page.fill("input[name='option:basis']", "Daftar humas, Maret 2026")
    page.get_by_role("button", name="Periksa berkas").click()
    expect(page.locator("#preview")).to_contain_text("Ratna Kusuma")
    page.get_by_role("button", name="Masukkan").first.click()
    page.wait_for_load_state()
    work()
    assert set(Contact.objects.values_list("person__full_name", flat=True)) == {"Ratna Kusuma", "Komunitas Gowes"}
    page.goto(f"/daftar/unit/{cast.root.pk}/kontak/")
    expect(page.locator("#main")).to_contain_text("Radar Bekasi")


def _invite(page: Page, cast: Cast, contact: Contact) -> str:
    """Invite all from the list; return the path of one contact's link."""
    page.goto(f"/daftar/unit/{cast.root.pk}/kontak/")
    page.get_by_role("button", name="Undang").or_(page.locator("summary", has_text="Undang")).first.click()
    page.get_by_role("button", name="Ya, undang").click()
    page.wait_for_load_state()
    work()
    return urlsplit(Message.objects.get(person_id=contact.person_id).link).path


def _agree(phone: Page, link: str) -> None:
    """Open the link, agree to be invited to meetings, confirm the account that the list stated."""
    phone.goto(link)
    phone.locator("button[name=intent][value=open]").first.click()
    for purpose in ("gatherings", "accounts"):
        consent = phone.locator("li").filter(has=phone.locator(f"input[name=purpose][value={purpose}]"))
        consent.locator("button[value=agree]").click()
        phone.wait_for_load_state()
    phone.locator("#main button[name=intent][value=claim]").first.click()
    phone.wait_for_load_state()
    assert set(Consent.objects.values_list("purpose", flat=True)) == {"gatherings", "accounts"}
    assert Account.objects.get(kind="organic").state == "declared"


def note(cast: Cast, name: str, kind: str = "journalist") -> Contact:
    return actions.add_contact(
        SYSTEM, cast.root.pk, {"full_name": name, "kind": kind, "source": "given", "basis": "Kartu nama"}
    )


def without_network(page: Page, press: Any) -> None:
    """Press while there is no network: the page says so and stays as it is."""
    before = page.url
    page.context.set_offline(True)
    press.click()
    expect(page.locator("#toasts")).to_contain_text(OFFLINE)
    page.context.set_offline(False)
    assert page.url == before


@pytest.mark.parametrize("screen", ["contacts", "visits"])
def test_a_list_stays_when_the_network_goes_and_goes_on_when_it_is_back(
    desks: dict[str, BrowserContext], cast: Cast, screen: str
) -> None:
    note(cast, "Ratna Kusuma")
    note(cast, "Komunitas Gowes", "community")
    host = VisitedHost.objects.create(host="public.example")
    for handle in ("dinas.example", "dinkes.example"):
        account = Account.objects.create(
            unit=cast.root, kind="official", platform="bluesky", handle=handle, identity=handle
        )
        AccountVisit.objects.create(account=account, host=host, finding="hidden", looked_at=clock.now())
    names = ["Ratna Kusuma", "Komunitas Gowes"] if screen == "contacts" else ["dinas.example", "dinkes.example"]
    page = desks["arif"].new_page()
    page.goto(reverse("registry:unit_contacts" if screen == "contacts" else "registry:visits", args=[cast.root.pk]))
    chip = page.locator("#main .k-filters a").nth(2)
    without_network(page, chip)
    for name in names:
        expect(page.locator("#main")).to_contain_text(name)
    chip.click()
    expect(page.locator("#main .k-filters a").nth(2)).to_have_attribute("aria-current", "true")
    expect(page.locator("#main")).not_to_contain_text(names[0])


def test_what_was_typed_about_a_contact_stays_when_the_network_goes(
    desks: dict[str, BrowserContext], cast: Cast
) -> None:
    page = desks["arif"].new_page()
    page.goto(reverse("registry:contact_add", args=[cast.root.pk]))
    page.fill("input[name=full_name]", "Ratna Kusuma")
    page.fill("input[name=basis]", "Kartu nama, temu media 12 Mei 2026")
    page.select_option("select[name=source]", "given")
    send = page.locator("#main form[method=post] button[type=submit]").last
    without_network(page, send)
    assert not Contact.objects.exists()
    expect(page.locator("input[name=full_name]")).to_have_value("Ratna Kusuma")
    send.click()
    page.wait_for_url("**/kontak/")
    assert Contact.objects.get().person.full_name == "Ratna Kusuma"


def test_a_wave_that_was_changed_stays_typed_when_the_network_goes(
    desks: dict[str, BrowserContext], cast: Cast, wave: Wave
) -> None:
    page = desks["dewi"].new_page()
    page.goto(reverse("gatherings:wave_change", args=[wave.pk]))
    page.fill("input[name=place]", "Balai Desa Sukamahi")
    send = page.locator("#main form[method=post] button[type=submit]").last
    without_network(page, send)
    expect(page.locator("input[name=place]")).to_have_value("Balai Desa Sukamahi")
    send.click()
    page.wait_for_load_state()
    wave.gathering.refresh_from_db()
    assert wave.gathering.place == "Balai Desa Sukamahi"


def lose(cast: Cast, name: str) -> None:
    """Let somebody lose their role, and keep one that only looks."""
    actions.grant_role(SYSTEM, cast.user(name).pk, cast.root.pk, Role.ANALYST)
    Grant.objects.filter(user=cast.user(name)).exclude(role=Role.ANALYST).delete()


def refused(page: Page, send: Any) -> None:
    """Send a form that was open: it is refused in words, and the way back leads to what was typed."""
    with page.expect_response(lambda response: response.request.method == "POST") as caught:
        send.click()
    assert caught.value.status == REFUSED
    expect(page.locator("h1")).to_contain_text("tidak berwenang")


def test_a_contact_is_not_noted_by_who_lost_the_right_while_writing(
    desks: dict[str, BrowserContext], cast: Cast
) -> None:
    page = desks["arif"].new_page()
    page.goto(reverse("registry:contact_add", args=[cast.root.pk]))
    page.fill("input[name=full_name]", "Ratna Kusuma")
    page.fill("input[name=basis]", "Kartu nama")
    lose(cast, "arif")
    refused(page, page.locator("#main form[method=post] button[type=submit]").last)
    assert not Contact.objects.exists()
    page.go_back()
    expect(page.locator("input[name=full_name]")).to_have_value("Ratna Kusuma")


def test_an_account_is_not_read_by_who_lost_the_right_with_its_page_open(
    desks: dict[str, BrowserContext], cast: Cast
) -> None:
    account = Account.objects.create(
        unit=cast.root, kind="official", platform="website", handle="bekasi.example", identity="bekasi.example",
        url="https://bekasi.example",
    )  # fmt: skip
    page = desks["arif"].new_page()
    page.goto(reverse("registry:account", args=[account.pk]))
    read = page.locator(f"form[action='{reverse('registry:account_visit', args=[account.pk])}'] button")
    expect(read).to_be_visible()
    lose(cast, "arif")
    refused(page, read)


def test_a_wave_is_not_changed_by_who_lost_the_right_while_writing(
    desks: dict[str, BrowserContext], cast: Cast, wave: Wave
) -> None:
    page = desks["dewi"].new_page()
    page.goto(reverse("gatherings:wave_change", args=[wave.pk]))
    page.fill("input[name=place]", "Balai Desa Sukamahi")
    lose(cast, "dewi")
    refused(page, page.locator("#main form[method=post] button[type=submit]").last)
    wave.gathering.refresh_from_db()
    assert wave.gathering.place == "Aula Kecamatan"
