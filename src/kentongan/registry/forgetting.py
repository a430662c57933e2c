"""What else speaks of people who leave, outside their own rows: lists, values kept for an undo, files."""

import json
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from kentongan.core import files, imports
from kentongan.core.errors import Invalid
from kentongan.core.imports import ImportRun
from kentongan.core.imports.forgetting import RESTING
from kentongan.core.models import StoredFile
from kentongan.registry import names
from kentongan.registry.dialling import e164
from kentongan.registry.models import Account, Attestation, Contact, ImportStep, Membership, Person, Unit

PHONE_TAIL = 8

# Takes what was changed of these people out of what an import could set back.
STRIP = """
UPDATE registry_importstep s SET changes = coalesce((
    SELECT jsonb_agg(c ORDER BY place) FROM jsonb_array_elements(s.changes) WITH ORDINALITY AS all_of(c, place)
    WHERE NOT (c->>0 = 'person' AND (c->>1)::bigint = ANY(%(people)s))
        AND NOT (c->>0 = 'contact' AND (c->>1)::bigint = ANY(%(contacts)s))
), '[]') WHERE EXISTS (
    SELECT FROM jsonb_array_elements(s.changes) c
    WHERE c->>0 = 'person' AND (c->>1)::bigint = ANY(%(people)s)
        OR c->>0 = 'contact' AND (c->>1)::bigint = ANY(%(contacts)s)
)
"""


# What a list brought of one record is part of another one now; that it was changed is told by the same mark.
HAND_ON = """
UPDATE registry_importstep SET
    people = array_remove(people, %(gone)s),
    met = CASE WHEN %(gone)s = ANY(met) THEN array_append(array_remove(met, %(gone)s), %(keep)s) ELSE met END,
    joined = CASE
        WHEN %(gone)s = ANY(people || joined) OR changes @> %(person)s::jsonb OR changes @> %(contact)s::jsonb
        THEN array_append(array_remove(joined, %(gone)s), %(keep)s) ELSE joined
    END
WHERE %(gone)s = ANY(people || met || joined) OR changes @> %(person)s::jsonb OR changes @> %(contact)s::jsonb
"""


def hand_on_steps(gone: Person, keep: Person) -> None:
    """Let what imports brought of one record lead to the other, then forget the values; part of their merge."""
    contact = Contact.objects.filter(person=gone).values_list("pk", flat=True).first()
    person, noted = json.dumps([["person", gone.pk]]), json.dumps([["contact", contact or 0]])
    with connection.cursor() as cursor:
        cursor.execute(HAND_ON, {"gone": gone.pk, "keep": keep.pk, "person": person, "contact": noted})
    strip_undo([gone.pk])


def strip_undo(person_ids: Collection[int]) -> None:
    """Forget the values that imports changed of these people; part of the action by which they leave."""
    contacts = Contact.objects.filter(person__in=person_ids).values_list("pk", flat=True)
    with connection.cursor() as cursor:
        cursor.execute(STRIP, {"people": list(person_ids), "contacts": list(contacts)})


def let_go(person: Person) -> None:
    """Erase evidence, lists and what an undo would bring back of one person; before their own rows go."""
    erase_evidence([person.pk])
    erase_lists(person)
    strip_undo([person.pk])


def erase_evidence(person_ids: Collection[int]) -> int:
    """Erase the screenshots by which accounts of these people were attested; before the accounts are deleted."""
    return erase_evidence_of(Account.objects.filter(person__in=person_ids))


def erase_evidence_of(accounts: QuerySet[Account]) -> int:
    """Erase the screenshots by which these accounts were attested; before they are deleted."""
    shown = Attestation.objects.filter(account__in=accounts, file__isnull=False)
    elsewhere = Attestation.objects.filter(file__in=shown.values("file")).exclude(account__in=accounts)
    wanted = StoredFile.objects.filter(pk__in=shown.values("file")).exclude(pk__in=elsewhere.values("file"))
    return files.erase(wanted)


def erase_lists(person: Person) -> int:
    """Erase the files of lists that are in and may have named this person, and blank what was given back of them."""
    posts = Membership.objects.filter(person=person).values_list("unit__path", flat=True)
    paths = [*posts, *Contact.objects.filter(person=person).values_list("unit__path", flat=True)]
    above = {int(step) for path in paths for step in str(path).split(".")}
    root = set(Unit.objects.filter(parent=None).values_list("pk", flat=True))
    units = above | root | _former_units(person)
    lists = ImportRun.objects.filter(kind__in=imports.about_people(), state__in=RESTING)
    # A list without a unit is one for the whole organisation.
    theirs = lists.filter(Q(unit_id__in=units) | Q(unit_id=None))
    erased = imports.erase_files(theirs.filter(file__erased_at=None))
    # However short the longest word is: rows are read for the whole name, as it is written and as it is compared.
    longest = [max(text.split(), key=len, default="") for text in (person.full_name, person.name_key)]
    tail = person.phone[-PHONE_TAIL:] if person.phone else ""
    return erased + imports.blank_rows(_speaks_of(person), words=[person.email, *longest], digits=tail)


def _former_units(person: Person) -> set[int]:
    """Return the units whose lists brought or changed somebody: they may be with another unit since."""
    posts = list(person.memberships.values_list("pk", flat=True))
    contacts = list(Contact.objects.filter(person=person).values_list("pk", flat=True))
    brought = Q(people__contains=[person.pk]) | Q(met__contains=[person.pk]) | Q(joined__contains=[person.pk])
    brought |= Q(memberships__overlap=posts)
    brought |= Q(accounts__overlap=list(person.accounts.values_list("pk", flat=True)))
    for table, pks in (("person", [person.pk]), ("membership", posts), ("contact", contacts)):
        for pk in pks:
            brought |= Q(changes__contains=[[table, pk]])
    units = ImportStep.objects.filter(brought).values_list("run__unit_id", flat=True)
    return {unit_id for unit_id in units if unit_id is not None}


def _speaks_of(person: Person) -> Callable[[Sequence[Any]], bool]:
    """Return what tells whether the cells of a row speak of somebody: their phone, e-mail or name stands in one."""
    # Whole words: who is called "Adi" is not meant by "Hadi".
    name = re.compile(rf"(?<!\w){re.escape(person.full_name.casefold())}(?!\w)")

    def speaks(cells: Sequence[Any]) -> bool:
        return any(_says(str(cell)) for cell in cells if cell not in (None, ""))

    def _says(cell: str) -> bool:
        if person.email and person.email in cell.casefold():
            return True
        if name.search(cell.casefold()) or (person.name_key and names.key(cell) == person.name_key):
            return True
        return bool(person.phone) and _number(cell) == person.phone

    return speaks


def _number(cell: str) -> str:
    try:
        return e164(cell.removesuffix(".0"))
    except Invalid:
        return ""
