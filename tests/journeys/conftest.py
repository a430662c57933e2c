"""The running product with its demo organisation, and people who sit at browsers."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from kentongan.web.demo.cast import PASSWORD
from runtime.installations import Installation
from servers.fixtures import mastodon_server, pds

__all__ = ["mastodon_server", "pds"]

CHROMIUM = next(
    (path for path in (os.environ.get("CHROMIUM", ""), "/usr/bin/chromium") if path and Path(path).exists()), None
)
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 360, "height": 740}
DEMO_SECONDS = 400.0


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """The product as `kentongan up` starts it, with the demo organisation."""
    home = tmp_path_factory.mktemp("office") / "home"
    installation = Installation(
        home, variables={"KENTONGAN_ALLOW_LOCAL_NETWORK": "yes"}, options=(), patience=DEMO_SECONDS
    )
    installation.up()
    yield installation
    installation.destroy()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real Chromium."""
    # Playwright's loop runs in this thread; Django takes it for an async context and would refuse its database.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM)
        yield browser
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@dataclass
class Office:
    """The office's people, each at a browser of their own; what their consoles complain about is kept."""

    address: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)
    pages: dict[str, Page] = field(default_factory=dict)

    def _open(self, size: dict[str, int], **options: object) -> Page:
        context = self.browser.new_context(viewport=size, locale="id-ID", base_url=self.address, **options)  # type: ignore[arg-type]
        page = context.new_page()
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, kind: str, text: str) -> None:
        if kind == "error" and not re.search(r"status of (403|404|409|422)", text):
            self.complaints.append(text)

    def someone(self, name: str) -> Page:
        """Return the page of somebody of the cast, signed in."""
        if name not in self.pages:
            page = self._open(DESKTOP)
            page.goto("/akun/login/")
            page.fill("input[name=login]", f"{name}@example.id")
            page.fill("input[name=password]", PASSWORD)
            page.click("main form button[type=submit] >> nth=0")
            expect(page.locator("#main")).to_be_visible()
            self.pages[name] = page
        return self.pages[name]

    def phone(self) -> Page:
        """Return a phone that nobody is signed in on, without script."""
        return self._open(PHONE, java_script_enabled=False)


@pytest.fixture
def people(office: Installation, chromium: Browser) -> Iterator[Office]:
    """Everybody at the office; no console may have complained by the end."""
    there = Office(f"http://127.0.0.1:{office.port}", chromium)
    yield there
    for page in there.pages.values():
        page.context.close()
    assert not there.complaints
