"""The long form of the fault tests: `make faults`, or `python tests/faults/long.py [--deliveries 500] [--seed 1]`.

Runs PostgreSQL (fsync on), two workers, a real Bluesky server and a Mastodon server that ignores Idempotency-Key, both
behind the fault proxy, and schedules half of the deliveries to each. Meanwhile it kills workers and PostgreSQL with
SIGKILL, at random, and starts them again; one request in four meets a fault: cut before, cut after acceptance, an
answer that comes too late, half an answer, 500 and 400 after acceptance. Nothing is moved along by hand: leases lapse,
servers rest and platforms settle as long as they do in earnest. In the end every post is there once or its delivery
waits for a person, and the ledger adds up; prints the counts, ends with 1 where that is not so.
"""

import argparse
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))
HOME = Path(tempfile.mkdtemp(prefix="kentongan-faults-"))
os.environ |= {
    "KENTONGAN_HOME": str(HOME),
    "KENTONGAN_ALLOW_LOCAL_NETWORK": "true",
    "DJANGO_SETTINGS_MODULE": "kentongan.config.settings",
}

import django  # noqa: E402

django.setup()

from django.db import InterfaceError, OperationalError, connections  # noqa: E402

from kentongan.core import clock, database  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
from kentongan.core.postgres import Cluster  # noqa: E402
from kentongan.planning.models import ContentItem  # noqa: E402
from kentongan.publishing import actions, queries  # noqa: E402
from kentongan.publishing import connections as accounts  # noqa: E402
from kentongan.publishing.models import Attempt, Circuit, Delivery  # noqa: E402
from kentongan.publishing.states import State  # noqa: E402
from kentongan.registry import actions as registry  # noqa: E402
from kentongan.registry.models import Account, Organisation, Unit  # noqa: E402
from servers import mastodon  # noqa: E402
from servers import pds as bluesky  # noqa: E402
from servers.mastodon import MastodonServer  # noqa: E402
from servers.pds import Pds  # noqa: E402
from servers.proxy import Fault, Proxy, between  # noqa: E402

SYSTEM = Actor.system("faults")
CREATE = {"bluesky": "com.atproto.repo.createRecord", "mastodon": "POST /api/v1/statuses"}
TOO_LATE = 25.0  # seconds; a call waits 20 for each step
PATIENCE = 45 * 60
MARK = re.compile(r"nomor (\d+) dari")


@dataclass
class Line:
    """An account of ours on a real server, the fault proxy in between, and the texts that are really there."""

    account: Account
    proxy: Proxy
    texts: Callable[[], list[str]]
    faults: list[Fault] = field(default_factory=list)

    def counted(self) -> Counter[int]:
        """Return how often each numbered text is there."""
        return Counter(int(found.group(1)) for text in self.texts() if (found := MARK.search(text)))


