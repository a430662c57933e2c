"""The real servers, and what stands before and beside the stubs."""

from collections.abc import Iterator
from typing import Any

import pytest

from channels.graph_benches import pictures
from servers.fixtures import mastodon_server, pds, wordpress_server
from servers.proxy import Proxy, between

__all__ = ["mastodon_server", "pds", "wordpress_server"]


@pytest.fixture
def proxy(server: Any) -> Iterator[Proxy]:
    """A fault proxy before the stub that is the module's `server`; uploads that it sends elsewhere come through too."""
    with between(server.url) as proxy:
        if hasattr(server, "seen_at"):
            server.seen_at = proxy.url
        yield proxy


@pytest.fixture
def shown() -> Iterator[str]:
    """Where platforms can fetch pictures and videos."""
    with pictures() as url:
        yield url
