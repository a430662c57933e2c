"""Official accounts and how they are reached."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.channels import registry as channels
from kentongan.channels.addresses import Identity, business
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, states
from kentongan.registry.actions.impostors import hold
from kentongan.registry.models import Account, Connection, ImpostorCase

HEALTH = ("healthy", "problem", "limits", "ends_at")


@action("registry.account.declare")
def declare_account(
    actor: Actor,
    /,
    unit_id: int,
    *,
    handle: str,
    platform: str = "",
    display_name: str = "",
    url: str = "",
    **extra: Any,
) -> Account:
    """Put an official account of a unit on the list; whether it is connected is another matter.

    `handle` is whatever people paste: an address, a handle, a number; an address says its platform by itself.
    """
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if platform and platform not in channels.kinds():
        raise Invalid(fields={"platform": [_("Choose one of the platforms on the list.")]})
    if not handle.strip():
        raise Invalid(fields={"handle": [_("Which account is it?")]})
    if platform and platform not in addresses.platforms() and len(handle.strip()) > addresses.LONGEST_SHOWN:
        raise Invalid(fields={"handle": [_("This is too long for a handle.")]})
    found = read_address(handle, platform)
    refuse_taken(found.platform, found.key)
    account = Account.objects.create(
        unit=unit,
        kind=Account.Kind.OFFICIAL,
        platform=found.platform,
        handle=found.shown,
        identity=found.key,
        form=found.form,
        display_name=display_name or unit.name,
        url=url or found.url,
        **extra,
    )
    audit.record(actor, account, after=audit.snapshot(account, "platform", "handle", "display_name", "url", "state"))
    return account


def read_address(text: str, platform: str) -> Identity:
    """Return what `text` names, a business number included; raises Invalid for what cannot be read.

    Our own sites have names of their own.
    """
    if platform and platform not in addresses.platforms():
        handle = text.strip().lstrip("@")
        return Identity(platform, handle.lower(), "", handle=handle)
    try:
        return business.number(text, platform) or addresses.parse(text, platform)
    except addresses.Unreadable as error:
        raise Invalid(error.message, fields={"handle": [error.message]}, remedy=error.remedy) from error


def refuse_taken(platform: str, identity: str, besides: int = 0) -> None:
    """Raise Conflict when another official account that is in use has this identity, or an impostor."""
    hold(platform, identity)
    confirmed = ImpostorCase.objects.filter(state=ImpostorCase.State.CONFIRMED, platform=platform, identity=identity)
    if impostor := confirmed.first():
        raise Conflict(
            _("This account was confirmed as an impostor: %(handle)s.") % {"handle": impostor.handle},
            remedy=_("If that was a mistake, the case has to be looked at again first."),
        )
    same = Account.objects.filter(kind=Account.Kind.OFFICIAL, platform=platform, identity=identity)
    holder = same.exclude(pk=besides).exclude(state__in=Account.GONE).select_related("unit").first()
    if holder is not None:
        raise Conflict(
            _("This account is on the list already: %(handle)s, of %(unit)s.")
            % {"handle": holder.handle, "unit": holder.unit.name},
            remedy=_("Look it up in the list of accounts; the unit that holds it can hand it over."),
        )


def locked(actor: Actor, account_id: int, capability: Capability = Capability.ADMINISTER) -> Account:
    """Return an official account for changing it, locked until the transaction ends."""
    accounts = Account.objects.select_for_update(of=("self",)).filter(kind=Account.Kind.OFFICIAL)
    return access.get(accounts.select_related("unit"), actor, capability, pk=account_id)


@action("registry.account.connect")
def connect(
    actor: Actor,
    account_id: int,
    *,
    secrets: dict[str, Any],
    service_url: str = "",
    handle: str = "",
    url: str = "",
    limits: Mapping[str, int] | None = None,
    ends_at: datetime | None = None,
) -> Connection:
    """Store what reaches the account (encrypted) after the platform has accepted it; the rest as it says.

    For who administers its unit, and for its custodians once it was connected.
    """
    account = access.get_account_to_connect(actor, account_id, lock=True)
    states.require(account.state, states.CONNECT)
    connection, _made = Connection.objects.update_or_create(
        account=account,
        defaults={
            "secrets": secrets,
            "service_url": service_url,
            "connected_at": clock.now(),
            "checked_at": clock.now(),
            "healthy": True,
            "problem": "",
            "limits": dict(limits or {}),
            "ends_at": ends_at,
            "told_at": None,
        },
    )
    before = audit.snapshot(account, "state", "handle", "url")
    account.state, account.state_since, account.state_reason = Account.State.CONNECTED, clock.now(), ""
    account.proof, account.proven_at = Account.Proof.SIGN_IN, clock.now()
    if handle and handle != account.handle:
        account.handle, account.identity = handle, _identity_of(account.platform, handle)
        refuse_taken(account.platform, account.identity, besides=account.pk)
    account.url = url or account.url
    _save_proven(account)
    audit.record(
        actor,
        account,
        before=before,
        after=audit.snapshot(account, "state", "handle", "url") | {"service": service_url},
    )
    return connection


def _save_proven(account: Account) -> None:
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise Conflict(
            _("Somebody else has proven this account as their own."),
            remedy=_("Ask them to take it off their list, or your administrator to look into it."),
        ) from error


def _identity_of(platform: str, handle: str) -> str:
    """Return the identity of a handle that the platform itself told, which need not be one that people can type."""
    try:
        return read_address(handle, platform).key
    except Invalid:
        return handle.lower()


@action("registry.account.disconnect")
def disconnect(actor: Actor, account_id: int) -> Account:
    """Forget the secrets of an account; what waits for it is held by the publishing room."""
    account = locked(actor, account_id)
    states.require(account.state, states.DISCONNECT)
    Connection.objects.filter(account=account).delete()
    before = audit.snapshot(account, "state")
    account.state, account.state_since = Account.State.PROVEN, clock.now()
    account.save(update_fields=["state", "state_since"])
    audit.record(actor, account, before=before, after=audit.snapshot(account, "state"))
    return account


def _connection(account: Account) -> Connection:
    connection = Connection.objects.select_for_update().filter(account=account).first()
    if connection is None:
        raise NotFound(_("This account is not connected."), remedy=_("Connect it first."))
    return connection


@action("registry.account.health", may_do_nothing=True)
def record_health(
    actor: Actor,
    account_id: int,
    *,
    healthy: bool | None,
    problem: str = "",
    limits: Mapping[str, int] | None = None,
    ends_at: datetime | None = None,
) -> Connection:
    """Store whether the account could publish right now; only a change is worth an audit entry.

    `healthy` None says that nobody could be asked: what was known before stays. `limits` are what its server stated
    just now; None or nothing leaves those known before. `ends_at` is when the sign-in ends: None says of a healthy one
    that it does not, of another nothing. Once all is well for a day, new trouble is told anew.
    """
    account = locked(actor, account_id)
    connection = _connection(account)
    before = audit.snapshot(connection, *HEALTH)
    connection.checked_at = clock.now()
    if healthy is not None:
        connection.healthy, connection.problem = healthy, problem[:300]
    connection.limits = dict(limits or connection.limits)
    connection.ends_at = ends_at if healthy else ends_at or connection.ends_at
    told_today = connection.told_at is not None and connection.told_at > clock.now() - timedelta(days=1)
    if healthy and not connection.ends_soon and not told_today:
        connection.told_at = None
    connection.save(update_fields=[*HEALTH, "checked_at", "told_at"])
    after = audit.snapshot(connection, *HEALTH)
    if after != before:
        audit.record(actor, account, before=before, after=after)
    return connection


@action("registry.account.renew", may_do_nothing=True)
def renew_secrets(actor: Actor, account_id: int, *, secrets: dict[str, Any]) -> Connection:
    """Merge refreshed secrets into the stored ones; an empty value never overwrites a stored one."""
    account = locked(actor, account_id)
    connection = _connection(account)
    fresh = {name: value for name, value in secrets.items() if value not in (None, "")}
    connection.secrets = {**connection.secrets, **fresh}
    connection.save(update_fields=["secrets"])
    audit.record(actor, account, after={"renewed": sorted(fresh)})
    return connection
