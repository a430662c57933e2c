"""Taking back what a list of people brought, batch by batch: what nobody touched since goes, the rest stays."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.copying import selected
from kentongan.core.imports import ImportRun
from kentongan.core.permissions import Capability
from kentongan.core.removing import remove
from kentongan.registry import access, forgetting, standing
from kentongan.registry.actions.importing import alone
from kentongan.registry.importing.changes import COLUMNS, exchange
from kentongan.registry.importing.matching import Seen
from kentongan.registry.importing.steps import unit_of
from kentongan.registry.models import Account, ImportStep, Person

TOUCHED = """
SELECT unnest(%s::bigint[])
UNION SELECT person_id FROM registry_membership WHERE id = ANY(%s)
UNION SELECT person_id FROM registry_account WHERE id = ANY(%s)
"""
# Who confirmed or has an account from elsewhere; and who was written by hand or by themselves since the upload, for
# then they have an entry in the audit log.
STANDING = """
SELECT p.id,
    p.state <> 'invited' OR p.user_id IS NOT NULL
        OR EXISTS (SELECT FROM registry_account a WHERE a.person_id = p.id AND a.id <> ALL(%s)),
    EXISTS (
        SELECT FROM core_auditentry e
        WHERE e.object_type = 'registry.person' AND e.object_id = p.id::text AND e.at > %s
    )
FROM registry_person p WHERE p.id = ANY(%s) ORDER BY p.id FOR UPDATE OF p
"""
CLAIMS = """
SELECT id FROM registry_account WHERE id = ANY(%s) AND state = 'claimed' AND person_id <> ALL(%s) FOR UPDATE
"""
POSTS = "DELETE FROM registry_membership WHERE id = ANY(%s) AND person_id <> ALL(%s)"
BARE = """
SELECT id FROM unnest(%s::bigint[]) AS going (id)
WHERE NOT EXISTS (SELECT FROM registry_membership m WHERE m.person_id = going.id)
"""
HOLDERS = "SELECT id, person_id FROM registry_membership WHERE id = ANY(%s)"
LATER = """
SELECT DISTINCT change->>0, (change->>1)::bigint
FROM registry_importstep s, jsonb_array_elements(s.changes) AS change
WHERE s.run_id <> %s AND s.id > %s AND s.id <= %s AND s.undone_at IS NULL
"""


class Later:
    """Which people, positions and contacts later lists changed: they are not this run's alone any more.

    Later is what came in after this run began to come in, whichever was uploaded first.
    """

    def __init__(self, run: ImportRun) -> None:
        self.run = run
        self.last = ImportStep.objects.filter(run=run).order_by("pk").values_list("pk", flat=True).first() or 0
        self.people, self.posts, self.contacts = Seen(), Seen(), Seen()

    def look(self) -> None:
        """Read what came since the last look; another list may come in while this one is taken back."""
        newest = ImportStep.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        rows = selected(LATER, self.run.pk, self.last, newest) if newest > self.last else []
        self.people.update(pk for table, pk in rows if table == "person")
        self.posts.update(pk for table, pk in rows if table == "membership")
        self.contacts.update(pk for table, pk in rows if table == "contact")
        self.last = newest


@action("registry.person.take_back")
def take_back(actor: Actor, run: ImportRun, step_id: int, later: Later) -> None:
    """Take back what one batch brought; how many people it removed or restored, and left, stands in the step.

    Who has confirmed or was corrected since stays, with their position: the list has no say about them any more.
    """
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_of(run).pk)
    alone()
    step = ImportStep.objects.select_for_update().get(pk=step_id, run=run, undone_at=None)
    later.look()
    touched = _touched(step, run.created_at, later)
    remove(Account, (pk for (pk,) in selected(CLAIMS, step.accounts, [*touched.staying])))
    _remove_posts(step, touched.staying, later)
    going = {pk for (pk,) in selected(BARE, [*touched.free])}
    messages.discard(going)
    forgetting.strip_undo(going)
    remove(Person, going)
    restored, left = _restore(step, touched.staying)
    left |= touched.there.intersection([*step.people, *step.joined]) - going
    note_undone(step, len(going) + len(restored), left, touched.needed)
    after = {"run": run.pk, "removed": len(going), "restored": len(restored), "left": step.left}
    audit.record(actor, unit, unit_id=unit.pk, after=after)


def note_undone(step: ImportStep, undone: int, left: set[int], needed: dict[int, set[str]]) -> None:
    """Write down what taking a batch back did; part of the action that did it."""
    step.undone_at, step.undone, step.left = clock.now(), undone, len(left)
    step.left_for = standing.reasons(left, needed, step.joined)
    step.save(update_fields=["undone_at", "undone", "left", "left_for"])


@dataclass(frozen=True, slots=True)
class Touched:
    """Whom a batch touched: who is there, who stays as they are, who may go, and which rooms need whom."""

    there: set[int]
    staying: set[int]
    free: set[int]
    needed: dict[int, set[str]]


def _touched(step: ImportStep, since: datetime, later: Later) -> Touched:
    """Lock all whom the batch touched and say who they are."""
    posts = [*step.memberships, *_changed(step, "membership")]
    people = [*step.people, *step.joined, *_changed(step, "person")]
    touched = selected(TOUCHED, people, posts, step.accounts)
    found = selected(STANDING, step.accounts, since, [pk for (pk,) in touched])
    there = {pk for pk, *_rest in found}
    needed = standing.needed(there, besides=standing.POSITIONS)
    made, joined = frozenset(step.people), frozenset(step.joined)
    keeping = {pk for pk, stands, written in found if stands or written or pk in later.people or pk in needed} | joined
    staying = {pk for pk, _stands, written in found if written or pk in joined or (pk in made and pk in keeping)}
    return Touched(there, staying, there - keeping, needed)


def _changed(step: ImportStep, table: str) -> list[int]:
    return [change[1] for change in step.changes if change[0] == table]


def _remove_posts(step: ImportStep, staying: set[int], later: Later) -> None:
    posts = [pk for pk in step.memberships if pk not in later.posts]
    with connection.cursor() as cursor:
        cursor.execute(POSTS, [posts, [*staying]])


def _restore(step: ImportStep, staying: set[int]) -> tuple[set[int], set[int]]:
    """Set values back that are still as the batch left them; return of whom, and of whom not."""
    owners = {"person": {pk: pk for pk in _changed(step, "person")}}
    owners["membership"] = dict(selected(HOLDERS, _changed(step, "membership")))
    ours = [change for change in step.changes if owners[change[0]].get(change[1]) not in staying]
    restored = set[int]().union(*(exchange(table, ours, back=True) for table in COLUMNS))
    asked = {owner for held in owners.values() for owner in held.values()}
    return restored, asked - restored
