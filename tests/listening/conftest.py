"""Posts of an invented regency office."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.db import connection

from kentongan.core import clock, imports, jobs
from kentongan.core.imports import ImportRun
from kentongan.listening import actions
from kentongan.listening.importing import PostImport
from kentongan.listening.models import Source
from kentongan.listening.posts import RawPost
from listening.killing import Forks, forks
from servers.fixtures import mastodon_server  # noqa: F401


@pytest.fixture
def source(cast) -> Source:
    """A source of the regency office."""
    return actions.add_source(cast.actor("sari"), cast.root.pk, "Uji")


@pytest.fixture
def talk(cast, source) -> Callable[..., actions.Counts]:
    """Return a function that brings in texts, one a minute, by different authors, ending now."""

    def say(*texts: str, at: datetime | None = None, step: timedelta = timedelta(minutes=1), **more) -> actions.Counts:
        start = (at or clock.now().astimezone(UTC)) - step * len(texts)
        posts = [
            RawPost(None, start + step * n, f"warga{n}", text, platform="x", **more) for n, text in enumerate(texts)
        ]
        return actions.ingest(cast.actor("sari"), source, posts)

    return say


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Return a function that writes a file."""

    def make(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


@pytest.fixture
def bring(cast, write) -> Callable[..., ImportRun]:
    """Return a function that imports a file's content and returns the run."""

    def run(name: str, content: str | bytes, **options: str) -> ImportRun:
        actor = cast.actor("sari")
        with write(name, content).open("rb") as file:
            draft = imports.upload(actor, PostImport.name, cast.root.pk, file, name, options=options)
        jobs.run_now(imports.confirm(actor, draft.pk, inline=True))
        draft.refresh_from_db()
        return draft

    return run


@pytest.fixture(scope="session")
def killed(django_db_setup: None) -> Iterator[Forks]:
    """What runs code that is killed, against the test's database."""
    with forks(connection.settings_dict) as program:
        yield program
