"""The servers as fixtures, one of each for a whole test run."""

from collections.abc import Iterator

import pytest

from servers import mastodon
from servers import pds as bluesky
from servers.mastodon import MastodonServer
from servers.pds import Pds


@pytest.fixture(scope="session")
def pds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pds]:
    """A real Bluesky personal data server."""
    with bluesky.serve(tmp_path_factory.mktemp("bluesky")) as server:
        yield server


@pytest.fixture(scope="session")
def mastodon_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MastodonServer]:
    """A stateful Mastodon server."""
    with mastodon.serve(tmp_path_factory.mktemp("mastodon")) as server:
        yield server
