"""Samples whose platforms are asked whether they are still there: which are due, and what follows."""

from collections.abc import Collection
from datetime import timedelta

from django.db.models import F, Q

from kentongan.core import clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.listening.actions.removal import bury
from kentongan.listening.models import IssueSample

# A deletion is honoured within a day: each sample is asked about twice in it.
EVERY = timedelta(hours=12)
AGAIN = timedelta(hours=1)


def _require_system(actor: Actor) -> None:
    if not actor.is_system:
        raise NotFound()


@action("listening.samples.claim", may_do_nothing=True)
def claim_samples(actor: Actor, platform: str, most: int) -> list[IssueSample]:
    """Take up to `most` samples of a platform that are due; those of a killed worker are due again in their time.

    Race: two workers claim at once; rows that one has locked are skipped by the other.
    """
    _require_system(actor)
    before = clock.now() - EVERY
    due = Q(checked_at__lt=before) | Q(checked_at=None, created_at__lt=before)
    found = IssueSample.objects.filter(due, platform=platform, link__isnull=False)
    taken = list(found.order_by(F("checked_at").asc(nulls_first=True)).select_for_update(skip_locked=True)[:most])
    IssueSample.objects.filter(pk__in=[one.pk for one in taken]).update(checked_at=clock.now())
    return taken


@action("listening.samples.put_off", may_do_nothing=True)
def put_off(actor: Actor, sample_ids: Collection[int]) -> None:
    """Have samples asked about again in an hour, since their platform did not answer."""
    _require_system(actor)
    IssueSample.objects.filter(pk__in=sample_ids).update(checked_at=clock.now() - EVERY + AGAIN)


@action("listening.post.absent", may_do_nothing=True)
def bury_absent(actor: Actor, sample_id: int) -> int:
    """Take a post out that its author deleted; return 0 where that was done meanwhile."""
    _require_system(actor)
    sample = IssueSample.objects.filter(pk=sample_id).select_related("issue").first()
    return bury(actor, sample.issue, [sample.post_id], "deleted at its source") if sample else 0
