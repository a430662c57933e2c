"""The bench of reposts: each is of a post of its own, which another account made."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from kentongan.channels.contract import Credentials, Origin, Post, Sought
from kentongan.channels.testing import Bench
from servers.proxy import Proxy


@dataclass
class RepostBench(Bench):
    """A bench whose posts are reposts, each of a post of its own that another account made.

    That is the account signed in as `posting`, or one that the stub keeps: then `posted` makes the post.
    """

    posting: Credentials = field(default=None)  # type: ignore[assignment]
    posted: Callable[[Post], Origin] | None = None
    proxy: Proxy = field(default=None)  # type: ignore[assignment]

    def post(self, text: str) -> Post:
        """Publish a post, and return a repost of it."""
        first = super().post(text)
        origin = self.posted(first) if self.posted else self._published(first)
        return replace(first, key=self.channel.manifest.new_key(), text="", title="", origin=origin)

    def _published(self, first: Post) -> Origin:
        assert self.channel.publisher is not None
        published = self.channel.publisher.publish(first, self.posting, self.client)
        return Origin(published.remote_id, published.url, self.posting.service, published.response)

    def sought(self, post: Post) -> Sought:
        """Return what looks for a repost of now."""
        return Sought(post, datetime.now(UTC))

    @property
    def publisher(self):
        """Return what reposts."""
        assert self.channel.reposter is not None
        return self.channel.reposter

    @property
    def finder(self):
        """Return what finds reposts."""
        return self.publisher
