"""Posts in: pipeline, lake, one transaction a batch."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from kentongan.core import audit, clock, secrets
from kentongan.core.actions import action
from kentongan.core.actor import Actor
from kentongan.core.errors import Conflict, Invalid
from kentongan.core.jobs import Progress
from kentongan.core.permissions import Capability
from kentongan.listening import access, lake, pipeline, storage
from kentongan.listening.actions.stream import catch_up
from kentongan.listening.keyindex import keys_of
from kentongan.listening.models import Segment, Source, Tombstone
from kentongan.listening.posts import RawPost, chunks, to_table
from kentongan.registry import access as registry
from kentongan.registry.models import Unit

BATCH = 10_000
# Clocks differ; what claims to be from further ahead is a mistake.
AHEAD = timedelta(days=1)
# The epoch of microblogs: an earlier time is a column that was taken for something else.
EARLIEST_YEAR = 1995


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the posts that were handed over; the three add up to them."""

    added: int = 0
    duplicates: int = 0
    rejected: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.added + other.added, self.duplicates + other.duplicates, self.rejected + other.rejected)


@action("listening.source.add", may_do_nothing=True)
def add_source(actor: Actor, unit_id: int, name: str, kind: str = Source.Kind.FILE) -> Source:
    """Return the unit's source of that name, made if there is none."""
    unit = registry.get_unit(actor, Capability.ANALYSE, pk=unit_id)
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid(fields={"name": [_("A name has 1 to 120 characters.")]})
    source, made = Source.objects.exclude(state=Source.State.REMOVED).get_or_create(
        unit=unit, name=name, defaults={"kind": kind}
    )
    if made:
        audit.record(actor, source, after=audit.snapshot(source, "name", "kind"))
    return source


def usable(post: RawPost) -> bool:
    """Whether a post has words and a possible time."""
    return bool(post.text.strip()) and post.created_at.year >= EARLIEST_YEAR and post.created_at <= clock.now() + AHEAD


def prepare(source: Source, posts: Iterable[RawPost]) -> pa.Table:
    """Return posts as rows of the lake (schema `lake.POSTS`): hashed, cleaned, judged. Writes nothing."""
    area = source.unit.area_code or _area_above(source.unit)
    table = pipeline.run(to_table(posts, source.namespace, secrets.author_key), storage.context(area))
    links = [secrets.encrypt(url) if url else None for url in table["url"].to_pylist()]
    return table.append_column("link", pa.array(links, pa.string())).select(lake.POSTS.names)


def _area_above(unit: Unit) -> str:
    above = Unit.objects.filter(path__covers=unit.path).exclude(area_code="").order_by("-path").first()
    return above.area_code if above else ""


@action("listening.posts.append", may_do_nothing=True)
def append(actor: Actor, source_id: int, posts: pa.Table, run_id: int | None = None) -> Counts:
    """Write the posts that the lake does not have yet, and register them; `posts` comes from `prepare`.

    Those that are older than what the source keeps are rejected.
    """
    source = access.source(actor, source_id, Capability.ANALYSE)
    if source.state == Source.State.PAUSED:
        raise Conflict(_("This source is paused."), remedy=_("Activate it on the screen of sources."))
    storage.lock(storage.APPEND_LOCK)
    kept = _kept(source, posts)
    fresh = _unknown(kept)
    if len(fresh):
        segments = [_segment(source, day, part, run_id) for day, part in _by_day(fresh)]
        Segment.objects.bulk_create(segments)
    newest = pc.max(fresh["created_at"]).as_py() if len(fresh) else None
    Source.objects.filter(pk=source.pk).update(
        posts=F("posts") + len(fresh),
        last_read_at=clock.now(),
        last_error="",
        last_post_at=Greatest("last_post_at", newest)
        if newest and source.last_post_at
        else newest or F("last_post_at"),
    )
    counts = Counts(len(fresh), len(kept) - len(fresh), len(posts) - len(kept))
    if counts.added:
        audit.record(actor, source, after={"added": counts.added, "duplicates": counts.duplicates, "import": run_id})
    return counts


def _kept(source: Source, posts: pa.Table) -> pa.Table:
    """Return the rows that are not older than what the source keeps."""
    if source.kept_from is None:
        return posts
    return posts.filter(pc.greater_equal(pc.cast(posts["created_at"], pa.date32()), pa.scalar(source.kept_from)))


def _unknown(posts: pa.Table) -> pa.Table:
    """Return the rows that are neither in the lake, nor earlier in this table, nor deleted."""
    index = storage.index()
    live = dict(Segment.objects.filter(removed_at=None).values_list("pk", "path"))
    index.refresh(live, lambda path: storage.lake().read(path, ["id"])["id"].to_pylist())
    keys = keys_of(posts["id"].to_pylist())
    first = np.zeros(len(keys), bool)
    first[np.unique(keys, return_index=True)[1]] = True
    fresh = posts.filter(pa.array(first & ~index.known(keys)))
    gone = Tombstone.objects.filter(post_id__in=fresh["id"].to_pylist()).values_list("post_id", flat=True)
    return fresh.filter(pc.invert(pc.is_in(fresh["id"], value_set=pa.array(list(gone), pa.string()))))


def _by_day(posts: pa.Table) -> list[tuple[date, pa.Table]]:
    posts = posts.sort_by("created_at")
    days = pc.cast(posts["created_at"], pa.date32())
    return [(day, posts.filter(pc.equal(days, day))) for day in pc.unique(days).to_pylist()]


def _segment(source: Source, day: date, posts: pa.Table, run_id: int | None) -> Segment:
    path, size = storage.lake().append(day, posts)
    times = posts["created_at"]
    return Segment(
        source=source,
        unit_id=source.unit_id,
        day=day,
        path=path,
        rows=len(posts),
        size=size,
        first_at=pc.min(times).as_py(),
        last_at=pc.max(times).as_py(),
        import_run_id=run_id,
    )


def ingest(
    actor: Actor, source: Source, posts: Iterable[RawPost] | pa.Table, progress: Progress | None = None
) -> Counts:
    """Take posts in, in batches, each in its own transaction, and bring the issues up to date.

    `posts` are RawPosts or a table with their fields as columns. Posts that the lake has already are counted as
    duplicates; those without words or from the future as rejected. Safe to repeat after any interruption.
    """
    total = Counts()
    for chunk in chunks(posts, BATCH):
        if progress is not None:
            progress.check()
        good = [post for post in chunk if usable(post)]
        counts = append(actor, source.pk, prepare(source, good)) if good else Counts()
        total += counts + Counts(rejected=len(chunk) - len(good))
        catch_up(source.unit_id)
        if progress is not None:
            progress.advance(len(chunk))
    return total
