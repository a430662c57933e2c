"""Posts in a spreadsheet: in review at the end, known again, taken back; nothing skips approval or safeguards."""

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.cli import publish
from kentongan.core import audit, clock, files, imports, jobs
from kentongan.core.errors import Conflict, NotAllowed
from kentongan.core.imports import Cell, ImportRun, RowError
from kentongan.core.imports.preview import preview
from kentongan.core.models import User
from kentongan.core.models.files import StoredFile
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability, Role
from kentongan.planning import actions as planning
from kentongan.planning import approvals, telling
from kentongan.planning.drafts import BriefDraft, ItemDraft
from kentongan.planning.models import ContentItem
from kentongan.publishing.actions import sheets
from kentongan.publishing.actions.booking import book
from kentongan.publishing.models import Booking, Delivery, SheetPost
from kentongan.publishing.sheets.entries import PostEntry, read
from kentongan.publishing.sheets.kind import PostSheet
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from kentongan.safeguards import actions as safeguards
from kentongan.safeguards import queries as rules
from named_cast import SYSTEM
from publishing.desk import Desk

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]
HEADINGS = ("Tanggal", "Jam", "Zona", "Unit", "Akun", "Kanal", "Judul", "Teks", "Teks Mastodon", "Kode")
DAY = timedelta(days=1)
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc33"
    "0000000049454e44ae426082"
)


def soon(days: int = 3) -> str:
    """Return a coming day as offices write it."""
    return f"{clock.now() + days * DAY:%d/%m/%Y}"


def line(**cells: str) -> list[str]:
    """Return a row of the sheet."""
    usual = {"Tanggal": soon(), "Jam": "09.30", "Teks": "Jalan Setu ditutup sampai Jumat, lewat jalur Serang."}
    return [(usual | cells).get(heading, "") for heading in HEADINGS]


def sheet(rows: Sequence[Sequence[str]], headings: Sequence[str] = HEADINGS) -> bytes:
    """Return a CSV."""
    return "\n".join(";".join(row) for row in [headings, *rows]).encode()


def upload(desk: Desk, rows: Sequence[Sequence[str]], who: str = "dewi", **more: Any) -> ImportRun:
    """Upload a sheet for the root."""
    headings = more.pop("headings", HEADINGS)
    return imports.upload(
        desk.cast.actor(who),
        "publishing.posts",
        more.pop("unit", desk.cast.root).pk,
        BytesIO(sheet(rows, headings)),
        "jadwal.csv",
        options=more.pop("options", {}),
    )


def bring(desk: Desk, rows: Sequence[Sequence[str]], who: str = "dewi", **more: Any) -> ImportRun:
    """Bring a sheet in."""
    run = upload(desk, rows, who, **more)
    jobs.run_now(imports.confirm(desk.cast.actor(who), run.pk, inline=True))
    run.refresh_from_db()
    assert run.state == ImportRun.State.DONE
    return run


def counts(run: ImportRun) -> tuple[int, int, int, int]:
    """Return new, changed, same, rejected."""
    return run.rows_new, run.rows_changed, run.rows_same, run.rows_rejected


def reason(run: ImportRun) -> str:
    """Return why the one rejected row was."""
    return run.rejects.get().reason


@pytest.fixture
def account(desk: Desk) -> Account:
    """A Mastodon account of the root; the rules are loaded."""
    safeguards.load_rules(SYSTEM)
    return desk.account()


def upload_picture(
    desk: Desk, name: str, mark: int = 0, who: str = "dewi", capability: Capability = Capability.LISTEN
) -> StoredFile:
    """Store a picture at the root; another mark is another content."""
    content = files.keep(BytesIO(PNG + bytes([mark])))
    return files.register(desk.cast.actor(who), content, name, unit_id=desk.cast.root.pk, capability=capability)


def on_an_item(desk: Desk, file: StoredFile, title: str = "Peta", ai_generated: bool = False) -> None:
    """Make an item with that picture."""
    dewi = desk.cast.actor("dewi")
    item = planning.create_item(dewi, ItemDraft(title, "", "service"), unit_id=desk.cast.root.pk)
    planning.add_asset(dewi, item.pk, file, alt="Peta jalan Setu", ai_generated=ai_generated)


def approve(desk: Desk, item: ContentItem, who: str = "hendra", effects: str | None = None) -> ContentItem:
    """Approve an item as a second person does who looked at it just now, or when it had those effects."""
    codes = [rule.code for rule in rules.checklist(item.purpose)]
    seen = approvals.effects(ContentItem.objects.get(pk=item.pk)).digest if effects is None else effects
    return planning.approve(desk.cast.actor(who), item.pk, version=item.version, checklist=codes, effects=seen)


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


