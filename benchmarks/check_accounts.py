"""Cek Akun with a national list: `python benchmarks/check_accounts.py [OFFICIAL] [QUESTIONS]`.

Fills a fresh installation of its own with official accounts (300,000 by default) under names that have much in common,
as a party's have, and twice as many members' own ones; then asks about them as a stranger would, through the whole
stack of the API, each question from another address and none from the cache. The baseline beside it is the bare
statement that finds one account by its identity: what the database alone would take.
"""

import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ["KENTONGAN_HOME"] = HOME
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django  # noqa: E402

django.setup()

from django.core.cache import cache  # noqa: E402
from django.db import connection, transaction  # noqa: E402
from django.test import Client  # noqa: E402

from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.copying import copy, gather_index_entries  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.registry import actions, areas  # noqa: E402
from kentongan.registry.models import Account, Organisation, Person, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
PLATFORMS = ("instagram", "tiktok")
BATCH = 20_000
LOAD_SECONDS = 900
LONGEST = 22
SEED = 20261127


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def words() -> list[str]:
    """Return names of villages as they stand in handles."""
    names = ("".join(letter for letter in area.name.lower() if letter.isalpha()) for area in areas.scope())
    return sorted({name for name in names if len(name) > 3})


def handles(count: int) -> list[str]:
    """Return as many different handles, four fifths of them with the same beginning."""
    chance, known = random.Random(SEED), words()
    found: dict[str, None] = {}
    while len(found) < count:
        start = chance.choice(("partaiuji_", "partaiuji.", "pu_", "rantingpu", "partaiuji"))
        end = chance.choice(("", "", "_id", str(chance.randrange(99))))
        found[f"{start}{chance.choice(known)}{end}"[:LONGEST]] = None
    return list(found)


def fill(unit: Unit, names: list[str]) -> None:
    """Put the accounts on the list, by COPY; ends the program where that takes longer than it may."""
    person = Person.objects.create(full_name="Anggota", basis="uji")
    started = time.perf_counter()
    for first in range(0, len(names), BATCH):
        part = list(enumerate(names[first : first + BATCH], first))
        official = [(unit.pk, None, "official", PLATFORMS[n % 2], name, name) for n, name in part]
        own = [
            (unit.pk, person.pk, "organic", PLATFORMS[n % 2], f"{name}{m}", f"{name}{m}")
            for n, name in part
            for m in range(2)
        ]
        with transaction.atomic():
            gather_index_entries()
            copy(Account, ("unit", "person", "kind", "platform", "handle", "identity"), [*official, *own])
        if time.perf_counter() - started > LOAD_SECONDS:
            raise SystemExit(
                f"Loading took more than {LOAD_SECONDS} s; {first + len(part):,} official accounts are in."
            )
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE registry_account")


def ask(client: Client, questions: list[tuple[str, str]]) -> list[float]:
    """Return the seconds of each question."""
    took = []
    for n, (handle, platform) in enumerate(questions):
        cache.clear()
        sent = {"q": handle, "platform": platform}
        start = time.perf_counter()
        answer = client.get("/api/v1/registry/check", sent, REMOTE_ADDR=f"10.{n >> 16 & 255}.{n >> 8 & 255}.{n & 255}")
        took.append(time.perf_counter() - start)
        if answer.status_code != 200:
            raise SystemExit(answer.content.decode())
    return took


def bare(questions: list[tuple[str, str]]) -> list[float]:
    """Return the seconds of the bare statement for each question."""
    sql = "SELECT id FROM registry_account WHERE kind = 'official' AND platform = %s AND identity = %s"
    took = []
    with connection.cursor() as cursor:
        for handle, platform in questions:
            start = time.perf_counter()
            cursor.execute(sql, [platform, handle])
            cursor.fetchall()
            took.append(time.perf_counter() - start)
    return took


def say(label: str, took: list[float]) -> None:
    """Print the median, the 95th percentile, the slowest, and how many a second one process answers."""
    cuts = statistics.quantiles(took, n=20)
    print(
        f"{label:<28} {statistics.median(took) * 1000:8.1f} {cuts[18] * 1000:8.1f} {max(took) * 1000:8.1f} "
        f"{len(took) / sum(took):8.0f}"
    )


def main() -> None:
    """Fill, ask, print."""
    count = int(sys.argv[1]) if sys.argv[1:] else 300_000
    asked = int(sys.argv[2]) if sys.argv[2:] else 300
    chance = random.Random(SEED)
    with running_database():
        actions.found_organisation(SYSTEM, name="Partai Uji", short_name="PU", kind=Organisation.Kind.PARTY)
        names = handles(count)
        print(
            f"{count:,} official and {2 * count:,} own accounts: {timed(lambda: fill(Unit.objects.get(), names)):.0f} s"
        )
        ours = [(names[n], PLATFORMS[n % 2]) for n in chance.sample(range(count), asked)]
        alike = [(f"{name[:-1]}{chance.choice('aeiou1')}_resmi"[:24], "tiktok") for name, _platform in ours]
        others = [(f"kuliner{chance.choice(names)[-9:]}"[:24], "tiktok") for _ in range(asked)]
        client = Client(SERVER_NAME="localhost")
        ask(client, ours[:20])
        print("load of the machine:", " ".join(f"{load:.1f}" for load in os.getloadavg()), f"on {os.cpu_count()} cores")
        print(f"{'question':<28} {'median':>8} {'p95':>8} {'slowest':>8} {'a second':>8}   (ms, one process)")
        say("bare statement", bare(ours))
        say("official", ask(client, ours))
        say("resembles an official one", ask(client, alike))
        say("not known here", ask(client, others))
        print("load at the end:", " ".join(f"{load:.1f}" for load in os.getloadavg()))


if __name__ == "__main__":
    main()
