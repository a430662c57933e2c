"""Fixtures: installations and clusters that are really run, and really ended."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kentongan.core.postgres import Cluster
from runtime.installations import PATIENCE, PROGRAM, Installation, scrubbed


@pytest.fixture(scope="session")
def migrated_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data directory with an up-to-date database, to be copied: migrating takes a while."""
    home = tmp_path_factory.mktemp("template") / "home"
    done = subprocess.run([*PROGRAM, "migrate"], env=scrubbed(home), capture_output=True, text=True, timeout=PATIENCE)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture
def new_installation(tmp_path: Path, migrated_home: Path) -> Iterator[Callable[..., Installation]]:
    """Return a function that makes an installation with an up-to-date database."""
    made: list[Installation] = []

    def make(name: str = "home", **variables: str) -> Installation:
        home = tmp_path / name
        subprocess.run(["cp", "-a", str(migrated_home), str(home)], check=True)
        made.append(Installation(home, variables=variables))
        return made[-1]

    yield make
    for installation in made:
        installation.destroy()


@pytest.fixture
def installation(new_installation: Callable[..., Installation]) -> Installation:
    """One installation, not running."""
    return new_installation()


@pytest.fixture
def clusters() -> Iterator[Callable[[Path], Cluster]]:
    """Return a function that makes a cluster for tests; all are stopped at the end."""
    made: list[Cluster] = []

    def make(home: Path) -> Cluster:
        made.append(Cluster(home, durable=False))
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop(patience=0)


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A private temporary directory with a short path, as `mktemp -d` makes it (0700)."""
    folder = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