@dataclass
class Chaos:
    """Two workers and PostgreSQL, killed now and then and started again; and how often."""

    cluster: Cluster
    chance: random.Random
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: Counter[str] = field(default_factory=Counter)

    def start(self) -> None:
        """Start one more worker."""
        log = (HOME / f"worker-{len(self.kills)}-{time.monotonic():.0f}.log").open("wb")
        program = str(Path(__file__).with_name("worker.py"))
        self.workers.append(subprocess.Popen([sys.executable, program], stdout=log, stderr=log, start_new_session=True))

    def strike(self) -> None:
        """Kill something and start it again."""
        if self.chance.random() < 0.3:
            self.kills["PostgreSQL"] += 1
            os.kill(int((self.cluster.data_dir / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            time.sleep(self.chance.uniform(0, 3))
            connections.close_all()
            self.cluster.restart()
            return
        self.kills["worker"] += 1
        victim = self.workers.pop(self.chance.randrange(len(self.workers)))
        os.killpg(victim.pid, signal.SIGKILL)
        victim.wait(10)
        self.start()

    def end(self) -> None:
        """Kill the workers for good."""
        for worker in self.workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)


def bluesky_texts(server: Pds, did: str) -> list[str]:
    """Return the texts of all posts of an account."""
    texts: list[str] = []
    cursor = None
    while True:
        more = {"cursor": cursor} if cursor else {}
        page = server.call("com.atproto.repo.listRecords", repo=did, collection="app.bsky.feed.post", limit=100, **more)
        texts += [post["value"]["text"] for post in page["records"]]
        cursor = page.get("cursor")
        if not cursor or not page["records"]:
            return texts


def mastodon_texts(server: MastodonServer) -> list[str]:
    """Return the contents of all statuses of the account."""
    texts: list[str] = []
    more: dict[str, str] = {}
    while page := server.get(f"/api/v1/accounts/{server.me()['id']}/statuses", limit=40, **more):
        texts += [status["content"] for status in page]
        more = {"max_id": page[-1]["id"]}
    return texts


@contextmanager
def lines() -> Iterator[list[Line]]:
    """Found an organisation with an account on each server."""
    kind = Organisation.Kind.REGENCY
    registry.found_organisation(SYSTEM, name="Dinas Uji", short_name="Uji", kind=kind, area_code="32.16")
    root = Unit.objects.get(parent=None)
    with ExitStack() as stack:
        pds = stack.enter_context(bluesky.serve(HOME / "pds"))
        social = stack.enter_context(mastodon.serve(HOME))
        made = pds.account()
        proxies = [stack.enter_context(between(pds.url)), stack.enter_context(between(social.url))]
        proxies[1].strip = frozenset({"idempotency-key"})
        entered = [
            {"service": proxies[0].url, "handle": made["handle"], "app_password": made["app_password"]},
            {"service": proxies[1].url, "access_token": social.token},
        ]
        readers = [lambda: bluesky_texts(pds, made["did"]), lambda: mastodon_texts(social)]
        found = []
        for platform, handle, given, proxy, texts in zip(
            CREATE, ("nanti.example", "nanti@kab.example"), entered, proxies, readers, strict=True
        ):
            declared = registry.declare_account(SYSTEM, root.pk, platform=platform, handle=handle)
            found.append(Line(accounts.connect(SYSTEM, declared.pk, given), proxy, texts))
        yield found


def fault(chance: random.Random, where: str) -> Fault:
    """Return one of the faults that a network and a server know."""
    return chance.choice(
        [
            Fault(where, accept=False),
            Fault(where, accept=True),
            Fault(where, accept=True, wait=TOO_LATE),
            Fault(where, accept=True, half=True),
            Fault(where, accept=True, status=500),
            Fault(where, accept=True, status=400),
            Fault(where, accept=False, status=503),
        ]
    )


def schedule(wanted: Sequence[Line], count: int) -> None:
    """Schedule so many deliveries, each text once to each account."""
    root = Unit.objects.get(parent=None)
    people = []
    for name, role in (("penulis", Role.EDITOR), ("humas", Role.ADMINISTRATOR)):
        user = registry.add_user(SYSTEM, root.pk, email=f"{name}@example.id", name=name)
        registry.grant_role(SYSTEM, user.pk, root.pk, role)
        people.append(user)
    author, approver = people
    for number in range(count // len(wanted)):
        text = f"Uji gangguan nomor {number} dari Dinas."
        item = ContentItem.objects.create(
            unit=root,
            title=text,
            text=text,
            purpose="service",
            state="in_review",
            created_by=author,
            author_ids=[author.pk],
        )
        for line in wanted:
            item.renditions.create(kind=line.account.platform, text=text)
        item.state, item.approved_by, item.approved_at = "approved", approver, clock.now()
        item.save()
        actions.schedule(Actor.of_user(approver), item.pk, [line.account.pk for line in wanted], clock.now(), 24 * 60)


def settled() -> bool:
    """Whether nothing moves by itself any more."""
    try:
        waits = Delivery.objects.filter(state__in=[State.READY, State.CLAIMED, State.SENDING]).exists()
        looked_for = Delivery.objects.filter(state=State.UNKNOWN, look_at__isnull=False).exists()
        return not waits and not looked_for
    except (OperationalError, InterfaceError):
        connections.close_all()
        return False


def run(chaos: Chaos, wanted: Sequence[Line], strikes: int) -> float:
    """Let it work and strike; returns the seconds that it took."""
    start = told = time.monotonic()
    next_at = start + 5
    while not settled():
        now = time.monotonic()
        if now > next_at and strikes:
            chaos.strike()
            strikes, next_at = strikes - 1, now + chaos.chance.uniform(3, 12)
        if now - told > 20:
            told = now
            states = dict(Counter(Delivery.objects.values_list("state", flat=True)))
            print(f"  {now - start:5.0f} s, {dict(chaos.kills)} killed, {states}", flush=True)
        if now - start > PATIENCE:
            print(f"gave up after {PATIENCE} s; see {HOME}")
            break
        time.sleep(0.5)
    return time.monotonic() - start


def verdict(wanted: Sequence[Line], count: int) -> list[str]:
    """Print the counts; returns what is wrong."""
    wrong = []
    for line in wanted:
        there = line.counted()
        states = dict(line.account.deliveries.values_list("content__text", "state"))
        for text, state in states.items():
            found = MARK.search(text)
            copies = there[int(found.group(1))] if found else -1
            if copies > 1 or (state == State.PUBLISHED and copies != 1) or (copies == 1 and state == State.REJECTED):
                wrong.append(f"{line.account.platform}: “{text}” is {state} and there {copies} times")
        lost = sum(not there[number] for number in range(count // len(wanted)))
        print(
            f"{line.account.platform}: {dict(Counter(states.values()))}; {sum(there.values())} posts, {lost} not there"
        )
    total = queries.ledger(SYSTEM).as_dict()
    print(f"ledger: {total}")
    planned = total.pop("planned")
    if planned != count or planned != sum(total.values()):
        wrong.append("the ledger does not add up")
    outcomes = Counter(Attempt.objects.values_list("kind", "outcome"))
    print("attempts:", ", ".join(f"{kind} {outcome} {n}" for (kind, outcome), n in sorted(outcomes.items())))
    print(f"servers that rest: {Circuit.objects.filter(open_until__isnull=False).count()}")
    return wrong


def main() -> None:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=500)
    parser.add_argument("--strikes", type=int, default=20)
    parser.add_argument("--seed", type=int, default=20261127)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    (HOME / "pds").mkdir()
    cluster = database.cluster()
    if cluster is None:
        raise SystemExit("This needs a PostgreSQL of its own: take DATABASE_URL away.")
    cluster.start()
    chaos = Chaos(cluster, chance)
    try:
        database.migrate()
        with lines() as wanted:
            schedule(wanted, given.deliveries)
            for line in wanted:
                line.faults = [fault(chance, CREATE[line.account.platform]) for _each in range(given.deliveries // 8)]
                threading.Thread(target=_spread, args=(line, chance), daemon=True).start()
            print(f"{given.deliveries} deliveries, seed {given.seed}, load {os.getloadavg()[0]:.1f}", flush=True)
            for _each in range(2):
                chaos.start()
            seconds = run(chaos, wanted, given.strikes)
            wrong = verdict(wanted, given.deliveries)
            met = given.deliveries // 8 * 2 - sum(len(line.faults + line.proxy.faults) for line in wanted)
            print(f"{seconds:.0f} s; killed: {dict(chaos.kills)}; faults met: {met}")
    finally:
        chaos.end()
        connections.close_all()
        cluster.stop()
    if wrong:
        raise SystemExit("\n".join(["WRONG:", *wrong]))
    print("Every post that should be there is there once; none twice; the ledger adds up.")


def _spread(line: Line, chance: random.Random) -> None:
    """Let one fault through now and then, so that they meet some requests among many."""
    while line.faults:
        if not line.proxy.faults:
            line.proxy.faults.append(line.faults.pop())
        time.sleep(chance.uniform(0.05, 0.6))


if __name__ == "__main__":
    main()
