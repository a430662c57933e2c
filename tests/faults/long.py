"""The long form of the fault tests: `make faults`, or `python tests/faults/long.py [--deliveries 500] [--seed 1]`.

Runs PostgreSQL (fsync on), two workers, a real Bluesky server and a Mastodon server that ignores Idempotency-Key, both
behind the fault proxy, and schedules half of the deliveries to each. Meanwhile it strikes, at random: kills workers and
PostgreSQL with SIGKILL, restarts PostgreSQL as its administrator would (fast and immediate), fills the disk that holds
its tables and its log until it gives up, moves the clock of PostgreSQL and the workers an hour forward and back, and
revokes the sign-in at Bluesky, which its custodian renews after a while. One request in four meets a fault besides: cut
before, cut after acceptance, an answer that comes too late, half an answer, 500 and 400 after acceptance. Nothing is
moved along by hand: leases lapse, servers rest and platforms settle as long as they do in earnest. In the end every
post is there once or its delivery waits for a person, and the ledger adds up; prints the counts, ends with 1 where that
is not so. A disk of its own takes root to mount: where it cannot be had, it says so.
"""

import argparse
import os
import random
import re
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

from faults.chaos import Chaos, Revocation  # noqa: E402
from faults.means import mounted, movable_clock  # noqa: E402
from kentongan.core import clock, database  # noqa: E402
from kentongan.core.actor import Actor  # noqa: E402
from kentongan.core.permissions import Role  # noqa: E402
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
DISK_MB = 640
SIGNED_OUT = (10.0, 25.0)
MARK = re.compile(r"nomor (\d+) dari")


@dataclass
class Line:
    """An account of ours on a real server, the fault proxy in between, and the texts that are really there."""

    account: Account
    proxy: Proxy
    texts: Callable[[], list[str]]
    revoke: Callable[[float], Revocation] | None = None
    faults: list[Fault] = field(default_factory=list)

    def counted(self) -> Counter[int]:
        """Return how often each numbered text is there."""
        return Counter(int(found.group(1)) for text in self.texts() if (found := MARK.search(text)))


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
        found[0].revoke = lambda seconds: revoked(pds, made["token"], found[0], entered[0], seconds)
        yield found


def revoked(server: Pds, token: str, line: Line, entered: dict[str, str], seconds: float) -> Revocation:
    """Revoke the app password; the server lets an access token live for two hours, so the proxy says they are over."""
    body = b'{"error": "ExpiredToken", "message": "Token has expired"}'
    over = Fault(CREATE["bluesky"], accept=False, status=400, body=body, times=100_000)
    line.proxy.faults.insert(0, over)
    server.call("com.atproto.server.revokeAppPassword", token, post={"name": "kentongan"})

    def sign_in_again() -> None:
        line.proxy.faults[:] = [fault for fault in line.proxy.faults if fault.body != body]
        word = server.call("com.atproto.server.createAppPassword", token, post={"name": f"baru{seconds:.0f}"})
        accounts.connect(SYSTEM, line.account.pk, entered | {"app_password": word["password"]})

    return Revocation(time.monotonic() + seconds, sign_in_again)


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


def run(chaos: Chaos) -> float:
    """Let it work and strike; returns the seconds that it took."""
    start = told = time.monotonic()
    next_at = start + 5
    while not (chaos.over and settled()):
        now = time.monotonic()
        chaos.mend()
        if now > next_at and chaos.plan:
            chaos.strike()
            next_at = time.monotonic() + chaos.chance.uniform(3, 12)
        if now - told > 20:
            told = now
            states = dict(Counter(Delivery.objects.values_list("state", flat=True)))
            print(f"  {now - start:5.0f} s, {dict(chaos.struck)}, {states}", flush=True)
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
                wrong.append(
                    f"{line.account.platform}: “{text}” is {state} and there {copies} times: {_story(text, line)}"
                )
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


def _story(text: str, line: Line) -> str:
    """Return what was done about a delivery, one attempt after the other."""
    tried = Attempt.objects.filter(delivery__account=line.account, delivery__content__text=text).order_by("pk")
    return "; ".join(f"{one.started_at:%H:%M:%S} {one.kind} {one.outcome} {one.message}" for one in tried)


def main() -> None:
    """Run it and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--deliveries", type=int, default=500)
    parser.add_argument("--strikes", type=int, default=24)
    parser.add_argument("--seed", type=int, default=20261127)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    (HOME / "pds").mkdir()
    cluster = database.cluster()
    if cluster is None:
        raise SystemExit("This needs a PostgreSQL of its own: take DATABASE_URL away.")
    (HOME / "postgres").mkdir(mode=0o755)
    with movable_clock() as clock_, mounted(HOME / "postgres", DISK_MB) as disk:
        if disk is None:
            print("no full disk: a disk can be mounted by root only", flush=True)
        chaos = Chaos(cluster, chance, disk, clock_, HOME)
        try:
            chaos.start_database(cluster.start)
            database.migrate()
            wrong = _struck(chaos, given.deliveries, given.strikes)
        finally:
            chaos.end()
            connections.close_all()
            cluster.stop()
    if wrong:
        raise SystemExit("\n".join(["WRONG:", *wrong]))
    print("Every post that should be there is there once; none twice; the ledger adds up.")


def _struck(chaos: Chaos, count: int, strikes: int) -> list[str]:
    """Schedule so many deliveries, let them go out while it strikes; return what is wrong in the end."""
    with lines() as wanted:
        schedule(wanted, count)
        for line in wanted:
            line.faults = [fault(chaos.chance, CREATE[line.account.platform]) for _each in range(count // 8)]
            threading.Thread(target=_spread, args=(line, chaos.chance), daemon=True).start()
        bluesky_line = next(line for line in wanted if line.revoke)
        chaos.prepare(strikes, lambda: bluesky_line.revoke(chaos.chance.uniform(*SIGNED_OUT)))
        print(f"{count} deliveries, load {os.getloadavg()[0]:.1f}; planned: {', '.join(chaos.plan)}", flush=True)
        for _each in range(2):
            chaos.start()
        seconds = run(chaos)
        wrong = verdict(wanted, count)
        met = count // 8 * 2 - sum(len(line.faults + line.proxy.faults) for line in wanted)
        print(f"{seconds:.0f} s; struck: {dict(chaos.struck)}; faults met: {met}; load {os.getloadavg()[0]:.1f}")
    return wrong


def _spread(line: Line, chance: random.Random) -> None:
    """Let one fault meet each fourth post or so, however quick or slow the machine is."""
    create, met = CREATE[line.account.platform], 0
    while line.faults:
        if sum(create in one for one in line.proxy.seen) >= met and not line.proxy.faults:
            met = sum(create in one for one in line.proxy.seen) + chance.randint(2, 5)
            line.proxy.faults.append(line.faults.pop())
        time.sleep(0.05)


if __name__ == "__main__":
    main()
