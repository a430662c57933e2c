"""Bringing lists of contacts in, batch by batch, and taking them back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from kentongan.core import audit, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.copying import selected
from kentongan.core.imports import Batch, Feed, ImportRun
from kentongan.core.permissions import Capability
from kentongan.registry import access, forgetting, standing
from kentongan.registry.actions.contacts import working_unit
from kentongan.registry.actions.importing import alone, already_there, make_claims, seen_before
from kentongan.registry.actions.taking_back import Later, Touched, note_undone
from kentongan.registry.importing.changes import exchange
from kentongan.registry.importing.contact_matching import NOTED, ContactDecision, ContactMatcher, KnownContact
from kentongan.registry.importing.matching import Seen
from kentongan.registry.importing.steps import unit_of
from kentongan.registry.models import Account, Contact, ImportStep, Person, Unit

CHUNK = 2000
contacts_before = seen_before
# Who confirmed, and who was written by hand or by themselves since the upload.
STANDING = """
SELECT p.id FROM registry_person p LEFT JOIN registry_contact c ON c.person_id = p.id
WHERE p.id = ANY(%s) AND (
    p.state <> 'invited'
    OR EXISTS (
        SELECT FROM core_auditentry e WHERE e.at > %s AND (
            (e.object_type = 'registry.person' AND e.object_id = p.id::text)
            OR (e.object_type = 'registry.contact' AND e.object_id = c.id::text)
        )
    )
)
"""


@action("registry.contact.import", may_do_nothing=True)
def take_contacts(actor: Actor, run: ImportRun, feed: Feed, batch: Batch, unit: Unit, seen: Seen) -> None:
    """Bring one batch in: contacts and stated accounts; all of it noted so that it can be taken back."""
    working_unit(actor, unit.pk)
    alone()
    matcher = ContactMatcher(unit, run.options["kind"], seen, lock=True)
    decisions = matcher.decide(batch.rows)
    batch.reject_all([(one.row, one.note) for one in decisions if one.contact is None])
    taken = [one for one in decisions if one.contact is not None]
    for one in taken:
        for text in (*one.remarks, *([one.note] if one.note else ())):
            batch.remark(one.row, text)
    met = already_there(one.contact.person_id for one in taken if one.contact)
    step = _write(run, batch, unit, matcher.contacts, met)
    counts = _counts(taken)
    feed.commit(batch, **counts)
    seen.update(one.contact.person_id for one in taken if one.contact and one.contact.person_id)
    if counts["new"] or counts["changed"]:
        audit.record(actor, unit, unit_id=unit.pk, after={"run": run.pk, **counts, "accounts": len(step.accounts)})


def _counts(taken: Sequence[ContactDecision]) -> dict[str, int]:
    new = sum(one.outcome in ("new", "doubtful") for one in taken)
    changed = sum(one.outcome == "changed" for one in taken)
    return {"new": new, "changed": changed, "same": len(taken) - new - changed}


def _write(run: ImportRun, batch: Batch, unit: Unit, contacts: Sequence[KnownContact], met: list[int]) -> ImportStep:
    step = ImportStep(
        run_id=run.pk,
        start=batch.start,
        people=_make_contacts(run, unit, [one for one in contacts if one.pk is None]),
        accounts=make_claims([(one.person_id or 0, unit.pk, claim) for one in contacts for claim in one.claims]),
        met=met,
        changes=[[table, pk, *rest] for one in contacts for pk, (table, *rest) in one.changes if pk is not None],
    )
    exchange("person", step.changes)
    _exchange_noted(step.changes)
    if step.people or step.met:
        step.save()
    return step


def _make_contacts(run: ImportRun, unit: Unit, made: Sequence[KnownContact]) -> list[int]:
    basis = str(run.options["basis"])[:200]
    people = [Person(full_name=one.full_name, phone=one.phone, email=one.email, basis=basis) for one in made]
    rows = []
    for one, person in zip(made, Person.objects.bulk_create(people, batch_size=CHUNK), strict=True):
        one.person_id = person.pk
        noted = {name: getattr(one, name) for name in NOTED}
        rows.append(Contact(person=person, unit=unit, source=run.options["source"], **noted))
    Contact.objects.bulk_create(rows, batch_size=CHUNK)
    return [row.person_id for row in rows]


def _exchange_noted(changes: Sequence[Sequence[Any]], *, back: bool = False) -> set[int]:
    """Set what is noted of contacts from `before` to `after` (`back`: the other way); return whose record it was.

    A record that is not as expected in one of its columns stays as it is in all of them: somebody else wrote it.
    """
    wanted: dict[int, dict[str, tuple[Any, Any]]] = {}
    for table, pk, column, before, after in changes:
        if table == "contact":
            first, _last = wanted.setdefault(pk, {}).get(column, (before, after))
            wanted[pk][column] = (first, after)
    rows = Contact.objects.select_for_update(of=("self",)).in_bulk(wanted)
    written = []
    for pk, row in rows.items():
        pairs = {column: pair[:: -1 if back else 1] for column, pair in wanted[pk].items()}
        if all(getattr(row, column) == now for column, (now, _then) in pairs.items()):
            for column, (_now, then) in pairs.items():
                setattr(row, column, then)
            written.append(row)
    if written:
        Contact.objects.bulk_update(written, [*NOTED, "areas_around"], batch_size=CHUNK)
    return {row.person_id for row in written}


@action("registry.contact.take_back")
def take_back_contacts(actor: Actor, run: ImportRun, step_id: int, later: Later) -> None:
    """Take back what one batch brought; how many contacts it removed or restored, and left, stands in the step.

    Who has confirmed or was written since stays as they are: the list has no say about them any more.
    """
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_of(run).pk)
    alone()
    step = ImportStep.objects.select_for_update().get(pk=step_id, run=run, undone_at=None)
    later.look()
    owners = _owners(step)
    touched = _touched(step, run.created_at, later, {*owners.values()})
    claims = Account.objects.filter(pk__in=step.accounts, state=Account.State.CLAIMED)
    claims.exclude(person__in=touched.staying).delete()
    ours = [change for change in step.changes if owners.get(_place(change)) not in touched.staying]
    restored = exchange("person", ours, back=True) | _exchange_noted(ours, back=True)
    going = {*step.people} - touched.staying
    messages.discard(going)
    forgetting.strip_undo(going)
    Person.objects.filter(pk__in=going).delete()
    left = touched.there & touched.staying - going - restored
    note_undone(step, len(going) + len(restored), left, touched.needed)
    after = {"run": run.pk, "removed": len(going), "restored": len(restored), "left": step.left}
    audit.record(actor, unit, unit_id=unit.pk, after=after)


def _place(change: Sequence[Any]) -> tuple[str, int]:
    return change[0], change[1]


def _owners(step: ImportStep) -> dict[tuple[str, int], int]:
    """Return whose record each changed row belongs to."""
    changed = {_place(change) for change in step.changes}
    contacts = Contact.objects.filter(pk__in=[pk for table, pk in changed if table == "contact"])
    people = {("person", pk): pk for table, pk in changed if table == "person"}
    return people | {("contact", pk): person_id for pk, person_id in contacts.values_list("pk", "person_id")}


def _touched(step: ImportStep, since: datetime, later: Later, changed: set[int]) -> Touched:
    """Lock all whom the batch touched and say who they are."""
    holders = Account.objects.filter(pk__in=step.accounts, person__isnull=False).values_list("person_id", flat=True)
    ids = {*step.people, *step.joined, *changed, *holders}
    locked = Person.objects.select_for_update().filter(pk__in=ids).order_by("pk")
    there = set(locked.values_list("pk", flat=True))
    needed = standing.needed(there, besides=standing.CONTACTS)
    staying = {pk for (pk,) in selected(STANDING, [*there], since)}
    staying |= {pk for pk in there if pk in later.people or pk in step.joined}
    elsewhere = Account.objects.filter(person__in=step.people).exclude(pk__in=step.accounts)
    staying |= {pk for pk in step.people if pk in needed} | set(elsewhere.values_list("person_id", flat=True))
    records = Contact.objects.filter(person__in=there).values_list("pk", "person_id")
    staying |= {owner for pk, owner in records if pk in later.contacts}
    return Touched(there, staying, there - staying, needed)
