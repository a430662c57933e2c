"""How a source that needs an account gets to sign in: publishing knows how, and registers itself."""

from collections.abc import Callable

import httpx
from django.utils.translation import gettext as _

from kentongan.channels.contract import Credentials, CredentialsExpired
from kentongan.core.actor import Actor
from kentongan.registry.models import Account

# Returns credentials that are good for a while, renewed where that was needed; raises the contract's errors.
Fresh = Callable[[Actor, Account, httpx.Client], Credentials]
_fresh: list[Fresh] = []


def register(fresh: Fresh) -> None:
    """Say what signs in to an account."""
    _fresh[:] = [fresh]


def credentials(actor: Actor, account: Account | None, client: httpx.Client) -> Credentials:
    """Return what signs in for a source's account; CredentialsExpired where it has none any more."""
    if account is None or not account.in_use or not _fresh:
        raise CredentialsExpired(_("The account that this source reads with is not in use any more."))
    return _fresh[0](actor, account, client)
