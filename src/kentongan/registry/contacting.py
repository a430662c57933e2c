"""What is noted about a contact: one reading of it for screens, lists, the API and the command line."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext_lazy as _

from kentongan.channels import addresses
from kentongan.channels.addresses import Identity
from kentongan.core.errors import Invalid, Text
from kentongan.registry import coverage, names
from kentongan.registry.dialling import e164
from kentongan.registry.models import Contact

NAME_CHARS, TOPIC_CHARS, NOTES_CHARS, BASIS_CHARS = 200, 40, 2000, 200
MOST_TOPICS, MOST_AREAS, MOST_ACCOUNTS = 12, 20, 20


@dataclass(frozen=True, slots=True)
class Values:
    """A contact as it is written down: the person's part, the contact's part, and their public accounts."""

    person: dict[str, Any]
    contact: dict[str, Any]
    accounts: tuple[Identity, ...] = ()


@dataclass(slots=True)
class _Faults:
    found: dict[str, list[Text]] = field(default_factory=dict)

    def add(self, name: str, text: Text) -> None:
        self.found.setdefault(name, []).append(text)

    def take(self, name: str, error: Invalid) -> None:
        self.found.setdefault(name, []).extend(next(iter(error.fields.values()), [error.message]))


def topics(given: Iterable[str]) -> list[str]:
    """Return topics in small letters, each once, in the order in which they were said."""
    return list(dict.fromkeys(topic for text in given if (topic := " ".join(text.casefold().split()))))


def clean(given: Mapping[str, Any], near: str = "") -> Values:
    """Return what is noted about a contact; raises Invalid with every fault at its field.

    `given` has full_name, kind, organisation, topics, areas, phone, email, notes, source, basis; topics, areas and
    accounts are lists of texts as people write them, an account also (text, platform). `near` is the area code in which
    the name of an area is looked for first.
    """
    faults = _Faults()
    values = Values(_person(given, faults), _contact(given, near, faults), _accounts(given.get("accounts", ()), faults))
    if given.get("source") == Contact.Source.PUBLISHED and "http" not in values.person["basis"]:
        faults.add("basis", _("Give the address of the page on which they publish it."))
    if faults.found:
        raise Invalid(fields=faults.found)
    return values


def _person(given: Mapping[str, Any], faults: _Faults) -> dict[str, Any]:
    name, basis = names.shown(given.get("full_name", "")), " ".join(given.get("basis", "").split())
    if not 0 < len(name) <= NAME_CHARS:
        faults.add("full_name", _("A name has 1 to %(most)s characters.") % {"most": NAME_CHARS})
    if not 0 < len(basis) <= BASIS_CHARS:
        faults.add("basis", _("Say where you have this from: a page, a meeting, a list, with its date."))
    phone, email = "", given.get("email", "").strip().lower()
    try:
        phone = e164(given.get("phone", ""))
    except Invalid as error:
        faults.take("phone", error)
    try:
        if email:
            validate_email(email)
    except ValidationError:
        faults.add("email", _("This is not an e-mail address."))
    return {"full_name": name, "phone": phone, "email": email, "basis": basis}


def _contact(given: Mapping[str, Any], near: str, faults: _Faults) -> dict[str, Any]:
    kind, source = given.get("kind", ""), given.get("source", "")
    organisation, notes = names.shown(given.get("organisation", "")), given.get("notes", "").strip()
    if kind not in Contact.Kind.values:
        faults.add("kind", _("Choose one of the kinds on the list."))
    if source not in Contact.Source.values:
        faults.add("source", _("Say where you have this from."))
    if len(organisation) > NAME_CHARS:
        faults.add("organisation", _("At most %(most)s characters.") % {"most": NAME_CHARS})
    if len(notes) > NOTES_CHARS:
        faults.add("notes", _("At most %(most)s characters.") % {"most": NOTES_CHARS})
    return {
        "kind": kind,
        "source": source,
        "organisation": organisation,
        "notes": notes,
        "topics": _topics(given.get("topics", ()), faults),
        "areas": _areas(given.get("areas", ()), near, faults),
    }


def _topics(given: Sequence[str], faults: _Faults) -> list[str]:
    found = topics(given)
    if len(found) > MOST_TOPICS or any(len(one) > TOPIC_CHARS for one in found):
        faults.add(
            "topics",
            _("At most %(most)s topics of %(chars)s characters each.") % {"most": MOST_TOPICS, "chars": TOPIC_CHARS},
        )
    return found


def _areas(given: Sequence[str], near: str, faults: _Faults) -> list[str]:
    found: dict[str, None] = {}
    for text in given:
        try:
            found[coverage.read(text, near)] = None
        except Invalid as error:
            faults.add("areas", error.message)
    if len(found) > MOST_AREAS:
        faults.add("areas", _("At most %(most)s areas; choose the one around them.") % {"most": MOST_AREAS})
    return list(found)


def _accounts(given: Sequence[str | tuple[str, str]], faults: _Faults) -> tuple[Identity, ...]:
    found: dict[tuple[str, str], Identity] = {}
    for one in given:
        text, platform = (one, "") if isinstance(one, str) else one
        try:
            identity = addresses.parse(text, platform)
        except addresses.Unreadable as error:
            faults.add("accounts", f"“{text[:60]}”: {error.message} {error.remedy}")
        else:
            found.setdefault((identity.platform, identity.key), identity)
    if len(found) > MOST_ACCOUNTS:
        faults.add("accounts", _("At most %(most)s accounts.") % {"most": MOST_ACCOUNTS})
    return tuple(found.values())
