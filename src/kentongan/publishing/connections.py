"""How publishing reaches an account: its channel, its credentials, fresh before each use."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import timedelta
from typing import cast
from urllib.parse import urlsplit

import httpx
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.channels.contract import (
    App,
    ChannelError,
    Connector,
    Counts,
    Credentials,
    CredentialsExpired,
    Finder,
    Health,
    Publisher,
    Rejected,
)
from kentongan.core import advisory, http
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.publishing import hiding, public_media
from kentongan.publishing.actions import reconnecting
from kentongan.publishing.models import Delivery, PlatformApp
from kentongan.registry import access as rights
from kentongan.registry import actions as registry
from kentongan.registry import queries
from kentongan.registry.models import Account, Connection

DEADLINE_SECONDS = 40.0


def client(extra: timedelta | None = None) -> httpx.Client:
    """Return a client for calls to platforms; a call as a whole takes less than a claim's lease, `extra` included."""
    return http.client(deadline=DEADLINE_SECONDS + (extra.total_seconds() if extra else 0))


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


def sender_of(delivery: Delivery) -> Publisher:
    """Return what sends a delivery, and takes it back: what reposts, where it reposts; Rejected where nothing does."""
    if delivery.repost_of_id is None:
        return publisher_of(delivery.account)
    reposter = channels.get(delivery.account.platform).reposter
    if reposter is None:
        raise Rejected(_("This platform lets no program repost."))
    return reposter


def finder_of(delivery: Delivery) -> Finder | None:
    """Return what finds a delivery on its platform; None where nothing does."""
    channel = channels.get(delivery.account.platform)
    return channel.finder if delivery.repost_of_id is None else channel.reposter


def app_of(platform: str) -> App | None:
    """Return the organisation's app at a platform where people sign in; None where it has none."""
    stored = PlatformApp.objects.filter(platform=platform).first()
    return App(stored.client_id, stored.client_secret, stored.service_url) if stored else None


def credentials_of(account: Account) -> Credentials:
    """Return the stored credentials; CredentialsExpired when there are none."""
    if not hasattr(account, "connection"):
        raise CredentialsExpired(_("The account is not connected."))
    app = app_of(account.platform) if channels.get(account.platform).sign_in else None
    secrets = cast(dict[str, str], account.connection.secrets)
    return Credentials(account.handle, account.connection.service_url, secrets, app)


def fresh(actor: Actor, account: Account, calls: httpx.Client) -> Credentials:
    """Return credentials that are good for a while, storing what was renewed before it is used.

    Raises the contract's errors; the old secrets stay until the new ones are stored. Where a refresh uses up the token
    that it is made with, one worker makes it and the others wait for it.
    """
    stored, sign_in = credentials_of(account), channels.get(account.platform).sign_in
    if sign_in is None:
        return _renewed(actor, account, stored, calls)
    if sign_in.lasts(stored):
        return stored
    with one_at_a_time(account):
        _read_again(account)
        return _renewed(actor, account, credentials_of(account), calls)


def one_at_a_time(account: Account) -> AbstractContextManager[None]:
    """Keep others from changing what this account is signed in with, over calls and outside any transaction."""
    return advisory.alone(f"sign-in:{account.pk}")


def _read_again(account: Account) -> None:
    """Read what is stored now; CredentialsExpired when the account was disconnected meanwhile."""
    stored = Connection.objects.filter(account=account).first()
    if stored is None:
        raise CredentialsExpired(_("The account is not connected."))
    account.connection = stored


def _renewed(actor: Actor, account: Account, stored: Credentials, calls: httpx.Client) -> Credentials:
    renewed = connector_of(account).refresh(stored, calls)
    if renewed is not stored:
        registry.renew_secrets(actor, account.pk, secrets=dict(renewed.values))
    return renewed


def expire(actor: Actor, account: Account, used: Credentials) -> None:
    """Make the next `fresh` sign in anew: the platform did not accept the session that we took for good.

    Race: another worker may have renewed it meanwhile; what it stored is left alone.
    """
    stored = Connection.objects.filter(account=account).first()
    if stored is not None and used.get("access") and stored.secrets.get("access") == used.get("access"):
        registry.renew_secrets(actor, account.pk, secrets={"access": "refused"})


def signed_in_anew(account: Account) -> bool:
    """Whether its custodian signed in again since the account was read."""
    known = account.connection if hasattr(account, "connection") else None
    later = Connection.objects.filter(account=account, connected_at__gt=known.connected_at) if known else None
    return later is not None and later.exists()


