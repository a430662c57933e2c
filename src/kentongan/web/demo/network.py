"""A network on loopback for the demo: a Bluesky personal data server and a Mastodon server, and our accounts on them.

The servers come from package registries: `make test-servers` installs Bluesky's under build/pds, and `mastodon-mock`
is one of the development packages. Tests start the same programs.
"""

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from kentongan.core import clock, http
from kentongan.core.errors import Conflict, KentonganError, Unavailable
from kentongan.publishing import connections
from kentongan.publishing.actions import scheduling
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State
from kentongan.registry.models import Account
from kentongan.web.demo.organisation import actor, live_account
from kentongan.web.demo.script import SYSTEM

SCRIPT = Path(__file__).parent / "pds" / "serve.mjs"
BUILD = Path(__file__).parents[4] / "build"
START_SECONDS = 60.0
POLL_SECONDS = 0.1
MASTODON_TOKEN = "mock_token"  # noqa: S105


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs: the channel it is for, its address, how one gets an account there, its process."""

    kind: str
    label: str
    url: str
    sign_up: Callable[[str], dict[str, str]]
    process: subprocess.Popen[bytes]


@dataclass(frozen=True, slots=True)
class _Program:
    """How a server is started: the words in its output from which it answers, its address by that output."""

    kind: str
    label: str
    command: Sequence[str]
    ready: str
    address: Callable[[str], str]
    sign_up: Callable[[str], dict[str, str]]
    environment: Mapping[str, str] = field(default_factory=dict)


@contextlib.contextmanager
def running() -> Iterator[list[Server]]:
    """Run the servers whose packages are here; raises Unavailable when none is, or they may not be called."""
    if not http.allows_local():
        raise Unavailable(
            _("This installation may not call servers on its own machine."),
            remedy=_("Set KENTONGAN_ALLOW_LOCAL_NETWORK=yes for all its parts, then start again."),
        )
    programs = _programs()
    if not programs:
        raise Unavailable(
            _("Neither of the demo's servers is installed here."),
            remedy=_("In a checkout of the source run `make test-servers`; it needs g++ and make."),
        )
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(_running(program)) for program in programs]


def _programs() -> list[_Program]:
    return [program for program in (_bluesky(), _mastodon()) if program is not None]


def _home() -> Path:
    folder: Path = settings.KENTONGAN_HOME / "demo-network"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _bluesky() -> _Program | None:
    node, installed = BUILD / "node-venv" / "bin" / "node", BUILD / "pds"
    if not node.exists() or not (installed / "installed").exists():
        return None
    # The identity directory keeps its entries in memory, so that each start begins with fresh data.
    data = _home() / f"pds-{secrets.token_hex(4)}"
    return _Program(
        kind="bluesky",
        label="Bluesky",
        command=(str(node), str(SCRIPT), str(installed)),
        ready='"pds"',
        address=_announced_address,
        sign_up=_bluesky_account,
        environment={"PDS_DATA": str(data)},
    )


def _announced_address(output: str) -> str:
    return str(json.loads(next(line for line in output.splitlines() if line.startswith("{")))["pds"])


def _mastodon() -> _Program | None:
    program = Path(sys.executable).with_name("mastodon_mock")
    if not program.exists():
        return None
    port = _free_port()
    return _Program(
        kind="mastodon",
        label="Mastodon",
        command=(str(program), "serve", "--in-memory", "--host", "127.0.0.1", "--port", str(port)),
        ready="Uvicorn running",
        address=lambda output: f"http://127.0.0.1:{port}",
        sign_up=_mastodon_account,
    )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def _running(program: _Program) -> Iterator[Server]:
    log = _home() / f"{program.kind}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            program.command,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **program.environment},
        )
    try:
        text = _when_ready(program, process, log)
        yield Server(program.kind, program.label, program.address(text), program.sign_up, process)
    finally:
        _end(process)


def _when_ready(program: _Program, process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + START_SECONDS
    while program.ready not in (text := log.read_text(errors="replace")):
        if process.poll() is not None or time.monotonic() > deadline:
            raise Unavailable(
                _("%(server)s did not start.") % {"server": program.label},
                remedy=_("What it said is in %(file)s.") % {"file": log},
            )
        time.sleep(POLL_SECONDS)
    return text


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
            return


def wait(servers: Sequence[Server]) -> None:
    """Wait until one of the servers ends; the caller is interrupted by Ctrl-C."""
    while all(server.process.poll() is None for server in servers):
        time.sleep(1)


def connect(servers: Sequence[Server]) -> Iterator[str]:
    """Connect the demo's accounts to the servers and schedule there what is out already; says what was done."""
    for server in servers:
        account = Account.objects.get(platform=server.kind, kind=Account.Kind.OFFICIAL)
        account = connections.connect(SYSTEM, account.pk, server.sign_up(server.url))
        yield _("%(account)s is connected.") % {"account": account}
        yield _("%(n)d posts are scheduled there.") % {"n": _schedule(account)}


def _bluesky_account(url: str) -> dict[str, str]:
    """Make the demo's account on that server, with an app password as a person would."""
    handle = f"kabar-{secrets.token_hex(3)}.test"
    password = secrets.token_urlsafe(16)
    with httpx.Client(base_url=f"{url}/xrpc/", timeout=30) as client:
        body = {"handle": handle, "email": f"{handle}@example.id", "password": password}
        made = _answer(client.post("com.atproto.server.createAccount", json=body))
        bearer = {"Authorization": f"Bearer {made['accessJwt']}"}
        name = {"name": "kentongan"}
        word = _answer(client.post("com.atproto.server.createAppPassword", json=name, headers=bearer))
    return {"service": url, "handle": handle, "app_password": str(word["password"])}


def _answer(response: httpx.Response) -> dict[str, object]:
    if response.is_error:
        raise Conflict(
            _("%(server)s did not make an account.") % {"server": urlsplit(str(response.url)).netloc},
            remedy=response.text[:300],
        )
    return dict(response.json())


def _mastodon_account(url: str) -> dict[str, str]:
    return {"service": url, "access_token": MASTODON_TOKEN}


def _schedule(account: Account) -> int:
    """Schedule, a minute apart, what the newsroom published and this account has not had."""
    out = Delivery.objects.filter(state=State.PUBLISHED, account=live_account()).order_by("published_at")
    done = 0
    for item_id in out.values_list("item_id", flat=True):
        with contextlib.suppress(KentonganError):
            due_at = clock.now() + timedelta(minutes=done)
            scheduling.schedule(actor("hendra"), item_id, [account.pk], due_at)
            done += 1
    return done
