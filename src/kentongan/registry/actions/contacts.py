"""Contacts outside the tree: added, corrected, their public accounts stated, invited, merged, kept apart, removed."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid, NotFound
from kentongan.core.permissions import Capability
from kentongan.registry import access, contacting, forgetting, leaving, names
from kentongan.registry.actions.invitations import Invited, note_answer, send, take_along, unreachable
from kentongan.registry.actions.keeping import Merged, join
from kentongan.registry.actions.own import correct_self
from kentongan.registry.contacting import Values
from kentongan.registry.models import Account, Consent, Contact, KeptApart, Person, PersonInvitation, Unit

INVITED_AT_ONCE = 1000
# By channel (empty: whichever reaches them), what those have whom it does not reach.
UNREACHED = {
    "": {"person__phone": "", "person__email": ""},
    "link": {"person__phone": ""},
    "email": {"person__email": ""},
}
PERSON = ("full_name", "phone", "email", "basis")
NOTED = ("kind", "organisation", "topics", "areas", "notes", "source")


def working_unit(actor: Actor, unit_id: int) -> Unit:
    """Return a unit that works and that the actor administers; raises Conflict for a closed one."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if unit.closed_at:
        raise Conflict(_("This unit is closed."), remedy=_("Choose a unit that works."))
    return unit


@action("registry.contact.add")
def add_contact(actor: Actor, unit_id: int, given: Mapping[str, Any], *, asked_back: bool = False) -> Contact:
    """Note somebody outside the tree, as `contacting.clean` reads it; a minimal `invited` record until they confirm it.

    Who withdrew before is refused unless they `asked_back` themselves.
    """
    unit = working_unit(actor, unit_id)
    values = contacting.clean(given, unit.area_code)
    person = Person(**values.person, language=given.get("language", "id"))
    _welcome(person, unit, values, asked_back=asked_back)
    person.save()
    contact = Contact.objects.create(person=person, unit=unit, **values.contact)
    for identity in values.accounts:
        _claim(contact, identity)
    if asked_back:
        leaving.welcome_back(person, asked=True)
    after = audit.snapshot(contact, "kind", "organisation", "source") | audit.snapshot(person, "basis", "state")
    audit.record(actor, contact, unit_id=unit.pk, after=after | {"accounts": len(values.accounts)})
    return contact


def _welcome(person: Person, unit: Unit, values: Values, *, asked_back: bool) -> None:
    """Raise unless the person never left, or asked to be kept again."""
    person.name_key = names.key(person.full_name)
    marks = leaving.digests(
        phone=person.phone,
        email=person.email,
        key=person.name_key,
        units=[unit.pk],
        accounts=[(one.platform, one.key) for one in values.accounts],
    )
    if not asked_back and leaving.known(marks):
        raise Invalid(
            leaving.LEFT,
            fields={"asked_back": [_("Note them again only if they asked for it themselves.")]},
            code="left",
        )


def _still_welcome(contact: Contact, values: Values) -> None:
    """Raise where a correction would turn the contact into somebody who left: what it changes is looked at."""
    there = set(contact.person.accounts.values_list("platform", "identity"))
    added = {(one.platform, one.key) for one in values.accounts} - there
    leaving.require_welcome(contact.person, Person(**values.person), units=[contact.unit_id], accounts=added)


def _written(contact: Contact) -> dict[str, Any]:
    return audit.snapshot(contact.person, *PERSON) | audit.snapshot(contact, *NOTED)


def _claim(contact: Contact, identity: Any) -> Account | None:
    """Note a public account of a contact as stated; None where it is there already."""
    official = Account.objects.filter(
        kind=Account.Kind.OFFICIAL, platform=identity.platform, identity=identity.key
    ).exclude(state__in=Account.GONE)
    if official.exists():
        raise Invalid(fields={"accounts": [_("%(name)s is an official account of yours.") % {"name": identity.shown}]})
    digest = leaving.refusal(identity.platform, identity.key)
    if contact.person.refused_accounts.filter(digest=digest).exists():
        raise Invalid(fields={"accounts": [_("They took %(name)s off their list.") % {"name": identity.shown}]})
    account, made = Account.objects.get_or_create(
        person=contact.person,
        kind=Account.Kind.ORGANIC,
        platform=identity.platform,
        identity=identity.key,
        defaults={
            "unit_id": contact.unit_id,
            "handle": identity.shown,
            "form": identity.form,
            "url": identity.url,
            "state": Account.State.CLAIMED,
        },
    )
    return account if made else None


