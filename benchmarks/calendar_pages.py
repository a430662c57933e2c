"""The calendar with very many posts: `python benchmarks/calendar_pages.py [--posts 10000] [--others 100000]`.

Founds an election commission of all provinces and regencies in a fresh installation of its own (shipping
defaults: fsync on, access, middleware, templates), schedules `--posts` deliveries over the days of one month and
`--others` over the year around it, and opens month, week, list and the list of a full day as its leader and as the
approver of one province. Prints the median, the 95th percentile and the slowest in milliseconds, the processor time of
our process and its database session (what a busy machine cannot blur), and the queries.
The baseline is the month that shows every post instead of the first few of a day. With `--limit MS` it ends with 1 when
the 95th percentile of the month's processor time is above that.
"""

import argparse
import os
import random
import statistics
import tempfile
import time
from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402

from kentongan.core import clock, collecting, jobs  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.models import User  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.planning.calendar import grid  # noqa: E402
from kentongan.planning.models import ContentItem, Rendition  # noqa: E402
from kentongan.publishing.models import Delivery  # noqa: E402
from kentongan.registry import actions, trees  # noqa: E402
from kentongan.registry.models import Account, Organisation, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
SEED = 1945
MONTH = date(2027, 3, 1)
KINDS = ("newsroom", "bluesky", "mastodon")
TITLES = (
    "Cek data pemilih di kecamatan",
    "Jadwal pendaftaran badan ad hoc",
    "Sosialisasi pemilih pemula",
    "Cara memilih",
)


def person(name: str, role: Role, unit: Unit) -> User:
    """Return somebody with a role."""
    user = actions.add_user(SYSTEM, unit.pk, email=f"{name}@example.id", name=name.title())
    actions.grant_role(SYSTEM, user.pk, unit.pk, role)
    return user


def accounts() -> list[Account]:
    """Return an account of each unit on each platform, written as rows: signing in is not what is measured."""
    rows = [
        Account(
            unit=unit, kind=Account.Kind.OFFICIAL, platform=kind, handle=f"kpu-{unit.pk}", identity=f"kpu-{unit.pk}"
        )
        for unit in Unit.objects.order_by("path")
        for kind in KINDS
    ]
    return Account.objects.bulk_create(rows)


def moment(chance: random.Random, first: date, days: int) -> datetime:
    """Return a minute of the waking hours of some day."""
    day = first + timedelta(days=chance.randrange(days))
    zone = clock.zone("Asia/Jakarta")
    return datetime(day.year, day.month, day.day, chance.randrange(6, 22), chance.randrange(60), tzinfo=zone)


def schedule(times: Sequence[datetime], on: Sequence[Account], author: User, approver: User) -> None:
    """Write an approved item with a version and a delivery for each time."""
    chance = random.Random(SEED + len(times))
    root = Unit.objects.get(parent=None)
    for start in range(0, len(times), 5000):
        part = times[start : start + 5000]
        items = ContentItem.objects.bulk_create(
            ContentItem(
                unit=root,
                title=f"{chance.choice(TITLES)} {start + n}",
                text="t",
                purpose="service",
                created_by=author,
                author_ids=[author.pk],
            )
            for n in range(len(part))
        )
        chosen = [chance.choice(on) for _item in items]
        versions = Rendition.objects.bulk_create(
            Rendition(item=item, kind=account.platform, text="Cek data Anda." * 15)
            for item, account in zip(items, chosen, strict=True)
        )
        ContentItem.objects.filter(pk__in=[item.pk for item in items]).update(
            state="approved", approved_by=approver, approved_at=clock.now()
        )
        Delivery.objects.bulk_create(
            Delivery(
                unit_id=account.unit_id,
                account=account,
                rendition=version,
                item=version.item,
                item_version=1,
                content={"item_title": version.item.title, "text": version.text, "title": "", "link": "", "images": []},
                key=f"k{version.pk}",
                due_at=when,
                try_at=when,
                late_until=when,
            )
            for when, account, version in zip(part, chosen, versions, strict=True)
        )


@dataclass
class Figures:
    """What opening a page took: milliseconds on the wall and of processors (ours and the database's), sorted."""

    wall: list[float]
    cpu: list[float]
    queries: int
    size: int


