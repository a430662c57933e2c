"""The loop, end to end, in a browser: from what people complain about to what was done and what came of it."""

import csv
import re
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Page, expect

from journeys.conftest import Office
from kentongan.core import clock
from runtime.installations import wait_until
from servers.mastodon import MastodonServer
from servers.pds import Pds

pytestmark = pytest.mark.journey
TEXT = "Perbaikan jalan dimulai malam ini pukul 21.00 sampai 04.00. Lewat jalur alternatif, ikuti petugas."


def _local(moment: datetime) -> str:
    """Return how a datetime-local field holds a moment, in the office's zone."""
    return moment.astimezone(clock.zone("Asia/Jakarta")).strftime("%Y-%m-%dT%H:%M")


def _submit(page: Page, form: str) -> None:
    page.locator(f"{form} button[type=submit], {form} button:not([type])").first.click()
    page.wait_for_load_state()


def _act(page: Page, action: str) -> None:
    """Press a button that may open a dialog first, and confirm."""
    form = page.locator(f"form[action$='{action}']").first
    dialog = page.locator("dialog").filter(has=form)
    if dialog.count():
        page.locator(f"button[popovertarget='{dialog.get_attribute('id')}']").first.click()
    form.locator("button[type=submit], button:not([type])").last.click()
    page.wait_for_load_state()


def _posts_file(folder: Path) -> Path:
    """Write an export as other tools make them, with two rows that cannot be read."""
    path = folder / "ekspor.csv"
    now = clock.now()
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        rows = csv.writer(file, delimiter=";")
        rows.writerow(["Tanggal", "Akun", "Isi", "Tautan"])
        for number in range(40):
            moment = _local(now - timedelta(minutes=7 * number)).replace("T", " ")
            text = f"Jembatan gantung Kali Cibeet putus, {number + 2} anak sekolah menyeberang naik rakit bambu"
            rows.writerow([moment, f"warga{number}", text, f"https://contoh.example/p/{number}"])
        rows.writerow(["bukan tanggal", "warga", "Jembatan gantung putus", ""])
        rows.writerow([_local(now), "warga", "", ""])
    return path


def test_posts_of_another_tool_become_an_issue(people: Office, tmp_path: Path) -> None:
    page = people.someone("sari")
    path = _posts_file(tmp_path)
    for expected in (40, 0):
        page.goto("/simak/impor/")
        page.set_input_files("input[name=file]", path)
        _submit(page, "#main form")
        page.get_by_role("button", name="Masukkan").click()
        expect(page.locator("#main")).to_contain_text(
            re.compile(r"\b2 (baris )?ditolak|ditolak\D*2\b", re.I), timeout=60_000
        )
        expect(page.locator("#main")).to_contain_text(re.compile(rf"\b{expected}\b"))
    page.goto("/simak/cari/?q=rakit+bambu")
    expect(page.locator("#main")).to_contain_text("naik rakit bambu")


def _connect(people: Office, pds: Pds, mastodon: MastodonServer) -> dict[str, str]:
    page = people.someone("arif")
    account = pds.account()
    values = {
        "bluesky": {"service": pds.url, "handle": account["handle"], "app_password": account["app_password"]},
        "mastodon": {"service": mastodon.url, "access_token": mastodon.token},
    }
    for platform, entered in values.items():
        page.goto("/sebar/akun/")
        row = page.locator("tr").filter(has_text=re.compile(platform, re.I)).first
        row.locator("a[href*='/sambungkan/']").click()
        for name, value in entered.items():
            page.fill(f"input[name={name}]", value)
        _submit(page, "#main form")
        assert page.url.endswith("/sebar/akun/"), page.locator("#main").inner_text()
    return account


def _make_item(people: Office) -> str:
    """From the first issue on the board to an item that waits for approval; returns its address."""
    page = people.someone("dewi")
    page.goto("/simak/")
    page.locator("#main a[href*='/simak/isu/']").first.click()
    page.locator("#main a[href*='/rancang/brief/baru/?issue=']").first.click()
    assert page.input_value("input[name=title]")
    page.fill("textarea[name=message]", TEXT)
    page.fill("textarea[name=facts-0-text]", "Perbaikan dikerjakan malam hari selama tiga malam.")
    page.fill("input[name=facts-0-source]", "Dinas SDABMBK, jadwal 22 November")
    page.fill("input[name=audience]", "Warga dan pengendara")
    page.fill("input[name=deadline]", _local(clock.now() + timedelta(days=1)))
    _submit(page, "#main form")
    page.locator("#main a[href*='/rancang/materi/baru/']").first.click()
    return _fill_item(page)


