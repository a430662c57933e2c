"""The organisation and its units."""

from collections.abc import Collection, Sequence
from typing import Any

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.clock import Zone
from kentongan.core.errors import Conflict, Invalid, NotAllowed
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import Organisation, Unit
from kentongan.registry.trees import NewUnit

NAME_CHARS, CODE_CHARS = 200, 40


def slug_of(name: str, code: str) -> str:
    """Return the unit's public address: however long the name is, the code that makes it unique stays whole."""
    tail = slugify(code.replace(".", "-"))
    return f"{slugify(name)[: 79 - len(tail)]}-{tail}".strip("-")


def clean_name(name: str) -> str:
    """Return a unit's name without surplus spaces; raises Invalid for none, and for one too long to keep."""
    clean = " ".join(name.split())
    if not 0 < len(clean) <= NAME_CHARS:
        raise Invalid(fields={"name": [_("A name has 1 to %(most)s characters.") % {"most": NAME_CHARS}]})
    return clean


def free_code(code: str) -> str:
    """Return a code that a unit may take; raises Invalid for none, for one too long, and for another unit's."""
    clean = code.strip()
    if not 0 < len(clean) <= CODE_CHARS:
        raise Invalid(fields={"code": [_("A code has 1 to %(most)s characters.") % {"most": CODE_CHARS}]})
    if Unit.objects.filter(code=clean).exists():
        raise Invalid(fields={"code": [_("Another unit has this code.")]})
    return clean


@action("registry.organisation.found")
def found_organisation(
    actor: Actor,
    *,
    name: str,
    short_name: str,
    kind: str,
    area_code: str = "",
    level: str = Unit.Level.NATION,
    timezone: str = Zone.WIB,
    simulated: bool = False,
) -> Organisation:
    """Make the organisation of this installation and its root unit; only once."""
    if not actor.is_system:
        raise NotAllowed()
    if Organisation.objects.exists():
        raise Conflict(_("This installation has an organisation already."))
    if kind not in Organisation.Kind.values:
        raise Invalid(fields={"kind": [_("Choose one of the kinds on the list.")]})
    organisation = Organisation.objects.create(
        pk=1,
        name=name,
        short_name=short_name,
        kind=kind,
        area_code=area_code,
        timezone=timezone,
        simulated=simulated,
    )
    Unit.objects.create(
        code=area_code or "root",
        slug=slugify(short_name)[:80] or "root",
        name=name,
        level=level,
        area_code=area_code,
        timezone=timezone,
    )
    audit.record(actor, organisation, after=audit.snapshot(organisation, "name", "kind", "area_code", "simulated"))
    return organisation


@action("registry.unit.add")
def add_unit(actor: Actor, /, parent_id: int, *, code: str, name: str, level: str, **extra: Any) -> Unit:
    """Add a unit below `parent_id`."""
    parent = access.get_unit(actor, Capability.ADMINISTER, pk=parent_id)
    if parent.closed_at:
        raise Conflict(_("This unit is closed."), remedy=_("Add it below a unit that works."))
    code, name = free_code(code), clean_name(name)
    if extra.get("constituency") and extra.get("kind") != Unit.Kind.LEGISLATOR:
        raise Invalid(fields={"constituency": [_("Only a legislator's office has an electoral district.")]})
    if extra.get("starts_on") and extra.get("ends_on") and extra["ends_on"] < extra["starts_on"]:
        raise Invalid(fields={"ends_on": [_("The last day comes before the first.")]})
    unit = Unit.objects.create(
        parent=parent, code=code, slug=slug_of(name, code), name=name, level=level, timezone=parent.timezone, **extra
    )
    audit.record(actor, unit, unit_id=unit.pk, after=audit.snapshot(unit, "code", "name", "level", "parent_id"))
    return unit


@action("registry.unit.load", may_do_nothing=True)
def add_units(actor: Actor, units: Sequence[NewUnit]) -> int:
    """Add many units, those whose code exists are left alone. Returns how many were added.

    Units that exist and get units below them must be the actor's to administer.
    """
    codes = {unit.code for unit in units}
    above = {unit.parent_code for unit in units} - codes
    known = Unit.objects.in_bulk(codes | above, field_name="code")
    tops = [known[code] for code in sorted(above & known.keys())]
    access.require_all(actor, [top.pk for top in tops])
    added: list[Unit] = []
    for generation in _generations([unit for unit in units if unit.code not in known], known):
        made = Unit.objects.bulk_create([_new(unit, known[unit.parent_code]) for unit in generation], batch_size=2000)
        known.update((unit.code, unit) for unit in made)
        added += made
    if added:
        audit.record(
            actor,
            tops[0],
            unit_id=tops[0].pk,
            after={"units_added": len(added), "codes": [added[0].code, added[-1].code]},
        )
    return len(added)


def _new(unit: NewUnit, parent: Unit) -> Unit:
    return Unit(
        parent_id=parent.pk,
        code=unit.code,
        slug=slug_of(unit.name, unit.code),
        name=unit.name,
        label=unit.label,
        level=unit.level,
        kind=unit.kind,
        area_code=unit.area_code,
        timezone=unit.timezone or parent.timezone,
        starts_on=unit.starts_on,
        ends_on=unit.ends_on,
    )


def _generations(units: Sequence[NewUnit], known: Collection[str]) -> list[list[NewUnit]]:
    """Split into lists in which every parent comes in an earlier list; raises Invalid for a parent that is nowhere."""
    waiting, placed, generations = list(units), set(known), []
    while waiting:
        ready = [unit for unit in waiting if unit.parent_code in placed]
        if not ready:
            missing = sorted({unit.parent_code for unit in waiting} - {unit.code for unit in waiting})
            raise Invalid(_("These parents do not exist: %(codes)s") % {"codes": ", ".join(missing[:5])})
        generations.append(ready)
        placed.update(unit.code for unit in ready)
        waiting = [unit for unit in waiting if unit.code not in placed]
    return generations
