"""What the outbox is told about people: how to reach them, and whether they agreed to that kind of message."""

from collections.abc import Collection, Mapping

from django.utils.translation import gettext_lazy as _

from kentongan.core.errors import Text
from kentongan.core.messages import Contact
from kentongan.registry.models import Consent, Person

# Messages that need a consent of their own; all others rest on the membership itself.
CONSENTS = {
    "missions.invitation": Consent.Purpose.MISSIONS,
    "gatherings.invitation": Consent.Purpose.GATHERINGS,
}


class PeopleDirectory:
    """The one implementation of `core.messages.Directory`."""

    def contacts(self, person_ids: Collection[int], purpose: str) -> Mapping[int, Contact]:
        """Return those who exist, with whether they agreed to messages of that purpose: at most two queries."""
        people = Person.objects.filter(pk__in=person_ids).only("full_name", "email", "phone", "state")
        wanted = CONSENTS.get(purpose)
        agreed = set(
            Consent.objects.filter(person__in=person_ids, purpose=wanted, revoked_at=None).values_list(
                "person_id", flat=True
            )
            if wanted
            else person_ids
        )
        return {person.pk: self._contact(person, person.pk in agreed) for person in people}

    def _contact(self, person: Person, agreed: bool) -> Contact:
        refusal: Text = ""
        if person.state == Person.State.WITHDRAWN:
            refusal = _("They withdrew from the registry.")
        elif not agreed:
            refusal = _("They have not agreed to messages of this kind.")
        return Contact(person.full_name, person.email, person.phone, refusal)
