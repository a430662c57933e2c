"""What people do about themselves: confirm, correct, agree, state accounts, withdraw. By link, or signed in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.registry import consents, forgetting, leaving, personal
from kentongan.registry.actions.invitations import note_answer
from kentongan.registry.actions.people import give_consent, home, rehome, revoke_consent
from kentongan.registry.dialling import e164
from kentongan.registry.models import Account, Consent, Grant, Membership, Person

LANGUAGES = ("id", "en")
NAMELESS = _("Withdrawn person")


def _own(actor: Actor) -> Person:
    """Return the actor's own record, locked; by link or signed in, never anybody else's."""
    people = Person.objects.select_for_update(of=("self",)).exclude(state=Person.State.WITHDRAWN)
    if actor.kind == "link" and actor.person_id is not None:
        person = people.filter(pk=actor.person_id).first()
    else:
        person = people.filter(user=actor.user_id).first() if actor.user_id is not None else None
    if person is None:
        raise NotFound(_("Nothing is kept about you here."))
    return person


@action("registry.own.confirm")
def confirm_self(actor: Actor) -> Person:
    """Say that the record is right; it is then no longer only an entry of a list."""
    person = _own(actor)
    before = audit.snapshot(person, "state")
    person.state = Person.State.CONFIRMED
    person.save(update_fields=["state"])
    note_answer(person.pk)
    audit.record(actor, person, before=before, after=audit.snapshot(person, "state"))
    return person


@action("registry.own.agree")
def agree(actor: Actor, purpose: str, *, digest: str) -> Consent:
    """Agree to one purpose; the text as it was shown is stored. `digest` says which text that was."""
    person = _own(actor)
    text = consents.agreed(purpose, digest)
    consent = give_consent(actor, person.pk, purpose, text=text, channel="link" if actor.kind == "link" else "page")
    note_answer(person.pk)
    return consent


@action("registry.own.end_consent")
def end_consent(actor: Actor, purpose: str) -> None:
    """End a consent; with that to list accounts the accounts leave the list."""
    person = _own(actor)
    if purpose not in Consent.Purpose.values:
        raise Invalid(fields={"purpose": [_("Choose one of the purposes on the list.")]})
    revoke_consent(actor, person.pk, purpose)
    if purpose == Consent.Purpose.ACCOUNTS:
        own = Account.objects.filter(person=person, kind=Account.Kind.ORGANIC)
        leaving.refuse(own)
        forgetting.erase_evidence([person.pk])
        own.delete()
    note_answer(person.pk)


@action("registry.own.correct")
def correct_self(actor: Actor, *, full_name: str, phone: str = "", email: str = "") -> Person:
    """Correct name, phone and e-mail; who does so has confirmed the record."""
    person = _own(actor)
    faults: dict[str, list[Any]] = {}
    name, address = " ".join(full_name.split())[:200], email.strip().lower()
    if not name:
        faults["full_name"] = [_("What is your name?")]
    try:
        if address:
            validate_email(address)
    except ValidationError:
        faults["email"] = [_("This is not an e-mail address.")]
    try:
        number = e164(phone)
    except Invalid as error:
        faults["phone"] = list(error.fields["phone"])
    if faults:
        raise Invalid(fields=faults)
    before = audit.snapshot(person, "full_name", "phone", "email")
    person.full_name, person.phone, person.email = name, number, address
    person.state = Person.State.CONFIRMED
    person.save(update_fields=["full_name", "name_key", "phone", "email", "state"])
    note_answer(person.pk)
    changed = [field for field, value in before.items() if value != getattr(person, field)]
    audit.record(actor, person, after={"corrected": changed})
    return person


@action("registry.own.language")
def choose_language(actor: Actor, language: str) -> Person:
    """Choose in which language the pages and messages are."""
    person = _own(actor)
    if language not in LANGUAGES:
        raise Invalid(fields={"language": [_("Choose one of the languages on the list.")]})
    person.language = language
    person.save(update_fields=["language"])
    audit.record(actor, person, after={"language": language})
    return person


@action("registry.own.deny_position")
def deny_position(actor: Actor, membership_id: Any, *, denied: bool = True) -> Membership:
    """Say that a position is not one's own, or take that back; the administrator of its unit sees it."""
    person = _own(actor)
    membership = Membership.objects.select_for_update().filter(pk=_number(membership_id), person=person).first()
    if membership is None:
        raise NotFound()
    membership.denied_at = clock.now() if denied else None
    membership.save(update_fields=["denied_at"])
    if denied:
        rehome(person, membership.unit_id)
    note_answer(person.pk)
    audit.record(actor, membership, after={"denied": denied})
    return membership


