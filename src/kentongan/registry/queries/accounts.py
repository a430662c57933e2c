"""Reads of official accounts."""

from collections.abc import Collection

from django.db.models import F, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.core.tables import Sought
from kentongan.registry import access
from kentongan.registry.models import Account, Tally, Unit
from kentongan.registry.queries.custody import with_custody
from kentongan.registry.queries.matching import official_as
from kentongan.registry.queries.units import home_unit


def accounts(actor: Actor, unit: Unit | None = None, text: str = "") -> QuerySet[Account]:
    """Return the official accounts that the actor sees, each with its unit, connection and custodians at hand.

    They come in the order of the tree; what a search finds comes by platform and handle.
    """
    return search_accounts(actor, unit, text).whole if text else _shown(_seen(actor, unit, text), "unit__path")


def search_accounts(actor: Actor, unit: Unit | None, text: str) -> Sought[Account]:
    """Find official accounts that the actor sees by a part of handle or name."""
    return Sought(_seen(actor, unit, text), _shown)


def _seen(actor: Actor, unit: Unit | None, text: str) -> QuerySet[Account]:
    if text:
        top = unit or home_unit(actor)  # how many there are decides how they are looked for, not what is found
        official = official_as(text, official_in_use(top) if top is not None and top.depth else None)
    else:
        official = Account.objects.filter(kind=Account.Kind.OFFICIAL)
    if unit is None:
        return access.scope(official, actor, Capability.VIEW)
    return access.scope_below(official, actor, Capability.VIEW, unit)


def _shown(found: QuerySet[Account], *first: str) -> QuerySet[Account]:
    shown = with_custody(found).prefetch_related("unit", "connection", "custodian", "deputy_custodian")
    return shown.order_by(*first, "platform", "handle", "pk")


def official_in_use(unit: Unit) -> int:
    """Return how many official accounts were last counted at a unit and below it, those that are gone left out."""
    counted = Tally.objects.filter(unit_id=unit.pk, mandate=None, of="official")
    return counted.values_list("total", flat=True).first() or 0


def public_accounts() -> QuerySet[Account]:
    """Return the official accounts that the organisation stands by, for everybody to know."""
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL).exclude(state__in=Account.GONE)
    return official.select_related("unit", "letter").order_by("unit__path", "letter_id", "platform", "handle")


def account(actor: Actor, pk: int, capability: Capability = Capability.VIEW) -> Account:
    """Return one official account."""
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL).select_related(
        "unit", "connection", "visit", "custodian", "deputy_custodian", "letter__file"
    )
    return access.get(with_custody(official), actor, capability, pk=pk)


def account_to_connect(actor: Actor, pk: int) -> Account:
    """Return an official account with its connection, for who administers it or keeps it."""
    access.get_account_to_connect(actor, pk)
    return Account.objects.select_related("unit", "connection", "custodian", "deputy_custodian").get(pk=pk)


def connected_accounts(actor: Actor, capability: Capability = Capability.VIEW) -> QuerySet[Account]:
    """Return the official accounts that are connected where the actor holds `capability`."""
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False)
    return access.scope(connected, actor, capability).select_related("unit", "connection")


def faces(units: Collection[int]) -> dict[tuple[int, str], Account]:
    """Return as whom units speak, by unit and platform: the official account that is connected, else one in use."""
    used = Account.objects.filter(kind=Account.Kind.OFFICIAL, unit__in=units)
    used = used.exclude(state__in=[*Account.GONE, Account.State.CLAIMED])
    rows = used.select_related("connection").order_by(F("connection__pk").asc(nulls_last=True), "pk")
    found: dict[tuple[int, str], Account] = {}
    for account in rows:
        found.setdefault((account.unit_id, account.platform), account)
    return found


def stated_limits(unit: Unit) -> dict[str, dict[str, int]]:
    """Return what servers state that they take, by platform, where the unit has exactly one connected account."""
    return limits_stated_at([unit.pk]).get(unit.pk, {})


def limits_stated_at(unit_ids: Collection[int]) -> dict[int, dict[str, dict[str, int]]]:
    """Return `stated_limits` of many units, by unit: one query."""
    connected = Account.objects.filter(kind=Account.Kind.OFFICIAL, connection__isnull=False, unit__in=unit_ids)
    found: dict[tuple[int, str], list[dict[str, int]]] = {}
    for unit, platform, limits in connected.values_list("unit", "platform", "connection__limits"):
        found.setdefault((unit, platform), []).append(limits)
    alone: dict[int, dict[str, dict[str, int]]] = {}
    for (unit, platform), stated in found.items():
        if len(stated) == 1:
            alone.setdefault(unit, {})[platform] = stated[0]
    return alone
