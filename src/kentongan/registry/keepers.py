"""What the registry and the outbox keep about a person, told to them and erased when they withdraw."""

from collections.abc import Mapping, Sequence
from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Model, Q
from django.utils.translation import gettext as _

from kentongan.core import audit, clock, ids, messages
from kentongan.core.actor import Actor
from kentongan.core.links import Revocation
from kentongan.core.models import User
from kentongan.registry import forgetting, joining, leaving
from kentongan.registry.models import (
    Account,
    Consent,
    Contact,
    Handover,
    KeptApart,
    Membership,
    Person,
    PersonInvitation,
)


def _values(row: Model, *names: str) -> dict[str, Any]:
    return audit.snapshot(row, *names)


class RegistryKeeper:
    """The record, positions, what is noted of a contact, consents, accounts and links."""

    def kept(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        """Return record, positions, notes, consents, accounts with their proofs, and links to this page."""
        person = Person.objects.get(pk=person_id)
        positions = person.memberships.select_related("unit")
        consents, accounts, links = person.consents.all(), person.accounts.all(), person.own_links.all()
        kept = Account.objects.filter(Q(custodian=person) | Q(deputy_custodian=person)).select_related("unit")
        handed = Handover.objects.filter(Q(giver=person) | Q(receiver=person)).select_related("account")
        contacts = Contact.objects.filter(person=person).select_related("unit")
        noted = ("kind", "organisation", "topics", "areas", "notes", "source")
        shown = ("platform", "handle", "url", "state", "proof", "proven_at", "last_posted_at", "created_at")
        times = ("channel", "created_at", "expires_at", "bound_at", "answered_at", "revoked_at")
        return [
            _values(person, "full_name", "email", "phone", "state", "basis", "language", "created_at"),
            *(
                {"unit": one.unit.name} | _values(one, "title", "starts_on", "ends_on", "denied_at")
                for one in positions
            ),
            *({"unit": one.unit.name} | _values(one, *noted) for one in contacts),
            *(_values(one, "purpose", "text", "channel", "given_at", "revoked_at") for one in consents),
            *(_values(one, *shown) for one in accounts),
            *(_values(one, *times) for one in links),
            *({"keeps": str(one), "unit": one.unit.name} for one in kept),
            *({"handover": str(one.account)} | _values(one, "reason", "due_on", "done_at") for one in handed),
        ]

    def join(self, gone_id: int, keep_id: int) -> None:
        """Join accounts, consents, links, seats and handovers."""
        people = Person.objects.in_bulk([gone_id, keep_id])
        joining.join(people[gone_id], people[keep_id])

    def forget(self, actor: Actor, person_id: int) -> None:
        """Delete accounts with their evidence, positions and notes, end consents and links, take the name away."""
        person = Person.objects.select_related("user").get(pk=person_id)
        now = clock.now()
        leaving.remember(person)
        forgetting.let_go(person)
        Account.objects.filter(person=person).delete()
        person.refused_accounts.all().delete()
        waiting = Handover.objects.filter(done_at=None, cancelled_at=None)
        waiting.filter(giver=person).update(cancelled_at=now)
        waiting.filter(receiver=person).update(receiver=None)
        KeptApart.objects.filter(Q(one=person) | Q(other=person)).delete()
        Account.objects.filter(custodian=person).update(custodian=None)
        Account.objects.filter(deputy_custodian=person).update(deputy_custodian=None)
        Consent.objects.filter(person=person, revoked_at=None).update(revoked_at=now)
        Membership.objects.filter(person=person).delete()
        Contact.objects.filter(person=person).delete()
        live = PersonInvitation.objects.filter(person=person, revoked_at=None)
        live.update(revoked_at=now, revoked_for=Revocation.WITHDRAWN)
        if person.user is not None:
            _close(person.user)
        person.full_name, person.email, person.phone = _("Withdrawn person"), "", ""
        person.basis = _("Withdrawn at their own wish")
        person.state, person.user = Person.State.WITHDRAWN, None
        person.save()


def _close(user: User) -> None:
    """Take name and address of a sign-in away; it stays as what others' work refers to."""
    user.is_active, user.name, user.email = False, _("Withdrawn person"), f"{ids.public_id()}@withdrawn.invalid"
    user.save(update_fields=["is_active", "name", "email"])
    EmailAddress.objects.filter(user=user).delete()


class OutboxKeeper:
    """Messages."""

    def kept(self, person_id: int) -> Sequence[Mapping[str, Any]]:
        """Return each message with its text and what became of it."""
        rows = messages.Message.objects.filter(person_id=person_id).order_by("pk")
        return [_values(one, "channel", "purpose", "subject", "body", "state", "sent_at", "opened_at") for one in rows]

    def join(self, gone_id: int, keep_id: int) -> None:
        """Hand the messages on."""
        messages.hand_on(gone_id, keep_id)

    def forget(self, actor: Actor, person_id: int) -> None:
        """Hold back what waits, blank what was sent, and never write to the address again."""
        messages.forget(actor, person_id)
