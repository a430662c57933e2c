"""The files around a PostgreSQL cluster: folders, settings, who may connect, and what its log says."""

import os
import re
import stat
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from kentongan.core.processes import Account

if TYPE_CHECKING:
    from kentongan.core.postgres import Cluster

LOG_BYTES = 10 * 1024 * 1024
MAP = "kentongan"

SETTINGS = """\
# Written by Kentongan at every start.
listen_addresses = ''
unix_socket_directories = '{socket_dir}'
unix_socket_permissions = 0700
max_connections = 100
timezone = 'UTC'
log_timezone = 'UTC'
log_checkpoints = off
log_line_prefix = '%m [%p] %u@%d '
jit = off
"""
NOT_DURABLE = "fsync = off\nfull_page_writes = off\n"
# What a cluster for keeps may use: PostgreSQL's own defaults are for a machine of 2005. In megabytes.
SIZED = """\
shared_buffers = {buffers}MB
effective_cache_size = {cache}MB
maintenance_work_mem = {maintenance}MB
work_mem = 16MB
max_wal_size = 4GB
random_page_cost = 1.1
"""
CONTAINER_LIMIT = Path("/sys/fs/cgroup/memory.max")

# What PostgreSQL writes when it gives up, what that means, and what to do.
EXPLANATIONS = (
    (r"No space left on device", "The disk is full.", "Free some space and start again."),
    (
        r"incompatible with server|initialized by PostgreSQL version",
        "The data was written by another version of PostgreSQL.",
        "Set KENTONGAN_PG_BIN to the programs of that version.",
    ),
    (
        r"error while loading shared libraries: (?P<what>[^:]+)",
        "PostgreSQL's programs do not run here: {what} is missing.",
        "Install that library, or set KENTONGAN_PG_BIN to PostgreSQL 15 or newer.",
    ),
    (
        r"could not (?:map|create) (?:anonymous )?shared memory|Cannot allocate memory",
        "There is not enough memory for PostgreSQL.",
        "Close other programs or give this machine more memory.",
    ),
    (
        r'could not open shared memory segment "[^"\n]*": Permission denied',
        "PostgreSQL may not use the shared memory of this machine.",
        "Let everybody write to /dev/shm (`chmod 1777 /dev/shm`), or mount it so in your container.",
    ),
    (
        r'(?:data directory )?"(?P<what>[^"\n]+)".*(?:Permission denied|has (?:invalid permissions|wrong ownership))',
        "PostgreSQL may not use {what}.",
        "Give its folder back to the user that PostgreSQL runs as.",
    ),
    (
        r"Permission denied|Operation not permitted",
        "PostgreSQL lacks the permission to run.",
        "Check who owns the data directory.",
    ),
)


def majors(root: Path) -> frozenset[int]:
    """Return the major versions that have data under `root`."""
    return frozenset(int(version.parent.name) for version in root.glob("*/PG_VERSION") if version.parent.name.isdigit())


def prepare_home(home: Path, account: Account) -> None:
    """Make the data directory: ours alone, but passable where PostgreSQL runs as another user."""
    if not home.exists():
        home.mkdir(parents=True)
        home.chmod(0o700 if account.is_me else 0o711)
    elif not home.is_dir():
        raise NotADirectoryError(20, "it is not a directory", str(home))


def prepare_folder(path: Path, *, mode: int = 0o700, account: Account | None = None) -> None:
    """Make a folder that only its owner may write; PermissionError when another user has put one there."""
    owner = os.geteuid() if account is None else account.uid
    with suppress(FileExistsError):
        path.mkdir(mode=mode)
        if account is not None and not account.is_me:
            os.chown(path, account.uid, account.gid)
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {owner, os.geteuid()}:
        raise PermissionError(13, "it belongs to another user", str(path))
    if found.st_uid != owner and account is not None:
        os.chown(path, account.uid, account.gid)
    if stat.S_IMODE(found.st_mode) != mode:
        path.chmod(mode)


def memory() -> int:
    """Return how many megabytes this machine, or the container that we run in, has."""
    found = psutil.virtual_memory().total
    with suppress(OSError, ValueError):  # without a limit the file says "max", elsewhere there is none
        found = min(found, int(CONTAINER_LIMIT.read_text()))
    return int(found) // 2**20


def sized(megabytes: int) -> str:
    """Return settings for a machine that PostgreSQL shares with the application and its workers."""
    return SIZED.format(
        buffers=min(max(megabytes // 8, 32), 2048),
        cache=max(megabytes // 2, 64),
        maintenance=min(max(megabytes // 32, 32), 512),
    )


def write_configuration(cluster: "Cluster") -> None:
    """Write the settings, and that only our own user of the operating system may connect, as any of our roles."""
    settings = SETTINGS.format(socket_dir=str(cluster.socket_dir).replace("'", "''"))
    me = Account.of(os.geteuid()).name
    pages = {
        "postgresql.conf": settings + (sized(memory()) if cluster.durable else NOT_DURABLE),
        "pg_hba.conf": f"local all all peer map={MAP}\n",
        "pg_ident.conf": "".join(f'{MAP} "{me}" {role}\n' for role in ("postgres", "kentongan", "kentongan_owner")),
    }
    for name, text in pages.items():
        path = cluster.data_dir / name
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        if not cluster.account.is_me:
            os.chown(path, cluster.account.uid, cluster.account.gid)


def rotate(log: Path) -> None:
    """Keep one older log beside a log that has grown."""
    with suppress(FileNotFoundError):
        if log.stat().st_size > LOG_BYTES:
            log.rename(log.with_suffix(".log.1"))


def is_ready(data_dir: Path, pid: int) -> bool:
    """Whether the postmaster with that number has written that it takes connections."""
    try:
        lines = (data_dir / "postmaster.pid").read_text().splitlines()
    except OSError:
        return False
    return len(lines) >= 8 and lines[0].strip() == str(pid) and lines[7].strip() == "ready"


def explain(log: Path) -> tuple[str, str]:
    """Return what happened and what to do, from the end of PostgreSQL's log."""
    text = ""
    with suppress(OSError):
        text = log.read_bytes()[-4000:].decode(errors="replace")
    for pattern, message, remedy in EXPLANATIONS:
        found = re.search(pattern, text)
        if found:
            return message.format(**found.groupdict()), remedy
    fatal = [line for line in text.splitlines() if re.search(r"FATAL|PANIC|error:", line)]
    said = re.sub(r"^.*?(?:FATAL|PANIC|error): *", "", fatal[-1]) if fatal else "it gave no reason"
    return f"PostgreSQL did not start: {said}.", f"See {log}."
