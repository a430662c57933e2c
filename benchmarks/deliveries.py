"""Deliveries due at the same second: `python benchmarks/deliveries.py [--units 549] [--accounts 6] [--workers 2]`.

Founds an election commission of its own (1 + 38 + 514 units), connects accounts of each unit, of six kinds of
channels in turn, to a server on this machine (`platforms.py`), schedules one approved item to all of them for the same
second, and starts real workers (`kentongan worker`, with every tick, audit, safeguards and fsync). Prints how long
after that second the last one was published, what the server received, twice or never, and what became of each. Beside
it the baseline: as many posts sent by as many bare processes that write nothing down.

With `--done N` the ledger holds N deliveries of former days besides, with `--waiting N` as many for later.
"""

import argparse
import multiprocessing
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

HOME = tempfile.mkdtemp(prefix="kentongan-benchmark-")
os.environ |= {"KENTONGAN_HOME": HOME, "KENTONGAN_ALLOW_LOCAL_NETWORK": "true"}
os.environ["DJANGO_SETTINGS_MODULE"] = "kentongan.config.settings"

import httpx  # noqa: E402
import platforms  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import Count, Max, Min  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from registry_pages import Figures, measured  # noqa: E402  (sets Django up, in that home)

from kentongan.core import clock, jobs, ticks  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.database import as_owner, running_database  # noqa: E402
from kentongan.core.models import User  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.planning.models import ContentItem, Rendition  # noqa: E402
from kentongan.publishing import actions as publishing  # noqa: E402
from kentongan.publishing.models import Attempt, Delivery  # noqa: E402
from kentongan.registry import actions, queries, trees  # noqa: E402
from kentongan.registry.models import Account, Connection, Organisation, Unit  # noqa: E402

SYSTEM = Actor.system("benchmark")
TEXT = "Daftar pemilih sementara dapat dilihat mulai hari ini. Periksa nama Anda di kantor kami."
PATIENCE = 600  # seconds
RUNS = 20
PAGES = {
    "ledger": "/sebar/",
    "ledger, page 100": "/sebar/?page=100",
    "ledger of a unit": "/sebar/?unit={unit}",
    "ledger of an account": "/sebar/?account={account}",
    "ledger of an item": "/sebar/?item={item}",
    "unknown only": "/sebar/?state=unknown",
    "to come": "/sebar/akan-datang/",
    "lines by day": "/sebar/rekap/",
    "lines by unit": "/sebar/rekap/?per=unit",
    "lines by campaign": "/sebar/rekap/?per=campaign",
    "needs a person": "/sebar/perlu-tindakan/",
    "accounts": "/sebar/akun/",
    "a delivery": "/sebar/sebaran/{delivery}/",
    "API deliveries": "/api/v1/publishing/deliveries",
    "API ledger": "/api/v1/publishing/ledger",
}
FILL = """
INSERT INTO publishing_delivery (unit_id, account_id, rendition_id, item_id, item_version, content, key, state, reason,
    due_at, late_minutes, late_until, try_at, tries, looks, recall_problem, remote_id, url, published_at,
    scheduled_by_id, created_at, changed_at)
SELECT a.unit_id, a.id, r.id, r.item_id, d.item_version, d.content, 'k' || a.id || '.' || r.id, %(state)s, '',
    moment, d.late_minutes, moment + interval '2 hours', moment, 1, 0, '',
    CASE WHEN %(state)s = 'published' THEN 'k' || a.id || '.' || r.id ELSE '' END, '',
    CASE WHEN %(state)s = 'published' THEN moment END, d.scheduled_by_id, moment, moment
FROM publishing_delivery d, registry_account a, planning_rendition r,
    LATERAL (SELECT now() + ((CASE WHEN %(state)s = 'published' THEN -1 ELSE 1 END)
        * (1 + (a.id + r.id) %% %(days)s) || ' days')::interval AS moment) m
WHERE d.id = %(like)s AND r.id = ANY(%(versions)s) AND r.kind = a.platform
LIMIT %(limit)s
"""
FILL_ATTEMPTS = """
INSERT INTO publishing_attempt (delivery_id, kind, token, digest, started_at, ended_at, outcome, message, response,
    remote_id, url, platform)
SELECT d.id, 'publish', gen_random_uuid(), repeat('0', 64), d.published_at - interval '1 second', d.published_at,
    'published', '', '{}', d.remote_id, '', a.platform
FROM publishing_delivery d JOIN registry_account a ON a.id = d.account_id
WHERE d.published_at < %(before)s
"""


