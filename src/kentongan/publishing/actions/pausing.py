"""Stop: pause everything, a unit's subtree, one platform there, one account, or a campaign; and go on."""

from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.permissions import Capability
from kentongan.planning import access as planning
from kentongan.publishing.models import Pause
from kentongan.registry import access as rights
from kentongan.registry import queries as registry


def publishing_platforms() -> dict[str, str]:
    """Return the platforms that can be published on, with their names."""
    return {channel.kind: str(channel.manifest.label) for channel in channels.publishing()}


@dataclass(frozen=True, slots=True)
class Stop:
    """What is to stand still: all below a unit, one platform there, an account, or a campaign (all of it, or there)."""

    unit_id: int | None = None
    account_id: int | None = None
    platform: str = ""
    campaign_id: int | None = None


@action("publishing.pause")
def pause(actor: Actor, /, *, reason: str, **of: Any) -> Pause:
    """Let nothing go out of what `of` names (the fields of `Stop`); at the root a unit's pause stops everything.

    What a worker has already sent stays sent. What becomes due meanwhile waits, and is missed when it gets too late.
    """
    stop = Stop(**of)
    _check(stop, reason)
    values = _subject(actor, stop) | {"platform": stop.platform, "reason": reason.strip()[:300]}
    try:
        with transaction.atomic():
            made = Pause.objects.create(**values, paused_by_id=actor.user_id)
    except IntegrityError as error:
        raise Conflict(_("This is paused already.")) from error
    after = audit.snapshot(made, "unit_id", "account_id", "platform", "campaign_id")
    audit.record(actor, made, after=after, note=made.reason)
    return made


def _check(stop: Stop, reason: str) -> None:
    if stop.unit_id is None and stop.account_id is None and stop.campaign_id is None:
        raise Invalid(fields={"unit": [_("Say what is to stop.")]})
    if stop.platform and stop.platform not in publishing_platforms():
        raise Invalid(fields={"platform": [_("Nothing is published on this platform.")]})
    if stop.account_id is not None and stop.platform:
        raise Invalid(fields={"platform": [_("An account has one platform: leave this empty.")]})
    if stop.campaign_id is not None and (stop.platform or stop.account_id is not None):
        raise Invalid(fields={"campaign": [_("Stop either the campaign, or a platform, or an account.")]})
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why, for those who will wonder.")]})


def _subject(actor: Actor, stop: Stop) -> dict[str, Any]:
    """Return unit, account and campaign, where the actor may publish."""
    if stop.account_id is not None:
        account = registry.account(actor, stop.account_id, Capability.PUBLISH)
        return {"unit": account.unit, "account": account}
    campaign = planning.campaign(actor, stop.campaign_id) if stop.campaign_id is not None else None
    unit_id = campaign.unit_id if stop.unit_id is None and campaign is not None else stop.unit_id
    return {"unit": rights.get_unit(actor, Capability.PUBLISH, pk=unit_id), "campaign": campaign}


@action("publishing.resume")
def resume(actor: Actor, pause_id: int) -> Pause:
    """End a pause: what is still in time goes out with the next tick."""
    paused = rights.get(Pause.objects.select_for_update(), actor, Capability.PUBLISH, pk=pause_id)
    if paused.ended_at is not None:
        raise Conflict(_("This pause has ended already."))
    paused.ended_at = clock.now()
    paused.save(update_fields=["ended_at"])
    audit.record(actor, paused, after=audit.snapshot(paused, "ended_at"))
    return paused
