"""Inviting people to their own page: by e-mail, by a message that is handed over, or on paper."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kentongan.core import audit, clock, ids, jobs, messages
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.links import Revocation
from kentongan.core.permissions import Capability
from kentongan.registry import access, queries
from kentongan.registry.models import Organisation, Person, PersonInvitation
from kentongan.registry.queries.invitations import Wanted

VALID = timedelta(days=30)
PURPOSE = "registry.invitation"
JOB = "registry.invite"
LARGEST_SHEET = 500
Channel = PersonInvitation.Channel


@dataclass(frozen=True, slots=True)
class Invited:
    """What became of inviting: how many were invited, and how many have no address for the channel."""

    invited: int
    unreachable: int


def _address(token: str) -> str:
    return settings.PUBLIC_URL + reverse("phone:door", args=(token,))


def _channel_for(person: Person, channel: str) -> str:
    """Return by which channel a person is reached, empty for none; without a choice by phone, else by e-mail."""
    if channel in {"", Channel.LINK} and person.phone:
        return Channel.LINK
    return Channel.EMAIL if channel in {"", Channel.EMAIL} and person.email else ""


def own_links(actor: Actor, people: Sequence[tuple[Person, int, str]]) -> dict[int, str]:
    """Return a new link to their own page by person, for a message of another kind; `people`: person, unit, channel.

    Rights are checked by the action that sends the message; the links belong into its transaction.
    """
    return {made.person_id: _address(token) for made, token in _issue_each(actor, people)}


def _issue_each(
    actor: Actor, people: Sequence[tuple[Person, int, str]], job_id: int | None = None
) -> list[tuple[PersonInvitation, str]]:
    """Make an invitation for each; earlier ones of the same people end. Two statements, however many people.

    The tokens exist only in what is returned.
    """
    now = clock.now()
    former = PersonInvitation.objects.filter(person__in=[person.pk for person, *_more in people], revoked_at=None)
    former.update(revoked_at=now, revoked_for=Revocation.REPLACED)
    tokens = [ids.token(24) for _one in people]
    made = PersonInvitation.objects.bulk_create(
        PersonInvitation(
            digest=ids.token_digest(token),
            person=person,
            unit_id=unit_id,
            channel=channel,
            made_by_id=actor.user_id,
            job_id=job_id,
            expires_at=now + VALID,
        )
        for (person, unit_id, channel), token in zip(people, tokens, strict=True)
    )
    return list(zip(made, tokens, strict=True))


def _draft(invitation: PersonInvitation, token: str, organisation: str) -> messages.Draft:
    person = invitation.person
    with translation.override("en" if person.language == "en" else "id"):
        return messages.Draft(
            channel=invitation.channel,
            purpose=PURPOSE,
            person_id=person.pk,
            unit_id=invitation.unit_id,
            subject=_("Your data at %(organisation)s") % {"organisation": organisation},
            body=_(
                "%(name)s, %(organisation)s keeps your name on its list (%(basis)s). See what is kept, correct it, and "
                "say what you agree to. The link is for you alone and good for 30 days."
            )
            % {"name": person.full_name, "organisation": organisation, "basis": person.basis},
            link=_address(token),
            dedupe_key=f"{PURPOSE}:{invitation.pk}",
        )


def _organisation() -> str:
    found = Organisation.objects.first()
    return found.name if found else "Kentongan"


@action("registry.invitation.make")
def invite(
    actor: Actor, unit_id: int, person_ids: Collection[int], *, channel: str = "", job_id: int | None = None
) -> Invited:
    """Invite people of a unit's subtree by `email`, `link` or (empty) whichever reaches them; a former link ends.

    Who is not in the subtree, or has withdrawn, is left out; who has no address is counted.
    """
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    people = queries.invitable(actor, unit, Wanted("all")).filter(pk__in=person_ids).select_for_update(of=("self",))
    result = send(actor, [(person, unit.pk) for person in people], channel, job_id)
    if not result.invited and job_id is None:
        raise unreachable()
    audit.record(actor, unit, unit_id=unit.pk, after=asdict(result) | {"channel": channel or "any"})
    return result


def unreachable() -> Conflict:
    """Return the refusal for people none of whom has an address for the channel."""
    return Conflict(
        _("None of them can be reached this way."),
        remedy=_("Add their phone number or e-mail address, or print a sheet with codes."),
    )


def send(actor: Actor, people: Sequence[tuple[Person, int]], channel: str, job_id: int | None = None) -> Invited:
    """Make and queue an invitation for each (person, unit) who can be reached; rights are checked by who calls it.

    Who has no address, or asked for no such messages, is counted as unreachable.
    """
    if channel not in {"", Channel.EMAIL, Channel.LINK}:
        raise Invalid(fields={"channel": [_("Choose how the invitations go out.")]})
    reached = [(person, unit_id, how) for person, unit_id in people if (how := _channel_for(person, channel))]
    # Who wants no such message keeps the link they have.
    refused = messages.refused({person.pk: how for person, _unit, how in reached}, PURPOSE) if reached else set()
    reached = [each for each in reached if each[0].pk not in refused]
    made = _issue_each(actor, reached, job_id)
    organisation = _organisation()
    if made:
        messages.queue_many(actor, [_draft(invitation, token, organisation) for invitation, token in made])
    return Invited(len(made), len(people) - len(made))


@action("registry.invitation.print")
def print_invitations(actor: Actor, unit_id: int, wanted: Wanted) -> list[tuple[PersonInvitation, str]]:
    """Make invitations to be printed: (invitation, address for its code) of at most 500 people, by unit and name."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    people = list(queries.invitable(actor, unit, wanted).select_for_update(of=("self",))[: LARGEST_SHEET + 1])
    if not people:
        raise Conflict(_("There is nobody to invite here."), remedy=_("Choose others, or a unit above."))
    if len(people) > LARGEST_SHEET:
        raise Conflict(
            _("A sheet holds %(limit)d people at most.") % {"limit": LARGEST_SHEET},
            remedy=_("Print it unit by unit."),
        )
    made = _issue_each(actor, [(person, unit.pk, Channel.PRINT.value) for person in people])
    audit.record(actor, unit, unit_id=unit.pk, after={"printed": len(made)})
    return [(invitation, _address(token)) for invitation, token in made]