def unwell(actor: Actor, account: Account, problem: str) -> None:
    """Note that the account cannot publish right now, so that its custodian sees it before the next post is due."""
    if hasattr(account, "connection"):
        registry.record_health(actor, account.pk, healthy=False, problem=problem)


def connect(actor: Actor, account_id: int, entered: Mapping[str, str]) -> Account:
    """Connect an account with what a person entered; the platform is asked first, outside any transaction.

    Raises Invalid with the platform's own words, Conflict when somebody else's account answers.
    """
    account = queries.account_to_connect(actor, account_id)
    check_allowed(account)
    connector = connector_of(account)
    _check_entered(account, entered)
    try:
        with client() as calls:
            credentials = connector.connect(entered, calls)
            health = health_of(account, credentials, calls)
    except ChannelError as error:
        raise Invalid(error.message, remedy=_("Check what you entered, then connect again.")) from error
    if not rights.allows(actor, Capability.ADMINISTER, account.unit):
        _check_server(account, credentials)
        check_same(account, credentials)
    return keep(actor, account, credentials, health)


def _check_server(account: Account, credentials: Credentials) -> None:
    """Refuse another server than the one the account was connected at."""
    there, known = urlsplit(credentials.service).netloc, urlsplit(account.connection.service_url).netloc
    if there != known:
        raise Conflict(
            _("This account is at %(known)s, not at %(there)s.") % {"known": known, "there": there},
            remedy=_("Ask an administrator of its unit, if it has moved."),
        )


def known_id(account: Account) -> str:
    """Return the number that the platform gave the account when it was connected before; empty where it was not."""
    return str(account.connection.secrets.get("user_id") or "") if hasattr(account, "connection") else ""


def check_same(account: Account, credentials: Credentials) -> None:
    """Refuse the sign-in of somebody else's account: in a browser one is easily signed in as oneself."""
    stored = known_id(account)
    names = {credentials.handle.lower(), credentials.get("user_id")}
    if account.handle.lower() in names or (stored and stored == credentials.get("user_id")):
        return
    known = {"handle": credentials.handle, "known": account.handle}
    raise Conflict(
        _("There you signed in as %(handle)s, and this account is %(known)s.") % known,
        remedy=_("Sign out at the platform, sign in there as %(known)s, then begin again.") % known,
    )


def keep(actor: Actor, account: Account, credentials: Credentials, health: Health) -> Account:
    """Store what reaches the account, once the platform has said that it could publish right now."""
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
        ends_at=health.ends_at,
    )
    reconnecting.let_go(actor, account.pk)
    if hiding.hides(account.platform):
        registry.record_health(actor, account.pk, healthy=False, problem=hiding.problem(account.platform))
    return queries.account_to_connect(actor, account.pk)


def health_of(account: Account, credentials: Credentials, calls: httpx.Client) -> Health:
    """Ask the platform whether the account could publish right now, and ourselves whether it could fetch pictures."""
    health = connector_of(account).health(credentials, calls)
    manifest = channels.get(account.platform).manifest
    fetches = (manifest.fetches_pictures, manifest.fetches_videos)
    missing = public_media.problem() if health.ready and any(fetches) else ""
    nothing_left = manifest.limits.media_needed and all(fetches)
    return replace(health, ready=not nothing_left, problem=missing) if missing else health


def check_allowed(account: Account) -> None:
    """Raise Conflict where the platform lets no party or candidate use its interface, and this is one."""
    manifest, organisation = channels.get(account.platform).manifest, queries.organisation()
    if manifest.neutral_only and not (organisation and organisation.neutral):
        raise Conflict(
            _("%(platform)s does not let parties and candidates use its interface.") % {"platform": manifest.label},
            remedy=_("Share from your own phones instead: what is to be shared has a button for it."),
        )


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
            health = health_of(account, fresh(system, account, calls), calls)
    except ChannelError as error:
        health = Health.failed(error)
    if health.ready and hiding.hides(account.platform):
        health = replace(health, ready=False, problem=hiding.problem(account.platform))
    registry.record_health(
        system,
        account.pk,
        healthy=None if health.passing else health.ready,
        problem=str(health.problem),
        limits=_stated(health),
        ends_at=health.ends_at,
    )
    if health.ready:
        reconnecting.let_go(system, account.pk)
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
