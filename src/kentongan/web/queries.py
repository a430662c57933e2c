"""Reads that belong to no single room."""

from django.db.models import Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.models import ApiToken
from kentongan.core.models.audit import AuditEntry
from kentongan.core.permissions import Capability
from kentongan.registry.access import units_for


def audit_log(actor: Actor, text: str = "") -> QuerySet[AuditEntry]:
    """Return what was done at units that the actor may audit, newest first."""
    found = AuditEntry.objects.filter(unit_id__in=units_for(actor, Capability.AUDIT).values("pk"))
    if text:
        found = found.filter(Q(verb__icontains=text) | Q(actor_label__icontains=text) | Q(object_label__icontains=text))
    return found.order_by("-id")


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """Return the actor's own API tokens, live ones first."""
    return ApiToken.objects.filter(user_id=actor.user_id).order_by("-revoked_at", "-id")
