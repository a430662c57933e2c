"""The test database (a PostgreSQL of our own, really running) and the named cast."""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation
from pytest_django import DjangoDbBlocker
from pytest_django.plugin import blocking_manager_key

import named_cast
from kentongan.cli import context
from kentongan.core.models import User
from kentongan.core.postgres import Cluster
from kentongan.registry.models import Organisation
from named_cast import Cast
from settings_for_tests import HOME
from standing import Standing, wanted


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """A real PostgreSQL in a fresh data directory; fsync is off, nothing else differs from the product's."""
    cluster = Cluster(Path(HOME.name), durable=False)
    cluster.start()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: Cluster) -> None:
    """Connect as the owner of the schema, who may make a database, and (here only) may empty the audit log."""
    connection.settings_dict.update(postgres.params("owner"))
    connection.settings_dict["OPTIONS"] = {"options": "-c kentongan.test_database=yes"}


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The whole cluster is thrown away: dropping the database first would only wait for whoever is still in it."""
    return True


@pytest.fixture(autouse=True)
def _nothing_stays_behind(request: pytest.FixtureRequest, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Leave the next test neither a language nor queued jobs: Django empties only the tables that it manages."""
    yield
    translation.deactivate()
    mark = request.node.get_closest_marker("django_db")
    if mark and mark.kwargs.get("transaction"):
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


STANDING = Standing()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the cast stand that this test wants, before the test's own transaction begins."""
    with item.config.stash[blocking_manager_key].unblock():
        STANDING.change(wanted(item), named_cast.build)


@pytest.fixture
def make_cast(db: None) -> Callable[..., Cast]:
    """Return a function that founds an organisation of a kind with the cast at its units."""

    def make(kind: str = Organisation.Kind.REGENCY) -> Cast:
        STANDING.ready = True
        if STANDING.kind != kind:
            named_cast.build(kind)
        return named_cast.read()

    return make


@pytest.fixture
def cast(make_cast: Callable[..., Cast]) -> Cast:
    """The cast of a regency office (neutral)."""
    return make_cast()


@pytest.fixture
def party(make_cast: Callable[..., Cast]) -> Cast:
    """The same cast in a political party, which may campaign."""
    return make_cast(Organisation.Kind.PARTY)


@pytest.fixture
def sign_in(client: Client) -> Callable[[User], Client]:
    """Return a function that signs a user in at the test client."""

    def enter(user: User) -> Client:
        client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
        return client

    return enter


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Return a function that runs a command of a module of `cli` and reads its JSON; the database runs already."""
    monkeypatch.setattr(context, "running_database", nullcontext)

    def command(module: ModuleType, *words: object) -> Any:
        capsys.readouterr()
        module.app(args=[*map(str, words), "--json"], standalone_mode=False)
        return json.loads(capsys.readouterr().out)

    return command


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of labelled data beside the repository; tests that need it skip where it is absent."""
    folder = Path(os.environ.get("KENTONGAN_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no labelled data at {folder}")
    return folder
