"""The running product: everything starts, whatever is killed comes back, and nothing stays behind."""

import os
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from runtime.installations import PATIENCE, PROGRAM, Installation, belonging_to, wait_until

pytestmark = pytest.mark.faults

MakeInstallation = Callable[..., Installation]


def add_user(installation: Installation, email: str) -> None:
    """Write a row that has to be there later."""
    words = ("organisation", "found", "Diskominfo Bekasi", "--kind", "regency", "--area", "32.16", "--admin", email)
    done = installation.run(*words)
    assert done.returncode == 0, done.stderr


def test_ctrl_c_ends_everything(installation: Installation) -> None:
    installation.up()
    assert {"web", "worker"} <= {word for process in belonging_to(installation.home) for word in process.cmdline()}
    assert installation.interrupt() == 0
    assert not belonging_to(installation.home)


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_other_ways_to_end_it_in_order(installation: Installation, sent: signal.Signals) -> None:
    installation.up()
    assert installation.process is not None
    installation.process.send_signal(sent)
    assert installation.process.wait(PATIENCE) == 0
    assert not belonging_to(installation.home)


@pytest.mark.parametrize("part", ["postgres", "web", "worker"])
def test_a_killed_part_comes_back(installation: Installation, part: str) -> None:
    installation.up()
    before = installation.pids(part)
    installation.part(part).kill()
    wait_until(lambda: installation.pids(part) - before, f"a new {part}")
    wait_until(installation.answers, "the next answer")
    assert installation.interrupt() == 0
    assert not belonging_to(installation.home)


def test_the_worker_survives_a_restart_of_the_database(installation: Installation) -> None:
    installation.up()
    installation.wait_for_worker()
    worker = installation.part("worker")
    before = installation.pids("postgres")
    installation.part("postgres").kill()
    wait_until(lambda: installation.pids("postgres") - before, "a new one")
    wait_until(installation.answers, "the next answer")
    # It listens again: a new job is taken at once, not at the next poll.
    listens = "select count(*) from pg_stat_activity where query ilike 'listen %' or query = 'SELECT 1'"
    ask = f"from django.db import connection as c; k = c.cursor(); k.execute({listens!r}); print(k.fetchone()[0])"
    wait_until(
        lambda: installation.run("manage", "shell", "--verbosity=0", "--command", ask).stdout.strip() not in {"", "0"},
        "the worker listening again",
    )
    assert worker.is_running()


def test_after_the_supervisor_is_killed_nothing_stays_and_the_next_start_works(installation: Installation) -> None:
    installation.up()
    add_user(installation, "wulan@example.id")
    assert installation.process is not None
    installation.process.kill()
    installation.process.wait(PATIENCE)
    # At once: what is left has to be ended by the new one, or to end by itself.
    before = {process.pid for process in belonging_to(installation.home)}
    installation.up()
    assert not before & {process.pid for process in belonging_to(installation.home)}
    assert "wulan@example.id" in installation.run("users", "list").stdout


def test_after_all_is_killed_the_next_start_works(installation: Installation) -> None:
    installation.up()
    add_user(installation, "wulan@example.id")
    victims = belonging_to(installation.home)
    for victim in victims:
        victim.kill()
    psutil.wait_procs(victims, timeout=10)
    installation.up()
    assert "wulan@example.id" in installation.run("users", "list").stdout
    assert installation.interrupt() == 0
    assert not belonging_to(installation.home)


def test_a_frozen_worker_of_a_killed_supervisor_is_ended(installation: Installation) -> None:
    installation.up()
    frozen = installation.part("worker")
    frozen.suspend()
    assert installation.process is not None
    installation.process.kill()
    installation.process.wait(PATIENCE)
    installation.up()
    wait_until(lambda: not frozen.is_running() or frozen.status() == psutil.STATUS_ZOMBIE, "its end")


def test_one_directory_has_one_supervisor(installation: Installation) -> None:
    installation.up()
    second = installation.run("up", "--no-demo", "--port", str(installation.port + 1))
    assert second.returncode == 1
    assert "already runs on this directory" in second.stderr
    assert "Traceback" not in second.stderr
    assert installation.answers()


def test_a_second_directory_is_a_second_installation(new_installation: MakeInstallation) -> None:
    one, two = new_installation("one"), new_installation("two")
    one.up()
    two.up()
    add_user(one, "wulan@example.id")
    assert "wulan@example.id" in one.run("users", "list").stdout
    assert "wulan@example.id" not in two.run("users", "list").stdout
    assert one.interrupt() == 0
    assert two.answers()


def test_a_taken_port_is_one_sentence(installation: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.port))
        other.listen()
        done = installation.run("up", "--no-demo")
    assert done.returncode == 1
    assert done.stderr.startswith(f"kentongan: Port {installation.port} on 127.0.0.1 cannot be used")
    assert len(done.stderr.strip().splitlines()) == 2
    assert not belonging_to(installation.home)


def test_it_waits_for_a_command_that_runs_the_database(installation: Installation) -> None:
    command = subprocess.Popen(
        [*PROGRAM, "manage", "shell", "--verbosity=0", "--command", "print('ready', flush=True); input()"],
        env=installation.environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert command.stdout is not None
    assert command.stdout.readline().strip() == "ready"
    with (installation.home / "later.log").open("w") as log:
        later = subprocess.Popen([*PROGRAM, "up", "--no-demo"], env=installation.environ(), stdout=log, stderr=log)
    wait_until(lambda: (installation.home / "supervisor.lock").exists(), "the supervisor's start")
    assert not installation.answers()
    command.communicate("\n", timeout=PATIENCE)
    assert command.returncode == 0
    wait_until(installation.answers, "the first answer")
    later.send_signal(signal.SIGINT)
    assert later.wait(PATIENCE) == 0


def test_visitors_wait_while_the_web_server_restarts(installation: Installation) -> None:
    installation.up()
    installation.part("web").kill()
    # The listening socket is the supervisor's: the connection is taken, and answered by the next web server.
    with socket.create_connection(("127.0.0.1", installation.port), timeout=PATIENCE) as visitor:
        visitor.sendall(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert visitor.recv(64).startswith(b"HTTP/1.0 200")


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root: root alone starts servers as another user")
def test_everything_inside_a_private_directory(short_path: Path, migrated_home: Path) -> None:
    subprocess.run(["cp", "-a", str(migrated_home), str(short_path / "home")], check=True)
    installation = Installation(short_path / "home")
    try:
        installation.up()
        assert installation.part("postgres").uids().effective != 0
        assert installation.interrupt() == 0
    finally:
        installation.destroy()
