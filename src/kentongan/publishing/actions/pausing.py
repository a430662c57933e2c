"""Stop: pause everything, a unit's subtree, one platform there, or one account; and go on."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from kentongan.channels import registry as channels
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.permissions import Capability
from kentongan.publishing.models import Pause
from kentongan.registry import access as rights
from kentongan.registry import queries as registry


def publishing_platforms() -> dict[str, str]:
    """Return the platforms that can be published on, with their names."""
    return {channel.kind: str(channel.manifest.label) for channel in channels.publishing()}


@action("publishing.pause")
def pause(actor: Actor, *, unit_id: int, account_id: int | None = None, platform: str = "", reason: str) -> Pause:
    """Let nothing go out below that unit, on one platform there, or on that account; at the root this stops everything.

    What a worker has already sent stays sent. What becomes due meanwhile waits, and is missed when it gets too late.
    """
    unit = rights.get_unit(actor, Capability.PUBLISH, pk=unit_id)
    account = None
    if account_id is not None:
        account = registry.account(actor, account_id, Capability.PUBLISH)
        unit = account.unit
    if platform and platform not in publishing_platforms():
        raise Invalid(fields={"platform": [_("Nothing is published on this platform.")]})
    if account is not None and platform:
        raise Invalid(fields={"platform": [_("An account has one platform: leave this empty.")]})
    if not reason.strip():
        raise Invalid(fields={"reason": [_("Say why, for those who will wonder.")]})
    try:
        with transaction.atomic():
            made = Pause.objects.create(
                unit=unit,
                account=account,
                platform=platform,
                reason=reason.strip()[:300],
                paused_by_id=actor.user_id,
            )
    except IntegrityError as error:
        raise Conflict(_("This is paused already.")) from error
    audit.record(actor, made, after=audit.snapshot(made, "unit_id", "account_id", "platform"), note=made.reason)
    return made


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