def member(name: str, role: Role) -> User:
    """Return somebody with a role at the root."""
    root = queries.root()
    if root is None:
        raise SystemExit("There is no organisation.")
    user = actions.add_user(SYSTEM, root.pk, email=f"{name}@example.id", name=name)
    actions.grant_role(SYSTEM, user.pk, root.pk, role)
    return user


def found(units: int, accounts: int, service: str) -> list[Account]:
    """Found the organisation with that many units and connected accounts each; returns those."""
    kind = Organisation.Kind.COMMISSION
    actions.found_organisation(SYSTEM, name="Komisi Uji", short_name="Uji", kind=kind)
    jobs.run_now(actions.load_tree(SYSTEM, trees.Wanted("commission"), inline=True))
    places = ((unit, number) for unit in Unit.objects.order_by("pk")[:units] for number in range(accounts))
    made = Account.objects.bulk_create(
        Account(
            unit=unit,
            kind="official",
            platform=platforms.KINDS[number % len(platforms.KINDS)],
            state=Account.State.CONNECTED,
            handle=f"kabar{number}.{unit.pk}@contoh.social",
            identity=f"kabar{number}.{unit.pk}@contoh.social",
        )
        for unit, number in places
    )
    Connection.objects.bulk_create(
        Connection(
            account=account,
            service_url=service,
            secrets=platforms.credentials(account.platform, platforms.FIRST_NUMBER + account.pk),
            checked_at=clock.now(),
            healthy=True,
        )
        for account in made
    )
    return made


def approved(author: User, approver: User) -> ContentItem:
    """Return an approved item with a version for each platform."""
    about = {"title": "DPS", "text": TEXT, "purpose": "service"}
    item = ContentItem.objects.create(
        unit=queries.root(), state="in_review", created_by=author, author_ids=[author.pk], **about
    )
    for kind in platforms.KINDS:
        item.renditions.create(kind=kind, text=TEXT)
    item.state, item.approved_by, item.approved_at = "approved", approver, clock.now()
    item.save()
    return item


@contextmanager
def workers(count: int) -> Iterator[None]:
    """Run that many workers, as `kentongan up` does."""
    command = [str(Path(sys.executable).with_name("kentongan")), "worker", "--supervised"]
    log = Path(HOME, "workers.log").open("w", encoding="utf-8")  # noqa: SIM115  the workers write to it
    running = [subprocess.Popen(command, stdout=log, stderr=log) for _each in range(count)]
    try:
        yield
    finally:
        for worker in running:
            worker.send_signal(signal.SIGTERM)
        for worker in running:
            worker.wait(60)


def wait(made: Sequence[Delivery], due: datetime) -> None:
    """Wait until nothing is to come any more, saying every ten seconds how far it is."""
    mine = Delivery.objects.filter(pk__gte=made[0].pk, pk__lte=made[-1].pk)
    told = time.monotonic()
    while left := mine.filter(state__in=["ready", "claimed", "sending"]).count():
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"  {(clock.now() - due).total_seconds():5.0f} s: {left} left", flush=True)
        if (clock.now() - due).total_seconds() > PATIENCE:
            raise SystemExit(f"{left} are left after {PATIENCE} s; see {HOME}/workers.log")
        time.sleep(0.5)


def report(made: Sequence[Delivery], due: datetime, service: str) -> float:
    """Print what became of them; returns the seconds that the last one took."""
    mine = Delivery.objects.filter(pk__gte=made[0].pk, pk__lte=made[-1].pk)
    states = dict(mine.order_by().values_list("state").annotate(n=Count("pk")))
    times = mine.aggregate(first=Min("published_at"), last=Max("published_at"))
    seconds = float((times["last"] - due).total_seconds())
    with httpx.Client() as client:
        seen = client.get(f"{service}/seen").json()
    keys = {f"{kind} {platforms.FIRST_NUMBER + pk}" for pk, kind in mine.values_list("account", "account__platform")}
    twice = sum(seen[key] > 1 for key in keys & seen.keys())
    print(f"states: {states}; attempts: {Attempt.objects.filter(delivery__in=mine).count():,}")
    print(
        f"the server took {len(keys & seen.keys()):,} of {len(keys):,}, {twice} of them more than once, and"
        f" {len(seen.keys() - keys)} that were nobody's"
    )
    calls = [one.seconds for one in Attempt.objects.filter(delivery__in=mine)[:500]]
    print(f"a call took {statistics.median(one for one in calls if one is not None) * 1000:.0f} ms in the median")
    print(f"last one after {seconds:.1f} s, {len(made) / seconds:.1f} a second", flush=True)
    return seconds