def _fill_item(page: Page) -> str:
    page.fill("input[name=title]", "Jadwal perbaikan jalan malam ini")
    page.fill("textarea[name=text]", TEXT)
    page.fill("input[name=newsroom_title]", "Jadwal perbaikan jalan malam ini")
    page.fill("textarea[name=newsroom_text]", TEXT)
    page.fill("textarea[name=bluesky_text]", "a" * 301)
    page.fill("textarea[name=mastodon_text]", TEXT)
    page.check("input[name=purpose][value=service]")
    page.locator("button[name=then]").last.click()
    expect(page.locator("#main")).to_contain_text("301")
    page.locator("#main a[href$='/ubah/']").first.click()
    page.fill("textarea[name=bluesky_text]", TEXT)
    page.check("input[name=purpose][value=service]")
    page.locator("button[name=then]").last.click()
    page.wait_for_url(re.compile(r"/rancang/materi/\d+/$"))
    return urlsplit(page.url).path


def _approve_and_schedule(people: Office, item: str) -> None:
    writer, approver = people.someone("dewi"), people.someone("hendra")
    writer.goto(item)
    assert not writer.locator("form[action$='/setujui/']").count()
    approver.goto(item)
    form = approver.locator("form[action$='/setujui/']")
    for box in form.locator("input[name=checklist]").all():
        box.check()
    _submit(approver, "form[action$='/setujui/']")
    approver.locator("#main a.btn-primary[href*='/sebar/jadwalkan/']").click()
    boxes = approver.locator("input[name=accounts]")
    expect(boxes).to_have_count(3)
    for box in boxes.all():
        box.check()
    approver.fill("input[name=due_at]", _local(clock.now()))
    _submit(approver, "#main form")


def test_the_loop(people: Office, pds: Pds, mastodon_server: MastodonServer) -> None:
    account = _connect(people, pds, mastodon_server)
    item = _make_item(people)
    _approve_and_schedule(people, item)

    def arrived() -> bool:
        return len(pds.posts(account["did"])) == 1 and len(mastodon_server.statuses("Perbaikan jalan")) == 1

    wait_until(arrived, "publishing to Bluesky and Mastodon", 60)
    page = people.someone("hendra")
    page.goto(f"/sebar/?item={item.split('/')[-2]}")
    expect(page.locator("#main")).to_contain_text("Jadwal perbaikan jalan malam ini")
    _read_in_public(people, page)
    _measured(people, item)


def _read_in_public(people: Office, page: Page) -> None:
    """The newsroom shows the article to everybody, without script, and in its feeds."""
    address = page.locator("#main a[href*='/kabar/']").first.get_attribute("href") or ""
    reader = people.phone()
    reader.goto(urlsplit(address).path)
    expect(reader.locator("main")).to_contain_text("jalur alternatif")
    site = "/".join(urlsplit(address).path.split("/")[:3])
    for feed, kind in (("rss.xml", "xml"), ("atom.xml", "xml"), ("feed.json", "json")):
        answer = httpx.get(f"{people.address}{site}/{feed}")
        assert answer.status_code == 200
        assert kind in answer.headers["Content-Type"]
        assert "Jadwal perbaikan jalan malam ini" in answer.text


def _measured(people: Office, item: str) -> None:
    """Numbers come back; what a platform has not said is not shown as zero."""
    page = people.someone("wulan")
    number = item.split("/")[-2]

    def row(platform: str) -> str:
        page.goto(f"/ukur/materi/{number}/")
        return page.locator("tbody tr").filter(has_text=re.compile(rf"\({platform}\)", re.I)).last.inner_text()

    # The server without an app view tells nothing: that is shown as such, while Mastodon's zero is a zero.
    wait_until(lambda: re.search(r"\b0\b.*\b0\b", row("mastodon"), re.S), "the first numbers", 90)
    assert "belum" in row("bluesky").lower()


