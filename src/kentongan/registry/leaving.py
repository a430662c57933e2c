"""How a list is told that somebody left for good, without keeping who that was."""

from collections.abc import Iterable

from kentongan.core.secrets import keyed_hash
from kentongan.registry.models import Person, Withdrawal


def digests(*, phone: str = "", email: str = "", key: str = "", units: Iterable[int] = ()) -> set[str]:
    """Return the hashes by which somebody could come in again: phone, e-mail, and the key of their name at a unit."""
    said = {f"phone:{phone}"} if phone else set()
    said |= {f"email:{email.lower()}"} if email else set()
    said |= {f"name:{unit}:{key}" for unit in units} if key else set()
    return {keyed_hash("withdrawal", text) for text in said}


def of(person: Person) -> set[str]:
    """Return the hashes of somebody who is there."""
    units = person.memberships.values_list("unit_id", flat=True)
    return digests(phone=person.phone, email=person.email, key=person.name_key, units=units)


def remember(person: Person) -> None:
    """Keep what the next list has to know; part of the action by which they withdraw."""
    Withdrawal.objects.bulk_create([Withdrawal(digest=one) for one in of(person)], ignore_conflicts=True)


def welcome_back(person: Person) -> None:
    """Forget it: somebody put them on the list again by hand, at their wish; part of that action."""
    Withdrawal.objects.filter(digest__in=of(person)).delete()


def known(wanted: set[str]) -> set[str]:
    """Return which of these hashes belong to somebody who withdrew."""
    return set(Withdrawal.objects.filter(digest__in=wanted).values_list("digest", flat=True))
