"""Server time of the registry's pages: `KENTONGAN_HOME=... python benchmarks/registry_pages.py [--only people]`.

Opens every page and list, and searches, as people of five levels, in an installation that holds `kentongan demo
national`; each run opens another unit of a seeded choice. Prints the median, the 95th percentile and the slowest in
milliseconds, the processor time of our process and its database session (`cpu`, what a busy machine cannot blur), and
the queries. Beside it: what SQL without our indexes and limits takes, the naive baseline. With `--limit MS` it ends
with 1 when the 95th percentile of a page's processor time is above that, or a page answers anything but 200.
"""

import argparse
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django.utils import translation  # noqa: E402

from kentongan.core import collecting  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.models import User  # noqa: E402
from kentongan.registry import queries  # noqa: E402
from kentongan.registry.models import Account, Grant, Person, Unit  # noqa: E402
from kentongan.web.demo import national  # noqa: E402

SEED = 1945
LEVELS = ("nation", "province", "regency", "district", "village")
PAGES = {
    "unit": "/daftar/unit/{unit}/",
    "unit, by people": "/daftar/unit/{unit}/?sort=-people",
    "accounts": "/daftar/unit/{unit}/akun/",
    "accounts, by name": "/daftar/unit/{unit}/akun/?sort=account",
    "accounts, by unit": "/daftar/unit/{unit}/akun/?sort=unit",
    "people": "/daftar/unit/{unit}/orang/",
    "people, page 40": "/daftar/unit/{unit}/orang/?page=40",
    "people, from the end": "/daftar/unit/{unit}/orang/?sort=-name",
    "roles": "/daftar/unit/{unit}/peran/",
    "history": "/daftar/unit/{unit}/riwayat/",
    "move": "/daftar/unit/{unit}/pindah/",
    "merge": "/daftar/unit/{unit}/gabung/",
    "search people": "/daftar/unit/{unit}/orang/?q={person}",
    "search accounts": "/daftar/unit/{unit}/akun/?q={account}",
}
PLACED = ("move", "merge")
"""The root stays where it is."""
ANYWHERE = {
    "start": "/daftar/",
    "search units": "/daftar/?q={name}",
    "suggest a unit": "/daftar/unit/cari/?field=other&other={name}",
    "search, part of a name": "/cari/?q={person}",
    "search, part of a handle": "/cari/?q={account}",
    "search, three letters": "/cari/?q={short}",
    "search, nothing found": "/cari/?q=zzqx{short}",
    "API units": "/api/v1/registry/units?q={name}",
    "API all units": "/api/v1/registry/units",
    "API accounts": "/api/v1/registry/accounts",
    "API search accounts": "/api/v1/registry/accounts?q={account}",
}
NAIVE_BELOW = """
WITH RECURSIVE below AS (
    SELECT id FROM registry_unit WHERE parent_id IS NULL
    UNION ALL SELECT unit.id FROM registry_unit unit JOIN below ON unit.parent_id = below.id
)
"""
NAIVE = {
    "people": NAIVE_BELOW
    + """SELECT person.*, count(*) OVER () FROM registry_person person WHERE id IN (
        SELECT person_id FROM registry_membership WHERE unit_id IN (SELECT id FROM below)
    ) ORDER BY full_name LIMIT 50""",
    "accounts": NAIVE_BELOW
    + """SELECT account.*, count(*) OVER () FROM registry_account account
    WHERE kind = 'official' AND unit_id IN (SELECT id FROM below) ORDER BY display_name LIMIT 50""",
    "search people": "SELECT * FROM registry_person WHERE full_name ILIKE '%rahayu%' ORDER BY full_name LIMIT 50",
    "search accounts": "SELECT * FROM registry_account WHERE handle ILIKE '%rahayu%' ORDER BY handle LIMIT 50",
}


@dataclass
class Figures:
    """What one page took: wall and processor time of each run in milliseconds, the most queries, what went wrong."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    queries: int = 0
    statuses: set[int] = field(default_factory=set)

    def line(self, name: str) -> str:
        """Return a line of the table."""
        wall, odd = sorted(self.wall), self.statuses - {200}
        tail = f"  HTTP {sorted(odd)}" if odd else ""
        return (
            f"{name:<42}{statistics.median(wall):8.0f}{p95(wall):8.0f}{wall[-1]:8.0f}"
            f"{statistics.median(self.cpu):8.0f}{p95(self.cpu):8.0f}{self.queries:8}{tail}"
        )


def p95(values: Sequence[float]) -> float:
    """Return the 95th percentile."""
    return sorted(values)[min(len(values) - 1, round(0.95 * len(values)))]


def database_seconds() -> float:
    """Return the processor time of our database session so far; 0 where its process cannot be seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        path = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    return int(path.read_text().split()[0]) / 1e9 if path.exists() else 0.0


def measured(work: Callable[[], int], into: Figures) -> None:
    """Run it once and add what it took; it returns the HTTP status."""
    before = database_seconds() + time.process_time()
    start = time.perf_counter()
    into.statuses.add(work())
    into.wall.append((time.perf_counter() - start) * 1000)
    into.cpu.append((database_seconds() + time.process_time() - before) * 1000)


