"""Readings of sources: which are due, and what was read.

Reading is a network call and lies between two short transactions: `claim_sources` takes what is due, `settle_reading`
registers the posts and moves the cursor, both or neither. Killed anywhere, the claim lapses and the same is read again;
posts that are in the lake already are known there by their ids. `kentongan.listening.reading` does both.
"""

import hashlib
import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import Enum, auto

import pyarrow as pa
from django.db.models import Q

from kentongan.channels.hearing import Batch
from kentongan.core import audit, clock
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import NotFound
from kentongan.core.imports.values import readable
from kentongan.listening.actions.ingest import Counts, append
from kentongan.listening.actions.removal import bury
from kentongan.listening.actions.sources import LEASE, State
from kentongan.listening.models import QuarantinedItem, Source
from kentongan.listening.posts import LONGEST_ID, native_post_id

BREATH = timedelta(seconds=1)  # between two readings of one source that has more to give
SHORTEST_REST, LONGEST_REST = timedelta(minutes=1), timedelta(hours=6)
# A source of which nothing can be read must not fill the table.
MOST_WAITING = 1000
DAY = timedelta(days=1)


class Trouble(Enum):
    """Why a reading gave nothing: what may pass, a server that asks for patience, what only a person can change."""

    PASSING = auto()
    PATIENCE = auto()
    LASTING = auto()


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reading gave: the posts as rows of the lake (from `prepare`) and the rest of the batch."""

    batch: Batch
    posts: pa.Table | None
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a reading gave nothing, how long the platform asks us to wait, and where to go on if not where we were."""

    reason: str
    trouble: Trouble = Trouble.PASSING
    wait: timedelta | None = None
    cursor: str | None = None


def _require_system(actor: Actor) -> None:
    if not actor.is_system:
        raise NotFound()


@action("listening.source.claim", may_do_nothing=True)
def claim_sources(actor: Actor, most: int, only: int | None = None) -> list[Source]:
    """Take up to `most` sources that are due, one of each server; a claim whose worker was killed lapses.

    Race: two workers claim at once; rows that one has locked are skipped by the other, and a server that is being
    asked is left alone.
    """
    _require_system(actor)
    now = clock.now()
    held = Q(claimed_at__gt=now - LEASE)
    asked = Source.objects.filter(held).exclude(host="").values("host")
    due = Source.objects.filter(state=State.ACTIVE, due_at__lte=now).exclude(held).exclude(host__in=asked)
    due = due.filter(pk=only) if only is not None else due
    found = due.select_for_update(of=("self",), skip_locked=True).select_related("unit", "account__connection")
    taken: dict[str, Source] = {}
    for source in found.order_by("due_at")[: most * 4]:
        if len(taken) < most:
            taken.setdefault(source.host or str(source.pk), source)
    for source in taken.values():
        source.claimed_at, source.due_at = now, now + LEASE
        source.save(update_fields=["claimed_at", "due_at"])
    return list(taken.values())


def _held(asked: Source) -> Source | None:
    """Return the source, locked, while the claim holds; None where it lapsed or somebody paused the source."""
    found = Source.objects.select_for_update(of=("self",)).select_related("unit")
    return found.filter(pk=asked.pk, claimed_at=asked.claimed_at, state=State.ACTIVE).first()


@action("listening.source.read", may_do_nothing=True)
def settle_reading(actor: Actor, asked: Source, reading: Reading) -> Counts | None:
    """Register what was read, bury what was deleted, and move the cursor; None where the claim lapsed meanwhile."""
    _require_system(actor)
    source = _held(asked)
    if source is None:
        return None
    batch = reading.batch
    counts = append(actor, source.pk, reading.posts) if reading.posts is not None else Counts()
    waiting = _quarantine(source, batch)
    if waiting:
        audit.record(actor, source, after={"could not be read": waiting})
    if batch.gone:
        gone = [native_post_id(source.namespace, remote_id[:LONGEST_ID]) for remote_id in batch.gone]
        bury(actor, source, gone, "deleted at the source")
    _settled(source, reading, counts)
    return counts + Counts(rejected=reading.rejected)


