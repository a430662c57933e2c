"""Sources with their health, what could not be read, and the accounts that a source may read with."""

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening import access
from kentongan.listening.models import QuarantinedItem, Segment, Source
from kentongan.registry import access as registry
from kentongan.registry.models import Account

WAITING = QuarantinedItem.State.WAITING
MOST_ACCOUNTS = 200


def sources(actor: Actor) -> QuerySet[Source]:
    """Return the sources that `actor` may see, by name.

    With each: how many files and bytes it has in the lake, how many of its items wait because they could not be read.
    """
    live = Segment.objects.filter(source=OuterRef("pk"), removed_at=None).order_by().values("source")
    waiting = QuarantinedItem.objects.filter(source=OuterRef("pk"), state=WAITING).order_by().values("source")
    return (
        access.sources(actor)
        .annotate(
            files=Coalesce(Subquery(live.annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField()),
            size=Subquery(live.annotate(n=Sum("size")).values("n")),
            waiting=Coalesce(Subquery(waiting.annotate(n=Count("pk")).values("n")), 0, output_field=IntegerField()),
        )
        .order_by("name", "pk")
    )


def quarantine(actor: Actor, source_id: int) -> QuerySet[QuarantinedItem]:
    """Return what of a source could not be read and waits, the latest first; raises as `access.source`."""
    source = access.source(actor, source_id)
    return source.quarantine.filter(state=WAITING).order_by("-pk")


def accounts(actor: Actor, platform: str) -> list[tuple[int, str]]:
    """Return (id, name) of the connected accounts of a platform that `actor` may have read with."""
    found = Account.objects.filter(kind=Account.Kind.OFFICIAL, platform=platform, connection__isnull=False)
    rows = registry.scope(found.exclude(state__in=Account.GONE), actor, Capability.ANALYSE)
    return [(one.pk, str(one)) for one in rows.order_by("handle")[:MOST_ACCOUNTS]]
