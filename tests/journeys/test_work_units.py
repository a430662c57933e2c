"""Journey 3, first half: superiors of an election commission see each work unit's accounts and sign them off."""

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect
from pytest_django.live_server_helper import LiveServer

from kentongan.core import clock, jobs, ticks
from kentongan.core.models import User
from kentongan.registry import actions
from kentongan.registry.actions.custody import Correction
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Audit, Organisation, SignOff
from named_cast import Cast

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]
DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 360, "height": 780}
PICTURES = os.environ.get("KENTONGAN_PICTURES", "")


def picture(page: Page, name: str) -> None:
    """Keep a picture of the whole page where somebody asked for pictures, at both widths."""
    for size in (DESKTOP, PHONE) if PICTURES else ():
        page.set_viewport_size(size)
        page.screenshot(path=Path(PICTURES) / f"{name}-{size['width']}.png", full_page=True)


@pytest.fixture
def commission(live_server: LiveServer, make_cast: Callable[..., Cast]) -> Cast:
    """An election commission: one work unit as it should be, one that is not."""
    cast = make_cast(Organisation.Kind.COMMISSION)
    arif = cast.actor("arif")
    good = actions.declare_account(arif, cast.tambun_selatan.pk, handle="https://facebook.com/kectambunselatan")
    keepers = [
        actions.add_person(arif, NewPerson(name, cast.tambun_selatan.pk, "Staf", "SK 1/2026"))
        for name in ("Rini Wulandari", "Budi Santoso")
    ]
    wanted = Correction(form="page", custodian_id=keepers[0].pk, deputy_id=keepers[1].pk)
    actions.correct_account(arif, good.pk, wanted)
    now = clock.now()
    Account.objects.filter(pk=good.pk).update(state="proven", proof="attested", proven_at=now, last_posted_at=now)
    bad = actions.declare_account(
        arif, cast.cikarang_pusat.pk, handle="https://facebook.com/rudi.hartono", display_name="Rudi Hartono"
    )
    actions.correct_account(arif, bad.pk, Correction(form="profile"))
    return cast


@pytest.fixture
def sit_down(live_server: LiveServer, chromium: Browser) -> Callable[..., Page]:
    """Return a function that sits somebody down at a browser, signed in."""

    def seat(user: User, size: dict[str, int] = DESKTOP) -> Page:
        client = Client()
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        context = chromium.new_context(base_url=live_server.url, viewport=size, locale="id-ID")  # type: ignore[arg-type]
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}])
        return context.new_page()

    return seat


def test_a_superior_sees_each_work_unit_and_signs_off(commission: Cast, sit_down: Callable[..., Page]) -> None:
    page = sit_down(commission.user("arif"))
    page.goto(f"/daftar/unit/{commission.root.pk}/pemeriksaan/jadwal/")
    page.fill("input[name=starts_on]", (clock.now().date() - timedelta(days=1)).isoformat())
    picture(page, "routine")
    page.locator("#main form").get_by_role("button", name="Simpan").click()
    expect(page.locator("#main")).to_contain_text("setiap 30 hari")
    while ticks.run_once("registry.sign_offs"):
        pass

    page = sit_down(commission.user("wulan"))
    page.goto("/daftar/pemeriksaan/")
    expect(page.locator("#main table")).to_contain_text("Lewat tenggat")
    picture(page, "sign-offs")
    page.get_by_role("link", name=commission.cikarang_pusat.name).first.click()
    main = page.locator("#main")
    for text in ("Rudi Hartono", "Halaman, bukan profil pribadi", "nama lembaga", "dua orang", "Belum terpenuhi"):
        expect(main).to_contain_text(text)
    picture(page, "sign-off")
    sign = main.get_by_role("button", name="Sahkan")
    sign.click()
    expect(main).to_contain_text("perlu diperbaiki")
    page.fill("textarea[name=remarks]", "Ubah menjadi Halaman dan tunjuk dua pemegang.")
    sign.click()
    expect(main).not_to_contain_text(commission.cikarang_pusat.name)
    signed = SignOff.objects.get(unit=commission.cikarang_pusat, signed_at__isnull=False)
    assert signed.findings["two_custodians"] == {"failed": 1}

    phone = sit_down(commission.user("wulan"), PHONE)
    check = SignOff.objects.get(unit=commission.tambun_selatan)
    phone.goto(check.get_absolute_url())
    wide = phone.evaluate("document.documentElement.scrollWidth")
    assert wide <= PHONE["width"], f"{wide} px on a phone"
    phone.locator("#main").get_by_role("button", name="Sahkan").click()
    phone.wait_for_url("**/daftar/pemeriksaan/")
    check.refresh_from_db()
    assert check.signed_by == commission.user("wulan")


def test_an_audit_is_begun_filled_in_and_read(commission: Cast, sit_down: Callable[..., Page]) -> None:
    page = sit_down(commission.user("arif"))
    page.goto(f"/daftar/unit/{commission.root.pk}/audit/")
    page.fill("input[name=title]", "Sebelum pelatihan, gelombang 1")
    page.get_by_role("button", name="Mulai audit").click()
    page.wait_for_url("**/daftar/audit/*/")
    audit = Audit.objects.get()
    assert audit.job is not None
    assert jobs.run_now(audit.job).state == jobs.Job.State.DONE
    page.reload()
    expect(page.locator("#main")).to_contain_text("50 %")
    picture(page, "audit")
    page.get_by_role("link", name="Rudi Hartono").click()
    card = page.locator("section#logo")
    card.locator("summary").click()
    card.locator("select").select_option("failed")
    card.locator("input[name='logo-note']").fill("Foto pribadi, bukan logo.")
    picture(page, "audit-account")
    card.get_by_role("button", name="Simpan").click()
    expect(page.locator("section#logo")).to_contain_text("Foto pribadi, bukan logo.")
    page.goto(f"/daftar/akun/{Account.objects.get(display_name='Rudi Hartono').pk}/")
    expect(page.locator("#main")).to_contain_text("Sebelum pelatihan, gelombang 1")
    picture(page, "account")
    page.goto(f"/daftar/unit/{commission.root.pk}/akun/")
    picture(page, "accounts")
