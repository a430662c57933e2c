"""A desk to publish from, and the real servers."""

import pytest

from kentongan.publishing import connections
from named_cast import Cast
from publishing.desk import Desk, Platform
from publishing.sheets import account
from servers.fixtures import mastodon_server, pds

__all__ = ["account", "mastodon_server", "pds"]


@pytest.fixture
def desk(cast: Cast) -> Desk:
    """A regency's desk."""
    return Desk(cast)


@pytest.fixture
def party_desk(party: Cast) -> Desk:
    """A party's desk."""
    return Desk(party)


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    """A platform whose answers the test writes."""
    scripted = Platform()
    monkeypatch.setattr(connections, "client", scripted.client)
    return scripted
