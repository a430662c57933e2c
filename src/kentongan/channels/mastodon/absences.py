"""Which Mastodon statuses were deleted, by what each one's own server says to everybody."""

import re
from collections.abc import Collection

import httpx

from kentongan.channels.contract import ChannelError, Credentials
from kentongan.channels.mastodon.api import call

# https://server/@name/number, as Mastodon writes it; others are left alone.
STATUS = re.compile(r"(https?://[^/@\s]+)/@[^/\s]+/([0-9A-Za-z]{1,40})")
GONE = {404, 410}


class MastodonAbsences:
    """`/api/v1/statuses/{id}`, one after the other."""

    most = 10

    def gone(self, urls: Collection[str], client: httpx.Client) -> frozenset[str]:
        """Return the addresses of statuses of which their server says that they are not there."""
        return frozenset(
            url for url in urls if (found := STATUS.fullmatch(url)) and _is_gone(found[1], found[2], client)
        )


def _is_gone(server: str, identity: str, client: httpx.Client) -> bool:
    """Whether the server says so; one that does not answer, or shows nothing to strangers, says nothing."""
    try:
        call(client, Credentials("", server), "GET", f"/api/v1/statuses/{identity}")
    except ChannelError as error:
        # In the platform's own words: a proxy on the way, or another program by now, may say anything.
        return error.response.get("status") in GONE and '"error"' in str(error.response.get("body"))
    return False
