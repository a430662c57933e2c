"""The only way to get a delivery for somebody: the rights are those at the unit that owns the account."""

from django.db.models import QuerySet

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.publishing.models import Delivery
from kentongan.registry import access as rights

READ = Capability.LISTEN


def deliveries(actor: Actor, capability: Capability = READ) -> QuerySet[Delivery]:
    """Return the deliveries that the actor may see, or do that to."""
    return rights.scope(Delivery.objects.all(), actor, capability)


def delivery(actor: Actor, pk: int, capability: Capability = READ, *, lock: bool = False) -> Delivery:
    """Return one delivery with its account, unit and item; NotFound or NotAllowed otherwise."""
    rows = Delivery.objects.select_related("unit", "account", "item", "scheduled_by", "release")
    if lock:
        rows = rows.select_for_update(of=("self",))
    return rights.get(rows, actor, capability, seen_with=READ, pk=pk)
