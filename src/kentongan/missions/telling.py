"""Telling recipients through the one outbox: who signs in gets an e-mail to their own page, others a personal link.

Everything here is part of an action or a job, inside its transaction; a fixed number of statements for any number of
recipients.
"""

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from kentongan.core import clock, messages
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models.messages import Message
from kentongan.core.permissions import roles_with
from kentongan.missions import access
from kentongan.missions.actions import links
from kentongan.missions.actions.links import GRACE, Target
from kentongan.missions.models import Instruction, Mission, MissionInvitation, Receipt
from kentongan.registry.models import Grant, Person, Unit

INSTRUCTION = "missions.instruction"
INVITATION = "missions.invitation"

Key = tuple[int | None, int | None]


def absolute(path: str) -> str:
    """Return the address that works from outside."""
    return f"{settings.PUBLIC_URL}{path}"


def member_address(token: str) -> str:
    """Return the address that a member's token opens."""
    return absolute(reverse("member:door", args=(token,)))


def _moment(moment: object, unit: Unit) -> str:
    local = timezone.localtime(moment, clock.zone(unit.timezone))  # type: ignore[arg-type]
    return f"{date_format(local, 'D j M, H.i')} {clock.abbreviation(unit.timezone)}"


def _signs_in(person: Person | None) -> bool:
    return person is not None and person.user_id is not None


def _channel(person: Person) -> str:
    """People are told on the phone where there is a number, because that is where they open it."""
    by_mail = person.user_id is not None or not person.phone
    return Message.Channel.EMAIL if by_mail else Message.Channel.LINK


def _instruction_text(instruction: Instruction, name: str, *, reminder: bool) -> str:
    shape = (
        _("%(name)s, %(unit)s is still waiting for your answer to “%(title)s”, due %(due)s.")
        if reminder
        else _("%(name)s, %(unit)s asks you: %(title)s. Please answer by %(due)s.")
    )
    unit = instruction.unit
    return shape % {
        "name": name,
        "unit": unit.name,
        "title": instruction.title,
        "due": _moment(instruction.due_at, unit),
    }


def tell_people(
    actor: Actor, instruction: Instruction, receipts: Sequence[Receipt], *, occasion: str, reminder: bool = False
) -> int:
    """Queue a message to each person; `occasion` keeps each from being told twice. Returns how many are new."""
    strangers = [receipt for receipt in receipts if receipt.person and not _signs_in(receipt.person)]
    tokens = links.issue(
        [Target(receipt.person_id or 0, instruction.due_at + GRACE, receipt_id=receipt.pk) for receipt in strangers]
    )
    drafts = [_to_person(instruction, receipt, tokens, occasion, reminder) for receipt in receipts if receipt.person]
    return messages.queue_many(actor, drafts)


def _to_person(
    instruction: Instruction, receipt: Receipt, tokens: dict[Key, str], occasion: str, reminder: bool
) -> Draft:
    person = receipt.person
    if person is None:
        raise ValueError(receipt.pk)
    token = tokens.get((receipt.pk, None))
    address = member_address(token) if token else absolute(reverse("missions:receipt", args=(receipt.pk,)))
    with translation.override(_language(person)):
        return Draft(
            channel=_channel(person),
            purpose=INSTRUCTION,
            person_id=person.pk,
            unit_id=receipt.unit_id,
            subject=instruction.title,
            body=_instruction_text(instruction, person.full_name, reminder=reminder),
            link=address,
            dedupe_key=f"receipt:{receipt.pk}:{occasion}",
        )


def _language(person: Person) -> str:
    return "en" if person.language == "en" else "id"


def tell_units(
    actor: Actor, instruction: Instruction, receipts: Sequence[Receipt], *, occasion: str, reminder: bool = False
) -> int:
    """Queue an e-mail to everybody who holds a role that answers at each receipt's own unit."""
    by_unit = {receipt.unit_id: receipt for receipt in receipts}
    roles = {role for capability in access.ANSWERING for role in roles_with(capability)}
    grants = Grant.objects.filter(unit__in=by_unit, role__in=roles, user__is_active=True).select_related("user")
    drafts = {}
    for grant in grants:
        receipt = by_unit[grant.unit_id]
        with translation.override(grant.user.language):
            drafts[receipt.pk, grant.user_id] = Draft(
                channel=Message.Channel.EMAIL,
                purpose=INSTRUCTION,
                address=grant.user.email,
                recipient=grant.user.name,
                unit_id=receipt.unit_id,
                subject=instruction.title,
                body=_instruction_text(instruction, grant.user.name, reminder=reminder),
                link=absolute(reverse("missions:receipt", args=(receipt.pk,))),
                dedupe_key=f"receipt:{receipt.pk}:user:{grant.user_id}:{occasion}",
            )
    return messages.queue_many(actor, list(drafts.values())) if drafts else 0


def invite(actor: Actor, mission: Mission, invitations: Iterable[MissionInvitation], *, occasion: str) -> int:
    """Queue an invitation to each person, with a link of their own; returns how many are new."""
    invited = [invitation for invitation in invitations if invitation.person is not None]
    strangers = [invitation for invitation in invited if not _signs_in(invitation.person)]
    tokens = links.issue(
        [Target(one.person_id or 0, mission.closes_at + GRACE, invitation_id=one.pk) for one in strangers]
    )
    return messages.queue_many(actor, [_to_invitee(mission, one, tokens, occasion) for one in invited])


def _to_invitee(mission: Mission, invitation: MissionInvitation, tokens: dict[Key, str], occasion: str) -> Draft:
    person = invitation.person
    if person is None:
        raise ValueError(invitation.pk)
    token = tokens.get((None, invitation.pk))
    address = member_address(token) if token else absolute(reverse("missions:invited", args=(invitation.pk,)))
    with translation.override(_language(person)):
        body = _(
            "%(name)s, %(unit)s invites you: %(title)s. Only if you like, in your own words. Open until %(until)s."
        ) % {
            "name": person.full_name,
            "unit": mission.unit.name,
            "title": mission.title,
            "until": _moment(mission.closes_at, mission.unit),
        }
    return Draft(
        channel=_channel(person),
        purpose=INVITATION,
        person_id=person.pk,
        unit_id=invitation.unit_id,
        subject=mission.title,
        body=body,
        link=address,
        dedupe_key=f"invitation:{invitation.pk}:{occasion}",
    )
