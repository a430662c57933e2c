"""DATABASE_URL: somebody else's PostgreSQL, the oldest that we promise and our own newest."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kentongan.core.postgres import Cluster
from kentongan.core.postgres_programs import DEBIAN, OLDEST_MAJOR
from runtime.installations import Installation, belonging_to

SERVERS = {"newest": None, "oldest": DEBIAN / str(OLDEST_MAJOR) / "bin"}


# Our own newest is what all other tests run on; here it is for `make test-all`.
@pytest.fixture(params=["oldest", pytest.param("newest", marks=pytest.mark.slow)])
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cluster]:
    programs = SERVERS[request.param]
    if programs is not None and not programs.is_dir():
        pytest.skip(f"Debian's PostgreSQL {OLDEST_MAJOR} is not installed")
    with Cluster(tmp_path / "server", durable=False, bin_dir=programs) as cluster:
        yield cluster


def address(server: Cluster, role: str) -> str:
    params = server.params(role)
    return f"postgresql://{params['USER']}@/{params['NAME']}?host={params['HOST']}"


@pytest.fixture
def connected(server: Cluster, tmp_path: Path) -> Iterator[Callable[..., Installation]]:
    made = []

    def make(**variables: str) -> Installation:
        made.append(Installation(tmp_path / "home", variables=variables))
        return made[-1]

    yield make
    for installation in made:
        installation.destroy()


def test_two_roles(server: Cluster, connected: Callable[..., Installation]) -> None:
    installation = connected(DATABASE_URL=address(server, "app"), DATABASE_OWNER_URL=address(server, "owner"))
    migrated = installation.run("migrate")
    assert migrated.returncode == 0, migrated.stderr
    found = {
        finding["subject"]: finding["level"] for finding in json.loads(installation.run("doctor", "--json").stdout)
    }
    assert (found["database"], found["tables"], found["rights"]) == ("well", "well", "well")
    assert not (installation.home / "postgres").exists()
    installation.up()
    assert installation.interrupt() == 0
    assert not belonging_to(installation.home)
    assert server.is_running()


def test_one_role_works_with_a_warning(server: Cluster, connected: Callable[..., Installation]) -> None:
    installation = connected(DATABASE_URL=address(server, "owner"))
    assert installation.run("users", "list", "--json").stdout.strip() == "[]"
    found = {
        finding["subject"]: finding["level"] for finding in json.loads(installation.run("doctor", "--json").stdout)
    }
    assert found["rights"] == "warning"


def test_the_parts_run_apart(server: Cluster, connected: Callable[..., Installation]) -> None:
    installation = connected(DATABASE_URL=address(server, "app"), DATABASE_OWNER_URL=address(server, "owner"))
    waiting = installation.run("worker")
    assert waiting.returncode == 1
    assert "not up to date" in waiting.stderr
    assert installation.run("migrate").returncode == 0
    web, worker = installation.spawn("web"), installation.spawn("worker")
    installation.wait_for_answer()
    installation.wait_for_worker()
    for process in (web, worker):
        process.terminate()
        assert process.wait(60) == 0


def test_a_server_that_is_gone_is_one_sentence(server: Cluster, connected: Callable[..., Installation]) -> None:
    installation = connected(DATABASE_URL=address(server, "app"))
    server.stop()
    done = installation.run("users", "list")
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr
