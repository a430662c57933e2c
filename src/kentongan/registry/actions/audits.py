"""Audits: setting rules, beginning an audit, writing what was found, filling the check sheet."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO

from django.utils.translation import gettext as _

from kentongan.core import audit, clock, files, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.registry import access, queries, rules
from kentongan.registry.models import Account, Audit, AuditResult, RuleSetting

AUDIT = "registry.audit"
LARGEST_EVIDENCE = 10 << 20
EVIDENCE = ("image/jpeg", "image/png", "image/webp", "application/pdf")
LONGEST = 3650


@dataclass(frozen=True, slots=True)
class Finding:
    """What a person saw about one rule: the verdict with evidence (a link or a picture) and a note."""

    verdict: str
    link: str = ""
    note: str = ""
    file: StoredFile | None = None


@action("registry.rule.set")
def set_rule(actor: Actor, rule_id: str, *, enabled: bool, days: int | None = None) -> rules.Rule:
    """Switch a rule on or off for the whole organisation, and set its days; for administrators of the root."""
    root = access.get_unit(actor, Capability.ADMINISTER, parent=None)
    shipped = rules.shipped().get(rule_id)
    if shipped is None:
        raise NotFound(_("There is no such rule."))
    if days is not None and (shipped.days is None or not 1 <= days <= LONGEST):
        raise Invalid(fields={"days": [_("Days go from 1 to 3,650, for rules that have some.")]})
    before = rules.current()[rule_id]
    RuleSetting.objects.update_or_create(rule=rule_id, defaults={"enabled": enabled, "days": days})
    after = rules.current()[rule_id]
    audit.record(
        actor,
        root,
        unit_id=root.pk,
        before={"rule": rule_id, "enabled": before.enabled, "days": before.days},
        after={"rule": rule_id, "enabled": after.enabled, "days": after.days},
    )
    return after


@action("registry.audit.begin")
def begin_audit(actor: Actor, unit_id: int, *, title: str = "", inline: bool = False) -> Audit:
    """Begin an audit of every official account of a unit and all below it, as a job."""
    unit = access.get_unit(actor, Capability.AUDIT, pk=unit_id)
    if not rules.live():
        raise Conflict(_("Every rule is switched off."), remedy=_("Switch on at least one."))
    name = " ".join(title.split())[:120] or _("Audit of %(unit)s") % {"unit": unit.name}
    made = Audit.objects.create(unit=unit, title=name[:120], created_by_id=actor.user_id)
    label = _("Audit: %(title)s") % {"title": made.title}
    made.job = jobs.start(
        actor, AUDIT, label, unit_id=unit.pk, link=made.get_absolute_url(), inline=inline, audit_id=made.pk
    )
    made.save(update_fields=["job"])
    audit.record(actor, made, after={"title": made.title, "unit": unit.code})
    return made


@action("registry.audit.write", may_do_nothing=True)
def write_results(actor: Actor, audit_id: int, rows: Sequence[AuditResult]) -> int:
    """Write what the job found; what was written before (a job that runs again, a person's verdict) stays."""
    made = access.get(Audit.objects.select_for_update(), actor, Capability.AUDIT, pk=audit_id)
    before = made.results.count()
    AuditResult.objects.bulk_create(rows, batch_size=1000, ignore_conflicts=True)
    written = made.results.count() - before
    if written:
        audit.record(actor, made, after={"results": written})
    return written


@action("registry.audit.finish")
def finish_audit(actor: Actor, audit_id: int, *, accounts: int) -> Audit:
    """Note that an audit has looked at every account."""
    made = access.get(Audit.objects.select_for_update(), actor, Capability.AUDIT, pk=audit_id)
    made.finished_at = clock.now()
    made.save(update_fields=["finished_at"])
    audit.record(actor, made, after={"accounts": accounts, "finished_at": made.finished_at})
    return made


def _result(actor: Actor, audit_id: int, account_id: int, rule: str) -> AuditResult:
    made = queries.audit(actor, audit_id)
    rows = AuditResult.objects.select_for_update(of=("self",)).filter(audit=made)
    return access.get(rows, actor, Capability.AUDIT, "account__unit", account=account_id, rule=rule)


def keep_screenshot(actor: Actor, account_id: int, upload: IO[bytes], name: str) -> StoredFile:
    """Keep a screenshot; outside the transaction of the action that uses it, for it may be large."""
    account = access.get(Account.objects.filter(kind=Account.Kind.OFFICIAL), actor, Capability.AUDIT, pk=account_id)
    return files.store(actor, upload, name, unit_id=account.unit_id, allowed=EVIDENCE, max_bytes=LARGEST_EVIDENCE)


@action("registry.audit.check")
def check_result(actor: Actor, audit_id: int, account_id: int, rule: str, finding: Finding) -> AuditResult:
    """Write what a person saw about one rule of one account: a line of the check sheet."""
    if finding.verdict not in AuditResult.Verdict.values:
        raise Invalid(fields={"verdict": [_("Choose one of the verdicts on the list.")]})
    if finding.link and not finding.link.startswith(("http://", "https://")):
        raise Invalid(fields={"link": [_("A link begins with https://.")]})
    result = _result(actor, audit_id, account_id, rule)
    before = audit.snapshot(result, "verdict", "note", "link")
    result.verdict, result.link, result.note = finding.verdict, finding.link[:500], finding.note.strip()[:500]
    result.file = finding.file or result.file
    result.checked_at, result.checked_by_id = clock.now(), actor.user_id
    result.save()
    after = audit.snapshot(result, "verdict", "note", "link") | {"rule": rule}
    audit.record(actor, result.account, before=before, after=after)
    return result
