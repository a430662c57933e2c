"""One clock for all workers: the database's. The clocks of machines differ, and each of them can be moved.

What must not lapse by mistake (a claim, a settling time) is written and compared by the database itself. All else that
a worker does goes by `clock.now`, which follows the database's clock here.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection

from kentongan.core import clock

FRESH_SECONDS = 5.0
LEAP = timedelta(seconds=15)
logger = logging.getLogger(__name__)


def read() -> datetime:
    """Return what time it is by the database's clock, and let this process go by it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    clock.follow(moment)
    return moment


def keep() -> None:
    """Read it again where that was some seconds ago."""
    if clock.followed_seconds() > FRESH_SECONDS:
        read()


@dataclass(frozen=True, slots=True)
class Beat:
    """What the one clock showed at a second of the machine's own count, which nobody can move while it runs."""

    moment: datetime
    seconds: float

    def leap_since(self, last: "Beat") -> timedelta:
        """Return by how much more than the time that passed the clock went on; negative where it went back."""
        return self.moment - last.moment - timedelta(seconds=self.seconds - last.seconds)


class Pulse:
    """Notices when the one clock was moved: when it went on by more or less than the time that passed.

    The last beat of any process of this machine is kept in the data directory, so that one which starts anew knows too.
    Where there is none (the machine has just started), nobody knows for the first `patience`.
    """

    def __init__(self, patience: timedelta) -> None:
        self._patience = patience.total_seconds()
        self._last: Beat | None = None
        self._known_from: float | None = None
        self._beating = threading.Lock()

    def steady(self, renew: Callable[[timedelta], object]) -> bool:
        """Whether times written before now can be compared with now.

        After a leap `renew` is called with how far it went, before any thread is told that the clock is steady again.
        """
        with self._beating:
            seconds = time.monotonic()
            beat, last = Beat(read(), seconds), self._last or _kept()
            leap = beat.leap_since(last) if last else timedelta(0)
            if abs(leap) > LEAP:
                logger.warning("The clock of the database was moved by %.0f seconds.", leap.total_seconds())
                renew(leap)
            if self._known_from is None:
                self._known_from = seconds if last else seconds + self._patience
            self._last = beat
            _keep(beat)
            return abs(leap) <= LEAP and seconds >= self._known_from


def _kept() -> Beat | None:
    """Return the last beat that was kept since the machine started; None where there is none that can be read."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        kept = json.loads(_file().read_text())
        if kept["boot"] == _boot():
            return Beat(datetime.fromisoformat(kept["moment"]), float(kept["seconds"]))
    return None


def _keep(beat: Beat) -> None:
    fresh = _file().with_suffix(f".{os.getpid()}")
    with suppress(OSError):  # no room, say: then the next process is more patient
        kept = {"boot": _boot(), "moment": beat.moment.isoformat(), "seconds": beat.seconds}
        fresh.write_text(json.dumps(kept))
        fresh.replace(_file())


def _file() -> Path:
    return Path(settings.KENTONGAN_HOME) / "clock.json"


def _boot() -> str:
    """Return what names this run of the machine: the count of seconds begins anew with the next one."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
