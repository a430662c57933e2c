"""Counts of our posts, as the app view behind the account's server reports them."""

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import ChannelError, Counts, Credentials, CredentialsExpired

PAGE = 25


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _counts(view: Mapping[str, Any]) -> Counts:
    reposts, quotes = _number(view.get("repostCount")), _number(view.get("quoteCount"))
    shares = None if reposts is None else reposts + (quotes or 0)
    return Counts(None, _number(view.get("likeCount")), shares, _number(view.get("replyCount")))


class BlueskyMetrics:
    """`app.bsky.feed.getPosts`, which the account's server passes on to its app view if it has one."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return likes, shares (reposts and quotes) and replies; views are not counted on Bluesky."""
        wanted, counts = list(remote_ids), {}
        for at in range(0, len(wanted), PAGE):
            page = wanted[at : at + PAGE]
            try:
                said = call(
                    client,
                    credentials.service,
                    "app.bsky.feed.getPosts",
                    token=credentials.get("access"),
                    params={"uris": page},
                )
            except CredentialsExpired:
                raise
            except ChannelError:
                # A server without an app view, or one that is down: missing, which is not zero.
                continue
            posts = said.get("posts")
            for view in posts if isinstance(posts, list) else []:
                counts[str(view.get("uri"))] = _counts(view)
        return counts
