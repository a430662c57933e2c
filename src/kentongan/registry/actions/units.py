"""The organisation, its units, and roles at them."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.clock import Zone
from kentongan.core.errors import Conflict, Invalid, NotAllowed
from kentongan.core.models import User
from kentongan.core.permissions import Capability, Role
from kentongan.registry import access
from kentongan.registry.models import Grant, Organisation, Unit


@dataclass(frozen=True, slots=True)
class NewUnit:
    """A unit to be made; `parent_code` names a unit that exists or comes earlier in the same list."""

    code: str
    name: str
    level: str
    parent_code: str
    label: str = ""
    kind: str = Unit.Kind.SPINE
    area_code: str = ""


def _slug(name: str, code: str) -> str:
    return slugify(f"{name} {code.replace('.', '-')}")[:80]


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
def add_unit(actor: Actor, /, parent_id: int, *, code: str, name: str, level: str, **extra: str) -> Unit:
    """Add a unit below `parent_id`."""
    parent = access.get_unit(actor, Capability.ADMINISTER, pk=parent_id)
    if Unit.objects.filter(code=code).exists():
        raise Invalid(fields={"code": [_("Another unit has this code.")]})
    unit = Unit.objects.create(
        parent=parent, code=code, slug=_slug(name, code), name=name, level=level, timezone=parent.timezone, **extra
    )
    audit.record(actor, unit, unit_id=unit.pk, after=audit.snapshot(unit, "code", "name", "level", "parent_id"))
    return unit


@action("registry.unit.load", may_do_nothing=True)
def add_units(actor: Actor, units: Sequence[NewUnit]) -> int:
    """Add many units, parents before children; those whose code exists are left alone. Returns how many were added."""
    root = access.get_unit(actor, Capability.ADMINISTER, parent=None)
    known = dict(Unit.objects.values_list("code", "pk"))
    added = 0
    for generation in _generations([unit for unit in units if unit.code not in known], known):
        made = Unit.objects.bulk_create(
            [
                Unit(
                    parent_id=known[unit.parent_code],
                    code=unit.code,
                    slug=_slug(unit.name, unit.code),
                    name=unit.name,
                    label=unit.label,
                    level=unit.level,
                    kind=unit.kind,
                    area_code=unit.area_code,
                    timezone=root.timezone,
                )
                for unit in generation
            ],
            batch_size=2000,
        )
        known.update((unit.code, unit.pk) for unit in made)
        added += len(made)
    if added:
        audit.record(actor, root, unit_id=root.pk, after={"units_added": added})
    return added


def _generations(units: Sequence[NewUnit], known: dict[str, int]) -> list[list[NewUnit]]:
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


@action("registry.role.grant", may_do_nothing=True)
def grant_role(actor: Actor, user_id: int, unit_id: int, role: str) -> Grant:
    """Give a user a role at a unit, and so at its subtree; giving it twice changes nothing."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if role not in Role.values:
        raise Invalid(fields={"role": [_("Choose one of the roles on the list.")]})
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise Invalid(fields={"user": [_("There is no such user.")]})
    grant, made = Grant.objects.get_or_create(user=user, unit=unit, role=role)
    if made:
        audit.record(actor, grant, after={"user": user.email, "unit": unit.code, "role": role})
    return grant


@action("registry.role.revoke")
def revoke_role(actor: Actor, grant_id: int) -> int:
    """Take a role away and return its unit's id; the last administrator of the root stays."""
    grant = access.get(Grant.objects.select_related("user", "unit"), actor, Capability.ADMINISTER, pk=grant_id)
    last = Grant.objects.select_for_update().filter(role=Role.ADMINISTRATOR, unit__parent=None).exclude(pk=grant.pk)
    if grant.role == Role.ADMINISTRATOR and grant.unit.parent_id is None and not last.exists():
        raise Conflict(
            _("This is the last administrator of the whole organisation."),
            remedy=_("Make somebody else an administrator first."),
        )
    audit.record(actor, grant, before={"user": grant.user.email, "unit": grant.unit.code, "role": grant.role})
    grant.delete()
    return grant.unit_id
