"""Reminders of a mandate: one message to each who lacks something, through the one outbox, at most every third day."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import messages
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.core.messages import Draft
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Role
from kentongan.registry import counting
from kentongan.registry.actions.invitations import own_links
from kentongan.registry.models import Grant, Mandate, Person
from kentongan.registry.queries import mandates as reads

PURPOSE = "registry.mandate"
EVERY_DAYS = 3
BATCH = 500


def occasion(given: Mandate) -> str:
    """Return what makes two reminders one: the same three days."""
    return f"mandate:{given.pk}:{(counting.today() - given.created_at.date()).days // EVERY_DAYS}"


def batches(rows: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield the rows piece by piece, from one cursor: who gets an account meanwhile moves nobody out of reach."""
    rest = iter(rows)
    while batch := list(islice(rest, BATCH)):
        yield batch


def queue(actor: Actor, given: Mandate, rows: list[Any]) -> int:
    """Queue the reminders of one batch; return how many are new. People get a link to their own page with it.

    Raises Conflict when the mandate has ended meanwhile.
    """
    with transaction.atomic():
        if Mandate.objects.filter(pk=given.pk, ended_at__isnull=False).exists():
            raise Conflict(_("This mandate has ended: nobody is reminded of it any more."))
        drafts = list(_to_people(actor, given, rows) if given.of_people else _to_units(given, rows))
        return messages.queue_many(actor, drafts) if drafts else 0


def _lacking(given: Mandate, row: Any) -> str:
    return ", ".join(channels.label(one) for one in given.platforms if not getattr(row, reads.HAS + one))


def _text(given: Mandate, row: Any, name: str, unit: str) -> tuple[str, str]:
    words = {
        "name": name,
        "unit": unit,
        "mandate": given.name,
        "from": given.unit.name,
        "day": date_format(given.due_on, "j F Y"),
        "lacking": _lacking(given, row),
        "letter": f" ({given.letter.number}, {date_format(given.letter.dated, 'j F Y')})" if given.letter else "",
    }
    shape = _(
        "%(name)s, %(from)s asks for these accounts by %(day)s: “%(mandate)s”%(letter)s. "
        "At %(unit)s these are still missing: %(lacking)s."
    )
    return _("Still missing: %(lacking)s") % words, shape % words


def _key(given: Mandate, person: Person) -> str:
    return f"{occasion(given)}:person:{person.pk}"


def _channel(person: Person) -> str:
    return Message.Channel.EMAIL if person.email else Message.Channel.LINK


def _fresh(given: Mandate, rows: Iterable[Any]) -> list[tuple[Person, Any]]:
    """Return whom to remind, as they are now: not who withdrew since the list was made, nor who was told already.

    Race: two jobs for one mandate, or one and an invitation; the people are theirs one after the other.
    """
    wanted = {row.person_id: row for row in rows}
    people = Person.objects.select_for_update(of=("self",)).filter(pk__in=wanted).order_by("pk")
    people = people.exclude(state=Person.State.WITHDRAWN)
    keys = {_key(given, person): person for person in people}
    # Whoever was reminded keeps the link of that message: a new one would end it.
    told = set(Message.objects.filter(dedupe_key__in=keys).values_list("dedupe_key", flat=True))
    return [(person, wanted[person.pk]) for key, person in keys.items() if key not in told]


def _to_people(actor: Actor, given: Mandate, rows: Iterable[Any]) -> Iterator[Draft]:
    fresh = _fresh(given, rows)
    # Who cannot be reached, or wants no such message, keeps the link they have.
    refused = messages.refused({person.pk: _channel(person) for person, _row in fresh}, PURPOSE)
    reached = [(person, row) for person, row in fresh if person.pk not in refused]
    links = own_links(actor, [(person, row.unit_id, _channel(person)) for person, row in reached])
    for person, row in fresh:
        with translation.override(person.language):
            subject, body = _text(given, row, person.full_name, row.unit.name)
        yield Draft(
            channel=_channel(person),
            purpose=PURPOSE,
            subject=subject,
            body=body,
            link=links.get(person.pk, ""),
            dedupe_key=_key(given, person),
            person_id=person.pk,
            unit_id=row.unit_id,
        )


def _to_units(given: Mandate, rows: list[Any]) -> Iterator[Draft]:
    units = {row.pk: row for row in rows}
    grants = Grant.objects.filter(unit__in=units, role=Role.ADMINISTRATOR, user__is_active=True).select_related("user")
    for grant in grants:
        row = units[grant.unit_id]
        with translation.override(grant.user.language):
            subject, body = _text(given, row, grant.user.name or grant.user.email, row.name)
        yield Draft(
            channel=Message.Channel.EMAIL,
            purpose=PURPOSE,
            subject=subject,
            body=body,
            link=f"{settings.PUBLIC_URL}{given.get_absolute_url()}?unit={row.pk}",
            dedupe_key=f"{occasion(given)}:unit:{row.pk}:{grant.user_id}",
            address=grant.user.email,
            recipient=grant.user.name,
            unit_id=row.pk,
        )
