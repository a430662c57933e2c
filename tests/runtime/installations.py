"""Real installations: a data directory each, the product's own commands, processes that are really killed."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PROGRAM = (sys.executable, "-m", "kentongan.cli")
PATIENCE = 180.0


def wait_until(condition: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait for a condition, looking ten times a second; fail with `what` when it does not come true."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)


def scrubbed(home: Path, **extra: str) -> dict[str, str]:
    """Return the environment of an installation: nothing of the tests' own settings."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("KENTONGAN_", "DATABASE_", "DJANGO_"))
    }
    return kept | {"KENTONGAN_HOME": str(home), "LC_ALL": "C.UTF-8", **extra}


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def belonging_to(home: Path) -> list[psutil.Process]:
    """Return every process that works for the installation in `home`, zombies left out."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            mine = process.environ().get("KENTONGAN_HOME") == str(home) or str(home) in " ".join(process.cmdline())
            if mine and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


@dataclass
class Installation:
    """One data directory and what runs on it."""

    home: Path
    port: int = field(default_factory=free_port)
    variables: Mapping[str, str] = field(default_factory=dict)
    options: Sequence[str] = ("--no-demo",)
    patience: float = PATIENCE
    process: subprocess.Popen[str] | None = None

    def environ(self) -> dict[str, str]:
        """Return the variables its commands run with."""
        return scrubbed(self.home, KENTONGAN_PORT=str(self.port), **self.variables)

    def run(self, *words: str, text: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command to its end."""
        return subprocess.run(
            [*PROGRAM, *words], env=self.environ(), input=text, capture_output=True, text=True, timeout=PATIENCE
        )

    def up(self) -> None:
        """Start everything and wait until it answers."""
        log = (self.home.parent / f"{self.home.name}.log").open("a")
        self.process = subprocess.Popen(
            [*PROGRAM, "up", *self.options],
            env=self.environ(),
            stdout=log,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        log.close()
        wait_until(lambda: self.answers() or self.process.poll() is not None, "the first answer", self.patience)  # type: ignore[union-attr]
        assert self.process.poll() is None, self.said()

    def said(self) -> str:
        """Return what it has printed."""
        return (self.home.parent / f"{self.home.name}.log").read_text()

    def answers(self) -> bool:
        """Whether web server and database answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=5) as response:
                return bool(response.status == 200)
        except OSError:
            return False

    def part(self, word: str) -> psutil.Process:
        """Return the process with that word in its command: "web", "worker", "postgres", "up"."""
        found = [process for process in belonging_to(self.home) if word in process.cmdline() or word in process.name()]
        return min(found, key=lambda process: process.create_time())

    def pids(self, word: str) -> set[int]:
        """Return the numbers of all such processes."""
        found = set()
        for process in belonging_to(self.home):
            with suppress(psutil.Error):
                if word in process.cmdline() or word in process.name():
                    found.add(process.pid)
        return found

    def spawn(self, *words: str) -> subprocess.Popen[str]:
        """Start one command and let it run."""
        return subprocess.Popen([*PROGRAM, *words], env=self.environ(), text=True)

    def wait_for_answer(self) -> None:
        """Wait until web server and database answer."""
        wait_until(self.answers, "the first answer")

    def wait_for_worker(self) -> None:
        """Wait until the doctor sees a worker at work."""
        wait_until(lambda: "at work." in self.run("doctor").stdout.replace("None is at work.", ""), "a worker")

    def interrupt(self) -> int:
        """Press Ctrl-C and wait for the end."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(PATIENCE)

    def destroy(self) -> None:
        """End whatever still runs."""
        for process in belonging_to(self.home):
            with suppress(psutil.Error):
                process.kill()
        if self.process is not None:
            self.process.wait(10)
