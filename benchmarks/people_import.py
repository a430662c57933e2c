"""Lists of people on their way in: `python benchmarks/people_import.py [ROWS] [SCOPE]` (1,500,000; the whole country).

Makes a CSV as an office keeps it (units by name with their district and regency, in three spellings; phones as people
write them; every third person with an own account), brings it into a fresh installation of its own (shipping defaults:
fsync on, audit, access), brings the same file in once more (nothing may change), and undoes it. The baseline
is the same number of rows through PostgreSQL's COPY into a bare table: what the database alone would take.
"""

import csv
import os
import random
import resource
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django  # noqa: E402

django.setup()

from django.db import connection  # noqa: E402

from kentongan.core import imports, jobs  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.imports import ImportRun  # noqa: E402
from kentongan.core.imports.preview import preview  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.registry import actions, areas, trees  # noqa: E402
from kentongan.registry.models import Organisation, Person, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
FIRST = [
    "Agus",
    "Budi",
    "Cecep",
    "Dedi",
    "Eka",
    "Fitri",
    "Gita",
    "Hadi",
    "Indah",
    "Joko",
    "Kartika",
    "Lestari",
    "Maman",
    "Nina",
    "Oki",
    "Putri",
    "Rina",
    "Sari",
    "Tono",
]
LAST = [
    "Santoso",
    "Wijaya",
    "Saputra",
    "Lestari",
    "Hidayat",
    "Kusuma",
    "Pratama",
    "Nugraha",
    "Setiawan",
    "Permana",
    "Utami",
    "Maulana",
    "Firmansyah",
]
TITLES = ("", "Drs. H. ", "Hj. ", "Ir. ")
DEGREES = ("", ", S.H.", ", S.Pd., M.Si.", " SE")
ROLES = ("Ketua", "Sekretaris", "Bendahara", "Anggota", "Ketua / Anggota DPRD", "Wakil Ketua")


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def lines(rows: int, scope: str) -> Iterator[list[str]]:
    """Yield the rows of the list, by village as offices keep them."""
    chance = random.Random(7)
    villages = [area for area in areas.scope(scope) if area.level == areas.VILLAGE]
    # A kelurahan and a desa of one district may have one name: the word before it tells them apart. Of two that are
    # the same even so, only the code would, which this list does not have: they are left out.
    kinds = {village.code: "Kelurahan" if village.code[9] == "1" else "Desa" for village in villages}
    names = Counter((village.code[:8], village.name) for village in villages)
    called = Counter((village.code[:8], kinds[village.code], village.name) for village in villages)
    villages = [each for each in villages if called[each.code[:8], kinds[each.code], each.name] == 1]
    each = -(-rows // len(villages))
    for number in range(rows):
        village = villages[number // each]
        _province, regency, district, _village = areas.path(village.code)
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)} {chance.choice(LAST)}"
        full = f"{kinds[village.code]} {village.name}"
        bare = village.name if names[district.code, village.name] == 1 else full
        spelt = (bare, bare.upper(), full)[number % 3]
        digits = f"81{number:09d}"
        phone = (f"0{digits}", f"+62 {digits[:3]}-{digits[3:7]}-{digits[7:]}", f"62{digits}", digits)[number % 4]
        account = f"@{name.lower().replace(' ', '.')[:20]}{number % 997}" if number % 3 == 0 else ""
        shown = chance.choice(TITLES) + name + chance.choice(DEGREES)
        yield [shown, chance.choice(ROLES), regency.name, f"Kec. {district.name}", spelt, phone, "2024-2029", account]


def write(path: Path, rows: int, scope: str) -> None:
    """Write the list."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file, delimiter=";")
        out.writerow(
            ["Nama Lengkap", "Jabatan", "Kabupaten/Kota", "Kecamatan", "Desa/Kelurahan", "No HP", "Periode", "IG"]
        )
        out.writerows(lines(rows, scope))


class Memory(threading.Thread):
    """Notes the resident memory of this process, in MB, a few times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.seen: list[int] = []
        self.over = threading.Event()

    def run(self) -> None:
        """Look until told that it is over."""
        while True:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            self.seen.append(pages * resource.getpagesize() >> 20)
            if self.over.wait(0.5):
                return

    def told(self) -> str:
        """Return the memory after a tenth, after half and at the end, and the most."""
        marks = [self.seen[int((len(self.seen) - 1) * part)] for part in (0.1, 0.5, 1.0)]
        return f"{marks[0]} MB after a tenth, {marks[1]} after half, {marks[2]} at the end, {max(self.seen)} at most"


