"""What was gained in a period: by platform, account, unit, item and day. Missing is never counted as zero."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

from kentongan.channels import registry as channels
from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.insights.models import METRICS
from kentongan.insights.queries.periods import Period
from kentongan.publishing import access
from kentongan.publishing.states import State
from kentongan.registry.models import Unit


@dataclass(frozen=True, slots=True)
class Sums:
    """What deliveries gained in a period. A metric is None when none of them reported it.

    `posts`: published in the period. `live`: published up to its end and looked at. `silent`: of those, how many
    reported nothing in it.
    """

    posts: int = 0
    live: int = 0
    silent: int = 0
    views: int | None = None
    likes: int | None = None
    shares: int | None = None
    replies: int | None = None

    @property
    def reported(self) -> int:
        """How many deliveries reported something."""
        return self.live - self.silent

    @property
    def reactions(self) -> int | None:
        """Likes, shares and replies together; None when none of the three was reported."""
        known = [value for value in (self.likes, self.shares, self.replies) if value is not None]
        return sum(known) if known else None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a roll-up: what it is about (a label, where it leads), its sums and those of the period before."""

    key: Any
    label: str
    sums: Sums
    before: Sums = Sums()


@dataclass(frozen=True, slots=True)
class Reach:
    """The whole of a period beside the period before, and its platforms."""

    period: Period
    sums: Sums
    before: Sums
    platforms: Sequence[Row]


def _metric_columns() -> str:
    """For each metric: the last value up to the end, and what it counts from.

    It counts from the last value before the period; without one from zero if it was published in the period, else from
    the first value in it (what it had before nobody knows, so it is not claimed as gained).
    """
    parts = []
    for name in METRICS:
        known = f"snapshot.{name} IS NOT NULL"
        parts.append(
            f"(array_agg(snapshot.{name} ORDER BY snapshot.taken_at DESC)"
            f" FILTER (WHERE {known} AND snapshot.taken_at >= %(start)s))[1]"
            f" - coalesce((array_agg(snapshot.{name} ORDER BY snapshot.taken_at DESC)"
            f" FILTER (WHERE {known} AND snapshot.taken_at < %(start)s))[1],"
            f" CASE WHEN delivery.published_at >= %(start)s THEN 0 ELSE"
            f" (array_agg(snapshot.{name} ORDER BY snapshot.taken_at)"
            f" FILTER (WHERE {known} AND snapshot.taken_at >= %(start)s))[1] END) AS {name}"
        )
    return ", ".join(parts)


GAINS = f"""
    WITH gains AS (
        SELECT delivery.id, delivery.unit_id, delivery.account_id, delivery.item_id, delivery.published_at,
               account.platform, item.issue_id,
               count(snapshot.id) FILTER (WHERE snapshot.taken_at >= %(start)s) AS readings, {_metric_columns()}
        FROM publishing_delivery AS delivery
        JOIN registry_account AS account ON account.id = delivery.account_id
        JOIN planning_contentitem AS item ON item.id = delivery.item_id
        LEFT JOIN insights_snapshot AS snapshot
               ON snapshot.delivery_id = delivery.id AND snapshot.taken_at < %(end)s
        WHERE delivery.published_at < %(end)s AND delivery.published_at >= %(oldest)s
          AND delivery.id IN (__SEEN__)
        GROUP BY delivery.id, account.platform, item.issue_id
    )
    SELECT __KEY__ AS key, count(*) FILTER (WHERE published_at >= %(start)s) AS posts, count(*) AS live,
           count(*) FILTER (WHERE readings = 0) AS silent,
           sum(views)::bigint AS views, sum(likes)::bigint AS likes,
           sum(shares)::bigint AS shares, sum(replies)::bigint AS replies
    FROM gains GROUP BY 1
"""  # noqa: S608  built from our own constants

KEYS = {
    "all": "0",
    "platform": "platform",
    "account": "account_id",
    "unit": "unit_id",
    "item": "item_id",
    "issue": "issue_id",
    "delivery": "id",
}
READ_FOR = timedelta(days=180)


