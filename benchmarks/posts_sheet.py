"""Posts of a spreadsheet on their way in: `python benchmarks/posts_sheet.py [ROWS ...]` (1,000 and 10,000).

Founds a regency with its districts in a fresh installation of its own (shipping defaults: fsync on, audit, access),
one account for each of three kinds of channels at the root, and for each number of rows: writes a CSV as an office
keeps it, brings it in from upload and preview to the end, brings the same file in once more (nothing may change),
brings it in with every text changed, and undoes both. The baseline is the same content, bookings and audit included,
written at once by `bulk_create` in one transaction: what Django and the database alone would take.
"""

import csv
import os
import resource
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django  # noqa: E402

django.setup()

from django.db import connection, transaction  # noqa: E402

from kentongan.core import clock, imports, jobs  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.imports import ImportRun  # noqa: E402
from kentongan.core.imports.preview import preview  # noqa: E402
from kentongan.core.models.audit import AuditEntry  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.planning.models import ContentItem, Rendition  # noqa: E402
from kentongan.publishing.models import Booking, SheetPost  # noqa: E402
from kentongan.registry import actions  # noqa: E402
from kentongan.registry.models import Account, Organisation, Unit  # noqa: E402
from kentongan.safeguards import actions as safeguards  # noqa: E402

SYSTEM = Actor.system("benchmark")
KINDS = ("mastodon", "bluesky", "newsroom")
HEADINGS = ("Tanggal", "Jam", "Judul", "Teks", "Tautan", "Kode")
PLACES = [
    "Setu",
    "Serang",
    "Cibitung",
    "Tambun",
    "Cikarang",
    "Babelan",
    "Tarumajaya",
    "Sukatani",
    "Kedungwaringin",
    "Bojongmangu",
]
WORKS = ["diperbaiki", "ditutup", "dilebarkan", "dibersihkan", "diaspal", "ditinjau", "dibuka", "diterangi"]


