"""The audit log: who did what to which object, when, what was before, what came after. Append-only in the database.

What is written can never be erased, so that nothing in it names a person: users and people stand as numbers. A model
says by `audit_label` what it is called here, and by `personal_fields` which of its values are kept as keyed hashes
only, enough to see that they changed. Names are put back when somebody reads the log (`named`), while there are any.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet

from kentongan.core.actions import current
from kentongan.core.actor import Actor
from kentongan.core.models.audit import AuditEntry
from kentongan.core.models.user import User
from kentongan.core.secrets import keyed_hash

SECRET_WORDS = ("password", "secret", "token", "credential")
LABEL_CHARS = 200
NAMED_AT_ONCE = 1000
WRITTEN_AT_ONCE = 1000

Names = Callable[[Collection[str]], Mapping[str, str]]
_names: dict[str, Names] = {}
_people: list[Names] = []


def register_names(model: type[Model], names: Names, *, people: bool = False) -> None:
    """Say how objects of `model` are called by those who read the log: `names` maps their ids (as text) to names.

    `people` says that these are the people who act by links.
    """
    _names[model._meta.label_lower] = names
    if people:
        _people[:] = [names]


def named(entries: Iterable[AuditEntry]) -> list[AuditEntry]:
    """Return the entries with what actors and objects are called now, where that is known: one query a type."""
    found = list(entries)
    by_link = {str(entry.person_id) for entry in found if entry.person_id is not None and entry.user_id is None}
    acting = _people[0](by_link) if _people and by_link else {}
    for entry in found:
        entry.actor_label = acting.get(str(entry.person_id)) or entry.actor_label
    for kind, names in _names.items():
        about = {entry.object_id for entry in found if entry.object_type == kind}
        known = names(about) if about else {}
        for entry in found:
            if entry.object_type == kind:
                entry.object_label = known.get(entry.object_id) or entry.object_label
    return found


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


def each_named(entries: QuerySet[AuditEntry]) -> Iterator[AuditEntry]:
    """Yield all entries, named, a batch at a time."""
    rows = entries.iterator(chunk_size=NAMED_AT_ONCE)
    while batch := list(islice(rows, NAMED_AT_ONCE)):
        yield from named(batch)


def _mark(value: Any) -> str:
    """Return what stands for a personal value: the same for the same, and nothing that can be read."""
    return f"#{keyed_hash('audit', str(value).casefold())[:8]}" if value else ""


def _safe(values: dict[str, Any] | None, personal: Collection[str] = ()) -> dict[str, Any]:
    return {name: _shown(name, value, personal) for name, value in (values or {}).items()}


def _shown(name: str, value: Any, personal: Collection[str]) -> Any:
    if any(word in name.lower() for word in SECRET_WORDS):
        return "***"
    return _mark(value) if name in personal else _plain(value)


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
    """Write one entry for `obj`; `verb` defaults to the action that runs. Secret and personal fields are masked."""
    about = _about(obj, before, after) | {"note": note}
    return _write(actor, verb, **(about if unit_id is None else about | {"unit_id": unit_id}))


def record_each(
    actor: Actor, changes: Iterable[tuple[Model, dict[str, Any] | None, dict[str, Any] | None]], *, note: str = ""
) -> list[AuditEntry]:
    """Write one entry for each (object, before, after), as `record` does, a thousand in one query."""
    entries = [_entry(actor, "", **_about(*change), note=note) for change in changes]
    return AuditEntry.objects.bulk_create(entries, batch_size=WRITTEN_AT_ONCE)


def _about(obj: Model, before: dict[str, Any] | None, after: dict[str, Any] | None) -> dict[str, Any]:
    personal = getattr(obj, "personal_fields", ())
    return {
        "object_type": obj._meta.label_lower,
        "object_id": str(obj.pk),
        "object_label": str(getattr(obj, "audit_label", obj))[:LABEL_CHARS],
        "unit_id": getattr(obj, "unit_id", None),
        "before": _safe(before, personal),
        "after": _safe(after, personal),
    }


def record_installation(actor: Actor, *, after: dict[str, Any], label: str) -> AuditEntry:
    """Write one entry for a part of the installation that is no row, such as its key file."""
    return _write(actor, "", object_type="installation", object_id="", object_label=label, after=_safe(after))


def _write(actor: Actor, verb: str, **fields: Any) -> AuditEntry:
    entry = _entry(actor, verb, **fields)
    entry.save(force_insert=True)
    return entry


def _entry(actor: Actor, verb: str, **fields: Any) -> AuditEntry:
    running = current()
    if running is not None:
        running.entries += 1
    return AuditEntry(
        verb=verb or (running.verb if running else "unnamed"),
        actor_kind=actor.kind,
        actor_label=actor.trace[:LABEL_CHARS],
        user_id=actor.user_id,
        person_id=actor.person_id,
        **fields,
    )


def _user_names(ids: Collection[str]) -> dict[str, str]:
    return {str(user.pk): str(user) for user in User.objects.filter(pk__in=ids)}


register_names(User, _user_names)


def trail(obj: Model) -> QuerySet[AuditEntry]:
    """Return the entries of one object, newest first."""
    entries = AuditEntry.objects.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))
    return entries.select_related("user").order_by("-id")
