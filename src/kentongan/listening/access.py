"""The only way to get an issue, a source or an import's unit for somebody."""

from django.db.models import QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening.models import Alert, AlertRule, Issue, IssueSample, QuarantinedItem, Source
from kentongan.registry import access as registry


def issues(actor: Actor, capability: Capability = Capability.LISTEN) -> QuerySet[Issue]:
    """Return the issues `actor` may see, without those that went into another."""
    return registry.scope(Issue.objects.filter(merged_into=None), actor, capability)


def issue(actor: Actor, issue_id: int, capability: Capability = Capability.LISTEN) -> Issue:
    """Return one issue, or the one it was merged into; NotFound or NotAllowed."""
    found = registry.get(Issue.objects.select_related("unit", "handler"), actor, capability, pk=issue_id)
    seen = {found.pk}
    while found.merged_into_id and found.merged_into_id not in seen:
        seen.add(found.merged_into_id)
        found = registry.get(
            Issue.objects.select_related("unit", "handler"), actor, capability, pk=found.merged_into_id
        )
    return found


def sources(actor: Actor, capability: Capability = Capability.LISTEN) -> QuerySet[Source]:
    """Return the sources `actor` may see, without those that were removed."""
    return registry.scope(Source.objects.exclude(state=Source.State.REMOVED).select_related("unit"), actor, capability)


def source(actor: Actor, source_id: int, capability: Capability = Capability.LISTEN) -> Source:
    """Return one source; NotFound or NotAllowed."""
    found = Source.objects.exclude(state=Source.State.REMOVED).select_related("unit", "account")
    return registry.get(found, actor, capability, pk=source_id)


def sample(actor: Actor, sample_id: int, capability: Capability) -> IssueSample:
    """Return one sample post of an issue; NotFound or NotAllowed."""
    return registry.get(
        IssueSample.objects.select_related("issue__unit"), actor, capability, "issue__unit", pk=sample_id
    )


def quarantined(actor: Actor, item_id: int, capability: Capability = Capability.ANALYSE) -> QuarantinedItem:
    """Return one item that could not be read and waits for a decision; NotFound or NotAllowed."""
    waiting = QuarantinedItem.objects.filter(state=QuarantinedItem.State.WAITING).exclude(source__state="removed")
    return registry.get(waiting.select_related("source__unit"), actor, capability, "source__unit", pk=item_id)


def alert_rules(actor: Actor, capability: Capability = Capability.LISTEN) -> QuerySet[AlertRule]:
    """Return the alert rules `actor` may see, without those that have ended."""
    return registry.scope(AlertRule.objects.exclude(state=AlertRule.State.ENDED), actor, capability)


def alert_rule(
    actor: Actor, rule_id: int, capability: Capability = Capability.LISTEN, *, lock: bool = False
) -> AlertRule:
    """Return one alert rule, locked if it is to be changed; NotFound or NotAllowed."""
    rows = AlertRule.objects.select_related("unit")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return registry.get(rows, actor, capability, seen_with=Capability.LISTEN, pk=rule_id)


def alerts(actor: Actor) -> QuerySet[Alert]:
    """Return the alerts `actor` may see."""
    return registry.scope(Alert.objects.select_related("rule__unit", "issue"), actor, Capability.LISTEN, "rule__unit")


def alert(actor: Actor, alert_id: int, *, lock: bool = False) -> Alert:
    """Return one alert, locked if it is to be changed; NotFound or NotAllowed."""
    rows = Alert.objects.select_related("rule__unit")
    rows = rows.select_for_update(of=("self",)) if lock else rows
    return registry.get(rows, actor, Capability.LISTEN, "rule__unit", pk=alert_id)
