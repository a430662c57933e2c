"""What the long run of faults does to PostgreSQL, workers, disk, clock and sign-in."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django.db import connections

from faults.means import Clock, Disk
from kentongan.core.postgres import DATABASE, SUPERUSER, Cluster

HOUR = 3600


@contextmanager
def _environment(more: dict[str, str]) -> Iterator[None]:
    """Let processes that are started meanwhile have these in their environment."""
    os.environ |= more
    try:
        yield
    finally:
        for name in more:
            del os.environ[name]


@dataclass
class Revocation:
    """A sign-in that was revoked, until when (by `time.monotonic`), and how its custodian signs in again."""

    until: float
    sign_in_again: Callable[[], None]


@dataclass
class Chaos:
    """Two workers and PostgreSQL, struck now and then and started again; and how often by what."""

    cluster: Cluster
    chance: random.Random
    disk: Disk | None
    clock: Clock
    logs: Path
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)
    struck: Counter[str] = field(default_factory=Counter)
    revoked: Revocation | None = None
    plan: list[str] = field(default_factory=list)

    def prepare(self, strikes: int, revoke: Callable[[], Revocation]) -> None:
        """Plan so many strikes: one of each kind that can be had, the others workers and PostgreSQL killed."""
        self.revoke = revoke
        kinds = ["restart fast", "restart immediate", "sign-in revoked"]
        kinds += ["disk full"] if self.disk else []
        kinds += [self.chance.choice(["worker", "worker", "PostgreSQL"]) for _each in range(strikes - len(kinds))]
        self.chance.shuffle(kinds)
        # An hour back comes after an hour forward: what is due now would else be due in an hour, rightly.
        first = self.chance.randrange(len(kinds) // 2)
        kinds.insert(first, "clock forward")
        kinds.insert(self.chance.randrange(first + 2, len(kinds)), "clock back")
        self.plan = kinds

    def start_database(self, begin: Callable[[], object] | None = None) -> None:
        """Start PostgreSQL again, or for the first time by `begin`, under the clock that can be moved."""
        connections.close_all()
        with _environment(self.clock.environment):
            (begin or self.cluster.restart)()

    def start(self) -> None:
        """Start one more worker."""
        log = (self.logs / f"worker-{time.monotonic():.0f}-{len(self.workers)}.log").open("wb")
        program = str(Path(__file__).with_name("worker.py"))
        environment = os.environ | self.clock.environment
        started = subprocess.Popen(
            [sys.executable, program], stdout=log, stderr=log, start_new_session=True, env=environment
        )
        self.workers.append(started)

    def strike(self) -> None:
        """Do the next thing of the plan, and put right what has to be put right by hand in earnest too."""
        kind = self.plan.pop(0)
        self.struck[kind] += 1
        match kind:
            case "worker":
                victim = self.workers.pop(self.chance.randrange(len(self.workers)))
                os.killpg(victim.pid, signal.SIGKILL)
                victim.wait(10)
                self.start()
            case "PostgreSQL":
                self._end_database(signal.SIGKILL)
            case "restart fast":
                self._end_database(signal.SIGINT)
            case "restart immediate":
                self._end_database(signal.SIGQUIT)
            case "disk full":
                self._fill_the_disk()
            case "clock forward" | "clock back":
                self.clock.move(HOUR if kind == "clock forward" else 0)
            case "sign-in revoked":
                self.revoked = self.revoke()

    def _end_database(self, sent: signal.Signals) -> None:
        os.kill(int((self.cluster.data_dir / "postmaster.pid").read_text().split()[0]), sent)
        time.sleep(self.chance.uniform(0, 3))
        self.start_database()

    def _fill_the_disk(self) -> None:
        """Leave no room for tables and log, use up what log there is, and make room again after a while."""
        assert self.disk is not None
        where = {"host": str(self.cluster.socket_dir), "user": SUPERUSER, "dbname": DATABASE}
        with psycopg.connect(autocommit=True, **where) as session:  # before: a new one would find no room
            session.execute("SELECT 1")
            self.disk.fill()
            self._use_up_the_log(session)
        time.sleep(self.chance.uniform(2, 6))
        gave_up = not self.cluster.alive()
        self.disk.free()
        self.struck["PostgreSQL gave up for want of room"] += gave_up
        if gave_up:
            self.start_database()

    def _use_up_the_log(self, session: psycopg.Connection[Any]) -> None:
        """Write until PostgreSQL gives up: after an error that there is no room, the next commit finds none either."""
        give_up_at = time.monotonic() + 20
        while not session.closed and time.monotonic() < give_up_at:
            with suppress(psycopg.Error):
                session.execute("SELECT pg_logical_emit_message(true, 'uji', repeat('penuh', 100000))")
                session.execute("SELECT pg_switch_wal()")

    def mend(self) -> None:
        """Let the custodian sign in again, some time after the sign-in was revoked."""
        if self.revoked is not None and time.monotonic() > self.revoked.until:
            self.revoked.sign_in_again()
            self.revoked = None

    @property
    def over(self) -> bool:
        """Whether nothing is planned any more, and all is put right."""
        return not self.plan and self.revoked is None

    def end(self) -> None:
        """Kill the workers for good."""
        for worker in self.workers:
            os.killpg(worker.pid, signal.SIGKILL)
            worker.wait(10)
