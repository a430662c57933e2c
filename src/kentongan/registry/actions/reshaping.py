"""Changes of the tree: rename, move, merge, split, close; each with its history, each can be undone.

Nothing is orphaned: what a unit held goes to another unit in the same transaction, or stays with the unit, which then
stays in the tree as closed. What later rooms keep (content, instructions, issues) stays with the unit it was made at.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Model
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.actions.units import clean_name, free_code, slug_of
from kentongan.registry.models import Account, Contact, FormerName, Grant, Membership, Unit, UnitChange

TABLES: dict[str, type[Model]] = {
    "unit": Unit,
    "membership": Membership,
    "account": Account,
    "contact": Contact,
    "grant": Grant,
}
HELD = ("membership", "account", "contact", "grant")


@dataclass(slots=True)
class _Steps:
    """The steps of a change as they are made; each goes only from what was to what is wanted."""

    made: list[list[Any]] = field(default_factory=list)

    def set(self, table: str, ids: Iterable[int], column: str, before: Any, after: Any) -> int:
        """Set a column of rows that hold `before`; returns how many there were."""
        keys = sorted(ids)
        if not keys or before == after:
            return 0
        changed = TABLES[table]._default_manager.filter(pk__in=keys, **{column: before}).update(**{column: after})
        self.made.append([table, keys, column, _plain(before), _plain(after)])
        return changed


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _alone() -> None:
    """Race: two moves at once could put two units below each other. So the tree changes once at a time, for all."""
    Unit.objects.select_for_update(no_key=True).get(parent=None)


def _open(actor: Actor, unit_id: int) -> Unit:
    _alone()
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if unit.closed_at:
        raise Conflict(_("This unit is closed."), remedy=_("Undo its closing first; its history shows it."))
    return unit


def _note(actor: Actor, kind: str, unit: Unit, steps: _Steps, *, basis: str, **extra: Any) -> UnitChange:
    change = UnitChange.objects.create(
        kind=kind, unit=unit, steps=steps.made, basis=basis.strip()[:200], made_by_id=actor.user_id, **extra
    )
    audit.record(
        actor, unit, unit_id=unit.pk, before={"was": change.before}, after={"is": change.after, "basis": change.basis}
    )
    return change


@action("registry.unit.rename")
def rename_unit(
    actor: Actor, unit_id: int, *, name: str = "", code: str = "", label: str = "", basis: str = ""
) -> UnitChange:
    """Give a unit another name, code or label; the old name and code still find it. Its public address stays."""
    unit = _open(actor, unit_id)
    wanted = {"name": " ".join(name.split()), "code": code.strip(), "label": " ".join(label.split())[:60]}
    wanted = {column: value for column, value in wanted.items() if value and value != getattr(unit, column)}
    if not wanted:
        raise Invalid(fields={"name": [_("Nothing here differs from what the unit is called already.")]})
    if "name" in wanted:
        clean_name(name)
    if "code" in wanted:
        free_code(code)
    before, steps = (unit.name, unit.code), _Steps()
    for column, value in wanted.items():
        steps.set("unit", [unit.pk], column, getattr(unit, column), value)
        setattr(unit, column, value)
    was, now = f"{before[0]} ({before[1]})", f"{unit.name} ({unit.code})"
    change = _note(actor, UnitChange.Kind.RENAME, unit, steps, basis=basis, before=was, after=now)
    if (unit.name, unit.code) != before:
        FormerName.objects.create(unit=unit, change=change, name=before[0], code=before[1])
    return change


@action("registry.unit.move")
def move_unit(actor: Actor, unit_id: int, parent_id: int, *, basis: str = "") -> UnitChange:
    """Put a unit, with all below it, below another one."""
    unit, parent = _open(actor, unit_id), _open(actor, parent_id)
    access.require_above(actor, unit)
    if parent.pk == unit.parent_id:
        raise Invalid(fields={"other": [_("It is there already.")]})
    if str(parent.path).startswith(f"{unit.path}.") or parent.pk == unit.pk:
        raise Invalid(fields={"other": [_("A unit cannot move below itself.")]})
    above, steps = unit.parent, _Steps()
    steps.set("unit", [unit.pk], "parent_id", unit.parent_id, parent.pk)
    return _note(
        actor,
        UnitChange.Kind.MOVE,
        unit,
        steps,
        basis=basis,
        other=parent,
        before=above.name if above else "",
        after=parent.name,
    )


@action("registry.unit.merge")
def merge_unit(actor: Actor, unit_id: int, into_id: int, *, basis: str = "") -> UnitChange:
    """Give all that a unit holds to another one and close it; it stays below that one, with what was made at it."""
    unit, into = _open(actor, unit_id), _open(actor, into_id)
    access.require_above(actor, unit)
    if unit.pk == into.pk or str(into.path).startswith(f"{unit.path}."):
        raise Invalid(fields={"other": [_("Choose a unit that does not lie below the one that is merged.")]})
    steps = _Steps()
    steps.set("unit", Unit.objects.filter(parent=unit).values_list("pk", flat=True), "parent_id", unit.pk, into.pk)
    for table in HELD:
        steps.set(table, _movable(table, unit, into), "unit_id", unit.pk, into.pk)
    steps.set("unit", [unit.pk], "parent_id", unit.parent_id, into.pk)
    steps.set("unit", [unit.pk], "closed_at", None, clock.now())
    steps.set("unit", [unit.pk], "merged_into_id", None, into.pk)
    return _note(
        actor,
        UnitChange.Kind.MERGE,
        unit,
        steps,
        basis=basis,
        other=into,
        before=f"{unit.name} ({unit.code})",
        after=f"{into.name} ({into.code})",
    )


def _movable(table: str, unit: Unit, into: Unit) -> list[int]:
    """Return the rows at `unit` that `into` does not have already: somebody may hold the same position at both."""
    rows = TABLES[table]._default_manager.filter(unit=unit)
    same = {"membership": ("person_id", "title"), "grant": ("user_id", "role")}.get(table)
    if same is None:
        return list(rows.values_list("pk", flat=True))
    there = set(TABLES[table]._default_manager.filter(unit=into).values_list(*same))
    return [pk for pk, *key in rows.values_list("pk", *same) if tuple(key) not in there]


@action("registry.unit.split")
def split_unit(
    actor: Actor, unit_id: int, *, code: str, name: str, children: Sequence[int], basis: str = ""
) -> UnitChange:
    """Make a new unit beside this one and give it some of the units below this one, as when a district is divided."""
    unit = _open(actor, unit_id)
    access.require_above(actor, unit)
    code, name = free_code(code), clean_name(name)
    moved = list(Unit.objects.filter(parent=unit, pk__in=children).values_list("pk", flat=True))
    if not moved or len(moved) < len(set(children)):
        raise Invalid(fields={"children": [_("Choose units that lie right below this one.")]})
    made = Unit.objects.create(
        parent=unit.parent,
        code=code,
        slug=slug_of(name, code),
        name=name,
        label=unit.label,
        level=unit.level,
        kind=unit.kind,
        timezone=unit.timezone,
    )
    steps = _Steps()
    # Undoing a split closes the unit that it made: what was made there meanwhile stays readable.
    steps.made.append(["unit", [made.pk], "closed_at", _plain(clock.now()), None])
    steps.set("unit", moved, "parent_id", unit.pk, made.pk)
    return _note(
        actor,
        UnitChange.Kind.SPLIT,
        unit,
        steps,
        basis=basis,
        other=made,
        before=f"{unit.name} ({unit.code})",
        after=f"{made.name} ({made.code}): {len(moved)}",
    )


@action("registry.unit.close")
def close_unit(actor: Actor, unit_id: int, *, basis: str = "") -> UnitChange:
    """Close a unit that works no longer; refused while units below it still work."""
    unit = _open(actor, unit_id)
    access.require_above(actor, unit)
    if Unit.objects.filter(parent=unit, closed_at=None).exists():
        raise Conflict(
            _("Units below this one still work."), remedy=_("Move or close them first, or merge this one into another.")
        )
    steps = _Steps()
    steps.set("unit", [unit.pk], "closed_at", None, clock.now())
    return _note(actor, UnitChange.Kind.CLOSE, unit, steps, basis=basis, before=unit.name)


@action("registry.unit.close_ended", may_do_nothing=True)
def close_ended(actor: Actor) -> int:
    """Close the temporary bodies whose last day is over; returns how many."""
    today = clock.now().date()
    ended = Unit.objects.filter(closed_at=None, ends_on__lt=today)
    # Above another that still works, a body waits for it; the next round closes it.
    ended = ended.exclude(children__in=Unit.objects.filter(closed_at=None).exclude(ends_on__lt=today))
    closed = ended.update(closed_at=clock.now())
    if closed:
        root = Unit.objects.get(parent=None)
        audit.record(actor, root, unit_id=root.pk, after={"units_closed": closed})
    return closed


def _places(change: UnitChange) -> set[int]:
    """Return the units between which the change carried something, which all have a say in taking it back."""
    places = {change.other_id} if change.other_id else set()
    for _table, _ids, column, before, after in change.steps:
        if column in {"parent_id", "unit_id"}:
            places |= {before, after}
    return places


@action("registry.unit.undo")
def undo_change(actor: Actor, change_id: int) -> UnitChange:
    """Take a change back: what still is as the change left it becomes what it was; the rest is left alone."""
    _alone()
    change = access.get(
        UnitChange.objects.select_for_update(of=("self",)).select_related("unit", "other"),
        actor,
        Capability.ADMINISTER,
        pk=change_id,
    )
    if change.undone_at:
        raise Conflict(_("This change was undone already."))
    access.require_all(actor, _places(change))
    if change.kind == UnitChange.Kind.CLOSE:
        access.require_above(actor, change.unit)
    try:
        with transaction.atomic():
            for table, ids, column, before, after in reversed(change.steps):
                rows = TABLES[table]._default_manager.filter(pk__in=ids, **{column: after})
                rows.update(**{column: before})
            if Unit.objects.filter(closed_at=None, parent__closed_at__isnull=False).exists():
                raise Conflict(
                    _("Then units that work would lie below a closed one."), remedy=_("Move them elsewhere first.")
                )
    except IntegrityError as error:
        raise Conflict(
            _("This cannot be undone any more: another unit has taken the old code or place."),
            remedy=_("Make the change you want as a new one."),
        ) from error
    change.former_names.all().delete()
    change.undone_at = clock.now()
    change.save(update_fields=["undone_at"])
    audit.record(actor, change.unit, unit_id=change.unit_id, before={"is": change.after}, after={"is": change.before})
    return change
