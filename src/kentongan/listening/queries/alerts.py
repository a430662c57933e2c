"""Alerts and their rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.listening import access
from kentongan.listening.models import Alert, AlertRule
from kentongan.registry import access as rights
from kentongan.registry import areas
from kentongan.registry import queries as registry
from kentongan.registry.models import Unit

ENOUGH_JUDGED = 5
"""From so many judged alerts on, it can be said whether a rule is of use."""


def alerts(actor: Actor, *, show: str = "") -> QuerySet[Alert]:
    """Return alerts, the newest first: those that go on (`open`), those nobody judged yet (`unjudged`), or all."""
    rows = access.alerts(actor)
    if show == "open":
        rows = rows.filter(ended_at=None)
    if show == "unjudged":
        rows = rows.filter(useful=None)
    return rows.select_related("judged_by").order_by("-raised_at", "-pk")


def open_alerts(actor: Actor) -> int:
    """Return how many alerts go on."""
    return access.alerts(actor).filter(ended_at=None).count()


@dataclass(frozen=True, slots=True)
class Judged:
    """A rule, how many alerts it raised, and how many of those that people judged were of use."""

    rule: AlertRule
    raised: int
    useful: int
    useless: int

    @property
    def is_noisy(self) -> bool:
        """Whether most of what it raised was of no use."""
        return self.useful + self.useless >= ENOUGH_JUDGED and self.useless > self.useful


def rules(actor: Actor) -> QuerySet[Any]:
    """Return the rules that have not ended, each with how many alerts it `raised`, and how many were said to be of use.

    Those are its `good` and its `bad` ones.
    """
    found = access.alert_rules(actor).select_related("unit").prefetch_related("readers")
    rows = found.order_by("unit__path", "name", "pk")
    return rows.annotate(
        raised=Count("alerts"),
        good=Count("alerts", filter=Q(alerts__useful=True)),
        bad=Count("alerts", filter=Q(alerts__useful=False)),
    )


def judged(rules: Iterable[Any]) -> list[Judged]:
    """Return what each of those rules is worth."""
    return [Judged(rule, rule.raised, rule.good, rule.bad) for rule in rules]


def area_choices(unit: Unit) -> list[tuple[str, str]]:
    """Return the areas by which a unit's posts are counted."""
    return [(area.code, area.name) for area in areas.children(unit.area_code)]


def possible_readers(unit: Unit) -> list[User]:
    """Return the users who listen at a unit, by name."""
    return registry.users_with(unit, Capability.LISTEN)


def rule_units(actor: Actor) -> list[tuple[str, str]]:
    """Return the units at which a person was given to make rules (number, name), by name."""
    given = rights.grants_of(actor, Capability.ANALYSE).values("unit")
    rows = Unit.objects.filter(pk__in=given).order_by("name", "pk").values_list("pk", "name")
    return [(str(pk), name) for pk, name in rows]


def watched_units() -> list[int]:
    """Return the units with a rule that is active."""
    active = AlertRule.objects.filter(state=AlertRule.State.ACTIVE)
    return list(active.order_by("unit_id").values_list("unit_id", flat=True).distinct())