@action("registry.contact.correct")
def correct_contact(actor: Actor, contact_id: int, given: Mapping[str, Any]) -> Contact:
    """Correct what is noted; `given` holds all of it, as `contacting.clean` reads it. Accounts in it are added."""
    contact = access.get_contact(actor, contact_id, lock=True)
    values = contacting.clean(given, contact.unit.area_code)
    before = _written(contact)
    _still_welcome(contact, values)
    _put(contact, values)
    added = [one for identity in values.accounts if _may_state(contact) and (one := _claim(contact, identity))]
    audit.record(actor, contact, before=before, after={**_written(contact), "accounts_added": len(added)})
    return contact


def _put(contact: Contact, values: Values) -> None:
    for row, fields in ((contact.person, values.person), (contact, values.contact)):
        for name, value in fields.items():
            setattr(row, name, value)
        row.save()


def _may_state(contact: Contact) -> bool:
    """Raise where the contact ended the consent to have accounts listed: then nobody states them any more."""
    theirs = Consent.objects.filter(person=contact.person, purpose=Consent.Purpose.ACCOUNTS)
    if theirs.exists() and not theirs.filter(revoked_at=None).exists():
        raise Invalid(fields={"accounts": [_("They ended their consent to have their accounts listed.")]})
    return True


@action("registry.contact.drop_account")
def drop_contact_account(actor: Actor, contact_id: int, account_id: int) -> None:
    """Take a stated account off a contact's record; what they declared themselves only they take off."""
    contact = access.get_contact(actor, contact_id, lock=True)
    account = Account.objects.select_for_update().filter(person=contact.person, pk=account_id).first()
    if account is None:
        raise NotFound()
    if account.state != Account.State.CLAIMED:
        raise Conflict(
            _("They have declared this account themselves."), remedy=_("They take it off on their own page.")
        )
    audit.record(actor, contact, before={"platform": account.platform, "handle": account.handle})
    account.delete()


@action("registry.contact.hand_on")
def hand_contact_on(actor: Actor, contact_id: int, unit_id: int) -> Contact:
    """Let another unit keep a contact; the actor administers both."""
    contact = access.get_contact(actor, contact_id, lock=True)
    unit = working_unit(actor, unit_id)
    before = contact.unit
    if before.pk == unit.pk:
        raise Invalid(fields={"unit": [_("This unit keeps the contact already.")]})
    contact.unit = unit
    contact.save(update_fields=["unit"])
    Account.objects.filter(person=contact.person, kind=Account.Kind.ORGANIC).update(unit=unit)
    take_along(contact.person_id, unit.pk)
    audit.record(actor, contact, before={"unit": before.code}, after={"unit": unit.code})
    return contact


@action("registry.contact.invite")
def invite_contacts(
    actor: Actor, unit_id: int, contact_ids: Collection[int] | None = None, *, channel: str = ""
) -> Invited:
    """Invite contacts of a unit's subtree to their own page, by `email`, `link` or (empty) whichever reaches them.

    Without numbers those who have not confirmed and hold no link that opens, the first thousand; who cannot be
    reached is counted.
    """
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    rows = access.scope(Contact.objects.filter(unit__path__within=unit.path), actor, Capability.ADMINISTER)
    rows = rows.order_by("pk")
    if contact_ids is None:
        asked = PersonInvitation.objects.filter(revoked_at=None, expires_at__gt=clock.now()).values("person")
        rows = rows.filter(person__state=Person.State.INVITED).exclude(person__in=asked)
        # Whoever cannot be reached would fill the first thousand for ever.
        rows = rows.exclude(**UNREACHED.get(channel, UNREACHED[""]))
    else:
        rows = rows.filter(pk__in=contact_ids)
    found = list(rows.select_related("person").select_for_update(of=("self", "person"))[:INVITED_AT_ONCE])
    result = send(actor, [(one.person, one.unit_id) for one in found], channel)
    if not result.invited:
        raise unreachable()
    audit.record(actor, unit, unit_id=unit.pk, after=asdict(result) | {"channel": channel or "any"})
    return result


