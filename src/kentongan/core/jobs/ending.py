"""How a job ends: compare-and-set, so that of two endings only one is written."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from kentongan.core import clock
from kentongan.core.jobs import registry
from kentongan.core.models.jobs import Job


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a job, with what its page shows."""

    state: Job.State
    result: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""
    remedy: str = ""
    figures: Mapping[str, Any] = field(default_factory=dict)


def end(job: Job, outcome: Outcome) -> bool:
    """Write the final state if the job still is as `job` says (state and claim); tell the kind's `on_end`."""
    same = Job.objects.filter(pk=job.pk, state=job.state, claim=job.claim)
    with transaction.atomic():
        written = same.update(
            state=outcome.state,
            result=dict(outcome.result),
            error=outcome.error,
            remedy=outcome.remedy,
            finished_at=clock.now(),
            **outcome.figures,
        )
        if not written:
            return False
        job.refresh_from_db()
        handler = registry.find(job.kind)
        if handler is not None and handler.on_end is not None:
            handler.on_end(job)
    return True
