"""Reposting (boosting) on Mastodon: a server keeps one of an account and a status, however often it is asked."""

from datetime import timedelta

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import reposts
from kentongan.channels.contract import (
    Absent,
    Ambiguous,
    ChannelError,
    Credentials,
    Found,
    Origin,
    Post,
    Published,
    Rejected,
    RetryLater,
    Sought,
    Unsure,
    origin_of,
)
from kentongan.channels.mastodon.api import call
from kentongan.channels.mastodon.publisher import CLOCK_SKEW, MastodonPublisher, own

PAUSE = timedelta(seconds=30)


class MastodonReposter:
    """`POST /api/v1/statuses/{id}/reblog`; a status of another server is looked up by its address first."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Boost the status; a refusal is looked into, since some servers refuse a second boost."""
        origin = origin_of(post)
        path = f"/api/v1/statuses/{_here(origin, credentials, client)}/reblog"
        post.confirm()
        try:
            said = call(client, credentials, "POST", path, json={"visibility": "public"}, decides=True)
        except Rejected as error:
            return reposts.out_already(self, post, error, credentials, client)
        if not isinstance(said, dict) or not said.get("id") or not isinstance(said.get("reblog"), dict):
            raise Ambiguous(_("The server's answer names no status."), {"body": said})
        return Published(str(said["id"]), origin.url, {"id": said["id"], "reblog": said["reblog"].get("id")})

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Take the boost back; the status of the other account stays."""
        MastodonPublisher().recall(remote_id, credentials, client)

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through the account's own statuses of that time for the boost."""
        origin, looked_at = origin_of(sought.post), 0
        try:
            wanted = _here(origin, credentials, client)
            for status in own(credentials, client, sought.since - CLOCK_SKEW, reblogs=True):
                looked_at += 1
                boosted = status.get("reblog")
                if isinstance(boosted, dict) and str(boosted.get("id")) == wanted:
                    return Found(str(status["id"]), origin.url, {"id": status["id"], "reblog": wanted})
        except ChannelError as error:
            return Unsure(error.message, error.response)
        return Absent({"statuses looked at": looked_at})


def _here(origin: Origin, credentials: Credentials, client: httpx.Client) -> str:
    """Return what the account's own server calls the status; RetryLater while it does not know it.

    A person who says that a post is there knows its address only, which is its id then.
    """
    if origin.service == credentials.service and origin.remote_id != origin.url:
        return origin.remote_id
    params = {"q": origin.url, "type": "statuses", "resolve": "true", "limit": "1"}
    said = call(client, credentials, "GET", "/api/v2/search", params=params)
    rows = said.get("statuses") if isinstance(said, dict) else None
    found = next(
        (row for row in rows or [] if isinstance(row, dict) and origin.url in (row.get("url"), row.get("uri"))), None
    )
    if found is None or not found.get("id"):
        # The server answered: without a time to wait it would count as one that is silent.
        raise RetryLater(
            _("The account's server does not know the post of the other account yet."), {"body": said}, after=PAUSE
        )
    return str(found["id"])
