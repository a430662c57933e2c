"""How a list is told that somebody left for good, without keeping who that was."""

from collections.abc import Collection, Iterable

from django.utils.translation import gettext_lazy as _

from kentongan.core import messages
from kentongan.core.copying import selected
from kentongan.core.errors import Invalid
from kentongan.core.secrets import keyed_hash, keyed_hasher
from kentongan.registry import names
from kentongan.registry.models import Account, Contact, Person, RefusedAccount, Withdrawal

PURPOSE = "withdrawal"
LEFT = _("Somebody with this phone, e-mail, account or name had themselves removed here.")
REFUSED = "SELECT person_id, digest FROM registry_refusedaccount WHERE person_id = ANY(%s)"

ENDED = """
SELECT person_id FROM registry_consent WHERE purpose = 'accounts' AND person_id = ANY(%s)
GROUP BY person_id HAVING bool_and(revoked_at IS NOT NULL)
"""


def digests(
    *,
    phone: str = "",
    email: str = "",
    key: str = "",
    units: Iterable[int] = (),
    accounts: Iterable[tuple[str, str]] = (),
) -> set[str]:
    """Return the hashes by which somebody could come in again: phone, e-mail, the key of their name at a unit, and
    their accounts as (platform, identity)."""
    stated = [f"account:{platform}:{identity}" for platform, identity in accounts]
    return set(map(keyed_hasher(PURPOSE), [*_said(phone, email, key, units), *stated]))


def digests_of_many(rows: Iterable[tuple[str, str, str, int]]) -> list[tuple[str, ...]]:
    """Return the hashes of each row of a list: (phone, e-mail, key of the name, unit)."""
    hashed = keyed_hasher(PURPOSE)
    return [tuple(map(hashed, _said(phone, email, key, (unit,)))) for phone, email, key, unit in rows]


def _said(phone: str, email: str, key: str, units: Iterable[int]) -> list[str]:
    said = [f"phone:{phone}"] if phone else []
    said += [f"email:{email.lower()}"] if email else []
    return said + [f"name:{unit}:{key}" for unit in units] if key else said


def refusal(platform: str, identity: str) -> str:
    """Return the hash by which an account is known that somebody took off the list; no list brings it back."""
    return keyed_hash(PURPOSE, f"account:{platform}:{identity}")


def refuse(accounts: Iterable[Account]) -> None:
    """Keep that these own accounts were taken off the list; part of the action that does so."""
    made = [
        RefusedAccount(person_id=one.person_id, digest=refusal(one.platform, one.identity))
        for one in accounts
        if one.person_id is not None
    ]
    RefusedAccount.objects.bulk_create(made, ignore_conflicts=True)


def refused_by(person_ids: Collection[int]) -> dict[int, set[str]]:
    """Return by person the hashes of the accounts that they took off the list."""
    found: dict[int, set[str]] = {}
    for person_id, digest in selected(REFUSED, list(person_ids)):
        found.setdefault(person_id, set()).add(digest)
    return found


def ended_listing(person_ids: Collection[int]) -> set[int]:
    """Return who ended the consent to have accounts listed: then nobody states them any more."""
    return {person_id for (person_id,) in selected(ENDED, list(person_ids))}


def allow(account: Account) -> None:
    """Forget that: its owner states it themselves now; part of that action."""
    digest = refusal(account.platform, account.identity)
    RefusedAccount.objects.filter(person=account.person_id, digest=digest).delete()


def of(person: Person) -> set[str]:
    """Return the hashes of somebody who is there."""
    keeping = Contact.objects.filter(person=person).values_list("unit_id", flat=True)
    return digests(
        phone=person.phone,
        email=person.email,
        key=person.name_key,
        units=[*person.memberships.values_list("unit_id", flat=True), *keeping],
        accounts=person.accounts.values_list("platform", "identity"),
    )


def remember(person: Person) -> None:
    """Keep what the next list has to know; part of the action by which they withdraw."""
    Withdrawal.objects.bulk_create([Withdrawal(digest=one) for one in of(person)], ignore_conflicts=True)


def welcome_back(person: Person, *, asked: bool = False) -> None:
    """Forget it: somebody put them on the list again by hand; part of that action.

    Messages reach them again only where it is said that they `asked` for it themselves.
    """
    forgotten, _by_model = Withdrawal.objects.filter(digest__in=of(person)).delete()
    if forgotten and asked:
        messages.welcome_back([person.phone, person.email])


def require_welcome(
    person: Person, corrected: Person, *, units: Iterable[int], accounts: Iterable[tuple[str, str]] = ()
) -> None:
    """Raise Invalid where a correction would turn somebody into one who left: what it changes is looked at.

    `units` are those that keep them, `accounts` (platform, identity) are added by it.
    """
    corrected.name_key = names.key(corrected.full_name)
    changed = {
        name: getattr(corrected, name)
        for name in ("phone", "email", "name_key")
        if getattr(corrected, name) != getattr(person, name)
    }
    marks = digests(
        phone=changed.get("phone", ""),
        email=changed.get("email", ""),
        key=changed.get("name_key", ""),
        units=units,
        accounts=accounts,
    )
    if known(marks):
        raise Invalid(LEFT, remedy=_("Note them again only if they asked for it themselves."), code="left")


def known(wanted: Iterable[str]) -> set[str]:
    """Return which of these hashes belong to somebody who withdrew."""
    found = selected("SELECT digest FROM registry_withdrawal WHERE digest = ANY(%s)", list(wanted))
    return {digest for (digest,) in found}
