"""What a role may do. A role granted at a unit holds for that unit's whole subtree."""

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """Roles an account of ours can hold at a unit."""

    LEADER = "leader", _("Leader")
    ADMINISTRATOR = "administrator", _("Administrator")
    EDITOR = "editor", _("Editor")
    APPROVER = "approver", _("Approver")
    ANALYST = "analyst", _("Analyst")
    MEMBER = "member", _("Member")
    GUEST = "guest", _("Guest")


class Capability(StrEnum):
    """Single rights; views, API, command line and jobs ask for these, never for a role."""

    VIEW = "view"
    LISTEN = "listen"
    ANALYSE = "analyse"
    EDIT = "edit"
    APPROVE = "approve"
    PUBLISH = "publish"
    INSTRUCT = "instruct"
    GATHER = "gather"
    MEASURE = "measure"
    ADMINISTER = "administer"
    AUDIT = "audit"


_STAFF = {Capability.VIEW, Capability.LISTEN, Capability.MEASURE}

ROLE_CAPABILITIES: dict[Role, frozenset[Capability]] = {
    Role.LEADER: frozenset(
        _STAFF | {Capability.APPROVE, Capability.PUBLISH, Capability.INSTRUCT, Capability.GATHER, Capability.AUDIT}
    ),
    Role.ADMINISTRATOR: frozenset(
        _STAFF | {Capability.ADMINISTER, Capability.INSTRUCT, Capability.GATHER, Capability.AUDIT, Capability.PUBLISH}
    ),
    Role.EDITOR: frozenset(_STAFF | {Capability.EDIT, Capability.GATHER}),
    Role.APPROVER: frozenset(_STAFF | {Capability.APPROVE, Capability.PUBLISH}),
    Role.ANALYST: frozenset(_STAFF | {Capability.ANALYSE}),
    Role.MEMBER: frozenset({Capability.VIEW}),
    Role.GUEST: frozenset(),
}


def roles_with(capability: Capability) -> list[str]:
    """Return the roles that hold `capability`, as stored values."""
    return [role.value for role, held in ROLE_CAPABILITIES.items() if capability in held]
