"""Rights, for the apps below the registry.

Who may do what follows from roles at units, which the registry knows. Core, channels and safeguards come before it, so
they ask through this Protocol; the registry registers the one implementation when it is ready.
"""

from typing import TYPE_CHECKING, Any, Protocol

from kentongan.core.actor import Actor
from kentongan.core.errors import KentonganError, NotAllowed
from kentongan.core.permissions import Capability

if TYPE_CHECKING:
    from django.db.models import QuerySet


class Authority(Protocol):
    """Answers for a unit (by id), or for the organisation's root when `unit_id` is None."""

    def allows(self, actor: Actor, capability: Capability, unit_id: int | None = None) -> bool:
        """Whether `actor` holds `capability` at that unit."""
        ...

    def allows_anywhere(self, actor: Actor, capability: Capability) -> bool:
        """Whether `actor` holds `capability` at any unit."""
        ...

    def unit_ids(self, actor: Actor, capability: Capability) -> "QuerySet[Any, Any]":
        """Return a queryset of unit ids, to be used as a subquery."""
        ...

    def units(self, actor: Actor, capability: Capability, limit: int) -> list[tuple[int, str]]:
        """Return (id, name) of the units where `actor` holds `capability`, the highest first."""
        ...


_authority: Authority | None = None


def register(authority: Authority) -> None:
    """Set the implementation; called once, by the registry."""
    global _authority
    _authority = authority


def _current() -> Authority:
    if _authority is None:
        raise KentonganError("No authority is registered: the registry app is not installed.")
    return _authority


def allows(actor: Actor, capability: Capability, unit_id: int | None = None) -> bool:
    """Whether `actor` holds `capability` at the unit, or at the root."""
    return _current().allows(actor, capability, unit_id)


def allows_anywhere(actor: Actor, capability: Capability) -> bool:
    """Whether `actor` holds `capability` at any unit."""
    return _current().allows_anywhere(actor, capability)


def unit_ids(actor: Actor, capability: Capability) -> "QuerySet[Any, Any]":
    """Return the ids of the units where `actor` holds `capability`, as a subquery."""
    return _current().unit_ids(actor, capability)


def require(actor: Actor, capability: Capability, unit_id: int | None = None) -> None:
    """Raise NotAllowed unless `actor` holds `capability` there."""
    if not allows(actor, capability, unit_id):
        raise NotAllowed()


def require_anywhere(actor: Actor, capability: Capability) -> None:
    """Raise NotAllowed unless `actor` holds `capability` at some unit."""
    if not allows_anywhere(actor, capability):
        raise NotAllowed()


def units(actor: Actor, capability: Capability, limit: int = 200) -> list[tuple[int, str]]:
    """Return (id, name) of the units where `actor` holds `capability`, the highest first."""
    return _current().units(actor, capability, limit)