def test_who_approves_confirms_where_and_when_it_goes(desk: Desk, account: Account, sign_in: SignIn) -> None:
    bring(desk, [line()])
    item, dewi = ContentItem.objects.get(), desk.cast.actor("dewi")
    first = approvals.effects(item).digest
    planning.plan_item(dewi, item.pk, clock.now() + 4 * DAY)
    second = approvals.effects(ContentItem.objects.get()).digest
    book(dewi, item.pk, [account.pk, desk.account("mastodon", handle="lain").pk])
    client = sign_in(desk.cast.user("hendra"))
    address = reverse("planning:item_approve", args=[item.pk])
    data = {"version": item.version, "checklist": [rule.code for rule in rules.checklist(item.purpose)]}
    for stale in ("", first, second):
        with pytest.raises(Conflict):
            approve(desk, item, effects=stale)
        assert client.post(address, data | {"effects": stale}).status_code == 409
    assert not Delivery.objects.exists()
    page = client.get(reverse("planning:item", args=[item.pk])).content.decode()
    (seen,) = re.findall(r'name="effects" value="(\w+)"', page)
    assert client.post(address, data | {"effects": seen}).status_code == 302
    assert Delivery.objects.count() == 2


def test_the_same_file_twice_changes_nothing(desk: Desk, account: Account) -> None:
    rows = [line(Kode="1"), line(Jam="10.00")]
    bring(desk, rows)
    before = list(ContentItem.objects.order_by("pk").values())
    assert counts(bring(desk, rows)) == (0, 0, 2, 0)
    assert list(ContentItem.objects.order_by("pk").values()) == before


def test_a_row_with_a_code_changes_its_post_until_it_is_approved(desk: Desk, account: Account) -> None:
    bring(desk, [line(Kode="A1")])
    assert counts(bring(desk, [line(Kode="A1", Jam="15.00", Teks="Jalan Setu dibuka kembali hari ini.")])) == (
        0,
        1,
        0,
        0,
    )
    item = ContentItem.objects.get()
    assert item.planned_for is not None
    assert (item.planned_for.astimezone(clock.zone("Asia/Jakarta")).hour, item.state) == (15, "in_review")
    assert item.renditions.get().text == "Jalan Setu dibuka kembali hari ini."
    approve(desk, item)
    run = bring(desk, [line(Kode="A1", Jam="16.00")])
    assert counts(run) == (0, 0, 0, 1)
    item.refresh_from_db()
    assert item.state == "approved"


def test_what_somebody_changed_by_hand_is_not_overwritten(desk: Desk, account: Account) -> None:
    first = bring(desk, [line(Kode=code) for code in ("text", "time", "accounts")])
    text, moved, booked = ContentItem.objects.order_by("pk")
    dewi, by_hand = desk.cast.actor("dewi"), clock.now() + 5 * DAY
    picture = upload_picture(desk, "setu.png")
    planning.add_asset(dewi, text.pk, picture, alt="Peta jalan Setu", ai_generated=False)
    planning.plan_item(dewi, moved.pk, by_hand)
    book(dewi, booked.pk, [desk.account("bluesky").pk])
    rows = [line(Kode=code, Jam="15.00", Akun=account.handle) for code in ("text", "time", "accounts")]
    assert counts(bring(desk, rows)) == (0, 0, 0, 3)
    moved.refresh_from_db()
    assert moved.planned_for == by_hand
    jobs.run_now(imports.undo(dewi, first.pk, inline=True))
    assert set(ContentItem.objects.all()) >= {text, moved, booked}


def test_a_later_sheet_exchanges_the_picture_and_its_undo_brings_it_back(desk: Desk, account: Account) -> None:
    on_an_item(desk, upload_picture(desk, "setu.png"))
    on_an_item(desk, upload_picture(desk, "serang.png", 1), ai_generated=True)
    headings = (*HEADINGS, "Gambar", "Alt")
    bring(desk, [[*line(Kode="1"), "setu.png", "Jalan Setu"]], headings=headings)
    item = ContentItem.objects.latest("pk")
    for cells, wanted in (
        (("setu.png", "Jalan Setu ditutup"), ("setu.png", "Jalan Setu ditutup", False)),
        (("serang.png", "Jalur Serang"), ("serang.png", "Jalur Serang", True)),
    ):
        changed = bring(desk, [[*line(Kode="1"), *cells]], headings=headings)
        assert counts(changed) == (0, 1, 0, 0)
        assert item.assets.values_list("file__name", "alt", "ai_generated").get() == wanted
    jobs.run_now(imports.undo(desk.cast.actor("dewi"), changed.pk, inline=True))
    assert item.assets.get().alt == "Jalan Setu ditutup"
    assert counts(bring(desk, [line(Kode="1")])) == (0, 1, 0, 0)
    assert not item.assets.exists()


