"""Making a share mission, inviting, and what the invited do: word it, share it, decline, erase."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, jobs
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Held, Invalid, NotFound
from kentongan.core.models import StoredFile
from kentongan.core.permissions import Capability
from kentongan.missions import access, audience, telling, wording
from kentongan.missions.models import MemberLink, Mission, MissionInvitation
from kentongan.missions.queries import missions as queries
from kentongan.missions.states import (
    INVITATION_MOVES,
    MISSION_MOVES,
    InvitationState,
    MissionState,
    require,
)
from kentongan.planning import access as planning_access
from kentongan.registry import access as registry_access
from kentongan.registry import queries as registry_queries
from kentongan.registry.actions.people import revoke_consent
from kentongan.registry.models import Consent
from kentongan.safeguards.purposes import Purpose

COMPARED = 5000
# What an invited person does leaves a trail of the invitation, never of the person: erasing must leave nothing behind.
SOMEBODY = Actor("link", "")
FIELDS = ("title", "purpose", "closes_at", "link", "title_filter", "state")


@dataclass(frozen=True, slots=True)
class Request:
    """What a mission asks and of whom; ids of objects that the actor must see."""

    unit_id: int
    scope_id: int
    title: str
    text: str
    closes_at: datetime
    form_key: UUID
    purpose: str = Purpose.SERVICE
    starters: tuple[str, ...] = ()
    link: str = ""
    title_filter: str = ""
    item_id: int | None = None
    image: StoredFile | None = None
    image_alt: str = ""


def _check(request: Request, unit_path: str, scope_path: str) -> None:
    fields: dict[str, list[str]] = {}
    if not f"{scope_path}.".startswith(f"{unit_path}."):
        fields["scope"] = [str(_("Choose the unit itself or one below it."))]
    if request.closes_at <= clock.now():
        fields["closes_at"] = [str(_("The closing time must lie ahead."))]
    if request.purpose not in Purpose:
        fields["purpose"] = [str(_("Say whether this is electioneering or public service."))]
    if not request.title.strip():
        fields["title"] = [str(_("Say in one line what you ask for."))]
    if not request.text.strip():
        fields["text"] = [str(_("Say what it is about."))]
    if request.image is not None and not request.image_alt.strip():
        fields["image_alt"] = [str(_("Describe the picture for those who cannot see it."))]
    if fields:
        raise Invalid(fields=fields)


@action("missions.mission.draft", may_do_nothing=True)
def draft(actor: Actor, request: Request) -> Mission:
    """Write a mission to which nobody is invited yet; the same form sent twice makes one."""
    unit = registry_access.get_unit(actor, Capability.INSTRUCT, pk=request.unit_id)
    scope = registry_access.get_unit(actor, Capability.INSTRUCT, pk=request.scope_id)
    _check(request, str(unit.path), str(scope.path))
    verdict = queries.purpose_verdict(request.purpose)
    if verdict.held:
        raise Held(verdict.reason)
    if request.item_id is not None:
        planning_access.item(actor, request.item_id)
    mission, created = Mission.objects.get_or_create(
        form_key=request.form_key,
        defaults={
            "unit": unit,
            "scope": scope,
            "title": request.title.strip(),
            "text": request.text.strip(),
            "closes_at": request.closes_at,
            "purpose": request.purpose,
            "link": request.link,
            "starters": [starter.strip() for starter in request.starters if starter.strip()],
            "title_filter": request.title_filter.strip(),
            "item_id": request.item_id,
            "image": request.image,
            "image_alt": request.image_alt.strip(),
            "created_by_id": actor.user_id,
        },
    )
    if created:
        audit.record(actor, mission, after=audit.snapshot(mission, *FIELDS, "text", "starters"))
    return mission if created else access.mission_to_change(actor, mission.pk)


@action("missions.mission.open", may_do_nothing=True)
def open_mission(actor: Actor, mission_id: int) -> Mission:
    """Invite everybody who agreed to be invited, by one statement; opened twice it invites once."""
    mission = access.mission_to_change(actor, mission_id)
    if mission.state == MissionState.OPEN:
        return mission
    require(MISSION_MOVES, MissionState(mission.state), MissionState.OPEN)
    if mission.closes_at <= clock.now():
        raise Invalid(_("The closing time has passed."), remedy=_("Make a new mission."))
    verdict = queries.firing_verdict(mission)
    if verdict.held:
        raise Held(
            verdict.reason, remedy=_("Service information may go out; electioneering waits until the period is over.")
        )
    count = audience.insert(
        "missions_missioninvitation",
        ("unit_id", "person_id"),
        {"mission_id": mission.pk, "invited_at": clock.now()},
        audience.invitees(mission),
    )
    if not count:
        raise Invalid(
            _("Nobody under this unit has agreed to be invited to share missions."),
            remedy=_("Ask people for their consent first: nobody is invited without it."),
        )
    before = audit.snapshot(mission, "state")
    mission.state, mission.opened_at = MissionState.OPEN, clock.now()
    mission.save(update_fields=["state", "opened_at"])
    audit.record(actor, mission, before=before, after={"state": "open", "invitations": count})
    jobs.start(
        actor,
        "missions.invite",
        _("Inviting: %(title)s") % {"title": mission.title},
        unit_id=mission.unit_id,
        link=mission.get_absolute_url(),
        mission_id=mission.pk,
    )
    return mission


@action("missions.mission.close")
def close(actor: Actor, mission_id: int, reason: str = "") -> Mission:
    """End it: the pages of the invited say so, and help no more to share."""
    mission = access.mission_to_change(actor, mission_id)
    require(MISSION_MOVES, MissionState(mission.state), MissionState.CLOSED)
    before = audit.snapshot(mission, "state")
    mission.state, mission.closed_at, mission.close_reason = MissionState.CLOSED, clock.now(), reason.strip()
    mission.save(update_fields=["state", "closed_at", "close_reason"])
    audit.record(actor, mission, before=before, after=audit.snapshot(mission, "state", "close_reason"))
    return mission


@action("missions.mission.close_due", may_do_nothing=True)
def close_due(actor: Actor) -> int:
    """Close the missions whose time is over, and campaign missions where a quiet period has begun."""
    closing = queries.to_close()
    for reason, ids in closing.items():
        Mission.objects.filter(pk__in=ids, state=MissionState.OPEN).update(
            state=MissionState.CLOSED, closed_at=clock.now(), close_reason=reason[:300]
        )
    every = [key for ids in closing.values() for key in ids]
    for mission in Mission.objects.filter(pk__in=every):
        audit.record(actor, mission, before={"state": "open"}, after=audit.snapshot(mission, "state", "close_reason"))
    return len(every)


def _own(actor: Actor, invitation_id: int) -> MissionInvitation:
    found = (
        MissionInvitation.objects.select_for_update(of=("self",))
        .select_related("mission", "mission__unit")
        .filter(access.is_own(actor), pk=invitation_id)
        .first()
    )
    if found is None:
        raise NotFound()
    return found


def _running(actor: Actor, invitation_id: int) -> MissionInvitation:
    """Race: a quiet period may begin while the page is open, so it is asked at every step, not only by the tick."""
    invitation = _own(actor, invitation_id)
    ending = queries.ending(invitation.mission)
    if ending:
        raise Conflict(ending, remedy=_("Nothing more is expected from you."), code="mission_closed")
    if not registry_queries.has_consent(invitation.person_id or 0, Consent.Purpose.MISSIONS):
        raise Conflict(_("You withdrew your consent to share missions."), code="no_consent")
    return invitation


def _move(invitation: MissionInvitation, state: InvitationState, *fields: str) -> MissionInvitation:
    before = audit.snapshot(invitation, "state")
    if invitation.state != state:
        require(INVITATION_MOVES, InvitationState(invitation.state), state)
    invitation.state = state
    invitation.save(update_fields=["state", *fields])
    audit.record(SOMEBODY, invitation, before=before, after=audit.snapshot(invitation, "state", "via"))
    return invitation


@action("missions.invitation.open", may_do_nothing=True)
def open_invitation(actor: Actor, invitation_id: int) -> MissionInvitation:
    """Note that the person opened it (again, after declining)."""
    invitation = _running(actor, invitation_id)
    if invitation.state not in (InvitationState.INVITED, InvitationState.DECLINED):
        return invitation
    invitation.opened_at, invitation.declined_at = invitation.opened_at or clock.now(), None
    return _move(invitation, InvitationState.OPENED, "opened_at", "declined_at")


def _others(invitation: MissionInvitation) -> list[str]:
    """The mission's row is locked first: of two nearly equal captions in the same instant the second sees the first."""
    Mission.objects.select_for_update(no_key=True).get(pk=invitation.mission_id)
    worded = (
        MissionInvitation.objects.filter(mission=invitation.mission_id).exclude(pk=invitation.pk).exclude(caption="")
    )
    return list(worded.order_by("-worded_at").values_list("caption", flat=True)[:COMPARED])


