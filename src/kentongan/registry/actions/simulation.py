"""People and accounts of a simulated organisation, as many as a country has."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.copying import copy, gather_index_entries, next_ids
from kentongan.core.errors import Conflict
from kentongan.core.models import User
from kentongan.registry import access
from kentongan.registry.models import Account, Consent, Grant, Letter, Membership, Organisation, Person, Unit

USER = ("email", "name", "password", "timezone")
PERSON = ("full_name", "name_key", "email", "phone", "state", "basis", "created_at")
MEMBERSHIP = ("unit", "title", "starts_on")
CONSENT = ("purpose", "text", "channel", "given_at", "revoked_at")
LETTER = ("unit", "number", "dated", "about")
ACCOUNT = (
    "unit",
    "kind",
    "platform",
    "handle",
    "identity",
    "form",
    "display_name",
    "url",
    "state",
    "proof",
    "proven_at",
    "last_posted_at",
)
Row = tuple[Any, ...]


@dataclass(slots=True)
class Simulated:
    """Rows of a batch, values in the order of the constants above; rows of others are named by their place here.

    `people` are (user's place or None, values); `memberships` and `consents` (person's place, values); `accounts`
    (owner's, letter's, custodian's and deputy's place or None, values); `grants` (user's place, unit, role).
    """

    users: list[Row] = field(default_factory=list)
    people: list[tuple[int | None, Row]] = field(default_factory=list)
    memberships: list[tuple[int, Row]] = field(default_factory=list)
    consents: list[tuple[int, Row]] = field(default_factory=list)
    letters: list[Row] = field(default_factory=list)
    accounts: list[tuple[int | None, int | None, int | None, int | None, Row]] = field(default_factory=list)
    grants: list[Row] = field(default_factory=list)

    def units(self) -> set[int]:
        """Return the units in which anything of the batch lies."""
        placed = (values[0] for _person, values in self.memberships)
        return {*placed, *(row[0] for row in self.letters), *(row[-1][0] for row in self.accounts)} | {
            row[1] for row in self.grants
        }


@action("registry.simulation.load")
def add_simulated(actor: Actor, batch: Simulated) -> None:
    """Write a batch of invented people and accounts, by COPY; only where the whole organisation is a simulation."""
    organisation = Organisation.objects.first()
    if organisation is None or not organisation.simulated:
        raise Conflict(_("Invented people are only for an organisation that is a simulation itself."))
    access.require_all(actor, batch.units())
    gather_index_entries()
    users, people, letters = _people(batch)
    _accounts(batch, people, letters)
    copy(Grant, ("user", "unit", "role"), [(users[user], *rest) for user, *rest in batch.grants])
    root = Unit.objects.get(parent=None)
    audit.record(
        actor,
        root,
        unit_id=root.pk,
        after={"units": len(batch.units()), "people": len(people), "accounts": len(batch.accounts)},
    )


def _people(batch: Simulated) -> tuple[list[int], list[int], list[int]]:
    users = _numbered(User, USER, batch.users)
    people = _numbered(
        Person,
        ("user", *PERSON, "simulated"),
        [(None if user is None else users[user], *values, True) for user, values in batch.people],
    )
    copy(Membership, ("person", *MEMBERSHIP), [(people[person], *values) for person, values in batch.memberships])
    copy(Consent, ("person", *CONSENT), [(people[person], *values) for person, values in batch.consents])
    return users, people, _numbered(Letter, LETTER, batch.letters)


def _numbered(model: type[User | Person | Letter], names: Sequence[str], rows: Sequence[Row]) -> list[int]:
    """Write rows that others refer to; returns their numbers."""
    ids = next_ids(model, len(rows))
    copy(model, ("id", *names), ((number, *row) for number, row in zip(ids, rows, strict=True)))
    return ids


def _accounts(batch: Simulated, people: list[int], letters: list[int]) -> None:
    def known(place: int | None, ids: list[int]) -> int | None:
        return None if place is None else ids[place]

    copy(
        Account,
        ("person", "letter", "custodian", "deputy_custodian", *ACCOUNT),
        (
            (known(owner, people), known(letter, letters), known(first, people), known(second, people), *values)
            for owner, letter, first, second, values in sorted(batch.accounts, key=_identity)
        ),
    )


def _identity(account: tuple[Any, ...]) -> tuple[str, str]:
    """Platform and identity: in their order the rows fall on fewer pages of the indexes."""
    values = account[-1]
    return values[2], values[4]
