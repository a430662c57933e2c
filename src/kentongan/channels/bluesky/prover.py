"""What a Bluesky profile shows to everybody."""

from collections.abc import Mapping
from typing import Any

import httpx
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kentongan.channels.bluesky.xrpc import call
from kentongan.channels.contract import ChannelError, CredentialsExpired, NoSuchAccount, Profile, Rejected, Text

PROFILE = "app.bsky.actor.profile"
NOT_THERE = frozenset({"AccountTakedown", "AccountDeactivated", "RepoNotFound", "RepoDeactivated", "RepoTakendown"})


def is_absent(error: ChannelError) -> bool:
    """Whether a refusal says that there is no such account."""
    return error.response.get("error") in NOT_THERE or error.message.startswith("Profile not found")


class BlueskyProver:
    """`app.bsky.actor.getProfile` of an app view; the profile's own record where the server has no app view."""

    place: Text = gettext_lazy("the description of your Bluesky profile (Edit profile, Description)")

    def look(self, key: str, client: httpx.Client) -> Profile:
        """Return description and name of the account with that handle or DID."""
        service = settings.KENTONGAN_BLUESKY_URL
        try:
            said = call(client, service, "app.bsky.actor.getProfile", params={"actor": key})
        except (Rejected, CredentialsExpired) as error:
            if is_absent(error):
                raise NoSuchAccount(_("Bluesky knows no such account."), error.response) from error
            return self._from_repository(service, key, client)
        return _profile(said, str(said.get("handle") or ""), str(said.get("did") or ""))

    def _from_repository(self, service: str, key: str, client: httpx.Client) -> Profile:
        try:
            repository = call(client, service, "com.atproto.repo.describeRepo", params={"repo": key})
        except (Rejected, CredentialsExpired) as error:
            raise NoSuchAccount(_("Bluesky knows no such account."), error.response) from error
        did = str(repository.get("did") or "")
        try:
            where = {"repo": did, "collection": PROFILE, "rkey": "self"}
            record = call(client, service, "com.atproto.repo.getRecord", params=where).get("value")
        except (Rejected, CredentialsExpired):
            record = None  # an account that has not written a profile yet
        return _profile(record if isinstance(record, dict) else {}, str(repository.get("handle") or ""), did)


def _profile(said: Mapping[str, Any], handle: str, did: str) -> Profile:
    texts = [said.get(name) for name in ("description", "displayName", "website")]
    return Profile(
        tuple(text for text in texts if isinstance(text, str)),
        name=str(said.get("displayName") or ""),
        keys=tuple(name for name in (handle.lower(), did) if name),
    )
