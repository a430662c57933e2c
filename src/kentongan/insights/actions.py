"""Writing what platforms report. These are readings, not anybody's acts: rows of their own, not of the audit log."""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from django.db import connection, transaction
from django.utils.translation import gettext as _

from kentongan.channels.contract import Counts
from kentongan.core import clock
from kentongan.insights.models import METRICS, Probe, Snapshot
from kentongan.insights.states import CADENCE, back_off, interval
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State

LEASE = timedelta(minutes=5)
BATCH = 100

ENROL = """
    INSERT INTO insights_probe (delivery_id, due_at, outcome, problem, failures)
    SELECT delivery.id, %(now)s, 'waiting', '', 0 FROM publishing_delivery AS delivery
    WHERE delivery.state = 'published' AND delivery.published_at > %(since)s
      AND delivery.repost_of_id IS NULL
      AND NOT EXISTS (SELECT 1 FROM insights_probe AS probe WHERE probe.delivery_id = delivery.id)
    ON CONFLICT DO NOTHING
"""


def enrol() -> int:
    """Begin to read every published delivery that is not read yet; returns how many are new.

    What is told of a repost are the numbers of the post that it repeats, which is read itself.
    """
    now = clock.now()
    with connection.cursor() as cursor:
        cursor.execute(ENROL, {"now": now, "since": now - CADENCE[-1][0]})
        return int(cursor.rowcount)


def claim(limit: int = BATCH) -> list[Probe]:
    """Claim what is due: others leave it alone for the lease, and a worker that dies gives it back by itself."""
    now = clock.now()
    with transaction.atomic():
        due = list(
            Probe.objects.select_for_update(of=("self",), skip_locked=True)
            .select_related("delivery__account__connection")
            .filter(due_at__lte=now)
            .order_by("due_at")[:limit]
        )
        gone = [probe.pk for probe in due if probe.delivery.state != State.PUBLISHED]
        Probe.objects.filter(pk__in=gone).update(due_at=None)
        live = [probe for probe in due if probe.pk not in set(gone)]
        Probe.objects.filter(pk__in=[probe.pk for probe in live]).update(due_at=now + LEASE)
    return live


def _next(delivery: Delivery) -> timedelta | None:
    return interval(clock.now() - (delivery.published_at or delivery.due_at))


def _says_something(counts: Counts | None) -> bool:
    return counts is not None and any(getattr(counts, name) is not None for name in METRICS)


def _snapshot(probe: Probe, counts: Counts) -> Snapshot:
    now = clock.now()
    reported = {name: getattr(counts, name) for name in METRICS}
    return Snapshot(
        delivery_id=probe.delivery_id, taken_at=now, bucket=now.replace(second=0, microsecond=0), **reported
    )


def record(probes: Iterable[Probe], reported: Mapping[str, Counts]) -> int:
    """Store what a platform reported, by remote id, and when to ask again; what it left out stays missing.

    Two collectors in the same minute leave one snapshot. Returns how many deliveries were reported on.
    """
    now, fresh, known = clock.now(), [], list(probes)
    for probe in known:
        counts = reported.get(probe.delivery.remote_id)
        again = _next(probe.delivery)
        probe.due_at, probe.tried_at = (now + again if again else None), now
        probe.failures, probe.problem = 0, ""
        if counts is not None and _says_something(counts):
            fresh.append(_snapshot(probe, counts))
            probe.outcome, probe.read_at = Probe.Outcome.READ, now
        else:
            probe.outcome = Probe.Outcome.GONE if counts is not None and counts.gone else Probe.Outcome.SILENT
    with transaction.atomic():
        Snapshot.objects.bulk_create(fresh, ignore_conflicts=True)
        Probe.objects.bulk_update(known, ["due_at", "tried_at", "outcome", "read_at", "failures", "problem"])
    return len(fresh)


def record_failure(probes: Iterable[Probe], problem: str, after: timedelta | None = None) -> None:
    """Store that a platform could not be read, and wait longer each time; earlier numbers stay as they are."""
    now, known = clock.now(), list(probes)
    for probe in known:
        probe.failures += 1
        probe.outcome, probe.tried_at = Probe.Outcome.FAILED, now
        probe.problem = (problem or _("No answer."))[:300]
        probe.due_at = now + max(after or timedelta(0), back_off(probe.failures))
    Probe.objects.bulk_update(known, ["due_at", "tried_at", "outcome", "failures", "problem"])


def record_unsupported(probes: Iterable[Probe]) -> None:
    """Store that this platform cannot be read here; asked again only when somebody wants it."""
    ids = [probe.pk for probe in probes]
    Probe.objects.filter(pk__in=ids).update(outcome=Probe.Outcome.UNSUPPORTED, due_at=None, tried_at=clock.now())
