"""The real servers."""

from servers.fixtures import mastodon_server, pds

__all__ = ["mastodon_server", "pds"]
