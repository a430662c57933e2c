"""Real servers, a real database that other processes see, and workers that can be killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import F
from django.db.models.functions import Now

from kentongan.core.models import User
from kentongan.publishing import connections
from kentongan.publishing.actions import firing
from kentongan.publishing.models import Circuit, Delivery
from kentongan.publishing.states import State
from kentongan.publishing.tasks import PULSE
from kentongan.registry import actions as registry
from kentongan.registry.models import Account
from publishing.desk import SYSTEM, Desk
from servers.fixtures import mastodon_server, pds
from servers.mastodon import MastodonServer
from servers.pds import Pds
from servers.process import end
from servers.proxy import Proxy, between

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

    def start(self, **more: str) -> subprocess.Popen[bytes]:
        """Start one, with more in its environment, and wait until it ticks; the machine has run for a while."""
        PULSE.steady(lambda leap: None)
        params = connection.settings_dict
        address = f"postgresql://{params['USER']}@/{params['NAME']}?host={quote(params['HOST'], safe='')}"
        environment = {
            **os.environ,
            "KENTONGAN_HOME": str(settings.KENTONGAN_HOME),
            "DATABASE_URL": address,
            "PGOPTIONS": "",
            **more,
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


@dataclass
class Line:
    """An account of ours on a real server, a fault proxy in between, and what is really there."""

    account: Account
    proxy: Proxy
    texts: Callable[[], list[str]]

    def copies(self, text: str) -> int:
        """Return how many posts on the server hold that text."""
        return sum(text in there for there in self.texts())


CREATE = {"bluesky": "com.atproto.repo.createRecord", "mastodon": "POST /api/v1/statuses"}
LATER = {"bluesky": "nanti.example", "mastodon": "nanti@kab.example"}


def connect(desk: Desk, platform: str, entered: dict[str, str]) -> Account:
    """Declare an account and connect it with what a person would enter."""
    declared = registry.declare_account(SYSTEM, desk.cast.root.pk, platform=platform, handle=LATER[platform])
    return connections.connect(SYSTEM, declared.pk, entered)


@pytest.fixture
def bluesky(desk: Desk, pds: Pds) -> Iterator[Line]:
    """Bluesky, a real personal data server."""
    made = pds.account()
    with between(pds.url) as proxy:
        entered = {"service": proxy.url, "handle": made["handle"], "app_password": made["app_password"]}
        account = connect(desk, "bluesky", entered)
        yield Line(account, proxy, lambda: [post["value"]["text"] for post in pds.posts(made["did"])])


@pytest.fixture
def mastodon(desk: Desk, mastodon_server: MastodonServer) -> Iterator[Line]:
    """Mastodon, on a server that ignores Idempotency-Key."""
    with between(mastodon_server.url) as proxy:
        proxy.strip = frozenset({"idempotency-key"})
        account = connect(desk, "mastodon", {"service": proxy.url, "access_token": mastodon_server.token})
        yield Line(account, proxy, lambda: [status["content"] for status in mastodon_server.statuses()])


def let_leases_lapse() -> None:
    """Let the claims of all workers lapse now."""
    Delivery.objects.filter(claimed_until__isnull=False).update(claimed_until=Now() - timedelta(seconds=1))


def let_platforms_settle() -> None:
    """Let pass what platforms, retries and servers that rest wait for."""
    waiting = Delivery.objects.filter(state=State.UNKNOWN, settled_at__gt=Now())
    waiting.update(settled_at=Now() - timedelta(seconds=1), look_at=Now())
    Delivery.objects.filter(state=State.READY, try_at__gt=Now()).update(try_at=F("due_at"))
    Circuit.objects.filter(open_until__gt=Now()).update(open_until=Now())


def let_leases_lapse_of_the_dead() -> None:
    """Ten seconds stand for the lease: a living worker is done with a request on loopback long before."""
    old = Delivery.objects.filter(claimed_until__lt=Now() + firing.LEASE - timedelta(seconds=10))
    old.update(claimed_until=Now() - timedelta(seconds=1))
