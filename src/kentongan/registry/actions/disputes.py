"""Telling those who decide about an account that two have proven, and both sides what was decided."""

from collections.abc import Collection, Sequence

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from kentongan.channels import registry as channels
from kentongan.core import messages
from kentongan.core.actor import Actor
from kentongan.core.messages import Draft
from kentongan.core.models import User
from kentongan.core.models.messages import Message
from kentongan.core.permissions import Capability, roles_with
from kentongan.registry import queries
from kentongan.registry.models import Account, Dispute, Grant, Unit

PURPOSE = "registry.dispute"


def _administrators(unit: Unit) -> Sequence[User]:
    """Return the administrators of the nearest unit upward that has any."""
    line = [int(step) for step in str(unit.path).split(".")]
    grants = Grant.objects.filter(
        unit__in=line, role__in=roles_with(Capability.ADMINISTER), user__is_active=True
    ).select_related("user", "unit")
    nearest = max((grant.unit.depth for grant in grants), default=-1)
    return list({grant.user.pk: grant.user for grant in grants if grant.unit.depth == nearest}.values())


def tell_raised(actor: Actor, dispute: Dispute) -> None:
    """Write to whoever decides; part of the action that raises it."""
    unit = queries.deciders([dispute])[dispute.pk]
    drafts = [_raised(user, unit, dispute) for user in _administrators(unit)]
    if drafts:
        messages.queue_many(actor, drafts)


def _raised(user: User, unit: Unit, dispute: Dispute) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        platform = channels.label(dispute.claimant.platform)
        subject = _("Two claims to one account on %(platform)s") % {"platform": platform}
        body = _(
            "%(name)s, two have proven the same account on %(platform)s. You administer the lowest unit above both, "
            "%(unit)s. Please ask both sides and decide."
        ) % {"name": user.name, "platform": platform, "unit": unit.name}
    return _letter(user, unit, subject, body, f"dispute:{dispute.pk}:{user.pk}")


def _letter(user: User, unit: Unit, subject: str, body: str, key: str) -> Draft:
    return Draft(
        channel=Message.Channel.EMAIL,
        purpose=PURPOSE,
        address=user.email,
        recipient=user.name,
        unit_id=unit.pk,
        subject=subject,
        body=body,
        link=settings.PUBLIC_URL + reverse("registry:disputes", args=(unit.pk,)),
        dedupe_key=key,
    )


def tell_decided(actor: Actor, dispute: Dispute) -> None:
    """Write the decision and its reason to the administrators of both sides; part of the action that takes it."""
    told: dict[int, tuple[User, Account]] = {}
    for side in (dispute.holder, dispute.claimant):
        for user in _administrators(side.unit):
            told.setdefault(user.pk, (user, side))
    drafts = [_decided(user, side, dispute) for user, side in _besides(actor, told.values())]
    if drafts:
        messages.queue_many(actor, drafts)


def _besides(actor: Actor, told: Collection[tuple[User, Account]]) -> list[tuple[User, Account]]:
    return [(user, side) for user, side in told if user.pk != actor.user_id]


def _decided(user: User, side: Account, dispute: Dispute) -> Draft:
    with translation.override(user.language or settings.LANGUAGE_CODE):
        platform = channels.label(side.platform)
        subject = _("Decided: who holds an account on %(platform)s") % {"platform": platform}
        body = _("%(name)s, about an account on %(platform)s at %(unit)s: %(outcome)s. Reason: %(reason)s") % {
            "name": user.name,
            "platform": platform,
            "unit": side.unit.name,
            "outcome": dispute.get_outcome_display(),
            "reason": dispute.reason,
        }
    return _letter(user, side.unit, subject, body, f"dispute-decided:{dispute.pk}:{user.pk}")
