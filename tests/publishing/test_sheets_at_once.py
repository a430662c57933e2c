"""Many posts of a spreadsheet at once: the same rules, refusals and audit as one by one, in a few queries."""

import subprocess
import sys
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.databases import environment
from kentongan.core import audit, clock, imports, jobs
from kentongan.core.errors import Conflict, Invalid, NotAllowed, NotFound
from kentongan.core.imports import ImportRun
from kentongan.core.imports.feed import RunFeed
from kentongan.core.jobs import Job
from kentongan.core.models import AuditEntry, MediaFacts
from kentongan.core.several import Several
from kentongan.planning import actions as planning
from kentongan.planning.drafts import CampaignDraft, ItemChange, ItemDraft, NewAsset, NewItem, RenditionDraft
from kentongan.planning.models import ContentItem, ItemAsset, Rendition
from kentongan.publishing import actions
from kentongan.publishing.actions.booking import book_many
from kentongan.publishing.models import Booking, SheetPost
from kentongan.publishing.sheets import kind
from kentongan.registry.models import Account
from kentongan.safeguards import actions as safeguards
from named_cast import SYSTEM
from publishing.desk import Desk
from publishing.sheets import DAY, HEADINGS, approve, bring, counts, line, on_an_item, reason, upload, upload_picture

MANY = 12


def _draft(number: int, **more: object) -> ItemDraft:
    text = f"Jalan Setu ruas {number} ditutup sampai Jumat."
    return ItemDraft(f"Jalan {number}", text, "service", renditions={"mastodon": RenditionDraft(text)}, **more)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_ten_times_as_many_rows_cost_no_more_queries(desk: Desk, account: Account) -> None:
    on_an_item(desk, upload_picture(desk, "setu.png"))
    headings = (*HEADINGS, "Gambar", "Alt")

    def rows(count: int, hour: str) -> list[list[str]]:
        return [[*line(Kode=f"{count}-{n}", Jam=hour), "setu.png", "Jalan Setu"] for n in range(count)]

    for hour in ("09.00", "10.00"):  # all new, then all changed
        counted = []
        for count in (3, 30):
            with CaptureQueriesContext(connection) as captured:
                run = bring(desk, rows(count, hour), headings=headings)
            assert count in counts(run)
            counted.append(len(captured))
        assert counted[1] <= counted[0] + 1, f"{hour}: {counted}"  # an audit of more rows may take one query more


@pytest.mark.django_db
def test_each_row_has_the_entries_that_it_would_have_by_itself(desk: Desk, account: Account) -> None:
    bring(desk, [line(Kode=str(n)) for n in range(3)])
    dewi = desk.cast.actor("dewi")
    alone = planning.create_item(dewi, _draft(9, planned_for=clock.now() + DAY), unit_id=desk.cast.root.pk)
    actions.book(dewi, alone.pk, [account.pk])
    planning.submit(dewi, alone.pk)
    wanted = [(entry.verb, sorted(entry.after), sorted(entry.before), entry.user_id) for entry in audit.trail(alone)]
    assert [verb for verb, *_rest in wanted] == ["planning.item.submit", "publishing.book", "planning.item.create"]
    for item in ContentItem.objects.exclude(pk=alone.pk):
        found = [(entry.verb, sorted(entry.after), sorted(entry.before), entry.user_id) for entry in audit.trail(item)]
        assert found == wanted


