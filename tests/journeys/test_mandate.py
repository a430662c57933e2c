"""Journey 1, first half: a branch brings in its list, tells all what to have, sees who lacks it, reminds, prints."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.conftest import DESKTOP, PHONE
from kentongan.core import jobs
from kentongan.core.models import Job
from kentongan.core.models.messages import Message
from kentongan.registry import counting
from kentongan.registry.models import Account, Mandate, Person
from named_cast import PASSWORD, Cast
from registry.office_lists import district_office

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ours(live_server: Any, settings: Any) -> str:
    """The product at an address of its own."""
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def arif(ours: str, cast: Cast, chromium: Browser) -> Iterator[Page]:
    """The administrator at the desk."""
    user = cast.user("arif")
    user.set_password(PASSWORD)
    user.save()
    context = chromium.new_context(viewport=DESKTOP, locale="id-ID", base_url=ours)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto("/akun/login/")
    page.fill("input[name=login]", user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main form button[type=submit] >> nth=0")
    expect(page.locator("#main")).to_be_visible()
    yield page
    context.close()


@pytest.fixture
def phone(ours: str, chromium: Browser) -> Iterator[Page]:
    """A phone without script."""
    context = chromium.new_context(viewport=PHONE, locale="id-ID", base_url=ours, java_script_enabled=False)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def work() -> None:
    """Do what a worker would: the jobs that wait, then the counting."""
    for job in Job.objects.filter(state=Job.State.QUEUED).order_by("pk"):
        assert jobs.run_now(job).state == Job.State.DONE, job.error
    counting.fold_all()


def test_from_the_list_to_the_sheet_for_the_meeting(arif: Page, phone: Page, cast: Cast) -> None:
    _bring_in(arif)
    _give(arif, cast)
    mandate = Mandate.objects.get()
    link = _invite(arif, cast)
    _answer(phone, link)
    counting.fold_all()
    arif.goto(f"/daftar/wajib/{mandate.pk}/")
    expect(arif.locator("#main")).to_contain_text("Kecamatan Cikarang Pusat")
    arif.goto(f"/daftar/wajib/{mandate.pk}/nama/?unit={cast.cikarang_pusat.pk}")
    expect(arif.locator("#main")).not_to_contain_text("Ahmad Sudrajat")
    expect(arif.locator("#main")).to_contain_text("SITI AMINAH")
    _remind(arif, mandate)
    arif.goto(f"/daftar/wajib/{mandate.pk}/?unit={cast.root.pk}")
    with arif.expect_download() as caught:
        arif.get_by_role("link", name="Lembar rapat").click()
    assert caught.value.suggested_filename.endswith(".pdf")


def _bring_in(page: Page) -> None:
    """Upload the list as the office keeps it, look at what it would do, agree."""
    page.goto("/impor/baru/?kind=registry.people")
    upload = {"name": "pengurus.xlsx", "mimeType": "application/octet-stream", "buffer": district_office()}
    page.set_input_files("input[name=file]", upload)  # type: ignore[arg-type]
    for option in page.locator("input[name^='option:'][required]").all():
        option.fill("SK 012/DPC/2026")
    page.get_by_role("button", name="Periksa berkas").click()
    expect(page.locator("#preview")).to_contain_text("Ahmad Sudrajat")
    page.get_by_role("button", name="Masukkan").first.click()
    page.wait_for_load_state()
    work()
    assert Person.objects.filter(full_name__icontains="Ahmad Sudrajat", phone="+6281234567890").exists()


def _give(page: Page, cast: Cast) -> None:
    page.goto(f"/daftar/unit/{cast.root.pk}/wajib/tambah/")
    page.fill("input[name=name]", "Setiap pengurus punya Facebook dan Instagram")
    page.select_option("select[name=subject]", "people")
    page.check("input[name=platforms][value=facebook]")
    page.check("input[name=platforms][value=instagram]")
    page.select_option("select[name=counts]", "exists")
    page.fill("input[name=due_on]", "2030-01-31")
    page.fill("input[name=letter_number]", "012/SK/2026")
    page.fill("input[name=letter_dated]", "2026-11-20")
    page.get_by_role("button", name="Beri kewajiban").click()
    expect(page.locator("#main")).to_contain_text("Setiap pengurus punya Facebook dan Instagram")
    counting.fold_all()


def _invite(page: Page, cast: Cast) -> str:
    """Invite from the screen; return the path of one person's link."""
    page.goto(f"/daftar/unit/{cast.root.pk}/undang/")
    page.get_by_role("button", name="Hitung dahulu").click()
    page.get_by_role("button", name="Undang mereka").click()
    page.wait_for_load_state()
    work()
    person = Person.objects.get(full_name__icontains="Ahmad Sudrajat")
    return urlsplit(Message.objects.filter(person_id=person.pk).latest("pk").link).path


def _answer(phone: Page, link: str) -> None:
    """Open the link, agree to have accounts listed, confirm what the list stated."""
    phone.goto(link)
    phone.locator("button[name=intent][value=open]").first.click()
    phone.locator("li").filter(has=phone.locator("input[name=purpose][value=accounts]")).locator(
        "button[value=agree]"
    ).click()
    for _account in range(2):
        phone.locator("#main button[name=intent][value=claim]").first.click()
        phone.wait_for_load_state()
    states = set(Account.objects.filter(person__full_name__icontains="Ahmad Sudrajat").values_list("state", flat=True))
    assert states == {"declared"}


def _remind(page: Page, mandate: Mandate) -> None:
    page.goto(f"/daftar/wajib/{mandate.pk}/")
    page.get_by_role("button", name=re.compile("^Ingatkan$")).or_(
        page.locator("summary", has_text="Ingatkan")
    ).first.click()
    page.get_by_role("button", name="Ya, ingatkan").click()
    page.wait_for_load_state()
    work()
    assert Message.objects.filter(purpose="registry.mandate").exists()
