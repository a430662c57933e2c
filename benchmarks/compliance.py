"""Who keeps a mandate, at national size: `KENTONGAN_HOME=... python benchmarks/compliance.py [CHANGES]`.

In an installation that holds `kentongan demo national`: gives a mandate to every officer, counts it, opens the matrix
at every level, then lets four writers make CHANGES (10,000) random changes while one fold after the other runs, asks
how long the root's numbers lag behind a change, and compares every number of every unit with a full recount. The
baseline beside the matrix is the same question as one SQL statement over the rows.
"""

import os
import random
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import IntegrityError, connection  # noqa: E402
from django.test import Client  # noqa: E402

from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import running_database  # noqa: E402
from kentongan.core.errors import KentonganError  # noqa: E402
from kentongan.registry import actions, counting  # noqa: E402
from kentongan.registry.actions.mandates import NewMandate  # noqa: E402
from kentongan.registry.models import Account, Consent, Grant, Mandate, Membership, Person, Tally, Unit  # noqa: E402
from kentongan.registry.queries import mandates as reads  # noqa: E402

SYSTEM = Actor.system("benchmark")
PLATFORMS = ("facebook", "instagram", "x")
WRITERS = 4
NAIVE = """
SELECT split_part(u.path::text, '.', 2), a.platform, count(DISTINCT (m.unit_id, m.person_id))
FROM registry_unit u JOIN registry_membership m ON m.unit_id = u.id JOIN registry_person p ON p.id = m.person_id
JOIN registry_account a ON a.person_id = p.id AND a.kind = 'organic' AND a.state IN ('proven', 'connected', 'dormant')
WHERE u.closed_at IS NULL AND p.state = 'confirmed' AND a.platform = ANY(%s)
    AND EXISTS (SELECT FROM registry_consent c
                WHERE c.person_id = p.id AND c.purpose = 'accounts' AND c.revoked_at IS NULL)
GROUP BY 1, 2
"""


def timed(work: Callable[[], object]) -> float:
    """Return how many seconds it takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def spread(work: Callable[[], object], runs: int = 30) -> str:
    """Return median, 95th percentile and slowest in milliseconds."""
    work()
    took = sorted(timed(work) * 1000 for _run in range(runs))
    return f"median {statistics.median(took):.0f}, p95 {took[int(runs * 0.95) - 1]:.0f}, max {took[-1]:.0f} ms"


def naive() -> None:
    """Count the matrix of the root from the rows."""
    with connection.cursor() as cursor:
        cursor.execute(NAIVE, [list(PLATFORMS)])
        cursor.fetchall()


def change(pick: random.Random, lowest: int, highest: int) -> None:
    """Make one random change: a person comes, proves, consents, withdraws, leaves, is moved; an account is lost."""
    member = Membership.objects.filter(pk__gte=pick.randint(lowest, highest)).select_related("person").first()
    if member is None:
        return
    person = member.person
    match pick.randrange(6):
        case 0:
            Account.objects.filter(person=person).update(state=pick.choice(["declared", "lost"]))
        case 1:
            platform, identity = pick.choice(PLATFORMS), f"uji{pick.randrange(10**12)}"
            Account.objects.create(
                kind="organic",
                unit_id=member.unit_id,
                person=person,
                platform=platform,
                handle=identity,
                identity=identity,
                state="proven",
            )
        case 2:
            Person.objects.filter(pk=person.pk).update(state=pick.choice(["confirmed", "invited", "withdrawn"]))
        case 3:
            Consent.objects.filter(person=person, purpose="accounts").delete()
        case 4:
            actions.give_consent(SYSTEM, person.pk, "accounts", text="Uji.", channel="benchmark")
        case _:
            Membership.objects.filter(pk=member.pk).update(
                ends_on=counting.today() - timedelta(days=pick.choice([-9, 9]))
            )


def writing(seed: int, changes: int, bounds: tuple[int, int], done: list[int]) -> None:
    """Make changes, each in its own transaction."""
    pick = random.Random(seed)
    for _turn in range(changes):
        try:
            change(pick, *bounds)
        except (IntegrityError, KentonganError):
            continue
        done[seed] += 1
    connection.close()


def folding(stop: threading.Event) -> None:
    """Fold as the tick does: at once while there is work, else each second."""
    while not stop.wait(0 if counting.fold() else 1):
        pass
    connection.close()


def lag(root: Unit) -> list[float]:
    """Return, for ten changes one after the other, the seconds until the root's number shows it."""
    took = []
    for number in range(10):
        before = Tally.objects.get(unit_id=root.pk, mandate=None, of="official").total
        village = Unit.objects.filter(level="village").order_by("-pk")[number]
        start = time.perf_counter()
        actions.declare_account(SYSTEM, village.pk, handle=f"uji{time.time_ns()}"[:15], platform="instagram")
        while Tally.objects.get(unit_id=root.pk, mandate=None, of="official").total == before:
            time.sleep(0.02)
        took.append(time.perf_counter() - start)
    return took


