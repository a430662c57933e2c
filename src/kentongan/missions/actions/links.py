"""Making, binding and revoking members' links."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q

from kentongan.core import audit, clock, ids
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.links import Revocation
from kentongan.missions.models import MemberLink

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
    """Bind the link to the device that asks and return that device's secret, to be set as a cookie."""
    link, device = MemberLink.bind(link_id, actor.person_id or 0)
    audit.record(Actor("link", ""), link, note="bound to a device")
    return device
