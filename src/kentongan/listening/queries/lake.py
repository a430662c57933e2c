"""Reading the lake: search by day, who is behind."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import polars as pl
from django.db.models import F, Max, OuterRef, Q, Subquery, Sum

from kentongan.core.actor import Actor
from kentongan.core.permissions import Capability
from kentongan.listening import storage
from kentongan.listening.models import ClusterState, Segment, Tombstone
from kentongan.registry import access as registry
from kentongan.registry import areas

MOST = 200


@dataclass(frozen=True, slots=True)
class Found:
    """A post as search shows it: no author, no link."""

    created_at: datetime
    text: str
    platform: str
    topic: str
    place: str
    complaint: float | None


def segments_count(actor: Actor) -> int:
    """Return how many posts are in the files that `actor` may see."""
    live = registry.scope(Segment.objects.filter(removed_at=None), actor, Capability.LISTEN)
    return int(live.aggregate(n=Sum("rows"))["n"] or 0)


def units_behind() -> list[int]:
    """Return the units that have registered posts which are not processed yet."""
    through = ClusterState.objects.filter(pk=OuterRef("unit_id")).values("processed_through")
    newest = (
        Segment.objects.filter(removed_at=None).values("unit_id").annotate(newest=Max("pk"), through=Subquery(through))
    )
    return list(newest.filter(Q(through=None) | Q(newest__gt=F("through"))).values_list("unit_id", flat=True))


def search(
    actor: Actor, words: str, first: date, last: date, zone: str, *, topic: str = "", most: int = MOST
) -> tuple[list[Found], int]:
    """Return the newest posts of those days that contain all `words`, and how many there are."""
    days = (first - timedelta(days=1), last + timedelta(days=1))
    segments = registry.scope(
        Segment.objects.filter(removed_at=None, day__range=days), actor, Capability.LISTEN
    ).values_list("path", "pk")
    start = datetime.combine(first, time.min, ZoneInfo(zone)).astimezone(UTC)
    end = datetime.combine(last + timedelta(days=1), time.min, ZoneInfo(zone)).astimezone(UTC)
    wanted = pl.col("created_at").is_between(start, end, closed="left")
    for word in words.lower().split()[:8]:
        wanted &= pl.col("text").str.to_lowercase().str.contains(word, literal=True)
    if topic:
        wanted &= pl.col("topic") == topic
    gone = Tombstone.objects.filter(unit__in=registry.units_for(actor, Capability.LISTEN))
    frame = (
        storage.lake()
        .scan(dict(segments))
        .filter(wanted & ~pl.col("id").is_in(list(gone.values_list("post_id", flat=True))))
        .select("created_at", "text", "platform", "topic", "place", "complaint")
        .collect()
        .sort("created_at", descending=True)
    )
    return [_found(row) for row in frame.head(most).to_dicts()], len(frame)


def _found(row: dict[str, object]) -> Found:
    place = str(row["place"] or "")
    complaint = row["complaint"]
    return Found(
        row["created_at"],  # type: ignore[arg-type]
        str(row["text"]),
        str(row["platform"]),
        str(row["topic"] or ""),
        areas.get(place).name if place else "",
        float(str(complaint)) if complaint is not None else None,
    )
