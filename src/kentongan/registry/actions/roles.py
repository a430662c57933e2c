"""Roles at units."""

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.models import User
from kentongan.core.permissions import Capability, Role
from kentongan.registry import access
from kentongan.registry.models import Grant


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
        audit.record(actor, grant, after={"user": user.pk, "unit": unit.code, "role": role})
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
    audit.record(actor, grant, before={"user": grant.user_id, "unit": grant.unit.code, "role": grant.role})
    grant.delete()
    return grant.unit_id
