"""Reposting on X: of an account and a post there is one repost, which is called by the post's number.

From docs.x.com, November 2026: "Repost Post", "Unrepost Post". What X answers to a second repost is not described, so
a refusal is looked into.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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
    Sought,
    Unsure,
    origin_of,
)
from kentongan.channels.x.api import call
from kentongan.channels.x.manifest import MANIFEST
from kentongan.channels.x.publisher import own


class XReposter:
    """`POST /2/users/{id}/retweets`, and `DELETE` of the same."""

    def publish(self, post: Post, credentials: Credentials, client: httpx.Client) -> Published:
        """Repost the post."""
        number = _number(origin_of(post))
        post.confirm()
        try:
            said = call(client, credentials, "POST", _path(credentials), json={"tweet_id": number}, decides=True)
        except Rejected as error:
            return reposts.out_already(self, post, error, credentials, client)
        told = said.get("data")
        if not isinstance(told, dict) or told.get("retweeted") is not True:
            raise Ambiguous(_("The server's answer names no post."), {"body": dict(said)})
        return Published(number, origin_of(post).url, dict(told))

    def recall(self, remote_id: str, credentials: Credentials, client: httpx.Client) -> None:
        """Undo the repost; the post of the other account stays, and one that is gone already is a success."""
        if not remote_id.isdigit():
            raise reposts.only_its_address()
        try:
            call(client, credentials, "DELETE", f"{_path(credentials)}/{remote_id}")
        except Rejected as error:
            if error.response.get("status") not in {404, 410}:
                raise

    def find(self, sought: Sought, credentials: Credentials, client: httpx.Client) -> Found | Absent | Unsure:
        """Look through the account's own posts of that time for the repost."""
        origin, looked_at = origin_of(sought.post), 0
        try:
            number = _number(origin)
            for tweet in own(credentials, client, sought.since, "created_at,referenced_tweets"):
                looked_at += 1
                if number in _reposted(tweet):
                    return Found(number, origin.url, {"id": tweet["id"]})
        except ChannelError as error:
            return Unsure(error.message, error.response)
        return Absent({"posts looked at": looked_at})


def _path(credentials: Credentials) -> str:
    return f"/2/users/{quote(credentials.get('user_id'), safe='')}/retweets"


def _number(origin: Origin) -> str:
    """Return X's number of the post, also of the address that a person gave; Rejected where that has none."""
    number = origin.remote_id.rstrip("/").rpartition("/")[2]
    if not (number.isascii() and number.isdigit()):
        raise reposts.leads_nowhere(MANIFEST)
    return number


def _reposted(tweet: Mapping[str, Any]) -> set[str]:
    """Return what a post reposts."""
    named = tweet.get("referenced_tweets")
    rows = [one for one in named if isinstance(one, dict)] if isinstance(named, list) else []
    return {str(one.get("id")) for one in rows if one.get("type") == "retweeted"}
