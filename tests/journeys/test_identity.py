"""How staff sign in, in a real browser: password, code by e-mail, app, recovery code, passkey; and being locked out."""

import base64
import hashlib
import hmac
import re
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from playwright.sync_api import Browser, BrowserContext, Page, expect

from runtime.installations import Installation, free_port, wait_until

pytestmark = pytest.mark.journey

PASSWORD = "kata-sandi-kantor-kami"
FOUND = ("organisation", "found", "KPU Kabupaten Sumedang", "--kind", "commission", "--area", "32.11")
PERIOD = 30
# All in one process: `users create` for each would start Python and Django five times.
COLLEAGUES = f"""
from kentongan.core.actor import Actor
from kentongan.core.permissions import Role
from kentongan.registry.actions import people, roles
from kentongan.registry.models import Unit
actor, unit = Actor.system("cli:tests"), Unit.objects.get()
for name in ("dewi", "budi", "citra", "eko", "fajar"):
    user = people.add_user(actor, unit.pk, email=f"{{name}}@example.id", name=name.title(), password="{PASSWORD}")
    roles.grant_role(actor, user.pk, unit.pk, Role.EDITOR)
"""


class Letterbox:
    """A real SMTP server that keeps what it is handed."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, _server: object, _session: object, envelope: Envelope
    ) -> str:
        self.texts.append((envelope.content or b"").decode())  # type: ignore[union-attr]
        return "250 kept"


@pytest.fixture(scope="module")
def letters() -> Iterator[tuple[Letterbox, int]]:
    box, port = Letterbox(), free_port()
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    yield box, port
    server.stop()


@pytest.fixture(scope="module")
def bureau(letters: tuple[Letterbox, int], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """An office without the demo; people come to it as localhost, since a bare number cannot have passkeys."""
    home, port = tmp_path_factory.mktemp("bureau") / "home", free_port()
    variables = {
        "KENTONGAN_PUBLIC_URL": f"http://localhost:{port}",
        "KENTONGAN_EMAIL_URL": f"smtp://127.0.0.1:{letters[1]}",
    }
    installation = Installation(home, port=port, variables=variables)
    installation.up()
    for words, text in (
        ((*FOUND, "--admin", "sari@example.id", "--password-stdin"), f"{PASSWORD}\n"),
        (("manage", "shell", "--verbosity=0", "--command", COLLEAGUES), ""),
    ):
        done = installation.run(*words, text=text)
        assert done.returncode == 0, done.stderr
    yield installation
    installation.destroy()


@pytest.fixture
def browsers(bureau: Installation, chromium: Browser) -> Iterator[Callable[[], Page]]:
    """Open browsers that share nothing; none of their consoles may have complained by the end."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def one() -> Page:
        contexts.append(chromium.new_context(base_url=f"http://localhost:{bureau.port}", locale="id-ID"))
        page = contexts[-1].new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        return page

    yield one
    for context in contexts:
        context.close()
    assert not complaints


def one_time_code(secret: str, moment: float) -> str:
    """Return what an authenticator app shows at that moment (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, struct.pack(">Q", int(moment // PERIOD)), hashlib.sha1).digest()
    at = digest[-1] & 0x0F
    return f"{(struct.unpack('>I', digest[at : at + 4])[0] & 0x7FFFFFFF) % 10**6:06d}"


def give_password(page: Page, address: str, password: str = PASSWORD) -> None:
    page.goto("/akun/login/")
    page.get_by_label("Surel").fill(address)
    page.get_by_label("Kata sandi", exact=True).fill(password)
    page.get_by_role("button", name="Masuk", exact=True).click()


def expect_inside(page: Page) -> None:
    expect(page.get_by_role("link", name="Pengaturan").first).to_be_visible()


def sign_out(page: Page) -> None:
    page.goto("/pengaturan/profil/")
    page.locator("#main").get_by_role("button", name="Keluar").click()
    expect(page.get_by_role("heading", name="Masuk")).to_be_visible()


def confirm_password(page: Page) -> None:
    expect(page.get_by_role("heading", name="Pastikan ini Anda")).to_be_visible()
    page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Konfirmasi").click()


def with_authenticator(page: Page) -> Any:
    """Give the browser a fingerprint reader that always agrees."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices


def test_password_and_the_other_sessions(browsers: Callable[[], Page]) -> None:
    address, desk, phone = "dewi@example.id", browsers(), browsers()
    give_password(desk, address, "kata-sandi-yang-lain")
    expect(desk.get_by_role("alert")).to_contain_text("tidak benar")
    for page in (desk, phone):
        give_password(page, address)
        expect_inside(page)
    desk.goto("/akun/sessions/")
    expect(desk.locator(".k-key")).to_have_count(2)
    expect(desk.locator(".k-key").first).to_contain_text("Chrome, Linux")
    desk.get_by_role("button", name="Keluar dari semua yang lain").click()
    expect(desk.locator(".k-key")).to_have_count(1)
    phone.goto("/pengaturan/profil/")
    expect(phone.get_by_role("heading", name="Masuk")).to_be_visible()


