"""Keeps the parts of one installation running: PostgreSQL, the web server, the worker.

A part that ends by itself is started again, later each time. The parts end with the supervisor; what a killed
supervisor may leave behind is written down beside its lock, and ended by the next one.
"""

import json
import logging
import os
import select
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from kentongan.core.errors import Conflict
from kentongan.core.locks import FileLock
from kentongan.core.postgres import Cluster, PostgresProblem
from kentongan.core.processes import end_all, spawn

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
LONGEST_BACK_OFF = 30.0
# A part that lived this long has started well: its next end counts as the first.
SETTLED_SECONDS = 60.0
ENDING = ((signal.SIGTERM, 25.0),)


@dataclass
class Part:
    """A process to keep running: its name, its command, and what it is given."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str] | None = None
    pass_fds: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)
    ends: int = 0
    started_at: float = 0.0
    due_at: float = 0.0

    def start(self) -> None:
        """Start the process; it ends with the thread that calls this."""
        self.started_at = time.monotonic()
        self.process = spawn(self.command, env=self.env, pass_fds=self.pass_fds)

    def tend(self, now: float) -> str:
        """Notice an end, or start again when it is due; return what there is to report, or an empty text."""
        if self.process is not None and self.process.poll() is None:
            return ""
        if self.process is not None:
            self.ends = 1 if now - self.started_at > SETTLED_SECONDS else self.ends + 1
            pause = back_off(self.ends)
            self.due_at = now + pause
            ending, self.process = self.process.returncode, None
            return f"The {self.name} ended ({_how(ending)}); it starts again in {pause:.0f} s."
        if now >= self.due_at:
            self.start()
        return ""


def back_off(ends: int) -> float:
    """Return the seconds to wait before the next start: 0 at first, then 1, 2, 4 up to half a minute."""
    return 0.0 if ends <= 1 else min(LONGEST_BACK_OFF, 2.0 ** (ends - 2))


def _how(code: int) -> str:
    if code < 0:
        with suppress(ValueError):
            return signal.Signals(-code).name
    return f"code {code}"


class Stop:
    """Remembers that somebody asked to stop, and wakes who waits for it.

    An Event takes a lock: set by a signal that interrupts the thread which waits for it, or a first signal's handler,
    it waits for itself for ever. A pipe needs none.
    """

    def __init__(self) -> None:
        self._asked = False
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)

    def set(self) -> None:
        """Ask to stop; safe in a signal handler, and as often as one likes."""
        self._asked = True
        with suppress(BlockingIOError):
            os.write(self._writer, b".")

    def is_set(self) -> bool:
        """Whether somebody asked."""
        return self._asked

    def wait(self, seconds: float) -> bool:
        """Wait until somebody asks, `seconds` at most; return whether somebody did."""
        if not self._asked:
            select.select([self._reader], [], [], seconds)
        return self._asked


class Supervisor:
    """Starts PostgreSQL and the parts, keeps them running, ends them all."""

    def __init__(self, home: Path, cluster: Cluster | None, report: Callable[[str], None]) -> None:
        self.cluster = cluster
        self.parts: list[Part] = []
        self.stopping = Stop()
        self._report = report
        self._lock = FileLock(home / "supervisor.lock")
        self._database = Part("database", ())

    def claim(self, url: str) -> None:
        """Become the one supervisor of this directory and end what a killed one left; Conflict when one runs."""
        if not self._lock.acquire():
            other = _read(self._lock.holder())
            raise Conflict(
                f"Kentongan already runs on this directory: process {other.get('pid')}, {other.get('url')}.",
                remedy="Use that one, or stop it first; set KENTONGAN_HOME for a second installation.",
                code="already_running",
            )
        _end_recorded(_read(self._lock.holder()))
        self._url = url
        self._sign()

    def start_database(self, seconds: float = 60) -> None:
        """Start our own PostgreSQL, after the commands that run one now have finished."""
        if self.cluster is None:
            return
        deadline = time.monotonic() + seconds
        while not self.cluster.start():
            holder = self.cluster.holder()
            self.cluster.stop()
            if time.monotonic() > deadline or self.stopping.is_set():
                raise PostgresProblem(
                    f"Another command (process {holder}) still uses the database of this directory.",
                    remedy="Wait until it has finished, then start again.",
                )
            time.sleep(0.2)
        self._sign()

    def handle_signals(self) -> None:
        """Let Ctrl-C, SIGTERM and a closed terminal stop everything."""
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, lambda *_: self.stopping.set())

    def start(self, parts: Sequence[Part]) -> None:
        """Start the parts."""
        self.parts = list(parts)
        for part in self.parts:
            part.start()
        self._sign()

    def run(self) -> None:
        """Keep everything running until told to stop."""
        while not self.stopping.wait(LOOK_SECONDS):
            self.tend()

    def tend(self) -> None:
        """Look once after everything."""
        self._tend_database()
        before = [part.process for part in self.parts]
        for part in self.parts:
            said = part.tend(time.monotonic())
            if said:
                self._report(said)
        if before != [part.process for part in self.parts]:
            self._sign()

    def _tend_database(self) -> None:
        now = time.monotonic()
        if self.cluster is None or self.cluster.alive() or now < self._database.due_at:
            return
        lived = now - self._database.started_at
        self._database.ends = 1 if lived > SETTLED_SECONDS else self._database.ends + 1
        self._report("PostgreSQL ended by itself; it starts again.")
        try:
            self.cluster.restart()
        except PostgresProblem as problem:
            self._report(str(problem))
            self._database.due_at = time.monotonic() + max(1.0, back_off(self._database.ends))
        else:
            self._database.started_at = time.monotonic()
            self._sign()

    def end(self) -> None:
        """End the parts, then PostgreSQL."""
        running = [part.process.pid for part in self.parts if part.process is not None and part.process.poll() is None]
        with suppress(psutil.NoSuchProcess):
            end_all(_with_children([psutil.Process(pid) for pid in running]), *ENDING)
        for part in self.parts:
            if part.process is not None:
                part.process.wait()
        if self.cluster is not None:
            self.cluster.stop()
        self._lock.release()

    def _sign(self) -> None:
        """Write down who runs, with the moment of each start: a process number alone may be given to another."""
        running = [part.process.pid for part in self.parts if part.process is not None]
        found = {}
        for pid in running:
            with suppress(psutil.NoSuchProcess):
                found[str(pid)] = psutil.Process(pid).create_time()
        self._lock.sign(json.dumps({"pid": os.getpid(), "url": self._url, "parts": found}))


def _read(text: str) -> dict[str, object]:
    with suppress(ValueError):
        value = json.loads(text)
        if isinstance(value, dict):
            return value
    return {}


def _with_children(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    found = list(processes)
    for process in processes:
        with suppress(psutil.Error):
            found += process.children(recursive=True)
    return found


def _end_recorded(state: Mapping[str, object]) -> None:
    parts = state.get("parts")
    left = []
    for pid, created in (parts if isinstance(parts, dict) else {}).items():
        with suppress(psutil.Error, ValueError, TypeError):
            process = psutil.Process(int(pid))
            if abs(process.create_time() - float(created)) < 1:
                left.append(process)
    end_all(_with_children(left), (signal.SIGTERM, 5.0))


def running(home: Path) -> dict[str, object]:
    """Return what the supervisor of `home` wrote about itself (pid, url, parts), or nothing when none runs."""
    lock = FileLock(home / "supervisor.lock")
    if not lock.path.exists():
        return {}
    if lock.acquire(shared=True):
        lock.release()
        return {}
    return _read(lock.holder())
