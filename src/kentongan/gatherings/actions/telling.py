"""Telling participants through the one outbox: a part of an action, inside its transaction."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import override

from kentongan.core import messages
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models.messages import Message
from kentongan.gatherings import links
from kentongan.gatherings.models import Gathering, Participant
from kentongan.registry.models import Person

PURPOSE = "gatherings.invitation"
# To be trained for one's task rests on the membership, as instructions do; to be met as a member does not.
TRAINING = "gatherings.training"

INVITED, MOVED, CANCELLED = "invited", "moved", "cancelled"


def language(person: Person | None) -> str:
    """Return the language in which somebody is told."""
    return "en" if person is not None and person.language == "en" else "id"


def channel(person: Person | None) -> str:
    """Return how somebody is told: on the phone where there is a number and they do not sign in."""
    by_phone = person is not None and person.user_id is None and bool(person.phone)
    return Message.Channel.LINK if by_phone else Message.Channel.EMAIL


def tell(actor: Actor, gathering: Gathering, participants: Sequence[Participant], occasion: str, mark: str = "") -> int:
    """Queue a message to each whom it can reach; `mark` tells two moves apart. Returns how many are new."""
    drafts = [_draft(gathering, one, occasion, mark) for one in participants if one.person is not None or one.contact]
    return messages.queue_many(actor, drafts) if drafts else 0


def _shape(occasion: str) -> str:
    if occasion == CANCELLED:
        return _("%(name)s, %(unit)s has cancelled “%(title)s”: %(reason)s")
    if occasion == MOVED:
        return _("%(name)s, “%(title)s” of %(unit)s has a new time or place: %(when)s, %(place)s.")
    return _("%(name)s, %(unit)s invites you: %(title)s, %(when)s, %(place)s.")


def _draft(gathering: Gathering, participant: Participant, occasion: str, mark: str) -> Draft:
    person = participant.person
    with override(language(person)):
        body = _shape(occasion) % {
            "name": participant,
            "unit": gathering.unit.name,
            "title": gathering.title,
            "when": links.moment(gathering),
            "place": gathering.place,
            "reason": gathering.cancel_reason,
        }
    return Draft(
        channel=channel(person),
        purpose=TRAINING if gathering.is_wave else PURPOSE,
        person_id=participant.person_id,
        address="" if person is not None else participant.contact,
        recipient=str(participant),
        unit_id=gathering.unit_id,
        subject=gathering.title,
        body=body,
        link=links.address(participant),
        dedupe_key=f"gathering:{gathering.pk}:{participant.pk}:{occasion}{mark}",
    )
