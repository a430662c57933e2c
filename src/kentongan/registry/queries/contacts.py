"""Reads of contacts outside the tree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.registry import access, contacting, coverage
from kentongan.registry.models import Account, Consent, Contact, Person, PersonInvitation, Unit
from kentongan.registry.queries.matching import held_as, matching
from kentongan.registry.queries.people import LARGEST, phone_like

RECENT, MOST_TOPICS = 500, 30
NOBODY = "none"
# Who shares something is gathered in one list each; pairs are only made of it until enough are found, so that a phone
# that hundreds share does not make tens of thousands first. What a pair shares already is left out of later kinds. The
# subselects are values, not EXISTS: as a join they would lose the order of the list, by which the first ones are taken.
# Each is paired with the next 500 at most: who stands further off comes once the nearer ones are decided.
MINE = """
WITH mine AS MATERIALIZED (
    SELECT c.unit_id, c.person_id, p.phone, p.name_key FROM registry_contact c
    JOIN registry_unit u ON u.id = c.unit_id AND u.path <@ %(path)s::ltree
    JOIN registry_person p ON p.id = c.person_id AND p.state <> 'withdrawn'
)
"""
PAIRS = """
(
    SELECT DISTINCT '{why}', shared.one, found.other
    FROM (
        SELECT one, members[place + 1:place + 500] AS others
        FROM ({groups}) AS sharing (members), unnest(members) WITH ORDINALITY AS each (one, place)
        WHERE place < cardinality(members) ORDER BY one
    ) AS shared,
    LATERAL (
        SELECT other FROM unnest(others) AS other
        WHERE (SELECT true FROM registry_keptapart k WHERE k.one_id = one AND k.other_id = other) IS NULL {but}
        LIMIT %(limit)s
    ) AS found
    ORDER BY shared.one, found.other LIMIT %(limit)s
)
"""
IDS = "array_agg(person_id ORDER BY person_id)"
PHONES = f"SELECT {IDS} FROM mine WHERE phone <> '' GROUP BY phone HAVING count(*) > 1"  # noqa: S608
NAMES = f"SELECT {IDS} FROM mine WHERE name_key <> '' GROUP BY unit_id, name_key HAVING count(*) > 1"  # noqa: S608
ACCOUNTS = """
SELECT array_agg(DISTINCT person_id ORDER BY person_id) FROM registry_account JOIN mine USING (person_id)
GROUP BY platform, identity HAVING count(DISTINCT person_id) > 1
"""
SAME_PHONE = """AND (
    SELECT true FROM registry_person a JOIN registry_person b ON b.phone = a.phone
    WHERE a.id = one AND b.id = other AND a.phone <> ''
) IS NULL"""
SAME_ACCOUNT = """AND (
    SELECT true FROM registry_account a JOIN registry_account b ON b.platform = a.platform AND b.identity = a.identity
    WHERE a.person_id = one AND b.person_id = other LIMIT 1
) IS NULL"""
LIKE = MINE + "UNION ALL".join(
    PAIRS.format(why=why, groups=groups, but=but)
    for why, groups, but in (
        ("1phone", PHONES, ""),
        ("2account", ACCOUNTS, SAME_PHONE),
        ("3name", NAMES, f"{SAME_PHONE} {SAME_ACCOUNT}"),
    )
)


@dataclass(frozen=True, slots=True)
class ContactFilters:
    """Which contacts: a kind, an area (code or name), a topic, a purpose they agreed to (`none`: to nothing), a state
    of their record, and a part of name, organisation, phone or e-mail, or an @handle."""

    kind: str = ""
    area: str = ""
    topic: str = ""
    consent: str = ""
    state: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ContactLikeness:
    """Two contacts who may be one; `why` is 1phone, 2account or 3name."""

    one: Contact
    other: Contact
    why: str


def contacts(actor: Actor, unit: Unit | None = None, filters: ContactFilters | None = None) -> QuerySet[Contact]:
    """Return the contacts of units that the actor administers, the latest first, each with person, unit, accounts and
    live consents at hand. Raises Invalid for an area that nobody knows."""
    found = access.scope(Contact.objects.all(), actor, Capability.ADMINISTER)
    if unit is not None and unit.parent_id is not None:
        found = found.filter(unit__path__within=unit.path)
    wanted = filters or ContactFilters()
    if wanted.kind in Contact.Kind.values:
        found = found.filter(kind=wanted.kind)
    if wanted.state in Person.State.values:
        found = found.filter(person__state=wanted.state)
    if wanted.area:
        found = found.filter(_covering(coverage.read(wanted.area, unit.area_code if unit else "")))
    if topics := contacting.topics([wanted.topic]):
        found = found.filter(topics__contains=topics)
    return _shown(_agreed(_named(actor, found, wanted.text), wanted.consent)).order_by("-pk")


def _shown(found: QuerySet[Contact]) -> QuerySet[Contact]:
    live = Consent.objects.filter(revoked_at=None).order_by("purpose")
    accounts = Account.objects.order_by("platform", "handle")
    return found.select_related("person", "unit").prefetch_related(
        Prefetch("person__accounts", queryset=accounts), Prefetch("person__consents", queryset=live, to_attr="live")
    )


def _covering(code: str) -> Q:
    """Match who covers something in this area, or an area around it."""
    return Q(areas_around__contains=[code]) | Q(areas__overlap=coverage.around([code]))


def _agreed(found: QuerySet[Contact], purpose: str) -> QuerySet[Contact]:
    live = Consent.objects.filter(person=OuterRef("person"), revoked_at=None)
    if purpose == NOBODY:
        return found.filter(~Exists(live))
    return found.filter(Exists(live.filter(purpose=purpose))) if purpose in Consent.Purpose.values else found


def _named(actor: Actor, found: QuerySet[Contact], text: str) -> QuerySet[Contact]:
    if not text:
        return found
    if text.startswith("@"):
        return found.filter(person__in=_holders(text[1:])) if text[1:].strip() else found.none()
    people = Person.objects.filter(matching("full_name", text) | matching("email", text) | phone_like(text))
    return found.filter(matching("organisation", text) | Q(person__in=people.values("pk")))


def _holders(handle: str) -> QuerySet[Any]:
    return held_as(handle).filter(person__contact__isnull=False).values("person")


def contact(actor: Actor, pk: int) -> Contact:
    """Return a contact of a unit that the actor administers, with accounts and live consents; raises NotFound."""
    return _shown(Contact.objects.all()).get(pk=access.get_contact(actor, min(pk, LARGEST)).pk)


def topics_in_use(actor: Actor, unit: Unit) -> list[str]:
    """Return the topics of the latest contacts below a unit, the most frequent first."""
    latest = contacts(actor, unit).prefetch_related(None).select_related(None).values_list("topics", flat=True)[:RECENT]
    counts: dict[str, int] = {}
    for topic in (topic for topics in latest for topic in topics):
        counts[topic] = counts.get(topic, 0) + 1
    return sorted(counts, key=lambda topic: (-counts[topic], topic))[:MOST_TOPICS]


def alike_contacts(actor: Actor, unit: Unit, limit: int = 50) -> list[ContactLikeness]:
    """Return pairs of contacts below a unit, which the actor administers, who may be one: by phone, account, name."""
    access.require(actor, Capability.ADMINISTER, unit)
    with connection.cursor() as cursor:
        cursor.execute(LIKE, {"path": str(unit.path), "limit": limit})
        found = sorted(cursor.fetchall())[:limit]
    ids = {pk for _why, one, other in found for pk in (one, other)}
    known = {one.person_id: one for one in _shown(Contact.objects.filter(person__in=ids))}
    return [ContactLikeness(known[one], known[other], why) for why, one, other in found]


def contact_links(contact: Contact) -> Sequence[PersonInvitation]:
    """Return the links to a contact's own page that were made, the newest first."""
    return list(PersonInvitation.objects.filter(person=contact.person_id).order_by("-pk")[:10])
