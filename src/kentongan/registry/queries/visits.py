"""Reads of the visits to official accounts."""

from django.db.models import Count, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access, states
from kentongan.registry.ltree import subtree
from kentongan.registry.models import Account, AccountVisit, Unit

FAILED = Q(visit__finding__in=[one for one in AccountVisit.Finding.values if one not in AccountVisit.KNOWN])


def visited(actor: Actor, unit: Unit, finding: str = "") -> QuerySet[Account]:
    """Return the official accounts of a subtree that are visited, each with its visit and unit at hand.

    `finding` narrows to one of AccountVisit.Finding, or to all that `failed`.
    """
    found = access.scope(Account.objects.filter(kind=Account.Kind.OFFICIAL), actor, Capability.VIEW)
    found = found.filter(state__in=states.IN_USE, visit__isnull=False, **subtree(str(unit.path), "unit__path"))
    if finding == "failed":
        found = found.filter(FAILED)
    elif finding in AccountVisit.Finding.values:
        found = found.filter(visit__finding=finding)
    return found.select_related("visit", "unit").order_by("unit__path", "platform", "handle", "pk")


def unread(actor: Actor, unit: Unit) -> int:
    """Return of how many accounts the last visit did not find out when they posted."""
    return visited(actor, unit, "failed").count()


def findings_of_visits(actor: Actor, unit: Unit) -> dict[str, int]:
    """Return by finding how many accounts there are; "" are those that wait for their first visit."""
    counted = visited(actor, unit).order_by().values_list("visit__finding").annotate(n=Count("pk"))
    return {str(finding): n for finding, n in counted}
