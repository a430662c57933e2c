"""Rows of a list of contacts beside those whom the unit keeps: who is new, who changed, who may be there twice.

The same contact is who has the same name, and neither another phone nor another organisation. Who shares only a phone
or an account comes in as new and is offered for merging. What contacts said themselves is not changed by a list.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from kentongan.channels.addresses import Identity
from kentongan.core.imports import Row, Verdict
from kentongan.registry import contacting, coverage, leaving
from kentongan.registry.importing.contact_entries import ContactEntry, areas_near
from kentongan.registry.importing.matching import Change, Seen
from kentongan.registry.models import Account, Contact, Person, Unit

NOTED = ("kind", "organisation", "topics", "areas", "notes")


@dataclass(slots=True, eq=False)
class KnownContact:
    """A contact who is there, or who comes with an earlier row of the file (then without numbers)."""

    full_name: str
    key: str
    phone: str
    email: str
    kind: str
    organisation: str
    topics: list[str]
    areas: list[str]
    notes: str
    state: str = Person.State.INVITED
    person_id: int | None = None
    pk: int | None = None
    accounts: set[tuple[str, str]] = field(default_factory=set)
    claims: list[Identity] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    changes: list[tuple[int | None, Change]] = field(default_factory=list)
    seen: bool = False

    def set(self, table: str, column: str, value: Any) -> None:
        """Change a value, and note what it was where the row is there already."""
        before = getattr(self, column)
        if value == before:
            return
        setattr(self, column, value)
        pk = self.person_id if table == "person" else self.pk
        self.changes.append((pk, (table, column, before, value)))
        if column == "areas":
            self.changes.append((pk, (table, "areas_around", coverage.around(before), coverage.around(value))))


@dataclass(slots=True)
class ContactDecision:
    """What becomes of a row: `contact` is None where it is not taken."""

    row: Row
    outcome: str
    note: str = ""
    contact: KnownContact | None = None
    remarks: Sequence[str] = ()


class ContactMatcher:
    """Decides about the rows of one batch, one after the other; writes nothing."""

    def __init__(self, unit: Unit, kind: str, seen: Seen, *, lock: bool = False) -> None:
        self.unit, self.kind, self.seen, self.lock = unit, kind, seen, lock
        self.left: set[str] = set()
        self.by_key: dict[str, list[KnownContact]] = defaultdict(list)
        self.by_phone: dict[str, list[KnownContact]] = defaultdict(list)
        self.by_account: dict[tuple[str, str], list[KnownContact]] = defaultdict(list)
        self.contacts: list[KnownContact] = []
        self.official: set[tuple[str, str]] = set()

    def decide(self, rows: Sequence[Row]) -> list[ContactDecision]:
        """Return the decision on each row."""
        entries = [row.clean for row in rows]
        self.left = leaving.known(set().union(*(self._marks(entry) for entry in entries)))
        identities = {(one.platform, one.key) for entry in entries for one in entry.handles}
        self.official = _official(identities)
        for one in _known(self.unit, entries, identities, self.seen, lock=self.lock):
            self._index(one)
        return [self._one(row) for row in rows]

    def _marks(self, entry: ContactEntry) -> set[str]:
        accounts = [(one.platform, one.key) for one in entry.handles]
        units = [self.unit.pk]
        return leaving.digests(phone=entry.phone, email=entry.email, key=entry.key, units=units, accounts=accounts)

    def _index(self, one: KnownContact) -> None:
        self.contacts.append(one)
        self.by_key[one.key].append(one)
        if one.phone:
            self.by_phone[one.phone].append(one)
        for account in one.accounts:
            self.by_account[account].append(one)

    def _one(self, row: Row) -> ContactDecision:
        entry: ContactEntry = row.clean
        if self._marks(entry) & self.left:
            return ContactDecision(row, "rejected", _("They had themselves removed here; only they can come back."))
        if not (entry.kind or self.kind):
            return ContactDecision(row, "rejected", _("It is not said what they are: a community, a journalist, ...?"))
        areas, unread = areas_near(entry, self.unit.area_code)
        remarks = [*entry.remarks, *unread, *self._ours(entry)]
        same = next((one for one in self.by_key.get(entry.key, ()) if _may_be(one, entry)), None)
        if same is not None:
            outcome = "changed" if self._change(same, entry, areas) else "same"
            return ContactDecision(row, outcome, "", same, remarks)
        note = self._resembles(entry)
        return ContactDecision(row, "doubtful" if note else "new", note, self._new(entry, areas), remarks)

    def _ours(self, entry: ContactEntry) -> list[str]:
        ours = [one.shown for one in entry.handles if (one.platform, one.key) in self.official]
        return [_("%(name)s is an official account of yours.") % {"name": name} for name in ours]

    def _new(self, entry: ContactEntry, areas: list[str]) -> KnownContact:
        made = KnownContact(
            full_name=entry.full_name,
            key=entry.key,
            phone=entry.phone,
            email=entry.email,
            kind=entry.kind or self.kind,
            organisation=entry.organisation,
            topics=list(entry.topics),
            areas=areas,
            notes=entry.notes,
            seen=True,
        )
        self._claim(made, entry)
        self._index(made)
        return made

    def _claim(self, one: KnownContact, entry: ContactEntry) -> bool:
        new = [
            identity
            for identity in entry.handles
            if (identity.platform, identity.key) not in one.accounts | self.official
        ]
        if one.refused:
            new = [identity for identity in new if leaving.refusal(identity.platform, identity.key) not in one.refused]
        one.accounts |= {(identity.platform, identity.key) for identity in new}
        one.claims += new
        return bool(new)

    def _resembles(self, entry: ContactEntry) -> str:
        """Return a note on who may be the same though nobody can be sure, or nothing."""
        if entry.phone and (there := self.by_phone.get(entry.phone)):
            return _("%(name)s has the same phone; see the duplicates.") % {"name": there[0].full_name}
        for identity in entry.handles:
            if there := self.by_account.get((identity.platform, identity.key)):
                return _("%(name)s has the same account; see the duplicates.") % {"name": there[0].full_name}
        if there := self.by_key.get(entry.key):
            return _("%(name)s has another phone or organisation; see the duplicates.") % {"name": there[0].full_name}
        return ""

    def _change(self, one: KnownContact, entry: ContactEntry, areas: list[str]) -> bool:
        """Take over what the row says more; the first row of a file that speaks of somebody decides."""
        if one.state != Person.State.INVITED:
            return False
        before = len(one.changes)
        for table, column, value in (
            ("person", "phone", entry.phone),
            ("person", "email", entry.email),
            ("contact", "organisation", entry.organisation),
            ("contact", "kind", entry.kind),
            ("contact", "notes", entry.notes),
        ):
            if value and (not one.seen or not getattr(one, column)):
                one.set(table, column, value)
        one.set("contact", "topics", _both(one.topics, entry.topics)[: contacting.MOST_TOPICS])
        one.set("contact", "areas", _both(one.areas, areas)[: contacting.MOST_AREAS])
        claimed = self._claim(one, entry)
        one.seen = True
        return claimed or len(one.changes) > before


def _both(there: Sequence[str], more: Sequence[str]) -> list[str]:
    return list(dict.fromkeys([*there, *more]))


def _may_be(one: KnownContact, entry: ContactEntry) -> bool:
    outlets = {one.organisation.casefold(), entry.organisation.casefold()} - {""}
    return len({one.phone, entry.phone} - {""}) < 2 and len(outlets) < 2


def _official(identities: set[tuple[str, str]]) -> set[tuple[str, str]]:
    found = Account.objects.filter(kind=Account.Kind.OFFICIAL, identity__in={key for _platform, key in identities})
    return set(found.exclude(state__in=Account.GONE).values_list("platform", "identity")) & identities


def _known(
    unit: Unit, entries: Sequence[ContactEntry], identities: set[tuple[str, str]], seen: Seen, *, lock: bool
) -> list[KnownContact]:
    """Return the unit's contacts of whom these rows may speak, with their accounts: four queries.

    Race: somebody confirms or corrects their record while a list is brought in; locked, their own word is the later.
    """
    keys, phones = {entry.key for entry in entries}, {entry.phone for entry in entries} - {""}
    accounts = Account.objects.filter(kind=Account.Kind.ORGANIC, identity__in={key for _platform, key in identities})
    holders = {
        person_id
        for person_id, *identity in accounts.filter(person__contact__unit=unit).values_list(
            "person_id", "platform", "identity"
        )
        if tuple(identity) in identities
    }
    same = Q(person__name_key__in=keys) | Q(person__phone__in=phones) | Q(person__in=holders)
    found = Contact.objects.filter(same, unit=unit).exclude(person__state=Person.State.WITHDRAWN)
    found = found.select_related("person").order_by("pk")
    rows = list(found.select_for_update(of=("self", "person")) if lock else found)
    theirs: dict[int, set[tuple[str, str]]] = defaultdict(set)
    for person_id, platform, identity in Account.objects.filter(person__in=[row.person_id for row in rows]).values_list(
        "person_id", "platform", "identity"
    ):
        theirs[person_id or 0].add((platform, identity))
    known = [_as_known(row, theirs[row.person_id], row.person_id in seen) for row in rows]
    gone = leaving.refused_by([row.person_id for row in rows])
    for one in known:
        one.refused = gone.get(one.person_id or 0, set())
    return known


def _as_known(row: Contact, accounts: set[tuple[str, str]], seen: bool) -> KnownContact:
    person = row.person
    return KnownContact(
        full_name=person.full_name,
        key=person.name_key,
        phone=person.phone,
        email=person.email,
        kind=row.kind,
        organisation=row.organisation,
        topics=row.topics,
        areas=row.areas,
        notes=row.notes,
        state=person.state,
        person_id=person.pk,
        pk=row.pk,
        accounts=accounts,
        seen=seen,
    )


def verdict(decision: ContactDecision) -> Verdict:
    """Return what the preview tells about a decision."""
    note = " ".join([decision.note, *decision.remarks]).strip()
    there = decision.contact if decision.contact and decision.contact.pk else None
    return Verdict(decision.outcome, note, there.full_name if there else "", there.organisation if there else "")
