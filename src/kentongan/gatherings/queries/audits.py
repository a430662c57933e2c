"""What audits of accounts found in a wave's groups before and after it."""

from dataclasses import dataclass

from django.db.models import Count, Exists, OuterRef, Q

from kentongan.core.actor import Actor
from kentongan.gatherings.models import Wave
from kentongan.registry.models import Audit, AuditResult
from kentongan.registry.queries.audits import audits as audits_of
from kentongan.registry.queries.audits import results

Verdict = AuditResult.Verdict


@dataclass(frozen=True, slots=True)
class Finding:
    """One audit, as far as it looked at a wave's groups: rules met, of those decided."""

    audit: Audit
    met: int
    decided: int


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """The last audit that ended before a wave began, and the last one that began after it ended; None where none."""

    before: Finding | None
    after: Finding | None


def before_and_after(actor: Actor, wave: Wave) -> BeforeAndAfter:
    """Return what the audits nearest to a wave found in its groups: four queries."""
    ended = audits_of(actor, wave.training.unit).filter(finished_at__isnull=False)
    before = ended.filter(finished_at__lte=wave.gathering.starts_at).order_by("-finished_at").first()
    after = ended.filter(created_at__gte=wave.gathering.ends_at).order_by("-finished_at").first()
    return BeforeAndAfter(_finding(actor, before, wave), _finding(actor, after, wave))


def _finding(actor: Actor, audit: Audit | None, wave: Wave) -> Finding | None:
    if audit is None:
        return None
    groups = wave.groups.filter(path__covers=OuterRef("account__unit__path"))
    counts = (
        results(actor, audit)
        .filter(Exists(groups))
        .order_by()
        .aggregate(
            met=Count("pk", filter=Q(verdict=Verdict.PASSED)),
            decided=Count("pk", filter=Q(verdict__in=(Verdict.PASSED, Verdict.FAILED))),
        )
    )
    return Finding(audit, counts["met"], counts["decided"])
