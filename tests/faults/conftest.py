"""Real servers, a real database that other processes see, and workers that can be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from kentongan.core.models import User
from publishing.desk import Desk
from servers.fixtures import mastodon_server, pds
from servers.process import end

__all__ = ["mastodon_server", "pds"]

WAIT_SECONDS = 90


def until(ready: Callable[[], object], what: str) -> None:
    """Wait for another process to bring something about."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {WAIT_SECONDS} s for: {what}")
        time.sleep(0.05)


@dataclass
class Workers:
    """Starts workers on the test's database and kills them."""

    folder: Path
    running: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> subprocess.Popen[bytes]:
        """Start one and wait until it ticks."""
        params = connection.settings_dict
        address = f"postgresql://{params['USER']}@/{params['NAME']}?host={quote(params['HOST'], safe='')}"
        environment = {
            **os.environ,
            "KENTONGAN_HOME": str(settings.KENTONGAN_HOME),
            "DATABASE_URL": address,
            "PGOPTIONS": "",
        }
        log = self.folder / f"worker-{len(self.running)}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("worker.py"))],
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                env=environment,
            )
        self.running.append(process)
        until(lambda: b"ready" in log.read_bytes() or process.poll() is not None, "a worker")
        assert process.poll() is None, log.read_text()
        return process

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """Kill it as a power cut would: no signal that it could catch."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(10)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """Workers that end with the test."""
    started = Workers(tmp_path)
    yield started
    for process in started.running:
        end(process)


@pytest.fixture
def desk(transactional_db: None, make_cast: Callable[..., object]) -> Desk:
    """A desk whose rows other processes see."""
    assert User.objects.count() == 0
    return Desk(make_cast())  # type: ignore[arg-type]
