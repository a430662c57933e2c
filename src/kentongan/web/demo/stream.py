"""The simulated fortnight on its way into Simak, and which issue became of which story."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from django.db.models import Count

from kentongan.listening import actions
from kentongan.listening.models import Issue, IssueSample, Source
from kentongan.listening.posts import RawPost, chunks, post_id
from kentongan.listening.simulator import DEFAULT_SEED, generate, native_id
from kentongan.registry import queries
from kentongan.web.demo.script import SYSTEM, anchor

NAME = "Simulasi"
DAYS = 14
PARTS = 4
# Posts of a story that are looked for among the samples of issues.
MOST = 1000
PURE = 0.5


def source() -> Source:
    """Return the demo's source of posts."""
    root = queries.root()
    if root is None:
        raise RuntimeError("the organisation is founded first")
    return actions.add_source(SYSTEM, root.pk, NAME)


def ingest(days: int, posts: int, told: Callable[[int, int], None]) -> None:
    """Take the posts in, part by part; parts that a load before took in are left alone. `told` hears (done, total)."""
    into = source()
    every = generate(DEFAULT_SEED, anchor() - timedelta(days=days), days=days, posts=posts)
    done = 0
    for part in chunks(every, max(posts // PARTS, 1)):
        done += len(part)
        if done > into.posts:
            actions.ingest(SYSTEM, into, part)
        told(done, posts)
    actions.catch_up(into.unit_id)


def issue(key: str) -> Issue | None:
    """Return the issue that is mostly about a story of the simulation; None where none is."""
    into = source()
    ids = [_post_id(into, key, number) for number in range(MOST)]
    found = Counter(IssueSample.objects.filter(post_id__in=ids).values_list("issue_id", flat=True))
    for pk, hits in found.most_common(3):
        candidate = Issue.objects.filter(pk=pk, merged_into=None).annotate(kept=Count("samples")).first()
        if candidate is not None and hits >= PURE * candidate.kept:
            return candidate
    return None


def _post_id(into: Source, key: str, number: int) -> str:
    native = native_id(DEFAULT_SEED, key, number)
    return post_id(str(into.pk), RawPost(native, into.created_at, "", ""), "")


def issue_id(key: str) -> int | None:
    """Return that issue's id."""
    found = issue(key)
    return found.pk if found else None
