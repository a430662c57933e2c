"""Which Bluesky posts were deleted: `app.bsky.feed.getPosts` of an app view; the repository where there is none."""

import re
from collections.abc import Collection, Mapping

import httpx
from django.conf import settings

from kentongan.channels.bluesky.posts import POST
from kentongan.channels.bluesky.prover import is_absent
from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import ChannelError, CredentialsExpired, Rejected

SHOWN = re.compile(r"https://bsky\.app/profile/(did:[a-z]+:[\w.%:-]{1,200})/post/([\w.~:-]{1,100})")


class BlueskyAbsences:
    """Asks about many at once; what an app view leaves out of its answer is asked about by itself."""

    most = 25

    def gone(self, urls: Collection[str], client: httpx.Client) -> frozenset[str]:
        """Return the addresses of posts that are in their repositories no more."""
        found = {url: match for url in urls if (match := SHOWN.fullmatch(url))}
        uris = {f"at://{match[1]}/{POST}/{match[2]}": url for url, match in found.items()}
        missing = uris.keys() - self._listed(list(uris), client)
        return frozenset(uris[uri] for uri in missing if _is_gone(found[uris[uri]], client))

    def _listed(self, uris: list[str], client: httpx.Client) -> set[str]:
        if not uris:
            return set()
        try:
            said = call(client, settings.KENTONGAN_BLUESKY_URL, "app.bsky.feed.getPosts", params={"uris": uris})
        except (Rejected, CredentialsExpired):
            return set()  # a server without an app view
        posts = said.get("posts")
        return {str(one.get("uri")) for one in posts if isinstance(one, Mapping)} if isinstance(posts, list) else set()


def _is_gone(post: re.Match[str], client: httpx.Client) -> bool:
    """Whether the post's repository says that there is no such record, or that it is itself no more."""
    where = {"repo": post[1], "collection": POST, "rkey": post[2]}
    try:
        call(client, settings.KENTONGAN_BLUESKY_URL, "com.atproto.repo.getRecord", params=where)
    except ChannelError as error:
        return error.response.get("error") == "RecordNotFound" or is_absent(error)
    return False