def sums(actor: Actor, period: Period, by: str, **where: Any) -> dict[Any, Sums]:
    """Return the sums of a period by one of `KEYS`, over the deliveries that `actor` may measure: one query."""
    seen = access.deliveries(actor, Capability.MEASURE).filter(state=State.PUBLISHED, **where).order_by()
    sql, parameters = seen.values("pk").query.sql_with_params()
    names = {f"seen{at}": value for at, value in enumerate(parameters)}
    inner = sql % tuple(f"%({name})s" for name in names)
    bounds = {"start": period.start, "end": period.end, "oldest": period.start - READ_FOR}
    with connection.cursor() as cursor:
        cursor.execute(GAINS.replace("__SEEN__", inner).replace("__KEY__", KEYS[by]), bounds | names)
        return {key: Sums(*figures) for key, *figures in cursor.fetchall()}


def _compared(actor: Actor, period: Period, by: str, labels: Mapping[Any, str], **where: Any) -> list[Row]:
    now, before = sums(actor, period, by, **where), sums(actor, period.previous, by, **where)
    rows = [Row(key, labels.get(key, str(key)), found, before.get(key, Sums())) for key, found in now.items()]
    return sorted(rows, key=lambda row: (-(row.sums.views or row.sums.reactions or 0), -row.sums.posts, row.label))


def by_platform(actor: Actor, period: Period, **where: Any) -> list[Row]:
    """Return a line a platform, those that have not reported included."""
    labels = dict(channels.choices())
    return _compared(actor, period, "platform", labels, **where)


def by_unit(actor: Actor, period: Period, **where: Any) -> list[Row]:
    """Return a line a unit."""
    rows = _compared(actor, period, "unit", {}, **where)
    names = dict(Unit.objects.filter(pk__in=[row.key for row in rows]).values_list("pk", "name"))
    return [Row(row.key, names.get(row.key, ""), row.sums, row.before) for row in rows]


def by_account(actor: Actor, period: Period, **where: Any) -> list[Row]:
    """Return a line an account."""
    seen = access.deliveries(actor, Capability.MEASURE).values_list(
        "account_id", "account__platform", "account__handle", "account__display_name"
    )
    labels = {
        pk: f"{channels.known_as(platform, handle, name)} ({channels.label(platform)})"
        for pk, platform, handle, name in seen.distinct().order_by()
    }
    return _compared(actor, period, "account", labels, **where)


def by_item(actor: Actor, period: Period, **where: Any) -> list[Row]:
    """Return a line an item."""
    seen = access.deliveries(actor, Capability.MEASURE).values_list("item_id", "item__title")
    return _compared(actor, period, "item", dict(seen.distinct().order_by()), **where)


def reach(actor: Actor, period: Period, **where: Any) -> Reach:
    """Return what reached people in the period beside the one before: four queries."""
    total, before = sums(actor, period, "all", **where), sums(actor, period.previous, "all", **where)
    return Reach(period, total.get(0, Sums()), before.get(0, Sums()), by_platform(actor, period, **where))


DAYS = """
    SELECT date_trunc('day', step.taken_at AT TIME ZONE %(zone)s)::date AS day, sum(step.gain)::bigint
    FROM (
        SELECT snapshot.taken_at, snapshot.__METRIC__ - lag(snapshot.__METRIC__, 1, 0::bigint) OVER (
            PARTITION BY snapshot.delivery_id ORDER BY snapshot.taken_at
        ) AS gain
        FROM insights_snapshot AS snapshot
        WHERE snapshot.__METRIC__ IS NOT NULL AND snapshot.delivery_id IN (__SEEN__)
    ) AS step
    WHERE step.taken_at >= %(start)s AND step.taken_at < %(end)s
    GROUP BY day
"""


def by_day(actor: Actor, period: Period, metric: str, **where: Any) -> list[tuple[date, int | None]]:
    """Return what was gained day by day, as it was read; a day without any reading is None, not zero."""
    if metric not in METRICS:
        raise ValueError(metric)
    seen = access.deliveries(actor, Capability.MEASURE).filter(**where).order_by()
    sql, parameters = seen.values("pk").query.sql_with_params()
    names = {f"seen{at}": value for at, value in enumerate(parameters)}
    inner = sql % tuple(f"%({name})s" for name in names)
    zone = timezone.get_current_timezone()
    bounds: dict[str, Any] = {"start": period.start, "end": period.end, "zone": str(zone)}
    with connection.cursor() as cursor:
        cursor.execute(DAYS.replace("__METRIC__", metric).replace("__SEEN__", inner), bounds | names)
        found = dict(cursor.fetchall())
    first, last = period.start.astimezone(zone).date(), period.end.astimezone(zone).date()
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return [(day, found.get(day)) for day in days]
