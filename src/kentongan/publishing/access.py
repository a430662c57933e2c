"""The only way to get a delivery for somebody: the rights are those at the unit that owns the account."""

from collections.abc import Collection

from django.db.models import QuerySet

from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
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


def several(actor: Actor, pks: Collection[int], capability: Capability) -> list[Delivery]:
    """Return all of these deliveries, locked: two queries at most; NotFound or NotAllowed unless it is all of them."""
    # Race: locked in one order, whatever order the caller has, so that two who share some never wait for each other.
    found = list(deliveries(actor, capability).filter(pk__in=pks).select_for_update(of=("self",)).order_by("pk"))
    if len(found) == len(pks):
        return found
    if deliveries(actor).filter(pk__in=pks).count() == len(pks):
        raise NotAllowed()
    raise NotFound()
