"""What reposters of several platforms share."""

from datetime import timedelta

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import server_clock
from kentongan.channels.contract import Credentials, Finder, Found, Manifest, Post, Published, Rejected, Sought
from kentongan.core import clock

LATELY = timedelta(days=1)


def out_already(
    finder: Finder, post: Post, error: Rejected, credentials: Credentials, client: httpx.Client
) -> Published:
    """Return the repost that is there already, of an attempt before or by hand; else raise the refusal.

    Some platforms refuse a second repost of a post, each in words of its own.
    """
    sought = Sought(post, clock.now() - LATELY)
    found = server_clock.look(finder.find, sought, credentials, client)
    if not isinstance(found, Found):
        raise error
    return Published(found.remote_id, found.url, {**error.response, "looked up": dict(found.response)})


def leads_nowhere(manifest: Manifest) -> Rejected:
    """Return the refusal of an address that a person gave, which names no post of the platform."""
    return Rejected(
        _("The address of the post that is to be reposted names no post of %(platform)s.")
        % {"platform": manifest.label}
    )


def only_its_address() -> Rejected:
    """Return the refusal to undo a repost of which only the address that a person gave is known."""
    return Rejected(_("Only the address of the post is known, not the repost's own: a person has to undo it."))
