"""The audit log: who did what to which object, when, what was before, what came after. Append-only in the database."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from kentongan.core.actions import current
from kentongan.core.actor import Actor
from kentongan.core.models.audit import AuditEntry

SECRET_WORDS = ("password", "secret", "token", "credential")


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case Model():
            return value.pk
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_plain(inner) for inner in value]
        case _:
            return str(value)


def _safe(values: dict[str, Any] | None) -> dict[str, Any]:
    return {
        name: "***" if any(word in name.lower() for word in SECRET_WORDS) else _plain(value)
        for name, value in (values or {}).items()
    }


def snapshot(obj: Model, *fields: str) -> dict[str, Any]:
    """Return the named fields of `obj` as plain values, for `before` and `after`."""
    return {name: _plain(getattr(obj, name)) for name in fields}


def record(
    actor: Actor,
    obj: Model,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    unit_id: int | None = None,
    note: str = "",
    verb: str = "",
) -> AuditEntry:
    """Write one entry for `obj`; `verb` defaults to the action that runs. Secret fields are masked by name."""
    return _write(
        actor,
        verb,
        object_type=obj._meta.label_lower,
        object_id=str(obj.pk),
        object_label=str(obj)[:200],
        unit_id=getattr(obj, "unit_id", None) if unit_id is None else unit_id,
        before=_safe(before),
        after=_safe(after),
        note=note,
    )


def record_installation(actor: Actor, *, after: dict[str, Any], label: str) -> AuditEntry:
    """Write one entry for a part of the installation that is no row, such as its key file."""
    return _write(actor, "", object_type="installation", object_id="", object_label=label, after=_safe(after))


def _write(actor: Actor, verb: str, **fields: Any) -> AuditEntry:
    running = current()
    if running is not None:
        running.entries += 1
    return AuditEntry.objects.create(
        verb=verb or (running.verb if running else "unnamed"),
        actor_kind=actor.kind,
        actor_label=actor.label,
        user_id=actor.user_id,
        person_id=actor.person_id,
        **fields,
    )


def trail(obj: Model) -> QuerySet[AuditEntry]:
    """Return the entries of one object, newest first."""
    entries = AuditEntry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return entries.select_related("user").order_by("-id")
