"""Child processes that never outlive us, and the unprivileged user that PostgreSQL runs under when we are root."""

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO

import psutil

PR_SET_PDEATHSIG = 1
# In the order of preference: who already runs PostgreSQL here, or our own system user, or nobody.
SERVER_USERS = ("postgres", "kentongan")
REACH_ANYWHERE = {"dac_override": 1, "dac_read_search": 2}
"""Capabilities that let another user pass a closed parent directory, with their numbers in the kernel."""

Output = int | IO[bytes] | None


@dataclass(frozen=True, slots=True)
class Account:
    """A user of the operating system."""

    uid: int
    gid: int
    name: str

    @classmethod
    def of(cls, uid: int) -> "Account":
        """Return the account with that number; LookupError when the system does not know it."""
        entry = pwd.getpwuid(uid)
        return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)

    @classmethod
    def named(cls, name: str) -> "Account":
        """Return the account of that name; LookupError when there is none."""
        entry = pwd.getpwnam(name)
        return cls(entry.pw_uid, entry.pw_gid, entry.pw_name)

    @property
    def is_me(self) -> bool:
        """Whether this process runs as that user."""
        return self.uid == os.geteuid()


def unprivileged_account() -> Account:
    """Return the user that servers run as: ourselves, or as root a system user, created when there is none."""
    if os.geteuid() != 0:
        return Account.of(os.geteuid())
    for name in SERVER_USERS:
        with suppress(LookupError):
            return Account.named(name)
    useradd = shutil.which("useradd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if useradd:
        command = [
            useradd,
            "--system",
            "--user-group",
            "--no-create-home",
            "--shell",
            "/usr/sbin/nologin",
            "kentongan",
        ]
        subprocess.run(command, check=False, capture_output=True)
        with suppress(LookupError):
            return Account.named("kentongan")
    return Account.named("nobody")


@cache
def _libc() -> ctypes.CDLL | None:
    return ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


def die_with_parent(sent: signal.Signals, parent: int) -> None:
    """Ask the kernel to send us `sent` when the thread that started us ends; leave at once if it is gone already."""
    libc = _libc()
    if libc is not None:
        libc.prctl(PR_SET_PDEATHSIG, int(sent), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)


def _in_child(death_signal: signal.Signals) -> Callable[[], None]:
    parent = os.getpid()
    _libc()  # loaded before the fork: the child may only make system calls

    def prepare() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, ())
        die_with_parent(death_signal, parent)

    return prepare


def _permitted_capabilities() -> list[str]:
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return []
    permitted = next((int(line.split()[1], 16) for line in lines if line.startswith("CapPrm:")), 0)
    return [name for name, bit in REACH_ANYWHERE.items() if permitted >> bit & 1]


def can_use(account: Account, path: Path) -> bool:
    """Whether `account` may read and pass into `path` (a program, a folder) through every parent directory."""
    if account.is_me:
        return os.access(path, os.R_OK | os.X_OK)
    # The kernel is asked, not the mode bits: access lists and mounts have a say too.
    result = subprocess.run(
        ["/bin/sh", "-c", 'test -r "$1" && test -x "$1"', "sh", str(path)],
        user=account.uid,
        group=account.gid,
        extra_groups=[],
        cwd="/",
        check=False,
        capture_output=True,
    )
    return result.returncode == 0


def _as_account(account: Account, reach: Sequence[Path], death_signal: signal.Signals) -> list[str]:
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PermissionError("the program setpriv (Debian package util-linux) is missing")
    prefix = [setpriv, f"--reuid={account.uid}", f"--regid={account.gid}", "--clear-groups"]
    # A change of user clears the parent-death signal, so setpriv sets it after the change.
    prefix += ["--pdeathsig", death_signal.name.removeprefix("SIG")]
    if all(can_use(account, path) for path in reach):
        return [*prefix, "--"]
    kept = _permitted_capabilities()
    if not kept:
        raise PermissionError(f"the user {account.name} cannot pass the directories above it")
    listed = ",".join(f"+{name}" for name in kept)
    # Without this, access(2), which initdb asks about its programs, looks at the user's rights alone.
    prefix.append("--securebits=+no_setuid_fixup")
    # Ambient capabilities work from the first exec on: a shell, which can be reached, starts what cannot.
    return [*prefix, f"--inh-caps={listed}", f"--ambient-caps={listed}", "--", "/bin/sh", "-c", 'exec "$@"', "sh"]


def spawn(
    command: Sequence[str],
    *,
    death_signal: signal.Signals = signal.SIGTERM,
    account: Account | None = None,
    reach: Sequence[Path] = (),
    env: Mapping[str, str] | None = None,
    output: Output = None,
    stdout: Output = None,
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    """Start `command` in a session of its own, so that it gets `death_signal` when the calling *thread* ends.

    As root with another `account` it runs as that user; where a parent directory of one of `reach` is closed to that
    user (a clone inside a private temporary directory), it keeps the capability to pass it. PermissionError when the
    system does not let us; OSError when the program cannot be run. `output` takes both streams, `stdout` one.
    """
    prefix = [] if account is None or account.is_me else _as_account(account, reach, death_signal)
    return subprocess.Popen(
        [*prefix, *command],
        stdin=subprocess.DEVNULL,
        stdout=output if stdout is None else stdout,
        stderr=subprocess.STDOUT if output is not None else None,
        env=env,
        cwd="/" if prefix else None,
        pass_fds=tuple(pass_fds),
        start_new_session=True,
        # Only system calls run between fork and exec.
        preexec_fn=_in_child(death_signal),
    )


def end(process: subprocess.Popen[bytes], *steps: tuple[signal.Signals, float]) -> int:
    """Send each signal in turn and wait that many seconds for the process to go; SIGKILL ends the row."""
    for sent, seconds in steps:
        if process.poll() is None:
            process.send_signal(sent)
        with suppress(subprocess.TimeoutExpired):
            return process.wait(seconds)
    process.kill()
    return process.wait()


def running_in(directory: Path) -> list[psutil.Process]:
    """Return the processes whose working directory is `directory`: those of a PostgreSQL that keeps its data there."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.name().startswith("postgres") and Path(process.cwd()) == directory:
                found.append(process)
    return found


def end_all(processes: Sequence[psutil.Process], *steps: tuple[signal.Signals, float]) -> None:
    """Send each signal in turn to those still there and wait that many seconds; SIGKILL ends the row."""
    left = list(processes)
    for sent, seconds in (*steps, (signal.SIGKILL, 5.0)):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(sent)
                # One that was stopped could not act on it.
                process.send_signal(signal.SIGCONT)
        _, left = psutil.wait_procs(left, timeout=seconds)
        if not left:
            return
