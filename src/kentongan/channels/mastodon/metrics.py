"""Counts of our statuses."""

from collections.abc import Collection, Mapping
from typing import Any

import httpx

from kentongan.channels.contract import Counts, Credentials, Rejected
from kentongan.channels.mastodon.api import call


def _number(status: Mapping[str, Any], name: str) -> int | None:
    value = status.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


GONE = {404, 410}


class MastodonMetrics:
    """`/api/v1/statuses/{id}`, one after the other: reading many at once is not known to every server."""

    def read(self, remote_ids: Collection[str], credentials: Credentials, client: httpx.Client) -> Mapping[str, Counts]:
        """Return likes, shares and replies; views are not counted on Mastodon, a deleted status is `gone`."""
        counts = {}
        for remote_id in remote_ids:
            try:
                status = call(client, credentials, "GET", f"/api/v1/statuses/{remote_id}")
            except Rejected as error:
                if error.response.get("status") not in GONE:
                    raise
                counts[remote_id] = Counts(gone=True)
                continue
            counts[remote_id] = Counts(
                None,
                _number(status, "favourites_count"),
                _number(status, "reblogs_count"),
                _number(status, "replies_count"),
            )
        return counts
