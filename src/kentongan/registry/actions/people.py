"""People, users, consents."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Invalid
from kentongan.core.models import User
from kentongan.core.permissions import Capability
from kentongan.registry import access, leaving
from kentongan.registry.dialling import e164
from kentongan.registry.models import Account, Consent, Contact, Membership, Person, Unit


@dataclass(frozen=True, slots=True)
class NewPerson:
    """A person to be made with one membership; `consents` maps a purpose to the text that was shown."""

    full_name: str
    unit_id: int
    title: str
    basis: str
    email: str = ""
    phone: str = ""
    language: str = "id"
    simulated: bool = False
    consents: dict[str, str] = field(default_factory=dict)


def _person(new: NewPerson) -> Person:
    state = Person.State.CONFIRMED if new.consents else Person.State.INVITED
    return Person(
        full_name=" ".join(new.full_name.split()),
        email=new.email.strip().lower(),
        phone=e164(new.phone),
        language=new.language,
        basis=new.basis,
        state=state,
        simulated=new.simulated,
    )


@action("registry.person.add")
def add_person(actor: Actor, new: NewPerson) -> Person:
    """Add one person with a membership; without a consent it is a minimal `invited` record."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=new.unit_id)
    if not new.full_name.strip() or not new.basis.strip():
        raise Invalid(fields={"full_name": [_("A name and the basis of the record are needed.")]})
    person = _person(new)
    person.save()
    Membership.objects.create(person=person, unit=unit, title=new.title)
    leaving.welcome_back(person)
    Consent.objects.bulk_create(_consents(person, new))
    audit.record(actor, person, unit_id=unit.pk, after={"title": new.title, "basis": new.basis, "state": person.state})
    return person


def _consents(person: Person, new: NewPerson) -> list[Consent]:
    moment = clock.now()
    return [
        Consent(person=person, purpose=purpose, text=text, channel="form", given_at=moment)
        for purpose, text in new.consents.items()
    ]


@action("registry.person.load", may_do_nothing=True)
def add_people(actor: Actor, people: Sequence[NewPerson]) -> int:
    """Add many people at once, set-based; every unit must be one the actor administers. Returns how many."""
    access.require_all(actor, {new.unit_id for new in people})
    made = Person.objects.bulk_create([_person(new) for new in people], batch_size=2000)
    pairs = list(zip(made, people, strict=True))
    Membership.objects.bulk_create(
        [Membership(person=person, unit_id=new.unit_id, title=new.title) for person, new in pairs], batch_size=2000
    )
    Consent.objects.bulk_create(
        [consent for person, new in pairs for consent in _consents(person, new)], batch_size=2000
    )
    if made:
        root = Unit.objects.get(parent=None)
        audit.record(actor, root, unit_id=root.pk, after={"people_added": len(made)})
    return len(made)


@action("registry.person.export")
def record_export(actor: Actor, unit_id: int, count: int, capability: Capability = Capability.ADMINISTER) -> None:
    """Write down that a list of people leaves the system (UU 27/2022, art. 31), by whom and how many."""
    unit = access.get_unit(actor, capability, pk=unit_id)
    audit.record(actor, unit, unit_id=unit.pk, after={"people": count})


@action("registry.user.add")
def add_user(
    actor: Actor, unit_id: int, *, email: str, name: str, password: str | None = None, title: str = "", basis: str = ""
) -> User:
    """Make a sign-in for a colleague of that unit, and their person record; without a password they enter by code."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    address = email.strip().lower()
    if "@" not in address:
        raise Invalid(fields={"email": [_("This is not an e-mail address.")]})
    if User.objects.filter(email__iexact=address).exists():
        raise Invalid(fields={"email": [_("Somebody with this address can sign in already.")]})
    user = User.objects.create_user(address, password, name=name.strip() or address, timezone=unit.timezone)
    person = Person.objects.create(
        full_name=user.name,
        email=address,
        user=user,
        state=Person.State.CONFIRMED,
        basis=basis or str(_("Made by an administrator")),
    )
    Membership.objects.create(person=person, unit=unit, title=title or str(_("Staff")))
    audit.record(actor, user, unit_id=unit.pk, after={"email": address, "name": user.name, "unit": unit.code})
    return user


def _person_for(actor: Actor, person_id: int) -> Person:
    """The person themselves (by link or signed in), or somebody whom an administrator of their unit may change."""
    people = Person.objects.select_for_update(of=("self",))
    own = people.filter(pk=person_id)
    if actor.kind == "link" and actor.person_id == person_id and own.exists():
        return own.get()
    if actor.user_id is not None and own.filter(user_id=actor.user_id).exists():
        return own.get()
    contact = access.scope(Contact.objects.all(), actor, Capability.ADMINISTER).filter(person=person_id)
    if contact.exists():
        return own.get()
    visible = access.get(Membership.objects.select_related("person"), actor, Capability.ADMINISTER, person_id=person_id)
    return visible.person


@action("registry.consent.give")
def give_consent(actor: Actor, person_id: int, purpose: str, *, text: str, channel: str) -> Consent:
    """Record a consent with the text that was shown; a live one for the purpose is kept."""
    person = _person_for(actor, person_id)
    if purpose not in Consent.Purpose.values:
        raise Invalid(fields={"purpose": [_("Choose one of the purposes on the list.")]})
    consent, _made = Consent.objects.get_or_create(
        person=person,
        purpose=purpose,
        revoked_at=None,
        defaults={"text": text, "channel": channel, "given_at": clock.now()},
    )
    if person.state == Person.State.INVITED:
        person.state = Person.State.CONFIRMED
        person.save(update_fields=["state"])
    audit.record(actor, consent, after={"purpose": purpose, "channel": channel})
    return consent


@action("registry.consent.revoke")
def revoke_consent(actor: Actor, person_id: int, purpose: str) -> None:
    """End the live consent for a purpose; the row stays as the proof that it was given and revoked."""
    person = _person_for(actor, person_id)
    Consent.objects.filter(person=person, purpose=purpose, revoked_at=None).update(revoked_at=clock.now())
    audit.record(actor, person, after={"revoked": purpose})


def home(person: Person, besides: int = 0) -> int | None:
    """Return the unit whose administrators see a person's own accounts, None where there is none (left)."""
    today = clock.now().date()
    mine = Membership.objects.filter(person=person, denied_at=None).exclude(unit=besides).order_by("pk")
    running = mine.exclude(ends_on__lt=today).first() or mine.first()
    if running:
        return running.unit_id
    return Contact.objects.filter(person=person).values_list("unit_id", flat=True).first()


def rehome(person: Person, left_id: int) -> None:
    """Let the own accounts of somebody who leaves a unit be seen at another one of theirs; part of that action."""
    today = clock.now().date()
    still = Membership.objects.filter(person=person, unit=left_id, denied_at=None).exclude(ends_on__lte=today)
    target = None if still.exists() else home(person, besides=left_id)
    if target is not None:
        Account.objects.filter(person=person, kind=Account.Kind.ORGANIC, unit=left_id).update(unit=target)
