"""Things that come round: small functions that a worker calls again and again to claim what is due.

    @every(seconds=1, name="publishing.due")
    def publish_due() -> int: ...   # how many it handled; more than 0 means: call me again at once

What is due are rows, claimed with FOR UPDATE SKIP LOCKED, so any number of workers may tick at the same time.
"""

import logging
import random
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.db import InterfaceError, OperationalError, connection, connections

logger = logging.getLogger(__name__)

LONGEST_BACK_OFF = 30.0
# A tick that comes round less often than this gives its connection back in between.
KEEP_CONNECTION_SECONDS = 10.0

Run = Callable[[], int]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Tick:
    """One function, its name, and the seconds between two calls when nothing was due."""

    name: str
    seconds: float
    run: Run


_ticks: dict[str, Tick] = {}


def every(*, seconds: float, name: str) -> Callable[[Run], Run]:
    """Register a function as the tick `name`; ValueError when the name is taken by another one."""

    def register(run: Run) -> Run:
        known = _ticks.get(name)
        if known is not None and known.run is not run:
            raise ValueError(f"There are two ticks called {name}.")
        _ticks[name] = Tick(name, seconds, run)
        return run

    return register


def each(work: Callable[[T], int], rows: Iterable[T]) -> int:
    """Do `work` for each row; return how many they handled. What one fails at is logged, and the others go on."""
    handled = 0
    for row in rows:
        try:
            handled += work(row)
        except Exception:
            logger.exception("%s failed for %s; it is tried again.", getattr(work, "__qualname__", work), row)
            # After a restart of the database an old connection would fail for every row that follows.
            connection.close_if_unusable_or_obsolete()
    return handled


def registered() -> list[Tick]:
    """Return every tick, by name."""
    return [_ticks[name] for name in sorted(_ticks)]


def run_once(name: str) -> int:
    """Call one tick, here and now; return how many it handled."""
    return _ticks[name].run()


def run_ticks(stop: threading.Event, ticks: Sequence[Tick] | None = None) -> list[threading.Thread]:
    """Start one thread for each tick, so that a slow one holds up no other; they end soon after `stop` is set."""
    threads = [
        threading.Thread(target=_repeat, args=(tick, stop), name=f"tick {tick.name}", daemon=True)
        for tick in (registered() if ticks is None else ticks)
    ]
    for thread in threads:
        thread.start()
    return threads


def _repeat(tick: Tick, stop: threading.Event) -> None:
    failures = 0
    # Spread out, so that a worker's ticks do not all ask at the same instant.
    pause = random.uniform(0, min(tick.seconds, 1))  # noqa: S311
    while not stop.wait(pause):
        try:
            handled = tick.run()
        except Exception as error:
            failures += 1
            _report(tick, error, failures)
            # After a restart of the database an old connection would fail for ever.
            connections.close_all()
            pause = min(LONGEST_BACK_OFF, max(tick.seconds, 2.0 ** min(failures, 10) / 2)) * random.uniform(0.8, 1.2)  # noqa: S311
        else:
            if failures:
                logger.info("The tick %s works again.", tick.name)
            failures = 0
            pause = 0 if handled else tick.seconds
            if pause >= KEEP_CONNECTION_SECONDS:
                connections.close_all()
    connections.close_all()


def _report(tick: Tick, error: Exception, failures: int) -> None:
    if isinstance(error, OperationalError | InterfaceError):
        logger.warning("The tick %s has no database (%d tries): %s", tick.name, failures, str(error).split("\n")[0])
    elif failures == 1:
        logger.error("The tick %s failed.", tick.name, exc_info=error)
    else:
        logger.error("The tick %s failed again (%d times): %s", tick.name, failures, error)
