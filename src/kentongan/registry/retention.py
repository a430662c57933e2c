"""What the registry throws away after a while: who reported an impostor, and what was told about others."""

from datetime import timedelta

from django.conf import settings

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.registry import actions
from kentongan.registry.queries import impostors

BATCH = 500


def purge(actor: Actor) -> int:
    """Forget a batch of what is older than KENTONGAN_KEEP_DAYS; return how many reports, 0 when none is left."""
    if not settings.KENTONGAN_KEEP_DAYS:
        return 0
    contacts, whole = impostors.to_forget(clock.now() - timedelta(days=settings.KENTONGAN_KEEP_DAYS))
    gone = actions.purge_reports(actor, list(whole.values_list("pk", flat=True)[:BATCH]), whole=True)
    return gone + actions.purge_reports(actor, list(contacts.values_list("pk", flat=True)[:BATCH]), whole=False)
