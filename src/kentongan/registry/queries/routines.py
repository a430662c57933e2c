"""Reads of routine checks: what a superior has to look at, and how the accounts of a unit stand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, rules
from kentongan.registry.models import Account, Routine, SignOff, Unit
from kentongan.registry.queries.audits import facts
from kentongan.registry.queries.units import short_name
from kentongan.registry.rules import Rule
from kentongan.registry.rules.data import Answer, answer, context_now

DUE, LATE, RISEN, DONE = "due", "late", "risen", "done"
VIEWS = (DUE, LATE, RISEN, DONE)


def routine_for(unit: Unit) -> Routine | None:
    """Return the routine that holds below `unit`: its own, else that of the nearest unit above it."""
    return Routine.objects.filter(unit__path__covers=unit.path, stopped_at=None).order_by("-unit__path").first()


def _seen(actor: Actor) -> QuerySet[SignOff]:
    """Return the checks of units right below those where the actor may audit: nobody signs their own unit off."""
    above = access.units_for(actor, Capability.AUDIT).values("pk")
    return SignOff.objects.filter(unit__parent__in=above).select_related("unit", "responsible", "signed_by", "routine")


def sign_offs(actor: Actor, unit: Unit | None = None, view: str = "", *, mine: bool = False) -> QuerySet[SignOff]:
    """Return the routine checks that the actor sees; `mine` keeps those for which a unit of theirs is responsible now.

    `view` is one of VIEWS; without one, all that wait.
    """
    today = clock.now().date()
    found = _seen(actor)
    if unit is not None:
        found = found.filter(unit__path__within=unit.path)
    if mine and actor.user_id is not None:
        found = found.filter(responsible__in=access.grants_of(actor, Capability.AUDIT).values("unit"))
    narrowed = {
        DUE: Q(signed_at=None, due_on__gte=today),
        LATE: Q(signed_at=None, due_on__lt=today),
        RISEN: Q(signed_at=None, level__gt=0),
        DONE: Q(signed_at__isnull=False),
    }
    found = found.filter(narrowed.get(view, Q(signed_at=None)))
    return found.order_by("-signed_at", "pk") if view == DONE else found.order_by("-level", "due_on", "unit__path")


def sign_off(actor: Actor, pk: int) -> SignOff:
    """Return one check that the actor may sign off; raises NotFound for all others."""
    found = _seen(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found


def last_sign_off(unit: Unit) -> SignOff | None:
    """Return the latest check of a unit that was signed off, for who sees the unit."""
    signed = SignOff.objects.filter(unit=unit, signed_at__isnull=False)
    return signed.select_related("signed_by").order_by("-signed_at").first()


@dataclass(frozen=True, slots=True)
class Standing:
    """How one account stands: the answer of each rule, in their order."""

    account: Account
    answers: tuple[tuple[Rule, Answer], ...]


def wanted_rules(chosen: Sequence[str]) -> list[Rule]:
    """Return the rules of a routine that are in use."""
    return [rule for rule in rules.live() if rule.id in chosen]


def standings(unit: Unit, wanted: Sequence[Rule]) -> list[Standing]:
    """Return how each official account of one unit stands by what the registry knows: a fixed number of queries."""
    context = context_now(short_name())
    return [
        Standing(account, tuple((rule, answer(account, rule, context)) for rule in wanted))
        for account in facts().filter(unit=unit)
    ]


def findings(stood: Sequence[Standing]) -> Mapping[str, Mapping[str, int]]:
    """Return by rule how many accounts gave which verdict."""
    counts: dict[str, dict[str, int]] = {}
    for standing in stood:
        for rule, given in standing.answers:
            by_verdict = counts.setdefault(rule.id, {})
            by_verdict[given.verdict] = by_verdict.get(given.verdict, 0) + 1
    return counts
