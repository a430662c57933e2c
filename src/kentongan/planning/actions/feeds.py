"""Addresses of calendars for other programs: made by the person themselves, ended at any time."""

from datetime import timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, authority, clock, ids
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.models import User
from kentongan.planning import access
from kentongan.planning.models import CalendarFeed


def _person(actor: Actor) -> int:
    if actor.kind != "user" or actor.user_id is None:
        raise NotAllowed(_("Only a signed-in person can make an address for their own calendar."))
    return actor.user_id


@action("planning.feed.create")
def make_feed(actor: Actor) -> tuple[CalendarFeed, str]:
    """Make the actor's address, ending the one before; return the row and the secret, which is shown once."""
    user_id = _person(actor)
    authority.require_anywhere(actor, access.READ)
    # Race: of two presses at once neither would see the other's address; the second one waits here and ends the first.
    User.objects.select_for_update(no_key=True).get(pk=user_id)
    for row in CalendarFeed.objects.select_for_update().filter(user_id=user_id, ended_at=None):
        _end(row)
    secret = ids.token()
    made = CalendarFeed.objects.create(user_id=user_id, digest=ids.token_digest(secret))
    audit.record(actor, made, after={"created_at": made.created_at})
    return made, secret


@action("planning.feed.end")
def end_feed(actor: Actor) -> CalendarFeed:
    """End the actor's own address; programs that ask for it get nothing from then on."""
    row = CalendarFeed.objects.select_for_update().filter(user_id=_person(actor), ended_at=None).first()
    if row is None:
        raise NotFound()
    _end(row)
    audit.record(actor, row, after={"ended_at": row.ended_at})
    return row


def note_use(row: CalendarFeed) -> None:
    """Note that a program has asked, at most once a minute; not an act of a person, so not in the audit log."""
    moment = clock.now()
    stale = Q(last_used_at=None) | Q(last_used_at__lt=moment - timedelta(minutes=1))
    CalendarFeed.objects.filter(stale, pk=row.pk).update(last_used_at=moment)


def _end(row: CalendarFeed) -> None:
    row.ended_at = clock.now()
    row.save(update_fields=["ended_at"])
