"""Reads of reported accounts, for those who decide about them."""

from datetime import datetime

from django.db.models import Count, F, Max, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access
from kentongan.registry.models import ImpostorCase, ImpostorReport, Unit


def cases(actor: Actor, unit: Unit | None = None, state: str = "", text: str = "") -> QuerySet[ImpostorCase]:
    """Return the cases at units that the actor administers, each with `told` (reports) and `latest`, newest first."""
    found = access.scope(ImpostorCase.objects.all(), actor, Capability.ADMINISTER)
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    if state == "open":
        found = found.filter(_waiting())
    elif state:
        found = found.filter(state=state)
    if text:
        found = found.filter(handle__icontains=text)
    counted = found.annotate(told=Count("reports"), latest=Max("reports__reported_at"))
    return counted.select_related("unit", "imitates").order_by("-opened_at", "-pk")


def _waiting() -> Q:
    """What needs a person: an open case, or one with a report that came after its decision."""
    later = Q(reports__reported_at__gt=F("decided_at")) & ~Q(state=ImpostorCase.State.CONFIRMED)
    return Q(state__in=ImpostorCase.OPEN) | later


def waiting(actor: Actor, unit: Unit) -> int:
    """Return how many cases in a unit's subtree need a person; 0 for whom they do not concern."""
    found = access.scope(ImpostorCase.objects.all(), actor, Capability.ADMINISTER)
    return found.filter(_waiting(), unit__path__within=unit.path).distinct().count()


def case(actor: Actor, pk: int) -> ImpostorCase:
    """Return one case, for an administrator of its unit; NotFound for all others."""
    found = ImpostorCase.objects.select_related("unit", "imitates__unit", "imitates__letter", "decided_by", "same_as")
    return access.get(found, actor, Capability.ADMINISTER, seen_with=Capability.ADMINISTER, pk=pk)


def reports(of: ImpostorCase) -> QuerySet[ImpostorReport]:
    """Return the reports of a case, the first one first."""
    return of.reports.select_related("screenshot", "reported_by")


def others(actor: Actor, of: ImpostorCase) -> QuerySet[ImpostorCase]:
    """Return the cases that this one could be the same as."""
    found = cases(actor).exclude(pk=of.pk).exclude(state=ImpostorCase.State.DUPLICATE)
    return found.filter(platform=of.platform)[:100]


def untold() -> QuerySet[ImpostorReport]:
    """Return the reports that no administrator was told of yet."""
    return ImpostorReport.objects.filter(told_at=None).select_related("case__unit").order_by("pk")


def told_since(moment: datetime) -> bool:
    """Whether administrators were told of reports since then."""
    return ImpostorReport.objects.filter(told_at__gte=moment).exists()


def to_forget(before: datetime) -> tuple[QuerySet[ImpostorReport], QuerySet[ImpostorReport]]:
    """Return the reports whose reporters are to be forgotten, and those that are to be deleted whole.

    What shows that a confirmed impostor was one stays, without who told it.
    """
    confirmed = Q(case__state=ImpostorCase.State.CONFIRMED) | Q(case__same_as__state=ImpostorCase.State.CONFIRMED)
    old = ImpostorReport.objects.filter(reported_at__lt=before)
    whole = old.exclude(case__state__in=ImpostorCase.OPEN).exclude(confirmed).filter(case__decided_at__lt=before)
    return old.filter(contact__isnull=False), whole


def is_later(of: ImpostorCase) -> bool:
    """Whether a report came after the decision."""
    return of.decided_at is not None and of.reports.filter(reported_at__gt=of.decided_at).exists()


def units_to_refer(actor: Actor, of: ImpostorCase) -> QuerySet[Unit]:
    """Return the units that a case can be handed to: open ones that the actor administers."""
    mine = access.units_for(actor, Capability.ADMINISTER).filter(closed_at=None)
    return mine.exclude(pk=of.unit_id).order_by("path")
