"""trust.txt says which accounts are the organisation's own, and no other."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kentongan.channels.newsroom import writing
from kentongan.registry import actions
from kentongan.registry.models import Account, Person
from named_cast import SYSTEM, Cast

DAY = date(2026, 3, 1)


@pytest.fixture
def lines(cast: Cast, client: Client) -> list[str]:
    """The lines of the file of an office with a site, two live accounts and three that are not its own."""
    writing.open_site("kabar", "Kabar", "")
    for platform, handle, url, state in (
        ("newsroom", "kabar", "http://testserver/kabar/kabar/", "connected"),
        ("mastodon", "kabar@contoh.social", "https://contoh.social/@kabar", "connected"),
        ("x", "pemkab", "", "declared"),
        ("website", "pemkab.go.id", "https://pemkab.go.id", "dormant"),
        ("x", "pemkab_lama", "", "retired"),
        ("x", "pemkab_palsu", "", "impostor"),
    ):
        made = actions.declare_account(SYSTEM, cast.root.pk, platform=platform, handle=handle, url=url)
        Account.objects.filter(pk=made.pk).update(state=state)
    member = Person.objects.create(full_name="Warga", basis="uji")
    Account.objects.create(
        unit=cast.root,
        person=member,
        kind="organic",
        platform="x",
        handle="warga",
        identity="warga",
        url="https://x.com/warga",
    )
    answer = client.get("/trust.txt")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert client.get("/.well-known/trust.txt").content == answer.content
    return answer.content.decode().splitlines()


def test_it_lists_sites_and_official_accounts_and_nothing_else(lines: list[str]) -> None:
    assert [line for line in lines if not line.startswith("#")] == [
        "contact=http://testserver/cek/lapor/",
        "control=http://testserver/kabar/kabar/",
        "social=https://contoh.social/@kabar",
        "control=https://pemkab.go.id",
        "social=https://x.com/pemkab",
    ]


def test_the_newsroom_leads_to_it(lines: list[str], client: Client) -> None:
    page = client.get("/kabar/kabar/")
    assert 'href="/trust.txt"' in page.content.decode()


def test_it_says_whose_they_are_and_what_they_rest_on(cast: Cast, client: Client) -> None:
    made = actions.declare_account(SYSTEM, cast.sukamahi.pk, platform="x", handle="sukamahi")
    letter = actions.note_letter(SYSTEM, cast.sukamahi.pk, number="7/SK\nsocial=https://x.com/palsu", dated=DAY)
    Account.objects.filter(pk=made.pk).update(letter=letter)
    lines = client.get("/trust.txt").content.decode().splitlines()
    assert lines[-2:] == [
        f"# {cast.sukamahi.name}; 7/SK social=https://x.com/palsu, 2026-03-01",
        "social=https://x.com/sukamahi",
    ]


def test_the_file_is_made_once_for_many_readers(cast: Cast, client: Client) -> None:
    first = client.get("/trust.txt").content
    with CaptureQueriesContext(connection) as asked:
        assert client.get("/.well-known/trust.txt").content == first
    assert not any("registry_account" in query["sql"] for query in asked.captured_queries)
