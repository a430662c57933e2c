"""Making links to recalls for custodians who do not sign in here."""

from collections.abc import Collection
from datetime import timedelta

from kentongan.core import clock, ids
from kentongan.core.links import Revocation
from kentongan.publishing.models import RecallLink, RecallTask

GRACE = timedelta(days=14)
MOST = 5
"""How many links one person gets to one recall, however often somebody asks for a new one."""
Key = tuple[int, int]
"""The numbers of a recall and of a person."""


def issue(wanted: Collection[Key]) -> dict[Key, tuple[str, int]]:
    """Make a link for each who has none, or asked for another; return its token and how many there were before.

    Part of an action. An earlier one stops working. Three statements at most, however many are wanted. Race: two
    workers tell of the same recall; the second waits for its lock, and finds the link.
    """
    if not wanted:
        return {}
    tasks = {task.pk: task for task in _locked({task for task, _person in wanted})}
    links: dict[Key, list[RecallLink]] = {key: [] for key in wanted}
    for link in RecallLink.objects.filter(task__in=tasks).order_by("pk"):
        links.get((link.task_id, link.person_id), []).append(link)
    made = {key: (ids.token(24), len(there)) for key, there in links.items() if _wants_one(there)}
    old = [link.pk for key in made for link in links[key] if link.revoked_at is None]
    RecallLink.objects.filter(pk__in=old).update(revoked_at=clock.now(), revoked_for=Revocation.REPLACED)
    RecallLink.objects.bulk_create(
        RecallLink(
            digest=ids.token_digest(token),
            task_id=task,
            person_id=person,
            expires_at=max(tasks[task].due_at, clock.now()) + GRACE,
        )
        for (task, person), (token, _before) in made.items()
    )
    return made


def _locked(pks: Collection[int]) -> list[RecallTask]:
    return list(RecallTask.objects.filter(pk__in=pks).order_by("pk").select_for_update(of=("self",)))


def _wants_one(there: list[RecallLink]) -> bool:
    if not there:
        return True
    asked = [link.asked_again_at for link in there if link.asked_again_at is not None]
    return bool(asked) and max(asked) > there[-1].created_at and len(there) < MOST
