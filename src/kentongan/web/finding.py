"""Finding things by a word, over the rooms, within what the actor sees."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Model, QuerySet
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kentongan.core.actor import Actor
from kentongan.gatherings import queries as gatherings
from kentongan.listening import access as listening
from kentongan.missions.queries import instructions
from kentongan.planning import queries as planning
from kentongan.planning.campaigns import queries as campaigns
from kentongan.registry import queries as registry
from kentongan.registry.models import Contact

SHORTEST = 2
SHOWN = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that was found."""

    label: str
    note: str
    url: str
    state: Model | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """What was found in one room; `more` when there is more than is shown."""

    label: str | Promise
    icon: str
    hits: Sequence[Hit]
    more: bool


Finder = Callable[[Actor, str], tuple[list[Hit], bool]]


def _cut(rows: QuerySet[Model], hit: Callable[..., Hit]) -> tuple[list[Hit], bool]:
    found = list(rows[: SHOWN + 1])
    return [hit(row) for row in found[:SHOWN]], len(found) > SHOWN


def _issues(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = listening.issues(actor).filter(title__icontains=text).order_by("-last_at")
    return _cut(rows, lambda row: Hit(row.title, str(row.topic_label), row.get_absolute_url(), row))


def _items(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = planning.items(actor, text=text)
    return _cut(rows, lambda row: Hit(row.title, row.unit.name, reverse("planning:item", args=(row.pk,)), row))


def _campaigns(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = campaigns.campaigns(actor, text=text)
    return _cut(rows, lambda row: Hit(row.name, row.unit.name, row.get_absolute_url(), row))


def _instructions(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = instructions.listed(actor).filter(title__icontains=text)
    return _cut(rows, lambda row: Hit(row.title, row.unit.name, row.get_absolute_url(), row))


def _gatherings(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = gatherings.listed(actor).filter(title__icontains=text)
    return _cut(rows, lambda row: Hit(row.title, row.unit.name, row.get_absolute_url(), row))


def _units(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = registry.units(actor, text).order_by("path")
    return _cut(rows, lambda row: Hit(row.name, row.code, reverse("registry:unit", args=(row.pk,))))


def _accounts(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = registry.search_accounts(actor, None, text).rows
    return _cut(rows, lambda row: Hit(str(row), row.unit.name, reverse("registry:account", args=(row.pk,))))


def _people(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    rows = registry.search_people(actor, None, text).rows
    return _cut(rows, lambda row: Hit(row.full_name, _unit_of(row), f"{reverse('registry:people')}?q={row.full_name}"))


def _contacts(actor: Actor, text: str) -> tuple[list[Hit], bool]:
    found = registry.contacts(actor, filters=registry.ContactFilters(text=text))
    rows = found.prefetch_related(None).order_by("person__full_name", "pk")
    return _cut(rows, lambda row: Hit(str(row), _noted(row), reverse("registry:contact", args=(row.pk,))))


def _noted(contact: Contact) -> str:
    return " · ".join(filter(None, (contact.get_kind_display(), contact.organisation, contact.unit.name)))


def _unit_of(person: Model) -> str:
    memberships = list(person.memberships.all())  # type: ignore[attr-defined]
    return str(memberships[0].unit.name) if memberships else ""


@dataclass(frozen=True, slots=True)
class Place:
    """Where to look."""

    label: str | Promise
    icon: str
    find: Finder


PLACES = (
    Place(_("Issues"), icon="ear", find=_issues),
    Place(_("Content"), icon="pencil", find=_items),
    Place(_("Campaigns"), icon="flag", find=_campaigns),
    Place(_("Instructions"), icon="users-group", find=_instructions),
    Place(_("Meetings"), icon="message-circle", find=_gatherings),
    Place(_("Units"), icon="sitemap", find=_units),
    Place(pgettext_lazy("social media", "Accounts"), icon="at", find=_accounts),
    Place(_("People"), icon="user", find=_people),
    Place(_("Contacts"), icon="address-book", find=_contacts),
)


def find(actor: Actor, text: str) -> list[Group]:
    """Return what matches `text`, room by room; nothing for a text that is too short."""
    if len(text) < SHORTEST:
        return []
    groups = []
    for place in PLACES:
        hits, more = place.find(actor, text)
        if hits:
            groups.append(Group(place.label, place.icon, hits, more))
    return groups