def database_seconds() -> float:
    """Return the processor time of our database session so far; 0 where its process cannot be seen."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        path = Path(f"/proc/{cursor.fetchone()[0]}/schedstat")
    return int(path.read_text().split()[0]) / 1e9 if path.exists() else 0.0


def opened(user: User, address: str, runs: int) -> Figures:
    """Open a page so often."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(address)
    with CaptureQueriesContext(connection) as captured:
        response = client.get(address)
    queries = len(captured)  # the next request empties the log
    if response.status_code != 200:
        raise SystemExit(f"{address}: HTTP {response.status_code}")
    wall, cpu = [], []
    for _run in range(runs):
        before, start = database_seconds() + time.process_time(), time.perf_counter()
        client.get(address)
        wall.append((time.perf_counter() - start) * 1000)
        cpu.append((database_seconds() + time.process_time() - before) * 1000)
    return Figures(sorted(wall), sorted(cpu), queries, len(response.content))


def p95(took: Sequence[float]) -> float:
    """Return the 95th percentile of sorted values."""
    return took[min(len(took) - 1, round(0.95 * len(took)))]


def say(name: str, of: Figures) -> float:
    """Print a line of the table; return the 95th percentile of the processor time, which a busy machine cannot blur."""
    figures = (statistics.median(of.wall), p95(of.wall), of.wall[-1], statistics.median(of.cpu), p95(of.cpu))
    print(f"{name:<38}{''.join(f'{one:8.0f}' for one in figures)}{of.queries:9}{of.size / 1000:8.0f}", flush=True)
    return p95(of.cpu)


def naive(measure: Callable[[], Figures]) -> Figures:
    """Measure the month with every post of a day in its cell."""
    few, grid.IN_A_DAY = grid.IN_A_DAY, 10**6
    try:
        return measure()
    finally:
        grid.IN_A_DAY = few


def found() -> tuple[User, User, User]:
    """Found the commission; return its leader, an author, and the approver of one province."""
    kind = Organisation.Kind.COMMISSION
    actions.found_organisation(SYSTEM, name="Komisi Uji", short_name="KU", kind=kind)
    root = Unit.objects.get(parent=None)
    administrator = Actor.of_user(person("arif", Role.ADMINISTRATOR, root))
    jobs.run_now(actions.load_tree(administrator, trees.Wanted(kind), inline=True))
    province = Unit.objects.get(level=Unit.Level.PROVINCE, code="32")
    return (
        person("wulan", Role.LEADER, root),
        person("dewi", Role.EDITOR, root),
        person("hendra", Role.APPROVER, province),
    )


def main() -> None:
    """Say what is measured, then measure."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--posts", type=int, default=10_000)
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--limit", type=float, default=0, help="milliseconds of processor time, 95th percentile")
    given = parser.parse_args()
    with running_database():
        collecting.seldom()  # as a web process does
        leader, author, approver = found()
        on, chance = accounts(), random.Random(SEED)
        length = monthrange(MONTH.year, MONTH.month)[1]
        schedule([moment(chance, MONTH, length) for _post in range(given.posts)], on, author, leader)
        before, after = MONTH - timedelta(days=180), MONTH + timedelta(days=length)
        others = [moment(chance, *((before, 180) if n % 2 else (after, 150))) for n in range(given.others)]
        schedule(others, on, author, leader)
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        version = connection.pg_version // 10000  # type: ignore[attr-defined]
        print(
            f"{Unit.objects.count():,} units, {len(on):,} accounts, {Delivery.objects.count():,} deliveries, "
            f"{given.posts:,} of them in {MONTH:%B %Y}; PostgreSQL {version}, fsync on, DEBUG {settings.DEBUG}, "
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {given.runs} runs, seed {SEED}"
        )
        print(f"{'page':<38}{'median':>8}{'p95':>8}{'max':>8}{'cpu':>8}{'cpu p95':>8}{'queries':>9}{'kB':>8}")
        base = f"/rancang/kalender/?from={MONTH:%Y-%m-%d}"
        month = opened(leader, base, given.runs)
        slowest = say("month", month)
        say("month, one province", opened(approver, base, given.runs))
        say("month, a unit's subtree", opened(leader, f"{base}&unit=32", given.runs))
        say("month, one channel", opened(leader, f"{base}&channel=mastodon", given.runs))
        say("week", opened(leader, f"{base}&view=week", given.runs))
        say("list", opened(leader, f"{base}&view=list", given.runs))
        say("list of a full day, page 3", opened(leader, f"{base}&view=list&days=1&page=3", given.runs))
        whole = naive(lambda: opened(leader, base, max(given.runs // 10, 3)))
        say("baseline: every post in its cell", whole)
        print(
            f"ratio of the medians of processor time: {statistics.median(whole.cpu) / statistics.median(month.cpu):.1f}"
        )
    if given.limit and slowest > given.limit:
        raise SystemExit(f"The month took {slowest:.0f} ms.")


if __name__ == "__main__":
    main()
