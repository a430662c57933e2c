"""The pages in real Chromium: the content security policy holds, and nobody stumbles."""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from kentongan.channels.newsroom.models import Article, Site
from kentongan.core import clock
from kentongan.core.models import User
from kentongan.gatherings import actions
from kentongan.gatherings.actions import Plan
from kentongan.planning import actions as planning
from kentongan.planning.drafts import ItemDraft
from named_cast import Cast

# Playwright's synchronous interface runs a loop of its own, which Django takes for asynchronous code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))
from accessibility import stumbles

VISITOR = ["/akun/login/", "/akun/login/code/", "/akun/password/reset/", "/luring/", "/tidak-ada/"]
STAFF = [
    "/dinding/",
    "/simak/",
    "/rancang/",
    "/sebar/",
    "/gerak/",
    "/ukur/",
    "/temu/",
    "/daftar/",
    "/pagar/",
    "/pesan/",
    "/pekerjaan/",
    "/cari/?q=cikarang",
    "/pengaturan/profil/",
    "/pengaturan/token/",
    "/pengaturan/riwayat/",
    "/akun/2fa/",
    "/akun/email/",
    "/akun/sessions/",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture
def visit(live_server: LiveServer, browser: Browser) -> Iterator[Callable[..., BrowserContext]]:
    """Return a function that gives a browser of its own, for a visitor or a signed-in user."""
    opened: list[BrowserContext] = []

    def visit(user: User | None = None, width: int = 1440, theme: str = "light") -> BrowserContext:
        context = browser.new_context(
            base_url=live_server.url,
            viewport={"width": width, "height": 800},
            color_scheme="dark" if theme == "dark" else "light",
            reduced_motion="reduce",
        )
        if user is not None:
            client = Client()
            client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
            context.add_cookies(
                [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
            )
        opened.append(context)
        return context

    yield visit
    for context in opened:
        context.close()


def listen(page: Page) -> list[str]:
    """Return a list that fills with what the browser complains about."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def problems(context: BrowserContext, paths: list[str]) -> dict[str, list[str]]:
    """Open each page; return what is wrong with it."""
    page = context.new_page()
    said = listen(page)
    found: dict[str, list[str]] = {}
    for path in paths:
        said.clear()
        page.goto(path, wait_until="networkidle")
        wrong = [*stumbles(page), *(text for text in said if "404" not in text)]
        if wrong:
            found[path] = wrong
    return found


@pytest.fixture
def news(db: None) -> list[str]:
    """The addresses of a news site with articles enough for two pages."""
    site = Site.objects.create(slug="kab-bekasi", name="Kabar Bekasi", tagline="Dari kantor bupati")
    text = "Pukul enam pagi.\n\n## Yang perlu dibawa\n\n- KTP\n- [Peta](https://example.id)\n\n#Pasar"
    for number in range(14):
        named = {"title": f"Pasar murah ke-{number}", "slug": f"pasar-{number}", "key": f"k{number}", "digest": "d"}
        Article.objects.create(site=site, text=text, tags=["pasar"], published_at=clock.now(), **named)
    found = ["", "baca/pasar-1/", "tagar/pasar/", "cari/?q=pasar", "cari/?q=tidakada", f"arsip/{clock.now():%Y/%m}/"]
    return ["/kabar/", *(f"/kabar/kab-bekasi/{path}" for path in found)]


@pytest.mark.parametrize(
    ("width", "theme"), [pytest.param(1440, "light", marks=pytest.mark.slow), (360, "light"), (1440, "dark")]
)
def test_nobody_stumbles_over_a_page_of_ours(
    visit: Callable[..., BrowserContext], cast: Cast, news: list[str], width: int, theme: str
) -> None:
    User.objects.update(theme="auto")
    assert problems(visit(None, width, theme), [*VISITOR, *news]) == {}
    assert problems(visit(cast.user("wulan"), width, theme), STAFF) == {}
    assert problems(visit(cast.user("sari"), width, theme), ["/impor/", "/impor/baru/"]) == {}


def test_on_a_phone_a_meeting_has_the_whole_width_of_its_card(visit: Callable[..., BrowserContext], cast: Cast) -> None:
    start = clock.now() + timedelta(days=3)
    plan = Plan("Temu warga: air bersih Cikarang dan Tambun", "Aula", start, start + timedelta(hours=2))
    actions.plan_gathering(cast.actor("dewi"), cast.root.pk, plan)
    page = visit(cast.user("dewi"), 360).new_page()
    page.goto("/temu/")
    width = "one => one.getBoundingClientRect().width"
    title, row = page.locator(".k-list li > div").first, page.locator(".k-list li").first
    assert title.evaluate(width) > 0.9 * row.evaluate(width)


def test_what_is_wanted_is_dragged_to_another_day_and_a_stale_calendar_moves_nothing(
    visit: Callable[..., BrowserContext], cast: Cast
) -> None:
    zone, dewi = clock.zone("Asia/Jakarta"), cast.actor("dewi")
    start = (
        (clock.now() + timedelta(days=62)).astimezone(zone).replace(day=10, hour=9, minute=30, second=0, microsecond=0)
    )
    draft = ItemDraft("Jalan Setu ditutup", "Lewat jalur Serang.", "service", planned_for=start)
    item = planning.create_item(dewi, draft, unit_id=cast.root.pk)
    page = visit(cast.user("dewi")).new_page()
    said = listen(page)
    page.goto(f"{reverse('planning:calendar')}?view=month&from={start:%Y-%m-%d}")

    def day(number: int) -> Locator:
        return page.locator(f'[data-day="{start.replace(day=number):%Y-%m-%d}"]')

    entry = page.locator(f'[data-number="{item.pk}"]')
    entry.drag_to(day(13))
    expect(day(13).locator(entry)).to_be_visible()
    item.refresh_from_db()
    assert item.planned_for == start.replace(day=13), "the hour stays"
    assert said == []

    planning.plan_item(dewi, item.pk, start.replace(day=20))  # somebody else, while this calendar is open
    entry.drag_to(day(14))
    expect(page.locator("#toasts")).to_contain_text("Muat ulang kalender")
    item.refresh_from_db()
    assert item.planned_for == start.replace(day=20)


def test_a_keyboard_reaches_the_content_and_sees_where_it_is(visit: Callable[..., BrowserContext], cast: Cast) -> None:
    page = visit(cast.user("dewi")).new_page()
    page.goto("/pengaturan/profil/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "k-skip"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    for _step in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "(({ outlineStyle, boxShadow }) => [outlineStyle, boxShadow])(getComputedStyle(document.activeElement))"
        )
        assert style != ["none", "none"], page.evaluate("document.activeElement.outerHTML")


def test_a_phone_reaches_every_room_by_keyboard(visit: Callable[..., BrowserContext], cast: Cast) -> None:
    page = visit(cast.user("dewi"), 360).new_page()
    page.goto("/pengaturan/profil/")
    page.get_by_role("button", name="Lainnya").press("Enter")
    drawer = page.get_by_role("dialog", name="Semua ruang")
    assert drawer.get_by_role("link", name="Temu").is_visible()
    page.keyboard.press("Escape")
    assert not drawer.is_visible()
    assert page.evaluate("document.activeElement.innerText.trim()") == "Lainnya"


def test_a_dialog_asks_before_a_token_dies(visit: Callable[..., BrowserContext], cast: Cast) -> None:
    page = visit(cast.user("dewi")).new_page()
    said = listen(page)
    page.goto("/pengaturan/token/")
    page.get_by_label("Untuk apa").fill("Laporan bulanan")
    page.get_by_role("button", name="Buat token").click()
    assert page.locator(".k-secret").inner_text().startswith("ktg_")
    page.get_by_role("button", name="Cabut").click()
    dialog = page.get_by_role("dialog", name="Cabut token ini?")
    assert "Laporan bulanan" in dialog.inner_text()
    dialog.get_by_role("button", name="Ya, cabut").click()
    assert page.get_by_text("tidak berlaku lagi").is_visible()
    assert page.locator(".k-chip", has_text="dicabut").is_visible()
    assert said == []


def test_the_switch_to_the_dark_stays(visit: Callable[..., BrowserContext], cast: Cast) -> None:
    page = visit(cast.user("dewi")).new_page()
    page.goto("/pengaturan/profil/")
    page.get_by_role("button", name="Pakai tampilan terang").click()
    page.get_by_role("button", name="Pakai tampilan gelap").click()
    page.goto("/pengaturan/token/")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"


def test_without_network_a_page_says_so(visit: Callable[..., BrowserContext], cast: Cast) -> None:
    context = visit(cast.user("dewi"))
    page = context.new_page()
    page.goto("/pengaturan/profil/")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    context.set_offline(True)
    page.goto("/pengaturan/token/")
    assert page.get_by_role("heading", name="Tidak ada sambungan").is_visible()
    kept = page.evaluate(
        "caches.keys().then(async (names) => (await Promise.all(names.map(async (name) =>"
        " (await (await caches.open(name)).keys()).map((one) => new URL(one.url).pathname)))).flat())"
    )
    assert kept
    assert all(path.startswith(("/static/", "/luring/")) for path in kept)
