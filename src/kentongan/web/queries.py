"""Reads that belong to no single room."""

from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.models import ApiToken
from kentongan.core.models.audit import AuditEntry
from kentongan.core.permissions import Capability
from kentongan.missions.queries import instructions
from kentongan.planning import queries as planning
from kentongan.publishing import queries as publishing
from kentongan.registry import queries as registry
from kentongan.registry.access import units_for

PEOPLE_SOUGHT = 200


def audit_log(actor: Actor, text: str = "") -> QuerySet[AuditEntry]:
    """Return what was done at units that the actor may audit, newest first."""
    found = AuditEntry.objects.filter(unit_id__in=units_for(actor, Capability.AUDIT).values("pk"))
    if text:
        named = Q(actor_label__icontains=text) | Q(user__name__icontains=text) | Q(user__email__icontains=text)
        people = registry.people(actor, text=text).values_list("pk", flat=True)[:PEOPLE_SOUGHT]
        about = Q(object_type="registry.person", object_id__in=[str(pk) for pk in people])
        found = found.filter(named | about | Q(verb__icontains=text) | Q(object_label__icontains=text))
    return found.select_related("user").order_by("-id")


def tokens(actor: Actor) -> QuerySet[ApiToken]:
    """Return the actor's own API tokens, live ones first."""
    return ApiToken.objects.filter(user_id=actor.user_id or 0).order_by("-revoked_at", "-id")


@dataclass(frozen=True, slots=True)
class Status:
    """The top bar's figures: connected channels, those that are not well, and what waits for this person."""

    channels: int
    sick: int
    deliveries: int
    approvals: int
    answers: int


def status(actor: Actor) -> Status:
    """Return how things stand for the actor: four queries."""
    accounts = registry.connected_accounts(actor).aggregate(
        all=Count("pk"), sick=Count("pk", filter=Q(connection__healthy=False))
    )
    return Status(
        channels=accounts["all"],
        sick=accounts["sick"],
        deliveries=publishing.needing_a_person(actor).count(),
        approvals=planning.waiting_for(actor).count(),
        answers=instructions.waiting_for(actor).count(),
    )
