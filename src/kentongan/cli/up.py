"""`kentongan up`: everything, under one supervisor."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import suppress
from http import HTTPStatus
from typing import Annotated, Any

import typer

from kentongan.cli.terminal import fail, group, say
from kentongan.config.environment import Environment, environment
from kentongan.core.errors import Conflict, Unavailable
from kentongan.core.processes import spawn
from kentongan.core.supervisor import Part, Supervisor

app = group("Start everything: database, web server, worker. Ctrl-C ends it all.")

PROGRAM = (sys.executable, "-m", "kentongan.cli")
READY_SECONDS = 60.0
# How often the web server may fail before its first answer until we give up.
FAILURES_AT_START = 3


@app.command()
def up(
    host: Annotated[str, typer.Option(help="The address to bind to.", show_default="127.0.0.1")] = "",
    port: Annotated[int, typer.Option(help="The port to bind to.", show_default="8000")] = 0,
    home: Annotated[str, typer.Option(help="The data directory.")] = "",
    demo: Annotated[bool, typer.Option(help="Load the demo organisation when there is none.")] = True,
) -> None:
    """Start the database, the web server and a worker, and keep them running until Ctrl-C."""
    began = time.monotonic()
    _into_variables(KENTONGAN_HOST=host, KENTONGAN_PORT=port, KENTONGAN_HOME=home)
    settings = environment()
    settings.cluster.prepare_folders()
    supervisor = Supervisor(settings.home, settings.cluster if settings.embedded else None, say)
    supervisor.claim(settings.public_url)
    try:
        with _listen(settings) as listener:
            supervisor.handle_signals()
            supervisor.start_database()
            prepared = _prepare(supervisor, demo=demo)
            if not supervisor.stopping.is_set():
                supervisor.start(_parts(listener))
                _wait_until_ready(supervisor, settings)
            if not supervisor.stopping.is_set():
                _greet(settings, prepared, time.monotonic() - began)
            supervisor.run()
            say("Stopping ...")
    finally:
        supervisor.end()


def _into_variables(**given: str | int) -> None:
    # The children read the same settings: an option is a variable for all of us.
    os.environ.update({name: str(value) for name, value in given.items() if value})


def _listen(settings: Environment) -> socket.socket:
    """Return the listening socket; the web server inherits it, so that visitors wait while it restarts."""
    try:
        family, *_, address = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family)
    except OSError as error:
        raise Unavailable(
            f"{settings.host} is not an address of this machine: {error.strerror}.", remedy="Correct KENTONGAN_HOST."
        ) from None
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(address)
        listener.listen(1024)
    except OSError as error:
        listener.close()
        raise Conflict(
            f"Port {settings.port} on {settings.host} cannot be used: {(error.strerror or str(error)).lower()}.",
            remedy="Stop the program that has it, or choose another: kentongan up --port 8001 (or KENTONGAN_PORT).",
            code="port_taken",
        ) from None
    return listener


def _prepare(supervisor: Supervisor, *, demo: bool) -> dict[str, Any]:
    """Migrate and load in a process of its own, so that the supervisor stays small."""
    command = [*PROGRAM, "prepare", *([] if demo else ["--no-demo"])]
    process = spawn(command, stdout=subprocess.PIPE)
    output: bytes | None = None
    while output is None:
        if supervisor.stopping.is_set():
            process.terminate()
        with suppress(subprocess.TimeoutExpired):
            output, _ = process.communicate(timeout=0.1)
    if supervisor.stopping.is_set():
        return {}
    if process.returncode:
        sys.exit(process.returncode)
    return dict(json.loads(output))


def _parts(listener: socket.socket) -> list[Part]:
    descriptor = listener.fileno()
    return [
        Part("web server", [*PROGRAM, "web", "--fd", str(descriptor)], pass_fds=(descriptor,)),
        Part("worker", [*PROGRAM, "worker", "--supervised"]),
    ]


def _wait_until_ready(supervisor: Supervisor, settings: Environment) -> None:
    deadline = time.monotonic() + READY_SECONDS
    web, refused = supervisor.parts[0], 0
    while not supervisor.stopping.wait(0.2):
        supervisor.tend()
        status = health(settings)
        if status == HTTPStatus.OK:
            return
        # No answer and 503 (no database yet) pass; any other answer is a fault of ours that stays.
        refused += status not in {None, HTTPStatus.SERVICE_UNAVAILABLE}
        if max(web.ends, refused) >= FAILURES_AT_START or time.monotonic() > deadline:
            fail("The web server does not start.", "What it said is above; `kentongan doctor` may know more.")


def health(settings: Environment) -> int | None:
    """Return the status with which the web server of these settings answers: 200 is well; None: no answer."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    request = urllib.request.Request(f"http://{host}:{settings.port}/healthz", headers={"Host": "localhost"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, ValueError):
        return None


def _greet(settings: Environment, prepared: dict[str, Any], seconds: float) -> None:
    lines = ["", f"  Kentongan is ready ({seconds:.1f} s):  {settings.public_url}", ""]
    logins = prepared.get("logins") or []
    if logins:
        width = max(len(login["email"]) for login in logins)
        lines += [
            f"  Sign in as one of the cast of the demo organisation (password {logins[0]['password']}):",
            *[f"    {login['email']:<{width}}  {login['role']:<14} {login['name']}" for login in logins],
            "",
        ]
    lines += [f"  Data: {settings.home}", "  Ctrl-C ends everything.", ""]
    print("\n".join(lines), flush=True)
