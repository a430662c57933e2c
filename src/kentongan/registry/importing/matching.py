"""Rows of a list beside the people who are there: who is new, who changed, who may be somebody twice.

The same person is who has the same name (without titles) at the same unit and no other phone, or the same name and the
same phone anywhere below the importing unit. Nobody is merged in silence: whoever shares only the phone, or only name
and unit, comes in as new and is offered for merging. What people said themselves is not changed by a list.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from kentongan.channels.addresses import Identity
from kentongan.core.copying import selected
from kentongan.core.imports import Row, Verdict
from kentongan.registry import leaving
from kentongan.registry.importing.entries import Entry
from kentongan.registry.importing.places import Answer, Astray, Doubt, Finder, Found
from kentongan.registry.models import Person

WORKING = "SELECT id FROM registry_unit WHERE id = ANY(%s) AND closed_at IS NULL AND path <@ %s"
# By the units, each looked at once: names are common and units small.
NAMED = """
SELECT m.person_id
FROM registry_membership m JOIN registry_person p ON p.id = m.person_id
WHERE m.unit_id = ANY(%s)
    AND (m.unit_id, p.name_key) IN (SELECT * FROM unnest(%s::bigint[], %s::text[]))
"""
CALLED = """
SELECT m.person_id
FROM registry_person p
    JOIN registry_membership m ON m.person_id = p.id JOIN registry_unit u ON u.id = m.unit_id