def test_a_post_stays_with_its_brief(desk: Desk, account: Account) -> None:
    planning.create_brief(
        desk.cast.actor("dewi"), desk.cast.root.pk, BriefDraft("Jalan Setu", "Ditutup", "Warga", clock.now() + DAY)
    )
    headings = (*HEADINGS, "Brief")
    bring(desk, [[*line(Kode="1"), "Jalan Setu"], line(Kode="2")], headings=headings)
    run = bring(desk, [[*line(Kode="1", Jam="10.00"), ""], [*line(Kode="2"), "Jalan Setu"]], headings=headings)
    assert counts(run) == (0, 0, 0, 2)
    assert list(ContentItem.objects.order_by("pk").values_list("brief__title", flat=True)) == ["Jalan Setu", None]


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


def test_briefs_and_pictures_are_named(desk: Desk, account: Account) -> None:
    dewi = desk.cast.actor("dewi")
    brief = planning.create_brief(
        dewi, desk.cast.root.pk, BriefDraft("Jalan Setu", "Ditutup", "Pengendara", clock.now() + DAY)
    )
    on_an_item(desk, upload_picture(desk, "setu.png"))
    headings = (*HEADINGS, "Brief", "Gambar", "Alt")
    rows = [
        [*line(Kode="1"), "jalan setu", "setu.png", "Jalan yang ditutup"],
        [*line(Kode="2"), "Tidak ada", "", ""],
        [*line(Kode="3"), "", "lain.png", "Jalan yang ditutup"],
        [*line(Kode="4"), "", "setu.png", ""],
        [*line(Kode="5"), "", "https://example.id/x.png", "Jalan yang ditutup"],
    ]
    assert counts(bring(desk, rows, headings=headings)) == (1, 0, 0, 4)
    item = ContentItem.objects.latest("pk")
    assert (item.brief, item.state) == (brief, "in_review")
    assert item.assets.get().alt == "Jalan yang ditutup"
    approve(desk, item)
    assert Delivery.objects.get().content["images"]


def test_only_pictures_of_items_are_named_and_only_one_of_a_name(desk: Desk, account: Account) -> None:
    upload_picture(desk, "SK.png", capability=Capability.ADMINISTER)
    for mark in (0, 1):
        on_an_item(desk, upload_picture(desk, "sama.png", mark), f"Peta {mark}")
    on_an_item(desk, upload_picture(desk, "ulang.png", who="euis"), "Diunggah dua kali")
    on_an_item(desk, upload_picture(desk, "ulang.png"), "Diunggah dua kali")
    there = ContentItem.objects.count()
    for name, wanted in (("SK.png", 0), ("sama.png", 0), ("ulang.png", 1)):
        run = bring(desk, [[*line(Kode=name), name, "Keputusan camat"]], headings=(*HEADINGS, "Gambar", "Alt"))
        assert counts(run) == (wanted, 0, 0, 1 - wanted), name
    assert ContentItem.objects.count() == there + 1


def test_an_account_whose_names_differ_by_an_at_sign_is_one(desk: Desk, account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(display_name=f"@{account.handle.upper()}")
    assert counts(bring(desk, [line(Akun=account.handle)])) == (1, 0, 0, 0)


def test_undo_removes_what_nobody_touched(desk: Desk, account: Account) -> None:
    run = bring(desk, [line(Kode=str(n)) for n in range(3)])
    approved, commented, _left = ContentItem.objects.order_by("pk")
    approve(desk, approved)
    planning.comment(desk.cast.actor("dewi"), commented.pk, "Bagus")
    job = imports.undo(desk.cast.actor("dewi"), run.pk, inline=True)
    jobs.run_now(job)
    run.refresh_from_db()
    assert (run.state, run.rows_undone) == (ImportRun.State.UNDONE, 1)
    assert set(ContentItem.objects.all()) == {approved, commented}
    assert counts(bring(desk, [line(Kode="2")])) == (1, 0, 0, 0)


def test_undo_of_many_posts_costs_no_more_queries(desk: Desk, account: Account) -> None:
    dewi = desk.cast.actor("dewi")
    counted = []
    for count in (2, 9):
        run = bring(desk, [line(Kode=f"{count}-{n}") for n in range(count)])
        rows = list(SheetPost.objects.filter(run=run).select_related("item"))
        with CaptureQueriesContext(connection) as captured:
            assert sheets.take_back(dewi, run, [row.pk for row in rows]) == count
        counted.append(len(captured))
        entry = audit.trail(rows[0].item)[0]
        assert (entry.verb, entry.note, entry.user_id) == ("publishing.sheet.take_back", f"#{run.pk}", dewi.user_id)
    assert not ContentItem.objects.exists()
    assert counted[1] == counted[0]


def test_undo_restores_what_it_changed(desk: Desk, account: Account) -> None:
    bring(desk, [line(Kode="1")])
    before = ContentItem.objects.values("title", "text", "planned_for").get()
    changed = bring(desk, [line(Kode="1", Jam="15.00", Teks="Jalan Setu dibuka kembali hari ini.")])
    jobs.run_now(imports.undo(desk.cast.actor("dewi"), changed.pk, inline=True))
    assert ContentItem.objects.values("title", "text", "planned_for").get() == before
    assert counts(bring(desk, [line(Kode="1")])) == (0, 0, 1, 0)


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