def busy() -> tuple[float, float]:
    """Return the seconds of processor time so far: of this process, and of the database's backend that serves it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        fields = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    return time.process_time(), (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def copied(path: Path) -> float:
    """Return the seconds of a bare COPY of the file, committed."""

    def work() -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE pg_temp.bare (a text, b text, c text, d text, e text, f text, g text, h text)")
            options = "FORMAT csv, DELIMITER ';', HEADER"
            with path.open("rb") as file, cursor.copy(f"COPY bare FROM STDIN ({options})") as copy:  # type: ignore[attr-defined]
                while chunk := file.read(1 << 20):
                    copy.write(chunk)

    return timed(work)


def bring(actor: Actor, path: Path, unit: Unit) -> tuple[ImportRun, float, str]:
    """Bring the list in, from upload and preview to the end; return the run, the seconds, and what it took."""
    start = time.perf_counter()
    with path.open("rb") as file:
        options = {"basis": "Daftar uji"}
        run = imports.upload(actor, "registry.people", unit.pk, file, path.name, options=options)
    preview(run, imports.kind_of(run.kind), dict(run.mapping), {})
    job = imports.confirm(actor, run.pk, inline=True)
    looked = time.perf_counter() - start
    memory = Memory()
    memory.start()
    before = busy()
    took = looked + timed(lambda: jobs.run_now(job))
    own, database = (after - was for after, was in zip(busy(), before, strict=True))
    memory.over.set()
    run.refresh_from_db()
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        run,
        took,
        f"upload and preview {looked:.1f} s of it; load {load}; processor {own:.1f} s here, {database:.1f} s in the "
        f"database; {memory.told()}",
    )


def say(name: str, run: ImportRun, took: float, memory: str) -> None:
    """Print what came of a run."""
    counts = (
        f"new {run.rows_new:,}, changed {run.rows_changed:,}, same {run.rows_same:,}, rejected {run.rows_rejected:,}"
    )
    print(f"{name}: {took:.1f} s, {run.rows_read / took:,.0f} rows/s; {counts}; {memory}", flush=True)


def main() -> None:
    """Write, bring in, bring in again, undo."""
    rows, scope = int(sys.argv[1]) if sys.argv[1:] else 1_500_000, sys.argv[2] if sys.argv[2:] else ""
    path = Path(HOME) / "daftar.csv"
    with running_database():
        actions.found_organisation(SYSTEM, name="Partai Uji", short_name="PU", kind=Organisation.Kind.PARTY)
        root = Unit.objects.get(parent=None)
        user = actions.add_user(SYSTEM, root.pk, email="arif@example.id", name="Arif")
        actions.grant_role(SYSTEM, user.pk, root.pk, Role.ADMINISTRATOR)
        actor = Actor.of_user(user)
        jobs.run_now(actions.load_tree(actor, trees.Wanted(Organisation.Kind.PARTY, scope=scope), inline=True))
        write(path, rows, scope)
        size = path.stat().st_size >> 20
        print(
            f"PostgreSQL {connection.pg_version // 10000}, fsync on, {Unit.objects.count():,} units, {size} MB",
            flush=True,
        )  # type: ignore[attr-defined]
        bare = copied(path)
        run, took, memory = bring(actor, path, root)
        say("import", run, took, memory)
        print(f"bare COPY: {bare:.2f} s; ratio {took / bare:.0f}; people {Person.objects.count():,}", flush=True)
        say("the same file again", *bring(actor, path, root))
        undo = timed(lambda: jobs.run_now(imports.undo(actor, run.pk, inline=True)))
        run.refresh_from_db()
        left = Person.objects.count()
        print(
            f"undo: {undo:.1f} s, {run.rows_undone / undo:,.0f} people/s; people left {left:,}; load {os.getloadavg()}"
        )


if __name__ == "__main__":
    main()