def _post(service: str, count: int) -> None:
    with httpx.Client() as client:
        for _each in range(count):
            client.post(
                f"{service}/api/v1/statuses", json={"status": TEXT}, headers={"Idempotency-Key": uuid.uuid4().hex}
            )


def bare(service: str, count: int, processes: int) -> float:
    """Return the seconds that as many processes take for the same calls, writing nothing down."""
    running = [multiprocessing.Process(target=_post, args=(service, count // processes)) for _each in range(processes)]
    start = time.monotonic()
    for process in running:
        process.start()
    for process in running:
        process.join()
    return time.monotonic() - start


def fill(count: int, state: str, example: Delivery, of_days: int) -> None:
    """Write so many deliveries of other days besides: copies of one, over all accounts, of as many items as it takes.

    The days are those before today for a state that is an end, else those after tomorrow.
    """
    if not count:
        return
    accounts = Account.objects.count()
    copies = [
        ContentItem.objects.get(pk=example.item_id) for _each in range(count // accounts + bool(count % accounts))
    ]
    approval = {name: getattr(copies[0], name) for name in ("state", "approved_by", "approved_at")}
    for copy in copies:
        copy.pk, copy.state, copy.approved_by, copy.approved_at = None, "in_review", None, None
    items = ContentItem.objects.bulk_create(copies)
    versions = Rendition.objects.bulk_create(
        Rendition(item=item, kind=kind, text=TEXT) for item in items for kind in platforms.KINDS
    )
    ContentItem.objects.filter(pk__in=[item.pk for item in items]).update(**approval)
    given = {"state": state, "like": example.pk, "days": of_days, "limit": count}
    with as_owner() as owner, owner.cursor() as cursor:  # no delivery begins as published, but in a benchmark
        cursor.execute("ALTER TABLE publishing_delivery DISABLE TRIGGER publishing_delivery_guard")
        cursor.execute(FILL, given | {"versions": [one.pk for one in versions]})
        cursor.execute("ALTER TABLE publishing_delivery ENABLE TRIGGER publishing_delivery_guard")
        if state == "published":
            cursor.execute(FILL_ATTEMPTS, {"before": example.created_at})
        cursor.execute("VACUUM (ANALYZE) publishing_delivery, publishing_attempt, planning_contentitem")


def pages(user: User, made: Sequence[Delivery]) -> None:
    """Print how long the screens of publishing take on the server, and what is due takes to be claimed."""
    client = Client(headers={"host": "127.0.0.1"})
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    print(f"{'page':<42}{'median':>8}{'p95':>8}{'max':>8}{'cpu':>8}{'cpu p95':>8}{'queries':>8}")
    unit, account = made[len(made) // 2].unit_id, made[len(made) // 2].account_id
    for name, address in PAGES.items():
        figures = Figures()
        target = address.format(unit=unit, account=account, item=made[0].item_id, delivery=made[0].pk)
        with CaptureQueriesContext(connection) as captured:
            client.get(target)
        figures.queries = len(captured)
        for _run in range(RUNS):
            measured(lambda target=target: client.get(target).status_code, figures)
        print(figures.line(name), flush=True)
    for name in ("publishing.due", "publishing.sweep", "publishing.reconcile", "publishing.recall"):
        figures = Figures()
        for _run in range(RUNS):
            measured(lambda name=name: ticks.run_once(name) or 200, figures)
        print(figures.line(f"tick {name}, nothing due"), flush=True)


def main() -> None:
    """Fill, wait for the second, measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=549)
    parser.add_argument("--accounts", type=int, default=6)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--done", type=int, default=0)
    parser.add_argument("--waiting", type=int, default=0)
    given = parser.parse_args()
    with running_database(), platforms.running() as service:
        accounts = found(given.units, given.accounts, service)
        user = member("humas", Role.ADMINISTRATOR)
        item = approved(member("penulis", Role.EDITOR), user)
        due = clock.now() + timedelta(seconds=40)
        start = time.monotonic()
        made = publishing.schedule(Actor.of_user(user), item.pk, [one.pk for one in accounts], due)
        took = time.monotonic() - start
        print(f"{len(made):,} deliveries at {given.units} units, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
        print(f"scheduled in {took:.1f} s; due at {due:%H:%M:%S}, {given.workers} workers", flush=True)
        fill(given.done, "published", made[0], 365)
        fill(given.waiting, "ready", made[0], 60)
        with workers(given.workers):
            wait(made, due)
        seconds = report(made, due, service)
        if given.done or given.waiting:
            pages(user, made)
        alone = bare(service, len(made), given.workers)
        print(f"baseline, the calls alone: {alone:.1f} s; ratio {seconds / alone:.1f}")


if __name__ == "__main__":
    main()
