"""Counts of our posts on a Page."""

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from kentongan.channels.contract import Counts, Credentials, Rejected
from kentongan.channels.facebook.manifest import GRAPH
from kentongan.channels.facebook.publisher import POST
from kentongan.channels.graph.api import NOT_THERE

FIELDS = "shares,reactions.limit(0).summary(total_count),comments.limit(0).summary(total_count)"


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _total(said: Mapping[str, Any], name: str) -> int | None:
    edge = said.get(name)
    summary = edge.get("summary") if isinstance(edge, dict) else None
    return _number(summary.get("total_count")) if isinstance(summary, dict) else None


def _shares(said: Mapping[str, Any]) -> int | None:
    """Return how often it was shared: of a post that nobody shared Facebook says nothing, which is not zero."""
    shares = said.get("shares")
    return _number(shares.get("count")) if isinstance(shares, dict) else None


class FacebookMetrics:
    """`/{post}`, one after the other: one that is gone would fail all that are asked for at once."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return reactions, shares and comments; how often a post was seen is told to another permission only."""
        counts = {}
        for remote_id in filter(POST.fullmatch, remote_ids):  # an address that a person gave is no id
            try:
                said = GRAPH.call(client, credentials, "GET", remote_id, {"fields": FIELDS})
            except Rejected as error:
                # "Does not exist, or is not for you": that is not the platform's word that it is gone.
                if error.response.get("error") != NOT_THERE:
                    raise
                continue
            counts[remote_id] = Counts(None, _total(said, "reactions"), _shares(said), _total(said, "comments"))
        return counts
