"""How far a job is: told by its handler, written to the database beside the handler's own transactions."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import DatabaseError, connection
from django.utils.functional import Promise

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.models.jobs import Job

logger = logging.getLogger(__name__)

BEAT_SECONDS = 1.0
LISTENER_SECONDS = 0.2
RATE_WINDOW_BEATS = 15

Listener = Callable[["Progress"], None]


def rounded(rate: float) -> float:
    """Return a rate as people read it: whole from ten on, else with one decimal."""
    return float(round(rate)) if rate >= 10 else round(rate, 1)


class Stopped(Exception):
    """Somebody asked this job to stop; handlers let it pass, or tidy up and raise it again."""


class ClaimLost(Exception):
    """Another worker has this job now, because this one was thought dead: stop without writing anything more."""


class Progress:
    """What a handler is given: it says how far it is, asks whether to stop, and leaves partial results."""

    def __init__(self, job: Job, actor: Actor, claim: UUID, listener: Listener | None = None) -> None:
        self.job = job
        self.actor = actor
        self.result: dict[str, Any] = {}
        self.done = 0
        self.expected: int | None = None
        self.text = ""
        self.stop_requested = False
        self.lost = False
        self.beats_beside = False
        self._claim = claim
        self._listener = listener
        self._told = 0.0
        self._started = time.monotonic()
        self._window: deque[tuple[float, int]] = deque([(self._started, 0)], maxlen=RATE_WINDOW_BEATS)

    def total(self, count: int | None) -> None:
        """Say how many units of work there are; None when that is not known."""
        self.expected = count

    def advance(self, count: int = 1) -> None:
        """Say that `count` more are done; costs no query."""
        self.done += count
        if self._listener is not None and time.monotonic() - self._told >= LISTENER_SECONDS:
            self.tell()

    def say(self, text: str | Promise) -> None:
        """Set the one line which the job's page shows under the bar."""
        self.text = str(text)[:300]

    def check(self) -> None:
        """Raise Stopped if somebody asked for that; call it where stopping leaves nothing half done."""
        if not self.beats_beside:
            self.beat()
        if self.lost:
            raise ClaimLost
        if self.stop_requested:
            raise Stopped

    def tell(self) -> None:
        """Call the listener, if there is one (the command line's progress bar)."""
        if self._listener is not None:
            self._told = time.monotonic()
            self._listener(self)

    @property
    def rate(self) -> float | None:
        """Units of work a second lately; None before the first is done."""
        moment, done = time.monotonic(), self.done
        since, before = self._window[0]
        if done <= before or moment - since < 0.05:
            return None
        return rounded((done - before) / (moment - since))

    @property
    def average_rate(self) -> float | None:
        """Units of work a second since the beginning."""
        passed = time.monotonic() - self._started
        return rounded(self.done / passed) if self.done and passed > 0.001 else None

    def beat(self) -> None:
        """Write the progress and a sign of life; learn whether to stop, or that the claim was lost."""
        mine = Job.objects.filter(pk=self.job.pk, claim=self._claim, state=Job.State.RUNNING)
        written = mine.update(
            done=self.done, total=self.expected, rate=self.rate, message=self.text, heartbeat_at=clock.now()
        )
        self._window.append((time.monotonic(), self.done))
        if not written:
            self.lost = True
        elif mine.filter(stop_requested_at__isnull=False).exists():
            self.stop_requested = True


class _Beacon(threading.Thread):
    """Beats from a thread, so over a connection of its own.

    A handler may be inside a transaction for a while: a progress written there would be seen by nobody until the
    commit, and would lock the row against the person who presses Stop.
    """

    def __init__(self, progress: Progress) -> None:
        super().__init__(name=f"job-{progress.job.pk}", daemon=True)
        self.progress = progress
        self.over = threading.Event()

    def run(self) -> None:
        """Beat until told that it is over."""
        try:
            while not self.over.wait(BEAT_SECONDS) and not self.progress.lost:
                self._beat()
        finally:
            connection.close()

    def _beat(self) -> None:
        try:
            self.progress.beat()
        except DatabaseError:
            # The database may be restarting; the next beat opens a new connection.
            logger.warning("Job %s could not write its progress.", self.progress.job.pk, exc_info=True)
            connection.close()


@contextmanager
def reporting(progress: Progress) -> Iterator[None]:
    """Keep the job's row up to date while its handler runs."""
    if connection.in_atomic_block:
        # The caller wants everything in one transaction: a second connection would not even see the row.
        yield
        return
    beacon = _Beacon(progress)
    progress.beats_beside = True
    beacon.start()
    try:
        yield
    finally:
        beacon.over.set()
        beacon.join()
