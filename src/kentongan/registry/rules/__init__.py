"""The rules by which official accounts are audited: read from `audit_rules.toml`, changed by the organisation."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import get_language

from kentongan.registry.models import Account, RuleSetting

SOURCE = Path(__file__).with_name("audit_rules.toml")


class Check(StrEnum):
    """By what a rule is answered first; what that cannot tell, a person answers."""

    DATA = "data"
    PROFILE = "profile"
    SHEET = "sheet"


class Severity(StrEnum):
    """How much it matters."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. `titles` and `advices` are by language; empty `platforms`, `forms` or `kinds` mean all."""

    id: str
    check: Check
    severity: Severity
    titles: Mapping[str, str]
    advices: Mapping[str, str]
    days: int | None = None
    platforms: frozenset[str] = field(default_factory=frozenset)
    forms: frozenset[str] = field(default_factory=frozenset)
    kinds: frozenset[str] = field(default_factory=frozenset)
    enabled: bool = True

    @property
    def title(self) -> str:
        """What it asks for, in the reader's language."""
        return _worded(self.titles)

    @property
    def advice(self) -> str:
        """What to do when it is not met, in the reader's language."""
        return _worded(self.advices)

    def applies(self, account: Account) -> bool:
        """Whether the rule is about this account; its unit is at hand."""
        asked = (
            (self.platforms, account.platform),
            (self.forms, account.form),
            (self.kinds, account.unit.kind),
        )
        return all(not wanted or value in wanted for wanted, value in asked)


def _worded(texts: Mapping[str, str]) -> str:
    return texts.get((get_language() or "id")[:2]) or texts["en"]


def _rule(row: Mapping[str, Any]) -> Rule:
    return Rule(
        id=row["id"],
        check=Check(row["check"]),
        severity=Severity(row["severity"]),
        titles=row["title"],
        advices=row["advice"],
        days=row.get("days"),
        platforms=frozenset(row.get("platforms", ())),
        forms=frozenset(row.get("forms", ())),
        kinds=frozenset(row.get("kinds", ())),
    )


@cache
def shipped() -> Mapping[str, Rule]:
    """Return the rules as they are shipped, by id, in the order in which people are shown them."""
    rows = tomllib.loads(SOURCE.read_text("utf-8"))["rule"]
    return {row["id"]: _rule(row) for row in rows}


def current(settings: Iterable[RuleSetting] | None = None) -> dict[str, Rule]:
    """Return every rule as the organisation has set it: one query, or none with `settings` at hand."""
    changed = {one.rule: one for one in (RuleSetting.objects.all() if settings is None else settings)}
    return {rule.id: _changed(rule, changed.get(rule.id)) for rule in shipped().values()}


def _changed(rule: Rule, setting: RuleSetting | None) -> Rule:
    if setting is None:
        return rule
    return replace(
        rule, enabled=setting.enabled, days=setting.days if rule.days is not None and setting.days else rule.days
    )


def live() -> list[Rule]:
    """Return the rules that are switched on."""
    return [rule for rule in current().values() if rule.enabled]


def days_of(rule_id: str) -> int:
    """Return the days of a rule that has some."""
    return current()[rule_id].days or 0
