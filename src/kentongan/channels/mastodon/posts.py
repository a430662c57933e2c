"""When a Mastodon account last posted."""

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import feeds
from kentongan.channels.contract import Bookmark, CredentialsExpired, Newest, PostsHidden, Rejected
from kentongan.channels.mastodon.api import call
from kentongan.channels.mastodon.prover import lookup, nobody

LATEST = 20


class MastodonPosts:
    """The statuses that the account's own server shows to everybody; else the day that it states."""

    def host(self, key: str) -> str:
        """Return the account's own server."""
        return key.partition("@")[2]

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return the account's newest status that is its own."""
        said = lookup(client, key)
        wanted = {"limit": LATEST, "exclude_reblogs": "true"}
        try:
            shown = call(client, nobody(key), "GET", f"/api/v1/accounts/{said.get('id')}/statuses", params=wanted)
        except (Rejected, CredentialsExpired) as error:
            # A server may keep statuses to itself and still tell the day of the last one.
            day = feeds.moment(said.get("last_status_at"))
            if day is None:
                raise PostsHidden(_("This server does not show posts to everybody."), error.response) from error
            return Newest(day, str(said.get("url") or ""))
        statuses = [one for one in shown if isinstance(one, dict)] if isinstance(shown, list) else []
        own = [(feeds.moment(one.get("created_at")), str(one.get("url") or "")) for one in statuses if not _passed(one)]
        return feeds.latest(own)


def _passed(status: dict[str, object]) -> bool:
    return bool(status.get("reblog"))
