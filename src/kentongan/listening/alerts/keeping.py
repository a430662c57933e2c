"""What becomes of alerts when their issue does not stay as it was; called inside the transaction that changes it."""

from collections.abc import Sequence

from django.db.models import Q

from kentongan.core import clock
from kentongan.listening.models import Alert, Issue


def let_go(issue_ids: Sequence[int]) -> None:
    """End the open alerts of issues that are about to be deleted, and of those that went into them.

    Race: a rule raises one at the same time; the lock on the issue makes it wait, and find no issue then.
    """
    going = Q(pk__in=issue_ids) | Q(merged_into__in=issue_ids)
    locked = list(
        Issue.objects.select_for_update(of=("self",)).filter(going).order_by("pk").values_list("pk", flat=True)
    )
    Alert.objects.filter(issue__in=locked, ended_at=None).update(ended_at=clock.now())


def follow(pairs: Sequence[tuple[int, int]]) -> None:
    """Let open alerts follow merged issues (gone, kept); where a rule has one of the kept issue, the other ends."""
    still_open = Alert.objects.filter(ended_at=None)
    if not still_open.filter(issue__in=[gone for gone, _kept in pairs]).exists():
        return
    for gone, kept in pairs:
        doubled = list(still_open.filter(issue=kept).values_list("rule", flat=True))
        still_open.filter(issue=gone, rule__in=doubled).update(ended_at=clock.now())
        still_open.filter(issue=gone).update(issue=kept)