@action("registry.invitation.start")
def start_inviting(actor: Actor, unit_id: int, wanted: Wanted, *, channel: str = "", inline: bool = False) -> jobs.Job:
    """Start the job that invites everybody under a unit whom `wanted` describes."""
    unit = access.get_unit(actor, Capability.ADMINISTER, pk=unit_id)
    if channel not in {"", Channel.EMAIL, Channel.LINK}:
        raise Invalid(fields={"channel": [_("Choose how the invitations go out.")]})
    reach = queries.reach(actor, unit, wanted)
    if not reach.by(channel):
        raise unreachable()
    return jobs.start(
        actor,
        JOB,
        _("Invitations of %(unit)s") % {"unit": unit.name},
        unit_id=unit.pk,
        inline=inline,
        root_id=unit.pk,
        wanted=asdict(replace(wanted)),
        channel=channel,
    )


@action("registry.invitation.revoke")
def revoke_invitation(actor: Actor, invitation_id: int) -> PersonInvitation:
    """End a live invitation; its message, if it still waits, goes out no more."""
    rows = PersonInvitation.objects.select_for_update(of=("self",)).select_related("person")
    invitation = access.get(rows, actor, Capability.ADMINISTER, pk=invitation_id)
    if invitation.revoked_at is not None:
        raise Conflict(_("This invitation has ended already."))
    invitation.revoked_at, invitation.revoked_for = clock.now(), Revocation.WITHDRAWN
    invitation.save(update_fields=["revoked_at", "revoked_for"])
    messages.cancel(f"{PURPOSE}:{invitation.pk}", _("The invitation was withdrawn."))
    audit.record(actor, invitation, after={"revoked": True})
    return invitation


@action("registry.invitation.bind")
def bind_invitation(actor: Actor, invitation_id: int) -> str:
    """Bind the link to the device that asks and return that device's secret, to be set as a cookie."""
    invitation, device = PersonInvitation.bind(invitation_id, actor.person_id or 0)
    audit.record(Actor("link", ""), invitation, note="bound to a device")
    return device


def take_along(person_id: int, unit_id: int) -> None:
    """Let the links of a contact and their messages be another unit's; part of the action that hands them on."""
    PersonInvitation.objects.filter(person=person_id).update(unit=unit_id)
    messages.move_to(person_id, PURPOSE, unit_id)


def note_answer(person_id: int) -> None:
    """Note that an open invitation was answered; part of every action by which a person says something."""
    mine = PersonInvitation.objects.filter(Q(person=person_id), revoked_at=None, bound_at__isnull=False)
    mine.filter(answered_at=None).update(answered_at=clock.now())


def invite_chunk(actor: Actor, unit_id: int, person_ids: Sequence[int], channel: str, job_id: int) -> dict[str, Any]:
    """Invite one part of a job; who was invited by the same job before a restart is left out."""
    before = set(
        PersonInvitation.objects.filter(job_id=job_id, person__in=person_ids).values_list("person_id", flat=True)
    )
    rest = [person_id for person_id in person_ids if person_id not in before]
    if not rest:
        return {"invited": len(before), "unreachable": 0}
    result = invite(actor, unit_id, rest, channel=channel, job_id=job_id)
    return {"invited": result.invited + len(before), "unreachable": result.unreachable}
