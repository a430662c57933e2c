"""PostgreSQL of our own: one cluster in the data directory, run as our child on a private socket.

Whoever starts it holds `run.lock` and stops it; others attach while they hold `use.lock` together. Both are kernel
locks, so a killed process leaves none behind, and PostgreSQL itself gets a signal when its parent ends. The
application's role and the role that owns the tables are no superusers.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psutil
import psycopg
from psycopg import sql

from kentongan.core import postgres_files as files
from kentongan.core.errors import Unavailable
from kentongan.core.locks import FileLock
from kentongan.core.postgres_programs import Programs, find_programs
from kentongan.core.processes import Account, end, end_all, running_in, spawn, unprivileged_account

DATABASE = "kentongan"
ROLES = {"app": "kentongan", "owner": "kentongan_owner"}
SUPERUSER = "postgres"
EXTENSIONS = ("ltree", "pg_trgm", "unaccent", "btree_gin", "btree_gist")
# "/.s.PGSQL.5432.lock" must still fit into the 107 bytes of a socket's address.
LONGEST_SOCKET_DIR = 88
FREE_BYTES_NEEDED = 200 * 1024 * 1024
FAST, IMMEDIATE = signal.SIGINT, signal.SIGQUIT


class PostgresProblem(Unavailable):
    """PostgreSQL cannot be started or reached: one sentence why, one what to do."""

    code = "postgres"


class Cluster:
    """The PostgreSQL cluster of the data directory `home`.

    `durable=False` is for tests: no fsync, so a power cut (not a kill) may lose it. PostgreSQL ends with the *thread*
    that calls `start`: call it from one that lives as long as it is needed.
    """

    def __init__(self, home: Path, *, durable: bool = True, bin_dir: Path | None = None) -> None:
        self.home = Path(os.path.realpath(home))
        self.durable = durable
        self.root = self.home / "postgres"
        self._bin_dir = bin_dir
        self._process: subprocess.Popen[bytes] | None = None
        self._run_lock = FileLock(self.root / "run.lock")
        self._use_lock = FileLock(self.root / "use.lock")

    # Where things are

    @cached_property
    def programs(self) -> Programs:
        """The programs that fit the data; PostgresProblem when there are none."""
        try:
            return find_programs(self._bin_dir, files.majors(self.root))
        except LookupError as error:
            raise PostgresProblem(*error.args[:1], remedy=error.args[1]) from None

    @cached_property
    def account(self) -> Account:
        """The user of the operating system that PostgreSQL runs as: who owns the data, else an unprivileged one."""
        if os.geteuid() == 0:
            with suppress(OSError, LookupError):
                owner = self.data_dir.stat().st_uid
                if owner != 0:
                    return Account.of(owner)
        try:
            return unprivileged_account()
        except LookupError:
            raise PostgresProblem(
                f"The user number {os.geteuid()} has no name on this machine, so PostgreSQL refuses to run.",
                remedy="Run Kentongan as a user that /etc/passwd knows.",
            ) from None

    @property
    def data_dir(self) -> Path:
        """The cluster's files, in a folder named by PostgreSQL's major version."""
        return self.root / str(self.programs.major)

    @property
    def socket_dir(self) -> Path:
        """The private folder of the socket: in the data directory, or in /tmp when that path is too long."""
        inside = self.root / "socket"
        if len(os.fsencode(inside)) <= LONGEST_SOCKET_DIR:
            return inside
        mark = hashlib.sha256(os.fsencode(self.home)).hexdigest()[:16]
        return Path("/tmp") / f"kentongan-{mark}"  # noqa: S108 (0700, and its owner is checked)

    @property
    def log_file(self) -> Path:
        """What PostgreSQL says."""
        return self.root / "postgres.log"

    def params(self, role: str = "app", database: str = DATABASE) -> dict[str, Any]:
        """Return HOST, PORT, USER and NAME for Django; `role` is "app" or "owner"."""
        return {
            "HOST": str(self.socket_dir),
            "PORT": "",
            "USER": ROLES[role],
            "PASSWORD": "",
            "NAME": database,
        }

    # Starting and stopping

    def prepare_folders(self) -> None:
        """Make the data directory; PostgresProblem when it may not be used or the disk is full."""
        with self._explained():
            files.prepare_home(self.home, self.account)
            files.prepare_folder(self.root, mode=0o711 if os.geteuid() == 0 else 0o700)
        free = shutil.disk_usage(self.root).free
        if free < FREE_BYTES_NEEDED:
            raise PostgresProblem(
                f"The disk that holds {self.home} is full: {free // 1024**2} MB are free.",
                remedy=f"Free at least {FREE_BYTES_NEEDED // 1024**2} MB, or set KENTONGAN_HOME to another disk.",
            )

    def start(self, seconds: float = 60) -> bool:
        """Start PostgreSQL, or attach to the one that runs on this directory; return whether we started it."""
        self.prepare_folders()
        deadline = time.monotonic() + seconds
        while True:
            # Whoever stops a cluster holds this lock alone: no one can attach to a cluster that is going away.
            if not self._use_lock.acquire(shared=True, seconds=deadline - time.monotonic()):
                raise PostgresProblem(f"Another command is still stopping the PostgreSQL in {self.root}.")
            if self._run_lock.acquire():
                self._start_as_owner(deadline)
                return True
            if self.is_running():
                return False
            if time.monotonic() >= deadline:
                self._use_lock.release()
                raise PostgresProblem(f"Another command is still starting the PostgreSQL in {self.root}.")
            time.sleep(0.05)

    def stop(self, patience: float = 5) -> None:
        """Detach, and stop PostgreSQL if we started it, after those attached have finished or `patience` is over."""
        if self._process is not None:
            self._use_lock.acquire(seconds=patience)
            end(self._process, (FAST, 30), (IMMEDIATE, 10))
            self._process = None
        self._run_lock.release()
        self._use_lock.release()

    def alive(self) -> bool:
        """Whether the PostgreSQL that we started still runs."""
        return self._process is not None and self._process.poll() is None

    def restart(self) -> None:
        """Start it again after it ended by itself, keeping our locks."""
        self._start_as_owner(time.monotonic() + 60)

    def holder(self) -> str:
        """Return the process that started, or last started, PostgreSQL here."""
        return self._run_lock.holder()

    def is_running(self) -> bool:
        """Whether PostgreSQL answers on this cluster's socket."""
        try:
            self._connect(DATABASE, ROLES["app"]).close()
        except psycopg.Error:
            return False
        return True

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    # How it is done

    def _start_as_owner(self, deadline: float) -> None:
        try:
            self._run_lock.sign(f"{os.getpid()}")
            self._end_strays()
            with self._explained():
                if not (self.data_dir / "PG_VERSION").exists():
                    self._initialise()
                files.write_configuration(self)
                self._launch(deadline)
                self._prepare_database()
        except BaseException:
            self.stop(patience=0)
            raise

    def _end_strays(self) -> None:
        """End what a killed supervisor left behind, and forget a process number that now belongs to another."""
        pid_file = self.data_dir / "postmaster.pid"
        if not pid_file.exists():
            return
        directory = Path(os.path.realpath(self.data_dir))
        # The postmaster first: it ends its own children and leaves clean files.
        with suppress(psutil.Error, OSError, ValueError):
            postmaster = psutil.Process(int(pid_file.read_text().split("\n", 1)[0]))
            if postmaster.pid in {process.pid for process in running_in(directory)}:
                end_all([postmaster], (FAST, 15), (IMMEDIATE, 5))
        end_all(running_in(directory), (signal.SIGTERM, 2), (IMMEDIATE, 3))
        # PostgreSQL believes its lock files as long as the process number exists, be it a zombie or another program.
        for left in (pid_file, *self.socket_dir.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)

    def _initialise(self) -> None:
        fresh = self.root / f"{self.programs.major}.new"
        shutil.rmtree(fresh, ignore_errors=True)
        files.prepare_folder(fresh, account=self.account)
        command = self.programs.initdb(fresh, SUPERUSER, durable=self.durable)
        with self.log_file.open("wb") as log:
            process = spawn(command, account=self.account, reach=self._reach(fresh), output=log, death_signal=FAST)
            if process.wait() != 0:
                raise self._failure()
        # Renamed when complete: a killed initdb never looks like a cluster.
        fresh.rename(self.data_dir)

    def _launch(self, deadline: float) -> None:
        files.prepare_folder(self.socket_dir, account=self.account)
        files.rotate(self.log_file)
        command = [str(self.programs.folder / "postgres"), "-D", str(self.data_dir)]
        with self.log_file.open("ab") as log:
            self._process = spawn(
                command,
                account=self.account,
                reach=self._reach(self.data_dir, self.socket_dir),
                output=log,
                death_signal=FAST,
            )
        while not files.is_ready(self.data_dir, self._process.pid):
            if self._process.poll() is not None:
                raise self._failure()
            if time.monotonic() > deadline:
                raise PostgresProblem(
                    "PostgreSQL is still recovering.", remedy=f"Wait and start again; see {self.log_file}."
                )
            time.sleep(0.02)

    def _reach(self, *folders: Path) -> tuple[Path, ...]:
        return (self.programs.folder / "postgres", *folders)

    def _prepare_database(self) -> None:
        """Make roles, extensions and the database; the database comes last, so its presence says all is there."""
        with self._connect("template1", SUPERUSER) as connection:
            found = connection.execute("select 1 from pg_database where datname = %s", [DATABASE]).fetchone()
            if found:
                return
            roles = {row[0] for row in connection.execute("select rolname from pg_roles")}
            for role, rights in ((ROLES["app"], ""), (ROLES["owner"], "createdb")):
                if role not in roles:
                    connection.execute(sql.SQL(f"create role {{}} login {rights}").format(sql.Identifier(role)))
            owner, app = sql.Identifier(ROLES["owner"]), sql.Identifier(ROLES["app"])
            connection.execute(sql.SQL("grant {} to {}").format(app, owner))
            for extension in EXTENSIONS:
                # In the template, so that a new database (a test's, say) has them too.
                connection.execute(sql.SQL("create extension if not exists {}").format(sql.Identifier(extension)))
            connection.execute(sql.SQL("create database {} owner {}").format(sql.Identifier(DATABASE), owner))

    def _connect(self, database: str, user: str) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(
            host=str(self.socket_dir), dbname=database, user=user, autocommit=True, connect_timeout=10
        )

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except PermissionError as error:
            what = error.filename or error
            raise PostgresProblem(
                f"Kentongan may not use {what}.",
                remedy="Give this user the right to it, or set KENTONGAN_HOME to a directory of your own.",
            ) from None
        except OSError as error:
            raise PostgresProblem(
                f"{error.filename or self.home} cannot be used: {error.strerror or error}.",
                remedy="Free the disk or repair the directory, or set KENTONGAN_HOME to another one.",
            ) from None

    def _failure(self) -> PostgresProblem:
        message, remedy = files.explain(self.log_file)
        return PostgresProblem(message, remedy=remedy)
