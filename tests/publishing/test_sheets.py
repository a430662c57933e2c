"""Posts in a spreadsheet: in review at the end, known again, taken back; nothing skips approval or safeguards."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from kentongan.cli import publish
from kentongan.core import clock
from kentongan.core.errors import NotAllowed
from kentongan.core.imports import Cell, RowError
from kentongan.core.imports.preview import preview
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Role
from kentongan.planning import actions as planning
from kentongan.planning import telling
from kentongan.planning.drafts import BriefDraft
from kentongan.planning.models import ContentItem
from kentongan.publishing.models import Booking, Delivery
from kentongan.publishing.sheets.entries import PostEntry, read
from kentongan.publishing.sheets.kind import PostSheet
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.sheets import DAY, HEADINGS, approve, bring, counts, line, reason, sheet, upload

pytestmark = pytest.mark.django_db


def test_a_row_waits_for_approval_and_then_goes_where_and_when_it_says(desk: Desk, account: Account) -> None:
    newsroom = desk.account("newsroom")
    run = bring(desk, [line(Judul="Jalan Setu", **{"Teks Mastodon": "Pendek."}), line(Akun=account.handle, Zona="WIT")])
    assert counts(run) == (2, 0, 0, 0)
    first, second = ContentItem.objects.order_by("pk")
    local = (clock.now() + 3 * DAY).date()
    assert first.planned_for == datetime.combine(local, time(9, 30), clock.zone("Asia/Jakarta"))
    assert second.planned_for == datetime.combine(local, time(9, 30), clock.zone("Asia/Jayapura"))
    assert (first.state, first.title, first.created_by) == ("in_review", "Jalan Setu", desk.cast.user("dewi"))
    assert dict(first.renditions.values_list("kind", "text")) == {
        "mastodon": "Pendek.",
        "newsroom": "Jalan Setu ditutup sampai Jumat, lewat jalur Serang.",
    }
    assert set(first.bookings.values_list("account_id", flat=True)) == {account.pk, newsroom.pk}
    assert not Delivery.objects.exists()

    approve(desk, first)
    made = Delivery.objects.filter(item=first)
    assert {row.account_id: (row.state, row.due_at, row.scheduled_by) for row in made} == {
        pk: ("ready", first.planned_for, desk.cast.user("hendra")) for pk in (account.pk, newsroom.pk)
    }
    assert not first.bookings.exists()
    assert second.bookings.count() == 1


def test_who_wrote_the_sheet_approves_nothing_of_it(desk: Desk, account: Account) -> None:
    registry.grant_role(SYSTEM, desk.cast.user("dewi").pk, desk.cast.root.pk, Role.APPROVER)
    bring(desk, [line()])
    with pytest.raises(NotAllowed):
        approve(desk, ContentItem.objects.get(), "dewi")
    assert not Delivery.objects.exists()


def test_approvers_are_told_once_of_all(desk: Desk, account: Account) -> None:
    bring(desk, [line(Kode=str(n)) for n in range(12)])
    messages = list(Message.objects.filter(purpose=telling.REVIEW))
    assert [row.recipient for row in messages].count(str(desk.cast.user("hendra"))) == 1
    assert all(" 12 " in row.body for row in messages)


def test_approvers_of_each_unit_are_told_of_what_is_theirs(desk: Desk, account: Account) -> None:
    tambun = desk.cast.tambun_selatan
    registry.grant_role(SYSTEM, desk.cast.user("sari").pk, tambun.pk, Role.APPROVER)
    brief = BriefDraft("Tambun", "Ditutup", "Warga", clock.now() + DAY)
    planning.create_brief(desk.cast.actor("dewi"), tambun.pk, brief)
    headings = (*HEADINGS, "Brief")
    bring(desk, [[*line(Kode="1"), "Tambun"], *([*line(Kode=str(n)), ""] for n in range(2, 5))], headings=headings)
    told = dict(Message.objects.filter(purpose=telling.REVIEW).values_list("recipient", "body"))
    assert {name: " 1 " in body for name, body in told.items()} == {"Sari": True, "Hendra": False, "Wulan": False}
    assert " 3 " in told["Hendra"]


def test_an_approver_without_rights_at_the_account_leaves_it_booked(desk: Desk, account: Account) -> None:
    run = bring(desk, [line()])
    item = ContentItem.objects.get()
    registry.disconnect(SYSTEM, account.pk)
    approve(desk, item)
    booking = Booking.objects.get()
    assert booking.problem
    assert not Delivery.objects.exists()
    assert run.rows_new == 1


def test_a_time_that_passed_before_the_approval_is_told(desk: Desk, account: Account) -> None:
    bring(desk, [line()])
    item = ContentItem.objects.get()
    planning.plan_item(desk.cast.actor("dewi"), item.pk, clock.now() - DAY)
    approve(desk, item)
    assert Booking.objects.get().problem == "Waktu ini sudah lewat."
    assert not Delivery.objects.exists()


@pytest.mark.parametrize(
    "cells",
    [
        {"Tanggal": "kapan-kapan"},
        {"Jam": "25.00"},
        {"Jam": "pagi"},
        {"Zona": "GMT"},
        {"Akun": "@tidak-ada"},
        {"Kanal": "faks"},
        {"Kanal": "Bluesky"},
        {"Unit": "99.99"},
        {"Teks": ""},
        {"Teks": "a" * 501},
        {"Tanggal": "01/01/2020"},
        {"Tanggal": "31/12/9999"},
    ],
)
def test_what_cannot_be_used_is_rejected_with_its_reason(desk: Desk, account: Account, cells: dict[str, str]) -> None:
    run = bring(desk, [line(**cells), line(Kode="baik")])
    assert counts(run) == (1, 0, 0, 1)
    assert reason(run)
    assert ContentItem.objects.count() == 1


def test_a_post_that_stands_twice_comes_in_once(desk: Desk, account: Account) -> None:
    assert counts(bring(desk, [line(), line()])) == (1, 0, 0, 1)


def test_accounts_of_others_do_not_exist_here(desk: Desk, account: Account) -> None:
    tambun = desk.account(unit=desk.cast.tambun_selatan, handle="tambun")
    run = bring(desk, [line(Akun=account.handle)], "euis", unit=desk.cast.tambun_selatan)
    assert counts(run) == (0, 0, 0, 1)
    assert counts(bring(desk, [line(Akun=tambun.handle)], "euis", unit=desk.cast.tambun_selatan)) == (1, 0, 0, 0)
    by_unit = bring(desk, [line(Unit="32.16.06", Kode="x"), line(Unit="kecamatan tambun selatan", Kode="y")])
    assert counts(by_unit) == (2, 0, 0, 0)
    assert set(Booking.objects.values_list("account", flat=True)) == {tambun.pk}


@pytest.mark.parametrize("who", ["hendra", "sari", "maman", "euis"])
def test_only_who_writes_there_brings_a_sheet_in(desk: Desk, account: Account, who: str) -> None:
    with pytest.raises(NotAllowed):
        upload(desk, [line()], who)


def test_campaign_content_is_refused_where_it_is_forbidden(desk: Desk, account: Account) -> None:
    headings = (*HEADINGS, "Tujuan")
    run = bring(desk, [[*line(), "kampanye"], [*line(Kode="b"), "layanan publik"]], headings=headings)
    assert counts(run) == (1, 0, 0, 1)


def test_a_party_has_to_say_what_it_is_for(party_desk: Desk) -> None:
    party_desk.account()
    assert counts(bring(party_desk, [line()])) == (0, 0, 0, 1)
    assert counts(bring(party_desk, [line()], options={"purpose": "kampanye"})) == (1, 0, 0, 0)
    assert ContentItem.objects.get().purpose == "campaign"


def test_an_account_whose_names_differ_by_an_at_sign_is_one(desk: Desk, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(display_name=f"@{account.handle.upper()}")
    assert counts(bring(desk, [line(Akun=account.handle)])) == (1, 0, 0, 0)


def test_the_preview_says_what_would_become_of_each_row(desk: Desk, account: Account) -> None:
    bring(desk, [line(Kode="1"), line(Kode="2")])
    rows = [line(Kode="1"), line(Kode="2", Jam="11.00"), line(Kode="3"), line(Kode="4", Akun="@bukan")]
    run = upload(desk, rows)
    shown = preview(run, PostSheet(), dict(run.mapping), {})
    assert {name: n for name, n in shown.outcomes if n} == {"same": 1, "changed": 1, "new": 1, "rejected": 1}
    assert account.handle in {row.meant.rpartition(" ")[2] for row in shown.rows}
    assert ContentItem.objects.count() == 2


def test_the_preview_costs_the_same_for_many_rows(
    desk: Desk, account: Account, django_assert_max_num_queries: Callable
) -> None:
    few, many = upload(desk, [line(Kode="1")]), upload(desk, [line(Kode=str(n)) for n in range(200)])
    with CaptureQueriesContext(connection) as captured:
        preview(few, PostSheet(), dict(few.mapping), {})
    with django_assert_max_num_queries(len(captured)):
        preview(many, PostSheet(), dict(many.mapping), {})


@pytest.mark.parametrize(
    ("day", "hour", "wanted"),
    [
        ("2027-03-01", "9:05", "2027-03-01T02:05"),
        ("1/3/2027", time(9, 5), "2027-03-01T02:05"),
        ("1 Maret 2027", 0.5, "2027-03-01T05:00"),
        (date(2027, 3, 1), timedelta(hours=9), "2027-03-01T02:00"),
        (datetime(2027, 3, 1, 9, 5), None, "2027-03-01T02:05"),
        ("2027-03-01T09:05:00+09:00", None, "2027-03-01T00:05"),
        ("2027-03-01", "09.05 WITA", "2027-03-01T01:05"),
    ],
)
def test_days_and_times_as_offices_write_them(day: Cell, hour: Cell, wanted: str) -> None:
    entry = _entry(date=day, time=hour)
    assert entry.due_at(clock.zone("Asia/Jakarta")).astimezone(UTC).isoformat()[:16] == wanted


def _entry(**cells: Cell) -> PostEntry:
    empty: dict[str, Cell] = dict.fromkeys(field.name for field in PostSheet.fields)
    return read(empty | {"date": "2027-03-01", "text": "Cek data Anda."} | cells)


def test_a_long_cell_is_a_reason_not_a_crash() -> None:
    for cells in (
        {"title": "j" * 201},
        {"link": "https://x.id/" + "a" * 600},
        {"code": "k" * 90},
        {"text": "t" * 20_001},
    ):
        with pytest.raises(RowError):
            _entry(**cells)


def test_the_command_brings_a_sheet_in(desk: Desk, account: Account, run_command: Callable, tmp_path: Any) -> None:
    file = tmp_path / "jadwal.csv"
    file.write_bytes(sheet([line(Kode="1"), line(Kode="2", Akun="@bukan")]))
    told = run_command(publish, "import", "32.16", file, "--as", desk.cast.user("dewi").email, "--yes")
    assert (told["new"], told["rejected"], told["state"]) == (1, 1, "done")
    assert "@bukan" in (tmp_path / "jadwal.csv.rejects.csv").read_text(encoding="utf-8-sig")
    again = run_command(publish, "import", "32.16", file, "--as", desk.cast.user("dewi").email, "--yes")
    assert (again["new"], again["same"]) == (0, 1)