@action("registry.contact.remove")
def remove_contact(actor: Actor, contact_id: int) -> None:
    """Remove a contact with all that is kept about them."""
    contact = access.get_contact(actor, contact_id, lock=True)
    audit.record(actor, contact, before={"kind": contact.kind, "state": contact.person.state})
    messages.discard([contact.person_id])
    forgetting.let_go(contact.person)
    contact.person.delete()


def _pair(actor: Actor, one_id: int, other_id: int) -> tuple[Contact, Contact]:
    """Return both contacts, locked always in the same order: two merges of one pair would wait for each other."""
    low, high = (access.get_contact(actor, pk, lock=True) for pk in sorted((one_id, other_id)))
    if one_id == other_id:
        raise Invalid(fields={"other": [_("Choose another contact.")]})
    return (low, high) if low.pk == one_id else (high, low)


@action("registry.contact.merge")
def merge_contacts(actor: Actor, keep_id: int, gone_id: int) -> Merged:
    """Make one of two contacts: topics, areas, accounts, consents and what the first lacks come from the second."""
    keep, gone = _pair(actor, keep_id, gone_id)
    keep.organisation = keep.organisation or gone.organisation
    keep.topics = list(dict.fromkeys([*keep.topics, *gone.topics]))[: contacting.MOST_TOPICS]
    keep.areas = list(dict.fromkeys([*keep.areas, *gone.areas]))[: contacting.MOST_AREAS]
    keep.notes = "\n".join(dict.fromkeys(text for text in (keep.notes, gone.notes) if text))[: contacting.NOTES_CHARS]
    keep.save()
    before = _written(gone)
    moved = join(actor, keep.person, gone.person, keep.unit_id)
    Account.objects.filter(person=keep.person, kind=Account.Kind.ORGANIC).update(unit=keep.unit_id)
    take_along(keep.person_id, keep.unit_id)
    audit.record(actor, keep, before=before, after=_written(keep))
    return moved


@action("registry.contact.keep_apart", may_do_nothing=True)
def keep_contacts_apart(actor: Actor, one_id: int, other_id: int) -> KeptApart:
    """Remember that two contacts who look like one are two; they are not offered for merging any more."""
    pair = sorted(_pair(actor, one_id, other_id), key=lambda contact: contact.person_id)
    found, made = KeptApart.objects.get_or_create(one=pair[0].person, other=pair[1].person)
    if made:
        audit.record(actor, pair[0], after={"not": pair[1].pk})
    return found


@action("registry.contact.export")
def record_contact_export(actor: Actor, unit_id: int, count: int) -> None:
    """Write down that a list of contacts leaves the system (UU 27/2022, art. 31), by whom and how many."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    audit.record(actor, unit, unit_id=unit.pk, after={"contacts": count})


@action("registry.own.correct_contact")
def correct_own_contact(actor: Actor, given: Mapping[str, Any]) -> Contact:
    """Correct what is noted about oneself as a contact; who does so has confirmed the record."""
    # As whoever leaves: the person first, then the contact.
    Person.objects.select_for_update().filter(pk=actor.person_id or 0).values_list("pk", flat=True).first()
    mine = Contact.objects.select_related("person", "unit").select_for_update(of=("self",))
    contact = mine.filter(person=actor.person_id).first()
    if actor.kind != "link" or contact is None:
        raise NotFound()
    noted = {"kind": contact.kind, "source": contact.source, "basis": contact.person.basis}
    values = contacting.clean({**given, **noted}, contact.unit.area_code)
    person = {name: values.person[name] for name in ("full_name", "phone", "email")}
    contact.person = correct_self(actor, **person)
    before = audit.snapshot(contact, *NOTED)
    for name in ("organisation", "topics", "areas", "notes"):
        setattr(contact, name, values.contact[name])
    contact.save()
    note_answer(contact.person_id)
    changed = [name for name, value in before.items() if value != audit.snapshot(contact, name)[name]]
    audit.record(actor, contact, after={"corrected": changed})
    return contact
