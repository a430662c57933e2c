"""The real servers."""

from servers.fixtures import mastodon_server, pds, wordpress_server

__all__ = ["mastodon_server", "pds", "wordpress_server"]
