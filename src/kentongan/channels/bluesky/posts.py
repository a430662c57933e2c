"""When a Bluesky account last posted."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
from django.conf import settings
from django.utils.translation import gettext as _

from kentongan.channels import feeds
from kentongan.channels.bluesky.prover import is_absent
from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import Bookmark, CredentialsExpired, Newest, NoSuchAccount, Rejected

POST = "app.bsky.feed.post"
LATEST = 20


def earliest(*values: object) -> datetime | None:
    """Return the earliest of the moments that a post bears: its author's clock may say anything."""
    found = [moment for value in values if (moment := feeds.moment(value)) is not None]
    return min(found) if found else None


class BlueskyPosts:
    """`app.bsky.feed.getAuthorFeed` of an app view; the repository itself where the server has no app view."""

    def host(self, key: str) -> str:
        """Return the app view, which is asked about every account."""
        return urlsplit(settings.KENTONGAN_BLUESKY_URL).hostname or ""

    def newest(self, key: str, client: httpx.Client, bookmark: Bookmark) -> Newest:
        """Return the account's newest post, answers included."""
        service = settings.KENTONGAN_BLUESKY_URL
        wanted = {"actor": key, "limit": LATEST, "filter": "posts_with_replies"}
        try:
            said = call(client, service, "app.bsky.feed.getAuthorFeed", params=wanted)
        except (Rejected, CredentialsExpired) as error:
            if is_absent(error):
                raise NoSuchAccount(_("Bluesky knows no such account."), error.response) from error
            return self._from_repository(service, key, client)
        # An item with a reason is somebody's post that this account passed on.
        items = [item for item in said.get("feed") or () if isinstance(item, dict) and not item.get("reason")]
        posts = [item["post"] for item in items if isinstance(item.get("post"), dict)]
        return _newest([(one, one.get("record") or {}) for one in posts])

    def _from_repository(self, service: str, key: str, client: httpx.Client) -> Newest:
        wanted = {"repo": key, "collection": POST, "limit": LATEST}
        try:
            said = call(client, service, "com.atproto.repo.listRecords", params=wanted)
        except (Rejected, CredentialsExpired) as error:
            raise NoSuchAccount(_("Bluesky knows no such account."), error.response) from error
        records = [one for one in said.get("records") or () if isinstance(one, dict)]
        return _newest([(one, one.get("value") or {}) for one in records])


def _newest(posts: list[tuple[Mapping[str, Any], Any]]) -> Newest:
    """Return the newest of posts, each with what its author wrote."""
    return feeds.latest(
        (
            earliest(shown.get("indexedAt"), written.get("createdAt") if isinstance(written, dict) else None),
            address(str(shown.get("uri") or "")),
        )
        for shown, written in posts
    )


def address(uri: str) -> str:
    """Return where people see the post `at://did/collection/key`."""
    parts = uri.removeprefix("at://").split("/")
    return f"https://bsky.app/profile/{parts[0]}/post/{parts[2]}" if len(parts) == 3 and parts[0] else ""
