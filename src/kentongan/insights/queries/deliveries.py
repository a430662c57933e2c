"""Numbers of single deliveries, and of one item over time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import OuterRef, QuerySet, Subquery

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.insights.models import METRICS, Snapshot
from kentongan.publishing import access
from kentongan.publishing.models import Delivery
from kentongan.publishing.states import State

POINTS = 400


def latest(actor: Actor, **where: object) -> QuerySet[Delivery]:
    """Return the published deliveries that `actor` may measure, each with its last known `views`, `likes`, `shares`,
    `replies` (None: never reported) and its probe: one query.
    """
    rows = access.deliveries(actor, Capability.MEASURE).filter(state=State.PUBLISHED, **where)
    for name in METRICS:
        known = Snapshot.objects.filter(delivery=OuterRef("pk"), **{f"{name}__isnull": False}).order_by("-taken_at")
        rows = rows.annotate(**{name: Subquery(known.values(name)[:1])})
    return rows.select_related("unit", "account", "item", "probe").order_by("-published_at", "-pk")


@dataclass(frozen=True, slots=True)
class Series:
    """One delivery's values at the moments of a chart; None where it was not read or did not say."""

    name: str
    values: Sequence[int | None]


@dataclass(frozen=True, slots=True)
class Curve:
    """The course of a metric: moments, and a series a delivery."""

    moments: Sequence[datetime]
    series: Sequence[Series]

    @property
    def empty(self) -> bool:
        """Whether nothing was reported yet."""
        return not any(value is not None for one in self.series for value in one.values)


def course(deliveries: Sequence[Delivery], metric: str) -> Curve:
    """Return how a metric of these deliveries went on: one query, the last 400 readings."""
    if metric not in METRICS:
        raise ValueError(metric)
    rows = list(
        Snapshot.objects.filter(delivery__in=[one.pk for one in deliveries], **{f"{metric}__isnull": False})
        .order_by("-bucket")
        .values_list("bucket", "delivery_id", metric)[:POINTS]
    )
    moments = sorted({bucket for bucket, _delivery, _value in rows})
    at = {(bucket, delivery): value for bucket, delivery, value in rows}
    series = [
        Series(str(delivery.account), _carried([at.get((moment, delivery.pk)) for moment in moments]))
        for delivery in deliveries
    ]
    return Curve(moments, series)


def _carried(values: Sequence[int | None]) -> list[int | None]:
    """Between two readings a counter stands where it was; before the first one it is not known."""
    known: int | None = None
    filled = []
    for value in values:
        known = value if value is not None else known
        filled.append(known)
    return filled
