"""The servers as fixtures, one of each for a whole test run."""

from collections.abc import Iterator

import pytest

from servers import mastodon, wordpress
from servers import pds as bluesky
from servers.mastodon import MastodonServer
from servers.pds import Pds
from servers.wordpress import WordPressServer


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


@pytest.fixture(scope="session")
def wordpress_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WordPressServer]:
    """A real WordPress site."""
    with wordpress.serve(tmp_path_factory.mktemp("wordpress")) as server:
        yield server
