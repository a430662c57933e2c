"""Start a program in a process group of its own, wait until it says that it is ready, end the whole group."""

import contextlib
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

START_SECONDS = 60


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def missing(what: str) -> None:
    """Skip where a package is missing on somebody's machine; in CI nothing is skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{what} (run: make test-servers)")
    pytest.skip(f"{what} (run: make test-servers)")


@contextlib.contextmanager
def running(
    command: Sequence[str], log: Path, ready: Callable[[str], bool], env: dict[str, str] | None = None
) -> Iterator[str]:
    """Run `command` and yield what it had written to `log` when `ready` was first true."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, env={**os.environ, **(env or {})}
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready(text := log.read_text(errors="replace")):
            if process.poll() is not None:
                raise RuntimeError(f"{command[0]} ended with {process.returncode}:\n{text[-4000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"{command[0]} was not ready after {START_SECONDS} s:\n{text[-4000:]}")
            time.sleep(0.05)
        yield text
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the group to end; kill what is left after five seconds."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        try:
            process.wait(5)
            return
        except subprocess.TimeoutExpired:
            continue