def test_code_by_email(browsers: Callable[[], Page], letters: tuple[Letterbox, int]) -> None:
    address, page, (box, _port) = "budi@example.id", browsers(), letters
    before = len(box.texts)
    page.goto("/akun/login/")
    page.get_by_role("link", name="Kirimi saya kode masuk").click()
    page.get_by_label("Surel").fill(address)
    page.get_by_role("button", name="Kirim kodenya").click()
    page.get_by_label("Kode").fill("AAAA-AAAA")
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect(page.locator(".k-error")).to_contain_text("Kode ini salah")
    wait_until(lambda: len(box.texts) > before, "the letter with the code")
    found = re.search(r"^([A-Z0-9]{4}-[A-Z0-9]{4})\r?$", box.texts[-1], re.M)
    assert found, box.texts[-1]
    page.get_by_label("Kode").fill(found[1])
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect_inside(page)


def test_app_and_recovery_codes(browsers: Callable[[], Page]) -> None:
    address, page = "citra@example.id", browsers()
    give_password(page, address)
    expect_inside(page)
    page.goto("/akun/2fa/")
    page.get_by_role("link", name="Siapkan aplikasi").click()
    confirm_password(page)
    secret = page.locator("#authenticator_secret").inner_text()
    page.get_by_label("Kode yang ditampilkan aplikasi").fill("000000")
    page.get_by_role("button", name="Aktifkan").click()
    expect(page.locator(".k-error")).to_contain_text("Kode ini salah")
    now = time.time()
    page.get_by_label("Kode yang ditampilkan aplikasi").fill(one_time_code(secret, now))
    page.get_by_role("button", name="Aktifkan").click()
    codes = page.locator("#recovery_codes li")
    expect(codes).to_have_count(10)
    recovery = codes.first.inner_text()
    sign_out(page)

    give_password(page, address)
    expect(page.get_by_role("heading", name="Langkah kedua")).to_be_visible()
    expect(page.get_by_label("Kode")).to_be_focused()
    page.get_by_label("Kode").fill("000000")
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect(page.locator(".k-error")).to_contain_text("Kode ini salah")
    # A code counts once; the next one counts already, for clocks that are a little ahead.
    page.get_by_label("Kode").fill(one_time_code(secret, now + PERIOD))
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect_inside(page)
    sign_out(page)

    give_password(page, address)
    expect(page.get_by_role("heading", name="Langkah kedua")).to_be_visible()
    page.get_by_label("Kode").fill(recovery)
    page.get_by_role("button", name="Masuk", exact=True).click()
    expect_inside(page)
    page.goto("/akun/2fa/")
    expect(page.get_by_text("Tersisa 9 kode")).to_be_visible()


def test_passkey(browsers: Callable[[], Page]) -> None:
    address, page = "eko@example.id", browsers()
    devices = with_authenticator(page)
    give_password(page, address)
    expect_inside(page)
    page.goto("/akun/2fa/")
    page.get_by_role("link", name="Tambah kunci sandi").click()
    confirm_password(page)
    page.get_by_label("Nama kunci sandi").fill("Laptop kantor")
    page.get_by_role("button", name="Tambahkan").click()
    expect(page.get_by_text("Kunci sandi ditambahkan.")).to_be_visible()
    sign_out(page)

    page.get_by_role("button", name="Masuk dengan kunci sandi").click()
    expect_inside(page)
    page.goto("/akun/2fa/webauthn/")
    expect(page.locator(".k-key")).to_contain_text("Laptop kantor")
    page.get_by_role("link", name="Hapus").click()
    confirm_password(page)
    page.get_by_role("button", name="Ya, hapus").click()
    expect(page.get_by_text("Belum ada kunci sandi")).to_be_visible()
    sign_out(page)

    page.get_by_role("button", name="Masuk dengan kunci sandi").click()
    expect(page.get_by_text("tidak dikenal di sini")).to_be_visible()
    give_password(page, address)
    expect_inside(page)
    devices.detach()


def test_too_many_wrong_passwords(browsers: Callable[[], Page]) -> None:
    address, page = "fajar@example.id", browsers()
    for _attempt in range(5):
        give_password(page, address, "kata-sandi-yang-lain")
        expect(page.get_by_role("alert")).to_contain_text("tidak benar")
    give_password(page, address)
    expect(page.get_by_role("alert")).to_contain_text("Tunggu lima menit")