def test_an_instruction_goes_down_and_is_answered(people: Office) -> None:
    leader, district = people.someone("wulan"), people.someone("joko")
    leader.goto("/gerak/instruksi/baru/")
    leader.select_option("select[name=unit]", value="32.16")
    leader.select_option("select[name=scope]", value="32.16.06")
    leader.fill("input[name=title]", "Pasang pengumuman perbaikan jalan di kantor kecamatan")
    leader.fill("textarea[name=text]", "Cetak dan tempel hari ini.")
    leader.fill("input[name=due_at]", _local(clock.now() + timedelta(days=2)))
    leader.check("input[name=audience][value=units]")
    leader.select_option("select[name=level]", value="district")
    leader.check("input[name=evidence] >> nth=0")
    _submit(leader, "#main form")
    _act(leader, "/kirim/")
    board = urlsplit(leader.url).path
    district.goto("/gerak/untuk-saya/")
    district.locator("#main a", has_text="Pasang pengumuman perbaikan jalan").first.click()
    district.locator("#main form button[type=submit], #main form button:not([type])").first.click()
    district.wait_for_load_state()
    leader.goto(board)
    expect(leader.locator("#main")).to_contain_text("1 dari 1")


def test_a_share_mission_on_a_phone_without_script(people: Office) -> None:
    leader = people.someone("wulan")
    leader.goto("/gerak/misi/baru/")
    leader.select_option("select[name=unit]", value="32.16")
    leader.select_option("select[name=scope]", value="32.16")
    leader.fill("input[name=title]", "Ajak tetangga lewat jalur alternatif")
    leader.fill("textarea[name=text]", TEXT)
    leader.fill("textarea[name=starters]", "Tadi saya lewat...\nBapak-Ibu RT saya...")
    leader.fill("input[name=closes_at]", _local(clock.now() + timedelta(days=2)))
    _submit(leader, "#main form")
    _act(leader, "/buka/")
    _share(people, _link_of(leader, "Ajak tetangga lewat jalur alternatif"))


def _link_of(leader: Page, title: str) -> str:
    """Page through what waits to be handed over until a message of the mission comes; returns its link's path."""
    leader.goto("/pesan/serah/")
    while True:
        links = leader.locator("#main a[href*='wa.me']").evaluate_all("all => all.map(a => a.href)")
        for text in (parse_qs(urlsplit(link).query)["text"][0] for link in links):
            if title in text:
                return urlsplit(re.findall(r"https?://\S+", text)[-1]).path
        leader.locator("a[rel=next]").click()
        leader.wait_for_load_state("networkidle")


def _share(people: Office, path: str) -> None:
    phone = people.phone()
    phone.goto(path)
    expect(phone.locator("main")).to_contain_text("Ajak tetangga lewat jalur alternatif")
    phone.locator("button[name=intent][value=open]").click()
    phone.fill("textarea", "Tadi sore lewat sana masih digali. Tetangga, mending muter lewat Pasar Lama ya, aman kok.")
    phone.locator("button[name=intent][value=word]").click()
    phone.wait_for_load_state()
    assert phone.locator("a[href*='wa.me']").count()
    other = people.phone()
    other.goto(path)
    expect(other.locator("main")).not_to_contain_text("Pasar Lama")
    expect(other.locator("textarea")).to_have_count(0)


def test_a_meeting_from_an_issue(people: Office) -> None:
    page = people.someone("wulan")
    page.goto("/simak/")
    page.locator("#main a[href*='/simak/isu/']").first.click()
    page.locator("#main a[href*='/temu/baru/?issue=']").first.click()
    assert page.input_value("input[name=title]")
    page.select_option("select[name=unit]", value="32.16")
    page.fill("textarea[name=aim]", "Menyepakati jalur alternatif dan titik petugas.")
    page.fill("input[name=place]", "Aula Kecamatan Cikarang Pusat")
    page.fill("input[name=starts_at]", _local(clock.now() + timedelta(days=3)))
    page.fill("input[name=ends_at]", _local(clock.now() + timedelta(days=3, hours=2)))
    _submit(page, "#main form")
    expect(page.locator("#main")).to_contain_text("Aula Kecamatan Cikarang Pusat")


def test_a_neutral_office_has_no_campaign_screen(people: Office) -> None:
    page = people.someone("dewi")
    answer = page.goto("/rancang/kampanye/")
    assert answer
    assert answer.status == 404
    page.goto("/rancang/materi/baru/")
    assert not page.locator("input[name=purpose][value=campaign]").count()


def test_the_wall_shows_the_loop_at_a_glance(people: Office) -> None:
    page = people.someone("wulan")
    page.goto("/dinding/")
    expect(page.locator("body")).to_contain_text("Simulasi")
    clock_before = page.locator("body").inner_text()
    wait_until(lambda: page.locator("body").inner_text() != clock_before, "the wall to move", 20)