WHERE p.phone = ANY(%s) AND p.phone <> '' AND u.path <@ %s
"""
PEOPLE = """
SELECT full_name, name_key, phone, email, state, id FROM registry_person WHERE id = ANY(%s) ORDER BY id
"""
POSTS = "SELECT person_id, unit_id, title, starts_on, ends_on, id FROM registry_membership WHERE person_id = ANY(%s)"
OWN = "SELECT person_id, platform, identity FROM registry_account WHERE person_id = ANY(%s)"
Change = tuple[str, str, Any, Any]
"""Table, column, before, after."""


@dataclass(slots=True)
class Post:
    """A position at a unit; without a number it is still to be made."""

    unit_id: int
    title: str
    starts_on: date | None
    ends_on: date | None
    pk: int | None = None


@dataclass(slots=True, eq=False)
class Known:
    """A person who is there, or who comes with an earlier row of the file (then without a number)."""

    full_name: str
    key: str
    phone: str
    email: str
    state: str = Person.State.INVITED
    pk: int | None = None
    posts: list[Post] = field(default_factory=list)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    claims: list[tuple[int, Identity]] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    lists_no_accounts: bool = False
    changes: list[tuple[int | None, Change]] = field(default_factory=list)
    seen: bool = False


@dataclass(slots=True)
class Decision:
    """What becomes of a row: `person` is None where it is not taken."""

    row: Row
    outcome: str
    note: str = ""
    person: Known | None = None
    answer: Answer | None = None


class Seen:
    """The numbers of the people whom earlier rows of the same file spoke of, a bit each: the first row decides."""

    def __init__(self) -> None:
        self.bits = bytearray()

    def __contains__(self, pk: int) -> bool:
        place = pk >> 3
        return place < len(self.bits) and bool(self.bits[place] & (1 << (pk & 7)))

    def update(self, ids: Iterable[int]) -> None:
        """Note these numbers."""
        for pk in ids:
            place = pk >> 3
            if place >= len(self.bits):
                self.bits.extend(bytes(place + 1 - len(self.bits) + (1 << 16)))
            self.bits[place] |= 1 << (pk & 7)


class Matcher:
    """Decides about the rows of one batch, one after the other; writes nothing."""

    def __init__(self, finder: Finder, seen: Seen, *, lock: bool = False) -> None:
        self.finder, self.seen, self.lock = finder, seen, lock
        self.left: set[int] = set()
        self.by_phone: dict[str, list[Known]] = defaultdict(list)
        self.by_place: dict[tuple[int, str], list[Known]] = defaultdict(list)
        self.people: list[Known] = []

    def decide(self, rows: Sequence[Row]) -> list[Decision]:
        """Return the decision on each row."""
        placed = [(row, self.finder.find(row.clean.place)) for row in rows]
        found = [(row, answer.unit_id) for row, answer in placed if isinstance(answer, Found)]
        working = self._working({unit_id for _row, unit_id in found})
        self._load(found)
        decisions = [self._one(row, answer, working) for row, answer in placed]
        for decision, (_row, answer) in zip(decisions, placed, strict=True):
            decision.answer = answer
        return decisions

    def _working(self, unit_ids: set[int]) -> set[int]:
        """Return the units that still work below the importing one: the tree may have changed meanwhile."""
        return {unit_id for (unit_id,) in selected(WORKING, [*unit_ids], str(self.finder.top.path))}

    def _load(self, found: Sequence[tuple[Row, int]]) -> None:
        self.left = _withdrawn(found)
        wanted = {(unit_id, row.clean.key) for row, unit_id in found}
        units, keys = [unit_id for unit_id, _key in wanted], [key for _unit_id, key in wanted]
        ids = {person_id for (person_id,) in selected(NAMED, [*set(units)], units, keys)}
        phones = {row.clean.phone for row, _unit_id in found} - {""}
        ids |= {person_id for (person_id,) in selected(CALLED, [*phones], str(self.finder.top.path))}
        for one in _known(ids, self.seen, lock=self.lock):
            self._index(one)

    def _index(self, one: Known) -> None:
        self.people.append(one)
        if one.phone:
            self.by_phone[one.phone].append(one)
        for unit_id in {post.unit_id for post in one.posts}:
            self.by_place[unit_id, one.key].append(one)

    def _one(self, row: Row, answer: object, working: set[int]) -> Decision:
        entry: Entry = row.clean
        if isinstance(answer, Astray):
            return Decision(row, "rejected", _("%(why)s (%(text)s)") % {"why": answer.reason, "text": entry.place.said})
        if isinstance(answer, Doubt):
            return Decision(row, "doubtful", _doubt(entry, answer))
        if not isinstance(answer, Found) or answer.unit_id not in working:
            return Decision(row, "rejected", _("The unit was closed or moved in the meantime."))
        if id(row) in self.left:
            return Decision(row, "rejected", _("This person withdrew; only they themselves can come back."))
        return self._person(row, entry, answer.unit_id)

    def _person(self, row: Row, entry: Entry, unit_id: int) -> Decision:
        same = self._same(entry, unit_id)
        if same is None:
            note = self._resembles(entry, unit_id)
            one = Known(entry.full_name, entry.key, entry.phone, entry.email, seen=True)
            self._posts(one, entry, unit_id)
            self._index(one)
            self._claims(one, entry, unit_id)
            return Decision(row, "doubtful" if note else "new", note, one)
        if same.state == Person.State.WITHDRAWN:
            return Decision(row, "rejected", _("This person withdrew; only they themselves can come back."))
        changed = self._values(same, entry)
        changed |= self._posts(same, entry, unit_id)
        changed |= self._claims(same, entry, unit_id)
        if same not in self.by_place[unit_id, same.key]:
            self.by_place[unit_id, same.key].append(same)
        same.seen = True
        return Decision(row, "changed" if changed else "same", "", same)

    def _same(self, entry: Entry, unit_id: int) -> Known | None:
        """Return the person of whom the row speaks, if they are there."""
        here = self.by_place.get((unit_id, entry.key), [])
        fitting = [one for one in here if not entry.phone or not one.phone or one.phone == entry.phone]
        if fitting:
            titles = {title.casefold() for title in entry.titles}
            return max(fitting, key=lambda one: (one.phone == entry.phone, _has(one, unit_id, titles)))
        elsewhere = [one for one in self.by_phone.get(entry.phone, []) if one.key == entry.key]
        if elsewhere:
            return elsewhere[0]
        return self._with_new_phone(entry, unit_id, here)

    def _with_new_phone(self, entry: Entry, unit_id: int, here: Sequence[Known]) -> Known | None:
        """Return who holds the same position under the same name, alone and not yet spoken of: their phone changed."""
        titles = {title.casefold() for title in entry.titles}
        holding = [one for one in here if _has(one, unit_id, titles)]
        free = [one for one in holding if not one.seen and one.state == Person.State.INVITED]
        return free[0] if len(holding) == len(free) == 1 and entry.phone not in self.by_phone else None

    def _resembles(self, entry: Entry, unit_id: int) -> str:
        """Return a note on who may be the same person though nobody can be sure, or nothing."""
        if entry.phone and self.by_phone.get(entry.phone):
            other = self.by_phone[entry.phone][0]
            return _("%(name)s has the same phone; see the duplicates.") % {"name": other.full_name}
        if here := self.by_place.get((unit_id, entry.key)):
            return _("%(name)s at the same unit has another phone; see the duplicates.") % {"name": here[0].full_name}
        return ""

    def _values(self, one: Known, entry: Entry) -> bool:
        if one.state != Person.State.INVITED:
            return False
        wanted: list[tuple[str, str]] = []
        if not one.seen and _says_more(entry.full_name, one.full_name):
            wanted.append(("full_name", entry.full_name))
        wanted += [
            (column, value)
            for column, value in (("phone", entry.phone), ("email", entry.email))
            if value and value != getattr(one, column) and (not one.seen or not getattr(one, column))
        ]
        for column, value in wanted:
            one.changes.append((one.pk, ("person", column, getattr(one, column), value)))
            setattr(one, column, value)
        if any(column == "phone" for column, _value in wanted):
            self.by_phone[one.phone].append(one)
        return bool(wanted)

    def _posts(self, one: Known, entry: Entry, unit_id: int) -> bool:
        changed = False
        held = {post.title.casefold(): post for post in one.posts if post.unit_id == unit_id}
        for title in entry.titles:
            post = held.get(title.casefold())
            if post is None:
                one.posts.append(Post(unit_id, title, entry.starts_on, entry.ends_on))
                changed = True
            else:
                changed |= self._term(one, post, entry)
        return changed

    def _term(self, one: Known, post: Post, entry: Entry) -> bool:
        starts_on = _later_wins(one, post.starts_on, entry.starts_on)
        ends_on = _later_wins(one, post.ends_on, entry.ends_on)
        if (starts_on, ends_on) == (post.starts_on, post.ends_on) or (starts_on and ends_on and ends_on < starts_on):
            return False
        for column, value in (("starts_on", starts_on), ("ends_on", ends_on)):
            if value != getattr(post, column):
                one.changes.append((post.pk, ("membership", column, getattr(post, column), value)))
                setattr(post, column, value)
        return True

    def _claims(self, one: Known, entry: Entry, unit_id: int) -> bool:
        if one.lists_no_accounts:
            return False
        new = [identity for identity in entry.handles if (identity.platform, identity.key) not in one.accounts]
        if one.refused:
            new = [identity for identity in new if leaving.refusal(identity.platform, identity.key) not in one.refused]
        one.accounts |= {(identity.platform, identity.key) for identity in new}
        one.claims += [(unit_id, identity) for identity in new]
        return bool(new)


def _later_wins(one: Known, before: date | None, after: date | None) -> date | None:
    """A list changes a day, but of several rows of one list the first that says it decides."""
    return after if after and (not one.seen or before is None) else before


def _says_more(new: str, old: str) -> bool:
    """Whether a spelling is worth a change: other titles or words, or small letters where there were capitals only."""
    return new.casefold() != old.casefold() or (old.isupper() and not new.isupper())


def _has(one: Known, unit_id: int, titles: set[str]) -> bool:
    return any(post.unit_id == unit_id and post.title.casefold() in titles for post in one.posts)


def _doubt(entry: Entry, doubt: Doubt) -> str:
    likely = ", ".join(f"{found.name} ({score:.0%})" for found, score in doubt.suggestions[:2])
    if likely:
        return _("Which unit is “%(text)s”? Perhaps %(units)s.") % {"text": entry.place.said, "units": likely}
    return _("Which unit is “%(text)s”? None is called like this.") % {"text": entry.place.said}


def _withdrawn(found: Sequence[tuple[Row, int]]) -> set[int]:
    """Return which rows (by `id`) speak of somebody who left for good."""
    entries = [(row.clean.phone, row.clean.email, row.clean.key, unit_id) for row, unit_id in found]
    digests = leaving.digests_of_many(entries)
    left = leaving.known({digest for one in digests for digest in one})
    return {id(row) for (row, _unit_id), one in zip(found, digests, strict=True) if left.intersection(one)}


def _known(ids: set[int], seen: Seen, *, lock: bool) -> list[Known]:
    """Return people with their positions, accounts and what they refused: five queries.

    Race: somebody confirms or corrects their record while a list is brought in; locked, their own word is the later.
    """
    wanted = [*ids]
    people = {row[-1]: Known(*row) for row in selected(PEOPLE + ("FOR UPDATE" if lock else ""), wanted)}
    for person_id, *post in selected(POSTS, wanted):
        people[person_id].posts.append(Post(*post))
    for owner_id, platform, identity in selected(OWN, wanted):
        people[owner_id].accounts.add((platform, identity))
    for owner_id, refused in leaving.refused_by(wanted).items():
        people[owner_id].refused = refused
    for owner_id in leaving.ended_listing(wanted):
        people[owner_id].lists_no_accounts = True
    for pk, one in people.items():
        one.seen = pk in seen
    return list(people.values())


def verdict(decision: Decision, finder: Finder) -> Verdict:
    """Return what the preview tells about a decision."""
    remarks = " ".join(decision.row.clean.remarks)
    note = f"{decision.note} {remarks}".strip()
    meant, score = _meant(decision.answer)
    if meant is None:
        return Verdict(decision.outcome, note)
    return Verdict(decision.outcome, note, meant.name, ", ".join(finder.within(meant.unit_id)), score)


def _meant(answer: object) -> tuple[Found | None, float | None]:
    """Return the unit, or the likeliest one with its likeness; none where there is none."""
    if isinstance(answer, Doubt) and answer.suggestions:
        return answer.suggestions[0]
    return (answer, None) if isinstance(answer, Found) else (None, None)
