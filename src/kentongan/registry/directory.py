"""What the outbox is told about people: how to reach them, and whether they agreed to that kind of message."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Text
from kentongan.core.messages import Contact
from kentongan.registry.models import Consent, Person

# Messages that need a consent of their own; all others rest on the membership itself, or on a contact's own word.
CONSENTS = {
    "missions.invitation": Consent.Purpose.MISSIONS,
    "gatherings.invitation": Consent.Purpose.GATHERINGS,
}


# What still reaches somebody who ended the consent to be contacted: the way to their own data.
STILL = frozenset({"", "registry.invitation"})


def _strangers(person_ids: Collection[int]) -> set[int]:
    """Return contacts outside the tree who have not agreed to be contacted: for them nothing rests on a membership."""
    theirs = Person.objects.filter(pk__in=person_ids, contact__isnull=False)
    live = Consent.objects.filter(person__in=person_ids, purpose=Consent.Purpose.CONTACT, revoked_at=None)
    return set(theirs.exclude(pk__in=live.values("person")).values_list("pk", flat=True))


def _ended(person_ids: Collection[int]) -> set[int]:
    """Return who had agreed to be contacted and ended that."""
    theirs = Consent.objects.filter(person__in=person_ids, purpose=Consent.Purpose.CONTACT)
    live = theirs.filter(revoked_at=None).values("person")
    return set(theirs.exclude(person__in=live).values_list("person_id", flat=True))


def person_names(ids: Collection[str]) -> dict[str, str]:
    """Return how people are called now, by their numbers as text: for those who read the audit log."""
    return {str(pk): name for pk, name in Person.objects.filter(pk__in=ids).values_list("pk", "full_name")}


class PeopleDirectory:
    """The one implementation of `core.messages.Directory`."""

    def contacts(self, person_ids: Collection[int], purpose: str) -> Mapping[int, Contact]:
        """Return those who exist, with whether they agreed to messages of that purpose: at most four queries."""
        people = Person.objects.filter(pk__in=person_ids).only("full_name", "email", "phone", "state")
        ended = _ended(person_ids) if purpose not in STILL else set()
        wanted = CONSENTS.get(purpose)
        agreed = set(
            Consent.objects.filter(person__in=person_ids, purpose=wanted, revoked_at=None).values_list(
                "person_id", flat=True
            )
            if wanted
            else person_ids
        )
        if wanted is None and purpose not in STILL:
            agreed -= _strangers(person_ids)
        return {person.pk: self._contact(person, person.pk in agreed, person.pk in ended) for person in people}

    def _contact(self, person: Person, agreed: bool, ended: bool) -> Contact:
        refusal: Text = ""
        if person.state == Person.State.WITHDRAWN:
            refusal = _("They withdrew from the registry.")
        elif ended:
            refusal = _("They ended their consent to be contacted.")
        elif not agreed:
            refusal = _("They have not agreed to messages of this kind.")
        return Contact(person.full_name, person.email, person.phone, refusal)
