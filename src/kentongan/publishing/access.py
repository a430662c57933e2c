"""The only way to get a delivery or a recall for somebody: the rights are those at the unit that owns the account."""

from collections.abc import Collection

from django.db.models import Exists, OuterRef, Q, QuerySet

from kentongan.core import clock
from kentongan.core.actor import Actor
from kentongan.core.errors import NotAllowed, NotFound
from kentongan.core.permissions import Capability
from kentongan.publishing.models import Delivery, RecallLink, RecallTask
from kentongan.registry import access as rights
from kentongan.registry import queries as registry

READ, WRITE = Capability.LISTEN, Capability.PUBLISH


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


def own_recall_tasks(actor: Actor) -> QuerySet[RecallTask]:
    """Return the recalls by people of accounts that the actor keeps and serves at now."""
    return RecallTask.objects.filter(delivery__account__in=registry.in_custody_of(actor))


def recall_tasks(actor: Actor) -> QuerySet[RecallTask]:
    """Return the recalls by people that the actor sees: of accounts they keep, and of units that they read."""
    own = own_recall_tasks(actor).values("pk")
    read = rights.scope(RecallTask.objects.all(), actor, READ).values("pk")
    return RecallTask.objects.filter(Q(pk__in=own) | Q(pk__in=read))


def _opened_by(person_id: int) -> Q:
    links = RecallLink.objects.filter(task=OuterRef("pk"), person=person_id, revoked_at=None)
    return Q(Exists(links.filter(expires_at__gt=clock.now())), delivery__account__in=registry.kept_by(person_id))


def recall_task(actor: Actor, pk: int, *, answering: bool = False, lock: bool = False) -> RecallTask:
    """Return one recall by people; who answers it keeps the account, or administers its unit.

    By a link only the recall that it opens, while it is good and its person keeps the account.
    """
    rows = RecallTask.objects.select_related("delivery__account", "delivery__unit", "stray", "unit", "asked_by")
    if lock:
        rows = rows.select_for_update(of=("self",))
    if actor.kind == "link":
        found = rows.filter(_opened_by(actor.person_id or 0), pk=pk).first()
        if found is None:
            raise NotFound()
        return found
    if own_recall_tasks(actor).filter(pk=pk).exists():
        return rows.get(pk=pk)
    return rights.get(rows, actor, Capability.ADMINISTER if answering else READ, seen_with=READ, pk=pk)
