"""Making, binding and revoking members' links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, ids
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict
from kentongan.missions.models import MemberLink, Revocation

GRACE = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Target:
    """What a link opens: exactly one of receipt and invitation, for one person, until `expires_at`."""

    person_id: int
    expires_at: datetime
    receipt_id: int | None = None
    invitation_id: int | None = None

    @property
    def key(self) -> tuple[int | None, int | None]:
        """What distinguishes it from others."""
        return self.receipt_id, self.invitation_id


def issue(targets: Sequence[Target]) -> dict[tuple[int | None, int | None], str]:
    """Make a link for each target and return the tokens by target; earlier links to the same stop working.

    Part of an action or job, inside its transaction. Two statements, however many targets; the tokens exist only in
    what is returned.
    """
    old = Q(receipt__in=[target.receipt_id for target in targets if target.receipt_id])
    old |= Q(invitation__in=[target.invitation_id for target in targets if target.invitation_id])
    MemberLink.objects.filter(old, revoked_at__isnull=True).update(
        revoked_at=clock.now(), revoked_for=Revocation.REPLACED
    )
    tokens = {target.key: ids.token(24) for target in targets}
    MemberLink.objects.bulk_create(
        MemberLink(
            digest=ids.token_digest(tokens[target.key]),
            person_id=target.person_id,
            expires_at=target.expires_at,
            receipt_id=target.receipt_id,
            invitation_id=target.invitation_id,
        )
        for target in targets
    )
    return tokens


@action("missions.link.bind")
def bind(actor: Actor, link_id: int) -> str:
    """Bind the link to the device that asks and return that device's secret, to be set as a cookie.

    Race: of two devices at once one wins the compare-and-set; the other is told that the link is taken.
    """
    device = ids.token()
    now = clock.now()
    free = MemberLink.objects.filter(
        pk=link_id, person_id=actor.person_id or 0, bound_at__isnull=True, revoked_at__isnull=True, expires_at__gt=now
    )
    if not free.update(bound_at=now, device_digest=ids.token_digest(device)):
        raise Conflict(
            _("This link was just opened on another device."),
            remedy=_("Ask for a new link if that was not you."),
            code="link_taken",
        )
    audit.record(Actor("link", ""), MemberLink.objects.get(pk=link_id), note="bound to a device")
    return device


def ask_again(link: MemberLink) -> bool:
    """Note that somebody asks for a new link; changes nothing else, so that anybody holding the old one may ask.

    Not an action: it is a wish, without rights and without an effect that needs a trail. The board shows it to staff.
    """
    asked = MemberLink.objects.filter(pk=link.pk).exclude(revoked_for=Revocation.WITHDRAWN)
    return bool(asked.update(asked_again_at=clock.now()))