@pytest.mark.django_db
def test_what_one_row_is_refused_for_stops_no_other(desk: Desk, account: Account) -> None:
    """Each of three actions refuses rows of its own, which the look before does not see."""
    big = upload_picture(desk, "gerak.png")
    on_an_item(desk, big)
    MediaFacts.objects.create(sha256=big.sha256, width=1, height=1, animated=True)
    dewi = desk.cast.actor("dewi")
    campaign = planning.open_campaign(
        dewi, desk.cast.root.pk, CampaignDraft("Jaga Kali", "service", clock.now().date())
    )
    headings = (*HEADINGS, "Gambar", "Alt", "Program")
    rows = [[*line(Kode=str(n)), "", "", ""] for n in range(6)]
    rows[1][-3:-1] = ["gerak.png", "Jalan Setu"]  # handing in: the platform takes no moving picture
    rows[4][-1] = "Jaga Kali"
    run = bring(desk, rows, headings=headings)
    assert counts(run) == (5, 0, 0, 1)
    assert "gerak.png" in reason(run)
    assert ContentItem.objects.filter(sheet_post__isnull=False, state="in_review").count() == 5
    assert ContentItem.objects.get(campaign=campaign).bookings.count() == 1
    refused = AuditEntry.objects.filter(verb="planning.item.create", object_type="planning.contentitem")
    assert refused.count() == 6, "five of the sheet, and the one that had the picture first: a refused row leaves none"


@pytest.mark.django_db
def test_items_are_made_all_or_none(desk: Desk, account: Account) -> None:
    dewi, root = desk.cast.actor("dewi"), desk.cast.root.pk
    there = AuditEntry.objects.count()
    wanted = [
        NewItem(_draft(0), root),
        NewItem(_draft(1), 0),
        NewItem(_draft(2, planned_for=clock.now() + 9999 * DAY), root),
        NewItem(_draft(3), brief_id=12345),
        NewItem(_draft(4, campaign_id=54321), root),
    ]
    with pytest.raises(Several) as caught:
        planning.create_items(dewi, wanted)
    kinds = {position: type(error) for position, error in caught.value.errors.items()}
    assert kinds == {1: NotFound, 2: Invalid, 3: NotFound, 4: NotFound}
    assert not ContentItem.objects.exists()
    assert AuditEntry.objects.count() == there
    with pytest.raises(NotAllowed):
        planning.create_item(desk.cast.actor("hendra"), _draft(0), unit_id=root)


@pytest.mark.django_db
def test_items_are_changed_all_or_none_and_a_scheduled_version_stays(desk: Desk, account: Account) -> None:
    dewi = desk.cast.actor("dewi")
    bring(desk, [line(Kode="1"), line(Kode="2"), line(Kode="3")])
    first, second, third = ContentItem.objects.order_by("pk")
    approve(desk, second)
    without = ItemDraft("Lain", "Lain", "service")

    def change(item: ContentItem, draft: ItemDraft = without, ahead: int = 0) -> ItemChange:
        return ItemChange(item.pk, draft, item.version + ahead)

    with pytest.raises(Several) as caught:
        planning.change_items(dewi, [change(first), change(second), change(third, ahead=1)])
    assert list(caught.value.errors) == [2]
    with pytest.raises(Several) as caught:
        planning.change_items(dewi, [change(first), change(second), change(third, _draft(3))])
    assert list(caught.value.errors) == [1]
    assert isinstance(caught.value.errors[1], Conflict)
    assert set(ContentItem.objects.values_list("version", flat=True)) == {1}
    assert Rendition.objects.count() == 3
    planning.change_items(dewi, [change(first), change(third, _draft(3))])
    assert list(first.renditions.all()) == []
    assert third.renditions.get().text == _draft(3).text
    assert set(ContentItem.objects.exclude(pk=second.pk).values_list("version", flat=True)) == {2}


