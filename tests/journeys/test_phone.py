"""A member on a phone: from the link to a proven account, and out of a consent again. Real browser, real Bluesky."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from journeys.conftest import PHONE
from kentongan.core.models.messages import Message
from kentongan.registry import actions
from kentongan.registry.actions.people import NewPerson
from kentongan.registry.models import Account, Consent, Person, PersonInvitation
from named_cast import SYSTEM, Cast
from servers.pds import Pds

pytestmark = [pytest.mark.journey, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def ours(live_server: Any, pds: Pds, settings: Any) -> str:
    """The product at an address of its own, which reads profiles from the test's Bluesky server."""
    settings.KENTONGAN_BLUESKY_URL = pds.url
    settings.PUBLIC_URL = live_server.url
    return str(live_server.url)


@pytest.fixture
def euis(ours: str, cast: Cast) -> Person:
    """A village cadre on a list that also states an Instagram account; Arif invites her."""
    new = NewPerson("Euis Komala", cast.sukamahi.pk, "Kader Posyandu", "Daftar kader 2026", phone="0812 1111 2222")
    person = actions.add_person(SYSTEM, new)
    Account.objects.create(
        person=person,
        unit=cast.sukamahi,
        kind="organic",
        state="claimed",
        platform="instagram",
        handle="euis.komala",
        identity="euis.komala",
    )
    actions.invite(cast.actor("arif"), cast.root.pk, [person.pk])
    return person


@pytest.fixture
def phone(ours: str, chromium: Browser) -> Iterator[Page]:
    """A phone without script."""
    context = chromium.new_context(viewport=PHONE, locale="en-US", base_url=ours, java_script_enabled=False)  # type: ignore[arg-type]
    yield context.new_page()
    context.close()


def press(page: Page, intent: str, within: str = "") -> None:
    """Press the button of an act, the first that stands in that part of the page."""
    page.locator(f"{within} button[name=intent][value={intent}]".strip()).first.click()
    page.wait_for_load_state()


def fits(page: Page) -> bool:
    """Whether nothing is wider than the phone."""
    return int(page.locator("html").evaluate("one => one.scrollWidth")) <= PHONE["width"]


def test_from_the_link_to_a_proven_account(phone: Page, euis: Person, pds: Pds, tmp_path: Path) -> None:
    def look(name: str) -> None:
        assert fits(phone), name
        phone.screenshot(path=tmp_path / f"{name}.png", full_page=True)

    link = urlsplit(Message.objects.get(person_id=euis.pk).link).path
    phone.goto(link)
    expect(phone.locator("html")).to_have_attribute("lang", "id")
    look("landing")
    assert PersonInvitation.objects.get().bound_at is None
    press(phone, "open")
    expect(phone.locator("h1")).to_have_text("Data saya")
    look("mine")
    consent = phone.locator("li").filter(has=phone.locator("input[name=purpose][value=accounts]"))
    shown = consent.locator("p").first.inner_text()
    consent.locator("button[value=agree]").click()
    assert Consent.objects.get(person=euis).text == shown
    press(phone, "claim", "#main")
    assert Account.objects.get(platform="instagram").state == "declared"
    _prove_bluesky(phone, pds, look)
    assert Account.objects.get(platform="bluesky").state == "proven"
    phone.goto(link)
    expect(phone.locator("#accounts ~ ul")).to_contain_text("Terbukti")
    look("proven")
    consent = phone.locator("li").filter(has=phone.locator("input[name=purpose][value=accounts]"))
    consent.locator("button[value=end]").click()
    assert not Account.objects.filter(person=euis).exists()
    assert Consent.objects.get(person=euis).revoked_at is not None
    _leave(phone, link, look)
    assert Person.objects.get(pk=euis.pk).state == "withdrawn"


def _prove_bluesky(phone: Page, pds: Pds, look: Any) -> None:
    """State a Bluesky account as it is copied, look too early, put the code into the bio, look again."""
    account = pds.account()
    phone.fill("input[name=account]", f"https://bsky.app/profile/{account['handle']}")
    press(phone, "declare")
    press(phone, "code")
    code = re.search(r"KTG-\w{6}", phone.locator("#main").inner_text())
    assert code
    look("code")
    record = {"$type": "app.bsky.actor.profile", "description": f"Kader Desa Sukamahi. {code[0]}"}
    where = {"repo": account["did"], "collection": "app.bsky.actor.profile", "rkey": "self", "record": record}
    pds.call("com.atproto.repo.putRecord", account["token"], post=where)
    press(phone, "check")
    expect(phone.locator("#main [role=status]")).to_contain_text("Terbukti")
    look("found")


def _leave(phone: Page, link: str, look: Any) -> None:
    """Withdraw, which needs a tick first; then the link opens no more."""
    phone.locator("a[href$='/keluar/']").click()
    phone.get_by_role("button", name="Undurkan diri dan hapus").click()
    expect(phone.locator("[role=alert]")).to_be_visible()
    look("leave")
    phone.check("input[name=sure]")
    phone.get_by_role("button", name="Undurkan diri dan hapus").click()
    expect(phone.locator("h1")).to_have_text("Anda sudah mengundurkan diri")
    answer = phone.goto(link)
    assert answer
    assert answer.status == 410