@action("missions.invitation.word")
def word(actor: Actor, invitation_id: int, caption: str) -> MissionInvitation:
    """Take the person's own words; refused, with help, when they are a copy of the mission's or of somebody's."""
    invitation = _running(actor, invitation_id)
    caption = wording.normal(caption)
    mission = invitation.mission
    judgement = wording.judge(caption, mission.starters, mission.text, _others(invitation))
    if judgement.problem:
        raise Invalid(fields={"caption": [judgement.problem]}, code="not_own_words")
    invitation.caption, invitation.caption_digest = caption, wording.digest(caption)
    invitation.similarity, invitation.worded_at = judgement.similarity, clock.now()
    state = InvitationState(invitation.state)
    target = state if state == InvitationState.SHARED else InvitationState.OPENED
    invitation.opened_at = invitation.opened_at or clock.now()
    try:
        with transaction.atomic():
            return _move(invitation, target, "caption", "caption_digest", "similarity", "worded_at", "opened_at")
    except IntegrityError as error:
        raise Invalid(
            fields={"caption": [_("Somebody else already shares exactly these words. Say it in your own way.")]},
            code="not_own_words",
        ) from error


@action("missions.invitation.share")
def share(actor: Actor, invitation_id: int, *, via: str = "", proof_link: str = "") -> MissionInvitation:
    """Take the person's word that they shared it, with a link to the post if they like."""
    invitation = _running(actor, invitation_id)
    if not invitation.caption:
        raise Conflict(_("Write a sentence of your own first."))
    invitation.shared_at = invitation.shared_at or clock.now()
    invitation.via, invitation.proof_link = via[:20] or invitation.via, proof_link or invitation.proof_link
    return _move(invitation, InvitationState.SHARED, "shared_at", "via", "proof_link")