@pytest.mark.django_db
def test_files_are_added_and_bookings_made_all_or_none(desk: Desk, account: Account) -> None:
    dewi = desk.cast.actor("dewi")
    bring(desk, [line(Kode="1"), line(Kode="2")])
    first, second = ContentItem.objects.order_by("pk")
    file, other = upload_picture(desk, "a.png"), upload_picture(desk, "b.png", 1)
    good = NewAsset(first.pk, file, "Jalan Setu", False)
    for bad in (NewAsset(second.pk, file, "x", False), NewAsset(first.pk, file, "Jalan Setu", False)):
        with pytest.raises(Several) as caught:
            planning.add_assets(dewi, [good, bad])
        assert list(caught.value.errors) == [1]
    assert not ItemAsset.objects.exists()
    planning.add_assets(dewi, [good, NewAsset(first.pk, other, "Jalan Serang", True)])
    assert list(first.assets.values_list("file__name", "position")) == [("a.png", 0), ("b.png", 1)]
    first.refresh_from_db()
    assert first.version == 3
    theirs = desk.account(unit=desk.cast.tambun_selatan, handle="tambun")
    with pytest.raises(Several) as caught:
        book_many(desk.cast.actor("euis"), {first.pk: [account.pk], second.pk: [theirs.pk]})
    assert all(isinstance(error, NotFound | NotAllowed) for error in caught.value.errors.values())
    with pytest.raises(Several) as caught:
        book_many(dewi, {first.pk: [], second.pk: [theirs.pk, 99999]})
    assert list(caught.value.errors) == [1]
    assert Booking.objects.filter(item__in=[first, second], account=account).count() == 2


@pytest.mark.django_db
def test_a_worker_that_was_thought_dead_brings_nothing_in_twice(
    desk: Desk, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second one has committed the batch when the first comes to its end: what the first one wrote is undone."""
    commit, raced = RunFeed.commit, []

    def late(self: RunFeed, batch: imports.Batch, **said: int) -> None:
        if not raced:
            raced.append(batch)
            ImportRun.objects.filter(pk=self.run.pk).update(position=batch.end)
        commit(self, batch, **said)

    monkeypatch.setattr(RunFeed, "commit", late)
    run = upload(desk, [line(Kode=str(n)) for n in range(4)])
    jobs.run_now(imports.confirm(desk.cast.actor("dewi"), run.pk, inline=True))
    assert raced
    run.refresh_from_db()
    assert counts(run) == (0, 0, 0, 0)
    assert not ContentItem.objects.exists()
    assert not SheetPost.objects.exists()


KILLED = """
import django, os, signal, sys
django.setup()
from kentongan.core import jobs
from kentongan.core.imports.feed import RunFeed
from kentongan.publishing.sheets import kind
kind.BATCH = 4
commit, done = RunFeed.commit, []
def committed(self, batch, **said):
    commit(self, batch, **said)
    done.append(batch)
    if len(done) == 2:
        os.kill(os.getpid(), signal.SIGKILL)  # all of the second batch is written, and not committed
RunFeed.commit = committed
jobs.run(int(sys.argv[1]))
"""


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_killed_import_is_taken_up_where_it_was(
    make_cast: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Desk(make_cast())  # type: ignore[arg-type]
    safeguards.load_rules(SYSTEM)
    desk.account()
    rows = [line(Kode=str(n)) for n in range(MANY)]
    run = upload(desk, rows)
    job = imports.confirm(desk.cast.actor("dewi"), run.pk)
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, str(job.pk)], env=environment(), timeout=120, capture_output=True
    )
    assert killed.returncode == -9, killed.stderr
    run.refresh_from_db()
    assert (run.position, SheetPost.objects.count(), ContentItem.objects.count()) == (4, 4, 4)
    Job.objects.filter(pk=job.pk).update(heartbeat_at=clock.now() - jobs.rescue.SILENT_AFTER * 2)
    assert jobs.free_stalled() >= 1
    monkeypatch.setattr(kind, "BATCH", 4)
    assert jobs.run_now(job).state == Job.State.DONE
    run.refresh_from_db()
    assert counts(run) == (MANY, 0, 0, 0)
    assert ContentItem.objects.filter(state="in_review").count() == SheetPost.objects.count() == MANY
    assert Booking.objects.count() == Rendition.objects.count() == MANY
    assert counts(bring(desk, rows)) == (0, 0, MANY, 0)
