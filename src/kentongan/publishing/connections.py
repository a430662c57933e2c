"""How publishing reaches an account: its channel, its credentials, fresh before each use."""

from collections.abc import Collection, Mapping
from typing import cast

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import (
    ChannelError,
    Connector,
    Counts,
    Credentials,
    CredentialsExpired,
    Health,
    Publisher,
    Rejected,
)
from kentongan.core import http
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import actions as registry
from kentongan.registry import queries
from kentongan.registry.models import Account

DEADLINE_SECONDS = 40.0


def client() -> httpx.Client:
    """Return a client for calls to platforms; an answer as a whole takes less than a claim's lease."""
    return http.client(deadline=DEADLINE_SECONDS)


def connector_of(account: Account) -> Connector:
    """Return what signs in to this account; Conflict for a platform that cannot be connected yet."""
    channel = channels.get(account.platform)
    if channel.connector is None:
        raise Conflict(channel.manifest.note)
    return channel.connector


def publisher_of(account: Account) -> Publisher:
    """Return what publishes to this account; Rejected for a platform that cannot be published to yet."""
    channel = channels.get(account.platform)
    if channel.publisher is None:
        raise Rejected(str(channel.manifest.note))
    return channel.publisher


def credentials_of(account: Account) -> Credentials:
    """Return the stored credentials; CredentialsExpired when there are none."""
    if not hasattr(account, "connection"):
        raise CredentialsExpired(_("The account is not connected."))
    return Credentials(account.handle, account.connection.service_url, cast(dict[str, str], account.connection.secrets))


def fresh(actor: Actor, account: Account, calls: httpx.Client) -> Credentials:
    """Return credentials that are good for a while, storing what was renewed before it is used.

    Raises the contract's errors; the old secrets stay until the new ones are stored.
    """
    stored = credentials_of(account)
    renewed = connector_of(account).refresh(stored, calls)
    if renewed is not stored:
        registry.renew_secrets(actor, account.pk, secrets=dict(renewed.values))
    return renewed


def expire(actor: Actor, account: Account) -> None:
    """Make the next `fresh` sign in anew: the platform did not accept the session that we took for good."""
    if hasattr(account, "connection") and account.connection.secrets.get("access"):
        registry.renew_secrets(actor, account.pk, secrets={"access": "refused"})


def unwell(actor: Actor, account: Account, error: ChannelError) -> None:
    """Note that the account cannot publish right now, so that its custodian sees it before the next post is due."""
    if hasattr(account, "connection"):
        registry.record_health(actor, account.pk, healthy=False, problem=error.message)


def connect(actor: Actor, account_id: int, entered: Mapping[str, str]) -> Account:
    """Connect an account with what a person entered; the platform is asked first, outside any transaction.

    Raises Invalid with the platform's own words, Conflict when somebody else's account answers.
    """
    account = queries.account(actor, account_id, Capability.ADMINISTER)
    connector = connector_of(account)
    _check_entered(account, entered)
    try:
        with client() as calls:
            credentials = connector.connect(entered, calls)
            health = connector.health(credentials, calls)
    except ChannelError as error:
        raise Invalid(error.message, remedy=_("Check what you entered, then connect again.")) from error
    if not health.ready:
        raise Invalid(health.problem)
    taken = Account.objects.filter(
        platform=account.platform, handle__iexact=credentials.handle, kind=account.kind
    ).exclude(pk=account.pk)
    if taken.exists():
        raise Conflict(
            _("This sign-in belongs to another account on the list: %(handle)s.") % {"handle": credentials.handle}
        )
    registry.connect(
        actor,
        account.pk,
        secrets=dict(credentials.values),
        service_url=credentials.service,
        handle=credentials.handle,
        url=health.url,
        limits=_stated(health),
    )
    return queries.account(actor, account_id, Capability.ADMINISTER)


def _stated(health: Health) -> dict[str, int]:
    return health.limits.stated() if health.limits else {}


def _check_entered(account: Account, entered: Mapping[str, str]) -> None:
    settings = channels.get(account.platform).manifest.settings
    missing = [setting.name for setting in settings if setting.required and not entered.get(setting.name, "").strip()]
    if missing:
        raise Invalid(fields={name: [_("This is needed.")] for name in missing})


def test(actor: Actor, account_id: int) -> Health:
    """Ask the platform whether the account could publish right now, and store the answer."""
    account = queries.account(actor, account_id, Capability.PUBLISH)
    if not hasattr(account, "connection"):
        raise NotFound(_("This account is not connected."), remedy=_("Connect it first."))
    system = Actor.system("publishing.health")
    try:
        with client() as calls:
            health = connector_of(account).health(fresh(system, account, calls), calls)
    except ChannelError as error:
        health = Health(False, error.message)
    registry.record_health(
        system, account.pk, healthy=health.ready, problem=str(health.problem), limits=_stated(health)
    )
    return health


def read_counts(account: Account, remote_ids: Collection[str]) -> Mapping[str, Counts]:
    """Return what the platform reports for our posts on this account, by remote id.

    What it does not report is left out or None: missing is not zero. Raises the contract's errors.
    """
    channel = channels.get(account.platform)
    if channel.metrics is None or not remote_ids:
        return {}
    with client() as calls:
        return channel.metrics.read(remote_ids, fresh(Actor.system("publishing.counts"), account, calls), calls)
