"""Making links to recalls for custodians who do not sign in here."""

from collections.abc import Collection
from datetime import timedelta

from django.utils.translation import gettext as _

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

    Part of an action. An earlier one stops working, unless it is in use and the wish came through one before it. Three
    statements at most, however many are wanted. Race: two workers tell of the same recall; the second waits for its
    lock, and finds the link.
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
    newest = there[-1]
    heard = [newest] if _is_in_use(newest) else there
    asked = [link.asked_again_at for link in heard if link.asked_again_at is not None]
    return bool(asked) and max(asked) > newest.created_at and len(there) < MOST


def _is_in_use(link: RecallLink) -> bool:
    """Whether a phone holds it and it is good: who holds an older one only does not end it."""
    return link.bound_at is not None and link.revoked_at is None and not link.is_expired


def why_no_other(link: RecallLink) -> str:
    """Return why nobody is sent another link on the wish of who holds this one; empty where somebody is."""
    there = list(RecallLink.objects.filter(task=link.task_id, person=link.person_id).order_by("pk"))
    if len(there) >= MOST:
        return _("No more links are made for this: ask whoever sent it to you.")
    if there[-1].pk != link.pk and _is_in_use(there[-1]):
        return _("The newer link is in use: open that one. If another phone holds it, ask for a new one there.")
    return ""


def wish_of(task: RecallTask) -> RecallLink | None:
    """Return the link by which somebody asked last for a new one; None where nobody did."""
    asked = task.links.filter(asked_again_at__isnull=False).select_related("person")
    return asked.order_by("-asked_again_at").first()