def text(number: int, turn: int) -> str:
    """Return a text of about 200 characters, another one for each number and turn."""
    place, work = PLACES[number % len(PLACES)], WORKS[number // len(PLACES) % len(WORKS)]
    return (
        f"Jalan {place} ruas {number} {work} mulai pekan depan, gelombang {turn}. Warga diminta lewat jalur memutar; "
        f"petugas berjaga di persimpangan {PLACES[(number + 3) % len(PLACES)]} nomor {number * 7 % 97} sejak pagi."
    )


def write(path: Path, rows: int, turn: int) -> None:
    """Write the list: a post every ten minutes from tomorrow on."""
    start = clock.now() + timedelta(days=1)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(HEADINGS)
        for number in range(rows):
            when = start + timedelta(minutes=10 * number)
            link = f"https://example.id/jalan/{number}"
            out.writerow(
                [f"{when:%d/%m/%Y}", f"{when:%H.%M}", f"Jalan {number}", text(number, turn), link, f"{rows}-{number}"]
            )


def bring(actor: Actor, path: Path, unit: Unit) -> tuple[ImportRun, float, float]:
    """Bring the list in; return the run, the seconds from upload to end, and those of processor time here."""
    start, busy = time.perf_counter(), time.process_time()
    with path.open("rb") as file:
        run = imports.upload(actor, "publishing.posts", unit.pk, file, path.name)
    preview(run, imports.kind_of(run.kind), dict(run.mapping), {})
    jobs.run_now(imports.confirm(actor, run.pk, inline=True))
    run.refresh_from_db()
    return run, time.perf_counter() - start, time.process_time() - busy


def bare(run: ImportRun) -> float:
    """Return the seconds of writing what the run brought once more by `bulk_create`, rolled back in the end."""
    posts = list(SheetPost.objects.filter(run=run).select_related("item"))
    versions = list(Rendition.objects.filter(item__sheet_post__run=run))
    bookings = list(Booking.objects.filter(item__sheet_post__run=run))
    entries = list(AuditEntry.objects.filter(object_type="planning.contentitem").order_by("-id")[: len(posts) * 3])
    copies: dict[int, ContentItem] = {}
    start = time.perf_counter()
    with transaction.atomic():
        for post in posts:
            old, post.item.pk = post.item.pk, None
            copies[old] = post.item
        ContentItem.objects.bulk_create(copies.values(), batch_size=500)
        for row in [*versions, *bookings]:
            row.pk, row.item = None, copies[row.item_id]
        Rendition.objects.bulk_create(versions, batch_size=500)
        Booking.objects.bulk_create(bookings, batch_size=500)
        for entry in entries:
            entry.pk = None
        AuditEntry.objects.bulk_create(entries, batch_size=500)
        for post in posts:
            post.pk, post.item, post.key = None, post.item, f"x{post.key[1:]}"
        SheetPost.objects.bulk_create(posts, batch_size=500)
        took = time.perf_counter() - start
        transaction.set_rollback(True)
    return took


def say(name: str, run: ImportRun, took: float, busy: float) -> None:
    """Print what came of a run."""
    counts = f"new {run.rows_new:,}, changed {run.rows_changed:,}, same {run.rows_same:,}"
    rate = f"{run.rows_read / took:,.0f} rows/s, processor {busy:.1f} s here"
    print(f"  {name}: {took:.1f} s, {rate}; {counts}, rejected {run.rows_rejected:,}", flush=True)


def found() -> tuple[Actor, Unit]:
    """Found the organisation; return who brings the lists in, and where."""
    kind = Organisation.Kind.REGENCY
    actions.found_organisation(SYSTEM, name="Dinas Uji", short_name="Uji", kind=kind, area_code="32.16")
    safeguards.load_rules(SYSTEM)
    root = Unit.objects.get(parent=None)
    user = actions.add_user(SYSTEM, root.pk, email="dewi@example.id", name="Dewi")
    actions.grant_role(SYSTEM, user.pk, root.pk, Role.EDITOR)
    approver = actions.add_user(SYSTEM, root.pk, email="hendra@example.id", name="Hendra")
    actions.grant_role(SYSTEM, approver.pk, root.pk, Role.APPROVER)
    for platform in KINDS:
        handle = "kabar@contoh.social" if platform == "mastodon" else "kabar.example"
        declared = actions.declare_account(SYSTEM, root.pk, platform=platform, handle=handle)
        actions.connect(SYSTEM, declared.pk, secrets={"access_token": "x"}, service_url="https://contoh.social")
    return Actor.of_user(user), root


def measured(actor: Actor, root: Unit, rows: int) -> None:
    """Bring so many rows in, twice, changed, and take them back."""
    path, other = Path(HOME) / f"jadwal-{rows}.csv", Path(HOME) / f"lain-{rows}.csv"
    write(path, rows, 1)
    write(other, rows, 2)
    print(f"{rows:,} rows, {path.stat().st_size >> 10:,} kB, load {os.getloadavg()[0]:.1f}", flush=True)
    run, took, busy = bring(actor, path, root)
    say("import", run, took, busy)
    alone = bare(run)
    print(f"  bare bulk_create of the same rows: {alone:.2f} s; ratio {took / alone:.1f}", flush=True)
    say("the same file again", *bring(actor, path, root))
    changed, took, busy = bring(actor, other, root)
    say("every text changed", changed, took, busy)
    for one in (changed, run):
        start = time.perf_counter()
        jobs.run_now(imports.undo(actor, one.pk, inline=True))
        one.refresh_from_db()
        print(f"  undo: {time.perf_counter() - start:.1f} s, {one.rows_undone:,} posts")
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    print(f"  posts left {ContentItem.objects.count():,}; at most {most} MB; load {os.getloadavg()[0]:.1f}", flush=True)


def main() -> None:
    """Measure each size."""
    sizes = [int(word) for word in sys.argv[1:]] or [1_000, 10_000]
    with running_database():
        actor, root = found()
        version = connection.pg_version // 10000  # type: ignore[attr-defined]
        print(f"PostgreSQL {version}, fsync on, {Account.objects.count()} accounts; each row goes to all of them")
        for rows in sizes:
            measured(actor, root, rows)


if __name__ == "__main__":
    main()