@action("missions.invitation.decline", may_do_nothing=True)
def decline(actor: Actor, invitation_id: int) -> MissionInvitation:
    """Note a no: nobody asks why, and nobody is reminded."""
    invitation = _own(actor, invitation_id)
    if invitation.state in (InvitationState.DECLINED, InvitationState.SHARED):
        return invitation
    invitation.declined_at = clock.now()
    invitation.caption = invitation.caption_digest = ""
    invitation.similarity = invitation.worded_at = None
    return _move(
        invitation,
        InvitationState.DECLINED,
        "declined_at",
        "caption",
        "caption_digest",
        "similarity",
        "worded_at",
    )


def empty(invitations: QuerySet[MissionInvitation]) -> None:
    """Take person and words away from these invitations, and their links; part of an action."""
    MemberLink.objects.filter(invitation__in=invitations).delete()
    invitations.update(
        state=InvitationState.ERASED,
        person=None,
        caption="",
        caption_digest="",
        similarity=None,
        via="",
        proof_link="",
        opened_at=None,
        worded_at=None,
        shared_at=None,
        declined_at=None,
    )


@action("missions.invitation.erase")
def erase(actor: Actor, invitation_id: int, *, never_again: bool = False) -> None:
    """Erase everything that is stored about the person in this mission; `never_again` withdraws the consent too."""
    invitation = _own(actor, invitation_id)
    person_id = invitation.person_id
    audit.record(SOMEBODY, invitation, before=audit.snapshot(invitation, "state"), after={"state": "erased"})
    empty(MissionInvitation.objects.filter(pk=invitation.pk))
    if never_again and person_id is not None:
        revoke_consent(actor, person_id, Consent.Purpose.MISSIONS)


@action("missions.invitation.relink")
def relink(actor: Actor, mission_id: int, invitation_id: int) -> MissionInvitation:
    """Send one person a new link; the earlier one stops working at once."""
    mission = access.mission_to_change(actor, mission_id)
    if queries.ending(mission):
        raise Conflict(_("This mission has ended."))
    found = mission.invitations.select_related("person").filter(pk=invitation_id, person__isnull=False).first()
    if found is None:
        raise NotFound()
    telling.invite(actor, mission, [found], occasion=f"again-{clock.now():%Y%m%d%H%M%S}")
    audit.record(actor, found, note="new link")
    return found
