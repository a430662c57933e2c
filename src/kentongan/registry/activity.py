"""Where the registry learns when an official account last posted: later rooms register what they know.

A room writes an ActivitySource and calls `register` in its AppConfig.ready.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol


class ActivitySource(Protocol):
    """Knows of posts of official accounts."""

    def latest(self, since: datetime) -> Mapping[int, datetime]:
        """Return by account the moment of its last post, for accounts that posted after `since`."""
        ...


_sources: dict[str, ActivitySource] = {}


def register(name: str, source: ActivitySource) -> None:
    """Add a room's source; a second one of the same name takes its place."""
    _sources[name] = source


def latest(since: datetime) -> dict[int, datetime]:
    """Return by account the latest moment that any source knows of."""
    found: dict[int, datetime] = {}
    for source in _sources.values():
        for account_id, moment in source.latest(since).items():
            found[account_id] = max(moment, found.get(account_id, moment))
    return found