def _quarantine(source: Source, batch: Batch) -> int:
    """Keep the items that could not be read, each once; return how many were not known yet."""
    room = MOST_WAITING - source.quarantine.filter(state=QuarantinedItem.State.WAITING).count()
    items = {_digest(item.raw): item for item in batch.unread}
    known = set(source.quarantine.filter(digest__in=items).values_list("digest", flat=True))
    fresh = [(digest, item) for digest, item in items.items() if digest not in known][: max(room, 0)]
    QuarantinedItem.objects.bulk_create(
        QuarantinedItem(source=source, digest=digest, raw=readable(item.raw), reason=readable(item.reason)[:300])
        for digest, item in fresh
    )
    return len(fresh)


def _digest(raw: str) -> str:
    return hashlib.blake2b(raw.encode("utf-8", "surrogatepass"), digest_size=32).hexdigest()


def _settled(source: Source, reading: Reading, counts: Counts) -> None:
    now, batch = clock.now(), reading.batch
    source.refresh_from_db(fields=["posts", "last_post_at"])
    source.cursor, source.claimed_at = batch.cursor, None
    source.last_read_at, source.last_error, source.failures, source.last_new = now, "", 0, counts.added
    if counts.added:
        source.last_new_at = now
    _spend(source, now, len(batch.heard) + len(batch.unread), batch.requests)
    source.due_at = _next(source, now, BREATH if batch.more else timedelta(minutes=source.every_minutes))
    source.save()


@action("listening.source.fail", may_do_nothing=True)
def settle_failure(actor: Actor, asked: Source, failure: Failure) -> None:
    """Keep why a source could not be read, and when it is tried again: later each time, or as its server asks."""
    _require_system(actor)
    source = _held(asked)
    if source is None:
        return
    now = clock.now()
    source.claimed_at, source.failures = None, source.failures + 1
    source.last_error = readable(failure.reason)[:300]
    source.cursor = failure.cursor if failure.cursor is not None else source.cursor
    _spend(source, now, 0, 1)
    rest = _rest(asked, failure)
    source.due_at = _next(source, now, rest)
    source.save()
    if failure.trouble == Trouble.PATIENCE and source.host:
        same = Source.objects.filter(host=source.host)
        same.update(patient_until=now + rest)
        same.filter(claimed_at=None, due_at__lt=now + rest).update(due_at=now + rest)


def _rest(source: Source, failure: Failure) -> timedelta:
    if failure.wait is not None:
        return min(max(failure.wait, SHORTEST_REST), DAY)
    if failure.trouble == Trouble.LASTING:
        return LONGEST_REST
    longer = timedelta(minutes=source.every_minutes) * 2 ** min(source.failures, 8)
    rest: timedelta = max(SHORTEST_REST, min(longer, LONGEST_REST)) * random.uniform(0.9, 1.1)  # noqa: S311
    return rest


def _spend(source: Source, now: datetime, posts: int, requests: int) -> None:
    today = now.astimezone(clock.zone(source.unit.timezone)).date()
    if source.spent_on != today:
        source.spent_on, source.spent_posts, source.spent_requests = today, 0, 0
    source.spent_posts += posts
    source.spent_requests += requests


def _next(source: Source, now: datetime, pause: timedelta) -> datetime:
    """Return when the source is due again: after the pause, or when its unit's next day begins if all is spent."""
    if not source.is_spent:
        return now + pause
    zone = clock.zone(source.unit.timezone)
    tomorrow = now.astimezone(zone).date() + DAY
    return max(datetime.combine(tomorrow, time.min, zone), now + pause)


def left(source: Source) -> int:
    """Return how many posts the source may still read today, at least one."""
    return max(1, source.budget_posts - source.posts_today)
