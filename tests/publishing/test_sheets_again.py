"""Posts of a spreadsheet that comes again, or is taken back: what people touched stays, what was seen is approved."""

import re
from collections.abc import Callable, Sequence

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kentongan.cli import plan
from kentongan.core import audit, clock, imports, jobs, tokens
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.imports import ImportRun, Row
from kentongan.core.models import MediaFacts, User
from kentongan.core.permissions import Capability
from kentongan.planning import actions as planning
from kentongan.planning import approvals
from kentongan.planning.drafts import BriefDraft, CampaignDraft
from kentongan.planning.models import ContentItem
from kentongan.publishing.actions import sheets
from kentongan.publishing.actions.booking import book
from kentongan.publishing.models import Booking, Delivery, SheetPost
from kentongan.publishing.sheets.matching import Decision, Matcher
from kentongan.registry.models import Account
from kentongan.safeguards import queries as rules
from publishing.desk import Desk
from publishing.sheets import (
    DAY,
    HEADINGS,
    approve,
    bring,
    counts,
    line,
    on_an_item,
    reason,
    upload_picture,
)

pytestmark = pytest.mark.django_db
SignIn = Callable[[User], Client]


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


def test_commands_and_api_confirm_it_too(desk: Desk, account: Account, run_command: Callable, client: Client) -> None:
    bring(desk, [line(Kode="1"), line(Kode="2")])
    first, second = ContentItem.objects.order_by("pk")
    hendra = ("--as", desk.cast.user("hendra").email)
    shown = run_command(plan, "show", first.pk, *hendra)
    assert shown["effects"]["count"] == 1
    ticks = [word for row in shown["checklist"] for word in ("--tick", row["code"])]
    words = ("approve", first.pk, "--version", shown["version"], *ticks, *hendra)
    with pytest.raises(Conflict):
        run_command(plan, *words)
    assert run_command(plan, *words, "--effects", shown["effects"]["digest"])["state"] == "approved"

    _row, secret = tokens.create(desk.cast.actor("hendra"), "uji", ("planning:write", "publishing:write"))
    client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    path = f"/api/v1/planning/items/{second.pk}"
    read = client.get(path).json()
    body = {"version": read["version"], "checklist": [row["code"] for row in read["checklist"]]}
    refused = client.post(f"{path}/approve", body, "application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "effects")
    body["effects"] = read["effects"]["digest"]
    assert client.post(f"{path}/approve", body, "application/json").json()["state"] == "approved"
    assert set(Delivery.objects.values_list("item", flat=True)) == {first.pk, second.pk}


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


def test_a_picture_that_a_platform_does_not_take_changes_nothing(desk: Desk, account: Account) -> None:
    file = upload_picture(desk, "besar.png")
    on_an_item(desk, file)
    headings = (*HEADINGS, "Gambar", "Alt")
    bring(desk, [line(Kode="1")], headings=headings)
    MediaFacts.objects.create(sha256=file.sha256, width=1, height=1, animated=True)
    run = bring(desk, [[*line(Kode="1", Jam="15.00"), "besar.png", "Jalan Setu"]], headings=headings)
    assert counts(run) == (0, 0, 0, 1)
    assert "besar.png" in reason(run)
    item = ContentItem.objects.latest("pk")
    assert (item.version, item.assets.count()) == (SheetPost.objects.get().version, 0)


def test_a_changed_row_that_is_refused_stops_no_other_change(desk: Desk, account: Account) -> None:
    file = upload_picture(desk, "besar.png")
    on_an_item(desk, file)
    headings = (*HEADINGS, "Gambar", "Alt")
    codes = ("A", "B", "C")
    bring(desk, [line(Kode=code) for code in codes])
    MediaFacts.objects.create(sha256=file.sha256, width=1, height=1, animated=True)
    corrected = "Jalan Setu dibuka kembali hari ini."
    rows = [[*line(Kode=code, Teks=corrected), "", ""] for code in codes]
    rows[0][-2:] = ["besar.png", "Jalan Setu"]  # found only at the very end: the platform takes no moving picture
    run = bring(desk, rows, headings=headings)
    assert counts(run) == (0, 2, 0, 1)
    assert "besar.png" in reason(run)
    first, *others = SheetPost.objects.order_by("pk").select_related("item", "changed_by")
    assert (first.item.text == corrected, first.item.version, first.changed_by) == (False, 1, None)
    assert [(one.item.text, one.is_as_left(), one.changed_by) for one in others] == [(corrected, True, run)] * 2
    assert counts(bring(desk, rows, headings=headings)) == (0, 0, 2, 1)


def test_what_is_moved_while_the_file_comes_in_stays_where_it_was_moved(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(desk, [line(Kode="1")])
    item, by_hand = ContentItem.objects.get(), clock.now() + 5 * DAY
    decide = Matcher.decide

    def decide_and_move(self: Matcher, rows: Sequence[Row]) -> list[Decision]:
        decided = decide(self, rows)
        planning.plan_item(desk.cast.actor("dewi"), item.pk, by_hand)
        return decided

    monkeypatch.setattr(Matcher, "decide", decide_and_move)
    assert counts(bring(desk, [line(Kode="1", Jam="15.00")])) == (0, 0, 0, 1)
    item.refresh_from_db()
    assert item.planned_for == by_hand


def test_a_post_stays_with_its_brief(desk: Desk, account: Account) -> None:
    planning.create_brief(
        desk.cast.actor("dewi"), desk.cast.root.pk, BriefDraft("Jalan Setu", "Ditutup", "Warga", clock.now() + DAY)
    )
    headings = (*HEADINGS, "Brief")
    bring(desk, [[*line(Kode="1"), "Jalan Setu"], line(Kode="2")], headings=headings)
    run = bring(desk, [[*line(Kode="1", Jam="10.00"), ""], [*line(Kode="2"), "Jalan Setu"]], headings=headings)
    assert counts(run) == (0, 0, 0, 2)
    assert list(ContentItem.objects.order_by("pk").values_list("brief__title", flat=True)) == ["Jalan Setu", None]


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


def test_a_token_that_may_only_approve_publishes_nothing(desk: Desk, account: Account) -> None:
    bring(desk, [line()])
    item = ContentItem.objects.get()
    narrow = Actor.of_token(desk.cast.user("hendra"), frozenset({"planning:write"}), "uji")
    codes = [rule.code for rule in rules.checklist(item.purpose)]
    effects = approvals.effects(item).digest
    planning.approve(narrow, item.pk, version=item.version, checklist=codes, effects=effects)
    assert "Token" in Booking.objects.get().problem
    assert not Delivery.objects.exists()


def test_a_row_names_its_campaign_and_an_empty_cell_leaves_it_there(desk: Desk, account: Account) -> None:
    dewi = desk.cast.actor("dewi")
    draft = CampaignDraft(name="Jaga Kali", purpose="service", starts_on=clock.now().date())
    river = planning.open_campaign(dewi, desk.cast.root.pk, draft)
    headings = (*HEADINGS, "Program")
    run = bring(
        desk,
        [[*line(Kode="1"), "jaga kali"], [*line(Kode="2"), ""], [*line(Kode="3"), "Tidak Ada"]],
        headings=headings,
    )
    assert counts(run) == (2, 0, 0, 1)
    assert "Tidak Ada" in reason(run)
    inside, outside = ContentItem.objects.order_by("pk")
    assert (inside.campaign, outside.campaign) == (river, None)
    again = bring(desk, [line(Kode="1", Teks="Jalan Setu dibuka lagi.")])
    assert counts(again) == (0, 1, 0, 0)
    inside.refresh_from_db()
    assert (inside.campaign, inside.version) == (river, 2)
    planning.close_campaign(dewi, river.pk, "Selesai")
    assert counts(bring(desk, [[*line(Kode="4"), "Jaga Kali"]], headings=headings)) == (0, 0, 0, 1)


def test_undo_leaves_what_cannot_be_as_it_was_and_restores_the_others(desk: Desk, account: Account) -> None:
    dewi = desk.cast.actor("dewi")
    closed, _open = (
        planning.open_campaign(dewi, desk.cast.root.pk, CampaignDraft(name, "service", clock.now().date()))
        for name in ("Jaga Kali", "Jaga Jalan")
    )
    headings = (*HEADINGS, "Program")
    bring(desk, [[*line(Kode=code), name] for code, name in (("1", "Jaga Kali"), ("2", ""))], headings=headings)
    inside, outside = ContentItem.objects.order_by("pk")
    run = bring(desk, [[*line(Kode=code, Jam="15.00"), "Jaga Jalan"] for code in ("1", "2")], headings=headings)
    planning.close_campaign(dewi, closed.pk, "Selesai")
    job = jobs.run_now(imports.undo(dewi, run.pk, inline=True))
    run.refresh_from_db()
    assert (job.state, job.result["left"], run.rows_undone) == ("done", 1, 1)
    assert [item.planned_for for item in (inside, outside)] != list(
        ContentItem.objects.order_by("pk").values_list("planned_for", flat=True)
    )
    inside.refresh_from_db()
    assert inside.campaign is not None
    assert inside.campaign.name == "Jaga Jalan"
    assert inside.sheet_post.is_as_left()
    wanted = outside.planned_for
    outside.refresh_from_db()
    assert (outside.campaign, outside.planned_for) == (None, wanted)
    assert outside.sheet_post.changed_by is None
