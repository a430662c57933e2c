"""A citizen asks about an account and reports one, without script; an administrator decides; all are warned."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from journeys.conftest import Office

pytestmark = pytest.mark.journey

OURS = "https://www.instagram.com/kabar.bekasi.simulasi/"
FAKE = "https://www.instagram.com/kabar.bekasi.resmi/"


def ask(phone: Page, link: str) -> None:
    """Ask Cek Akun about a link."""
    phone.goto("/cek/")
    phone.fill("input[name=q]", link)
    phone.click("form button[type=submit]")


def shows(page: Page, verdict: str) -> None:
    """Expect an answer."""
    expect(page.locator("section.card .chip").first).to_contain_text(verdict)


def test_from_a_citizens_report_to_the_warning_for_all(people: Office, tmp_path: Path) -> None:
    phone = people.phone()
    ask(phone, OURS)
    shows(phone, "Resmi")
    phone.click("dl.facts a")
    expect(phone.locator("h1")).to_be_visible()
    expect(phone.locator("ul.plain")).to_contain_text("kabar.bekasi.simulasi")

    ask(phone, "@kabar.bekasi.resmi")
    phone.click('.row a:has-text("Instagram")')
    shows(phone, "Tidak dikenal di sini")
    expect(phone.locator(".note.amber")).to_contain_text("kabar.bekasi.simulasi")

    phone.click("text=laporkan")
    expect(phone.locator("input[name=link]")).to_have_value("@kabar.bekasi.resmi")
    phone.fill("input[name=link]", FAKE)
    phone.fill("textarea[name=what]", "Meminta uang lewat pesan, mengaku dari kabupaten.")
    picture = tmp_path / "tangkapan.png"
    phone.screenshot(path=picture)
    phone.set_input_files("input[name=screenshot]", picture)
    phone.fill("input[name=contact]", "warga@example.id")
    phone.check("input[name=consent]")
    phone.click("main button[type=submit]")
    expect(phone.locator("h1")).to_contain_text("Terima kasih")
    reference = phone.locator("main b").inner_text()
    assert re.fullmatch(r"[2-9a-z]{12}", reference)
    ask(phone, FAKE)
    shows(phone, "Tidak dikenal di sini")

    desk = people.someone("arif")
    desk.goto("/daftar/akun/")
    desk.click(".k-notice a")
    desk.click("text=kabar.bekasi.resmi")
    expect(desk.locator("#main")).to_contain_text(reference)
    with desk.expect_download() as download:
        desk.click("text=Bukti (PDF)")
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF")
    desk.check("input[name=state][value=impostor]")
    desk.fill("textarea[name=reason]", "Bukan milik kabupaten; meminta uang.")
    desk.click("text=Catat keputusan")
    expect(desk.locator(".k-facts")).to_contain_text("Peniru")

    ask(phone, FAKE)
    shows(phone, "Akun palsu")
    expect(phone.locator("section.card")).to_contain_text("kabar.bekasi.simulasi")
    phone.context.close()