def units_of(user: User, rng: random.Random, runs: int) -> Iterator[tuple[str, list[int]]]:
    """Yield (level, units of it that the user sees, chosen by the seed)."""
    grant = Grant.objects.select_related("unit").get(user=user)
    below = Unit.objects.filter(path__within=grant.unit.path)
    for level in LEVELS:
        found = list(below.filter(level=level).order_by("pk").values_list("pk", flat=True))
        if found:
            yield level, [rng.choice(found) for _each in range(runs)]


class Words:
    """Words to search for, from what is there: the middle of names and handles."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.people = self._some(Person.objects.values_list("full_name", flat=True))
        self.accounts = self._some(Account.objects.filter(kind="official").values_list("handle", flat=True))
        self.units = self._some(Unit.objects.values_list("name", flat=True))

    def _some(self, rows: object) -> list[str]:
        return [word for word in rows.order_by("pk")[5:20000:97] if len(word) > 8]  # type: ignore[attr-defined]

    def fill(self, address: str, unit: int) -> str:
        """Return the address with a unit and words in it."""

        def part(words: list[str], length: int) -> str:
            word = self.rng.choice(words)
            start = self.rng.randrange(len(word) - length + 1)
            return word[start : start + length].strip().strip("._") or word[:length]

        return address.format(
            unit=unit,
            person=part(self.people, 6),
            account=part(self.accounts, 6),
            name=part(self.units, 6),
            short=part(self.people, 3).replace(" ", "a"),
        )


def open_pages(
    who: str, pages: dict[str, str], units: list[int], words: Words, only: str, level: str, *, top: bool = False
) -> Iterator[tuple[str, Figures]]:
    """Open each page once for every unit, print what it took, and yield it; nobody may move their own `top` unit."""
    client = Client(headers={"host": "127.0.0.1"})
    user = User.objects.get(email=f"{who}@example.id")
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    for name, address in pages.items():
        if only not in name or (top and name in PLACED):
            continue
        figures = Figures()
        first = words.fill(address, units[0])
        with CaptureQueriesContext(connection) as captured:
            client.get(first)
        figures.queries = len(captured)
        for unit in units:
            target = words.fill(address, unit)
            measured(lambda target=target: client.get(target).status_code, figures)
        label = f"{who} · {level} · {name}" if level else f"{who} · {name}"
        print(figures.line(label), flush=True)
        yield label, figures


def naive() -> None:
    """Print what SQL takes that uses neither paths, trigram indexes nor limits on counting."""
    print(f"\n{'naive SQL at the root':<42}{'ms':>8}")
    with connection.cursor() as cursor:
        for name, statement in NAIVE.items():
            cursor.execute("SET enable_bitmapscan = off")
            start = time.perf_counter()
            cursor.execute(statement)
            cursor.fetchall()
            print(f"{name:<42}{(time.perf_counter() - start) * 1000:8.0f}", flush=True)
            cursor.execute("RESET enable_bitmapscan")


def main() -> None:
    """Say what is measured, then measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--only", default="", help="only pages whose name contains this")
    parser.add_argument("--limit", type=float, default=0, help="milliseconds of processor time, 95th percentile")
    parser.add_argument("--quick", action="store_true", help="without the naive baseline")
    given = parser.parse_args()
    runs, only = given.runs, given.only
    failed: list[str] = []
    with running_database(), translation.override("id"):
        collecting.seldom()  # as a web process does
        if queries.root() is None:
            raise SystemExit("Load it first: KENTONGAN_HOME=... kentongan demo national")
        sizes = ", ".join(f"{count:,} {name}" for name, count in national.figures().items())
        version = connection.pg_version // 10000  # type: ignore[attr-defined]
        print(f"{sizes}; PostgreSQL {version}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, ", end="")
        print(f"DEBUG {settings.DEBUG}, {runs} runs a page, seed {SEED}")
        print(f"{'page':<42}{'median':>8}{'p95':>8}{'max':>8}{'cpu':>8}{'cpu p95':>8}{'queries':>8}")
        rng = random.Random(SEED)
        words = Words(rng)
        for who in ("pusat", "provinsi", "kabupaten", "kecamatan", "desa", "kader"):
            levels = list(units_of(User.objects.get(email=f"{who}@example.id"), rng, runs))
            opened = [open_pages(who, ANYWHERE, levels[0][1], words, only, "")]
            if who != "kader":
                wanted = levels if who == "pusat" else levels[:1]
                opened += [
                    open_pages(who, PAGES, units, words, only, level, top=not number)
                    for number, (level, units) in enumerate(wanted)
                ]
            for label, figures in chain(*opened):
                if figures.statuses != {200} or (given.limit and p95(figures.cpu) > given.limit):
                    failed.append(label)
        if not given.quick:
            naive()
    if failed:
        raise SystemExit(f"Too slow, or not answered: {', '.join(failed)}")


if __name__ == "__main__":
    main()
