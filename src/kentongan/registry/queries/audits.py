"""Reads of audits: the accounts with the facts that rules need, results, shares passed, two audits compared."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Value, When

from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, rules
from kentongan.registry.models import Account, Audit, AuditResult, Unit
from kentongan.registry.queries.custody import kept, with_custody
from kentongan.registry.rules import Rule

Verdict = AuditResult.Verdict


def facts(accounts: QuerySet[Account] | None = None) -> QuerySet[Account]:
    """Return the official accounts in use with all that the rules look at: one query for any number."""
    known = with_custody(kept() if accounts is None else accounts, rules.days_of("custodian_term"))
    return known.select_related("unit", "letter", "visit", "custodian", "deputy_custodian").order_by("unit__path", "pk")


def _seen(actor: Actor) -> QuerySet[Audit]:
    """Return the audits that looked at a unit which the actor sees, their own or one below or above it."""
    mine = access.units_for(actor, Capability.VIEW).filter(path__within=OuterRef("unit__path"))
    return Audit.objects.filter(Exists(mine)).select_related("unit", "created_by", "job")


def audits(actor: Actor, unit: Unit) -> QuerySet[Audit]:
    """Return the audits that looked at a unit, the latest first: its own and those of the units above it."""
    return _seen(actor).filter(unit__path__covers=unit.path)


def audit(actor: Actor, pk: int) -> Audit:
    """Return one audit; raises NotFound where it looked at nothing that the actor sees."""
    found = _seen(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound()
    return found


def results(actor: Actor, audit: Audit, unit: Unit | None = None, rule: str = "", verdict: str = "") -> Any:
    """Return the results of an audit, narrowed to a subtree, a rule and a verdict, with account and unit at hand."""
    found = access.scope(AuditResult.objects.filter(audit=audit), actor, Capability.VIEW, "account__unit")
    if unit is not None:
        found = found.filter(account__unit__path__within=unit.path)
    if rule in rules.shipped():
        found = found.filter(rule=rule)
    if verdict in Verdict.values:
        found = found.filter(verdict=verdict)
    return found.select_related("account__unit", "checked_by", "file").order_by("account__unit__path", "account", "pk")


@dataclass(frozen=True, slots=True)
class Share:
    """How many accounts met one rule; `share` is None where nothing was decided yet."""

    rule: Rule
    passed: int
    failed: int
    open: int
    irrelevant: int

    @property
    def share(self) -> float | None:
        """The part that met the rule among those decided."""
        decided = self.passed + self.failed
        return self.passed / decided if decided else None


def shares(actor: Actor, audit: Audit, unit: Unit | None = None) -> list[Share]:
    """Return for each rule of an audit how many accounts met it, in the order of the rules: one query."""
    counts: dict[str, dict[str, int]] = {}
    counted = results(actor, audit, unit).order_by().values_list("rule", "verdict").annotate(n=Count("pk"))
    for rule, verdict, n in counted:
        counts.setdefault(rule, {})[verdict] = n
    return [_share(rule, counts[rule.id]) for rule in rules.shipped().values() if rule.id in counts]


def _share(rule: Rule, counts: Mapping[str, int]) -> Share:
    return Share(
        rule,
        passed=counts.get(Verdict.PASSED, 0),
        failed=counts.get(Verdict.FAILED, 0),
        open=counts.get(Verdict.OPEN, 0),
        irrelevant=counts.get(Verdict.IRRELEVANT, 0),
    )


def audited(actor: Actor, audit: Audit, unit: Unit | None = None) -> Any:
    """Return the accounts of an audit, each with `passed`, `failed` and `to_check`, the worst first."""
    mine: Any = access.scope(Account.objects.filter(audit_results__audit=audit), actor, Capability.VIEW)
    if unit is not None:
        mine = mine.filter(unit__path__within=unit.path)
    counted = {
        name: Count("audit_results", filter=Q(audit_results__audit=audit, audit_results__verdict=verdict))
        for name, verdict in (("passed", Verdict.PASSED), ("failed", Verdict.FAILED), ("to_check", Verdict.OPEN))
    }
    return mine.annotate(**counted).select_related("unit").order_by("-failed", "unit__path", "pk")


def results_of(audit: Audit, account: Account) -> list[AuditResult]:
    """Return what an audit found about one account, in the order of the rules."""
    order = {rule: place for place, rule in enumerate(rules.shipped())}
    found = audit.results.filter(account=account).select_related("checked_by", "file")
    return sorted(found, key=lambda result: order.get(result.rule, len(order)))


def latest_of(actor: Actor, account: Account) -> tuple[Audit, list[AuditResult]] | None:
    """Return the latest audit that looked at an account, with its results; None before the first."""
    found = _seen(actor).filter(results__account=account).order_by("-pk").first()
    return (found, results_of(found, account)) if found else None


BETTER, WORSE, SAME, NEW = "better", "worse", "same", "new"
CHANGES = (BETTER, WORSE, SAME, NEW)


def compared(actor: Actor, earlier: Audit, later: Audit, change: str = "") -> Any:
    """Return the decided results of `later`, each with `before` (the earlier verdict) and `change`.

    `new` is what the earlier audit did not decide; what is open now is left out.
    """
    same = AuditResult.objects.filter(audit=earlier, account=OuterRef("account"), rule=OuterRef("rule"))
    decided = (Verdict.PASSED.value, Verdict.FAILED.value)
    found = results(actor, later).filter(verdict__in=decided)
    found = found.annotate(before=Subquery(same.values("verdict")[:1])).annotate(
        change=Case(
            When(before=F("verdict"), then=Value(SAME)),
            When(before=Verdict.FAILED, then=Value(BETTER)),
            When(before=Verdict.PASSED, then=Value(WORSE)),
            default=Value(NEW),
            output_field=CharField(),
        )
    )
    return found.filter(change=change) if change in CHANGES else found


@dataclass(frozen=True, slots=True)
class Movement:
    """How one rule moved between two audits."""

    rule: Rule
    better: int
    worse: int
    same: int
    new: int


def movements(actor: Actor, earlier: Audit, later: Audit) -> list[Movement]:
    """Return how each rule moved from an earlier audit to a later one: one query."""
    counts: dict[str, dict[str, int]] = {}
    counted = compared(actor, earlier, later).order_by().values_list("rule", "change").annotate(n=Count("pk"))
    for rule, change, n in counted:
        counts.setdefault(rule, {})[change] = n
    return [
        Movement(rule, **{name: counts[rule.id].get(name, 0) for name in CHANGES})
        for rule in rules.shipped().values()
        if rule.id in counts
    ]


def to_audit(unit: Unit, after: int = 0) -> QuerySet[Account]:
    """Return the accounts of a subtree after a number, by number, with the facts that the rules need."""
    return facts().filter(unit__path__within=unit.path, pk__gt=after).order_by("pk")


def sites_of(accounts: Iterable[Account]) -> dict[int, list[str]]:
    """Return by unit the addresses of the official sites of that unit and those above it: one query."""
    lines = {account.unit_id: [int(step) for step in str(account.unit.path).split(".")] for account in accounts}
    wanted = {step for line in lines.values() for step in line}
    sites = Account.objects.filter(kind=Account.Kind.OFFICIAL, form=Account.Form.SITE, unit__in=wanted)
    by_unit: dict[int, list[str]] = {}
    for unit_id, url in sites.exclude(state__in=Account.GONE).exclude(url="").values_list("unit", "url"):
        by_unit.setdefault(unit_id, []).append(url)
    return {unit_id: [url for step in line for url in by_unit.get(step, ())] for unit_id, line in lines.items()}


def audited_up_to(audit: Audit) -> int:
    """Return the highest number of an account that an audit has results for: where a job goes on."""
    return audit.results.aggregate(last=Max("account"))["last"] or 0