def _number(value: Any) -> int:
    text = str(value)
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 18 else 0


def _home(person: Person) -> int:
    """Return the unit whose administrators see the person's accounts."""
    unit_id = home(person)
    if unit_id is None:
        raise Conflict(
            _("You have no position at any unit, so nobody looks after your accounts."),
            remedy=_("Ask your unit to put you on its list."),
        )
    return unit_id


def _require_agreed(person: Person) -> None:
    if not Consent.objects.filter(person=person, purpose=Consent.Purpose.ACCOUNTS, revoked_at=None).exists():
        raise Conflict(
            _("Your accounts are listed only after you have agreed to that."),
            remedy=_("Agree first, under “What I agree to”."),
            code="consent_missing",
        )


@action("registry.own.declare")
def declare_own(actor: Actor, *, text: str, platform: str = "") -> Account:
    """State an own account, from whatever was pasted; raises Invalid with what it is instead."""
    person = _own(actor)
    _require_agreed(person)
    try:
        found = addresses.parse(text, platform)
    except addresses.Unreadable as error:
        raise Invalid(error.message, fields={"account": [f"{error.message} {error.remedy}"]}) from error
    official = Account.objects.filter(kind=Account.Kind.OFFICIAL, platform=found.platform, identity=found.key)
    if official.exclude(state__in=Account.GONE).exists():
        raise Conflict(
            _("This is an official account of the organisation."),
            remedy=_("State accounts of your own only; its administrators look after this one."),
        )
    values = {
        "unit_id": _home(person),
        "handle": found.shown,
        "form": found.form,
        "url": found.url,
        "state": Account.State.DECLARED,
    }
    lookup = {"person": person, "kind": Account.Kind.ORGANIC, "platform": found.platform, "identity": found.key}
    account, made = Account.objects.get_or_create(**lookup, defaults=values)
    leaving.allow(account)
    if not made and account.state == Account.State.CLAIMED:
        account.state = Account.State.DECLARED
        account.save(update_fields=["state"])
    note_answer(person.pk)
    audit.record(actor, account, after={"platform": account.platform, "state": account.state})
    return account


def _own_account(person: Person, account_id: Any) -> Account:
    rows = Account.objects.select_for_update().filter(kind=Account.Kind.ORGANIC, person=person)
    account = rows.filter(pk=_number(account_id)).first()
    if account is None:
        raise NotFound()
    return account


@action("registry.own.confirm_claim")
def confirm_claim(actor: Actor, account_id: Any) -> Account:
    """Say that an account from an imported list is one's own; from then on it is declared."""
    person = _own(actor)
    _require_agreed(person)
    account = _own_account(person, account_id)
    if account.state != Account.State.CLAIMED:
        raise Conflict(_("You have answered this already."))
    account.state = Account.State.DECLARED
    account.save(update_fields=["state"])
    note_answer(person.pk)
    audit.record(actor, account, before={"state": "claimed"}, after={"state": account.state})
    return account


@action("registry.own.remove_account")
def remove_own(actor: Actor, account_id: Any) -> None:
    """Take an own account, or a claim of a list, off the list; it is deleted, and no later list brings it back."""
    person = _own(actor)
    account = _own_account(person, account_id)
    note_answer(person.pk)
    audit.record(actor, account, before={"platform": account.platform, "state": account.state})
    leaving.refuse([account])
    forgetting.erase_evidence_of(Account.objects.filter(pk=account.pk))
    account.delete()


@action("registry.own.withdraw")
def withdraw(actor: Actor) -> None:
    """Leave completely: every room erases what it keeps, the record loses its name, nothing more is sent.

    What stays: the consents with their texts and times, the positions' number, and the audit log, without a name.
    """
    person = _own(actor)
    if person.user_id is not None and Grant.objects.filter(user=person.user_id).exists():
        raise Conflict(
            _("You hold a role in Kentongan."),
            remedy=_("Ask an administrator to take your role away first; then withdraw."),
        )
    nameless = Actor(actor.kind, str(NAMELESS), user_id=None, person_id=person.pk)
    for _name, keeper in personal.keepers():
        keeper.forget(nameless, person.pk)
    audit.record(nameless, Person.objects.get(pk=person.pk), after={"state": Person.State.WITHDRAWN})