def differences() -> int:
    """Return how many numbers differ from a full recount of all units."""
    paths = dict(Unit.objects.values_list("pk", "path"))
    live = list(Mandate.objects.filter(ended_at=None).values_list("pk", flat=True))
    totals: Counter[tuple[int, int | None, str]] = Counter()
    dones: Counter[tuple[int, int | None, str]] = Counter()
    for key, (total, done) in counting.own_numbers(paths, live, counting.today()).items():
        for above in str(paths[key[0]]).split("."):
            totals[int(above), key[1], key[2]] += total
            dones[int(above), key[1], key[2]] += done
    rows = Tally.objects.exclude(mandate__ended_at__isnull=False).filter(total__gt=0)
    kept = {(unit, mandate, of): (total, done) for unit, mandate, of, total, done in rows.values_list(
        "unit_id", "mandate_id", "of", "total", "done"
    ).iterator()}  # fmt: skip
    counted = {key: (total, dones[key]) for key, total in totals.items() if total}
    return sum(kept.get(key) != counted.get(key) for key in kept.keys() | counted.keys())


def race(changes: int, root: Unit) -> None:
    """Let writers and folds race, then print what came of it."""
    bounds = (Membership.objects.order_by("pk").first().pk, Membership.objects.order_by("-pk").first().pk)  # type: ignore[union-attr]
    stop, done = threading.Event(), [0] * WRITERS
    fold = threading.Thread(target=folding, args=(stop,))
    writers = [
        threading.Thread(target=writing, args=(seed, changes // WRITERS, bounds, done)) for seed in range(WRITERS)
    ]
    fold.start()
    start = time.perf_counter()
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    took = time.perf_counter() - start
    behind = timed(lambda: wait_for_empty())
    print(f"{sum(done):,} changes by {WRITERS} writers in {took:.0f} s; all counted {behind:.2f} s after the last one")
    lags = lag(root)
    print(f"one change until the root shows it: median {statistics.median(lags):.2f}, max {max(lags):.2f} s")
    stop.set()
    fold.join()
    counting.fold_all()
    print(f"numbers that differ from a full recount: {differences()} of {Tally.objects.count():,}")


def wait_for_empty() -> None:
    """Wait until nothing is marked."""
    while counting.backlog():
        time.sleep(0.05)


def main() -> None:
    """Give, count, look, race."""
    changes = int(sys.argv[1]) if sys.argv[1:] else 10_000
    with running_database():
        root = Unit.objects.get(parent=None)
        sizes = ", ".join(f"{model.objects.count():,} {name}" for model, name in (
            (Unit, "units"), (Person, "people"), (Account, "accounts")
        ))  # fmt: skip
        print(f"{sizes}; fsync on, audit and access on, DEBUG {settings.DEBUG}")
        print(f"counting what waits: {timed(counting.fold_all):.1f} s")
        new = NewMandate("Uji", "people", PLATFORMS, counting.today() + timedelta(days=30))
        mandate = actions.give_mandate(SYSTEM, root.pk, new)
        print(f"a mandate for everybody is counted in {timed(counting.fold_all):.1f} s")
        simple = timed(naive)
        print(f"matrix of the root by SQL over the rows: {simple * 1000:.0f} ms")
        look = min(timed(lambda: reads.matrix(SYSTEM, mandate, root)) for _run in range(5))
        print(f"the same from the tallies: {look * 1000:.1f} ms; ratio {simple / look:.0f}")
        grant = Grant.objects.filter(unit=root, role="administrator").select_related("user").first()
        if grant is None:
            raise SystemExit("Load it first: kentongan demo national")
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(grant.user, backend="allauth.account.auth_backends.AuthenticationBackend")
        for level in ("nation", "province", "regency", "district", "village"):
            unit = Unit.objects.filter(level=level, closed_at=None).order_by("?").first()
            for page in ("", "nama/"):
                address = f"/daftar/wajib/{mandate.pk}/{page}?unit={unit.pk if unit else root.pk}"
                assert client.get(address).status_code == 200
                print(f"{level:<9} {page or 'matrix':<8} {spread(lambda address=address: client.get(address))}")
        race(changes, root)
        actions.end_mandate(SYSTEM, mandate.pk)


if __name__ == "__main__":
    main()
